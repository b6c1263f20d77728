import { hash, verify } from '@node-rs/argon2';
import { shortestPassword } from '../../shared/protocol/access.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';

/** argon2id with OWASP's parameters: 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

const folded = (password: string): string => password.normalize('NFKC');

/** Throws `password-too-short`. The demo's password is exempt: it is printed anyway. */
export function requireStrong(password: string): void {
  if (folded(password).length < shortestPassword) throw new ConcordError('password-too-short');
}

/** Passwords that are hashed at once: each takes 19 MB, and one of the four threads that Node also uses for files. */
const mostAtOnce = 2;
/** Waiting checks for unknown browsers, and their Retry-After, seconds. */
const mostWaiting = 200;
const comeAgain = '2';

let underWay = 0;
const known: (() => void)[] = [];
const unknown: (() => void)[] = [];

/** Known browsers and valid invitations come first. Throws `too-many-requests`. */
async function inTurn<T>(isKnown: boolean, work: () => Promise<T>): Promise<T> {
  if (underWay < mostAtOnce) underWay += 1;
  else {
    if (!isKnown && unknown.length >= mostWaiting) throw new ConcordError('too-many-requests', { field: comeAgain });
    // A finished check starts the next.
    await new Promise<void>((resolve) => (isKnown ? known : unknown).push(resolve));
  }
  try {
    return await work();
  } finally {
    const next = known.shift() ?? unknown.shift();
    if (next === undefined) underWay -= 1;
    else next();
  }
}

export const hashPassword = (password: string): Promise<string> =>
  inTurn(true, () => hash(folded(password), parameters));

/** A hash of a random password: checking an unknown name takes as long as checking a wrong password. */
const nobody = hashPassword(globalThis.crypto.randomUUID());

/** Throws `too-many-requests` where too many checks for unknown browsers wait. */
export async function passwordFits(
  password: string,
  stored: string | null,
  { isKnown = false }: { readonly isKnown?: boolean } = {},
): Promise<boolean> {
  const against = stored ?? (await nobody);
  const fits = await inTurn(isKnown, () => verify(against, folded(password)).catch(() => false));
  return fits && stored !== null;
}
