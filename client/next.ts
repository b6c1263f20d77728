/**
 * Where to go on after signing in: the address that `?next=` names, as a whole address of this site.
 *
 * Null for none, and for what isn't a path here: a browser reads `//evil`, `/\evil` and the like as another site.
 */
export function nextFrom(search: string, origin: string): string | null {
  const next = new URLSearchParams(search).get('next');
  if (next === null || !next.startsWith('/') || !URL.canParse(next, origin)) return null;
  const url = new URL(next, origin);
  // The parsed address is returned, not the original string: some paths would parse as another site the second time.
  return url.origin === origin && url.pathname !== '/sign-in' ? url.href : null;
}
