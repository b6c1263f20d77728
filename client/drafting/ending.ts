/**
 * How a document came to go no further.
 *
 * `refused`: the server judged these words and doesn't take them; they are given back. `barred`: the person may not be here
 * now, and the words were never judged; they stay on the device. `evicted`: the person has too many pages open; this one
 * stays closed until it is taken up again.
 */
export type Ending = 'refused' | 'barred' | 'evicted';

const evicting: ReadonlySet<string> = new Set(['too-many-connections', 'too-many-requests']);
/** What a verdict says of who writes, and not of the words. */
const barring: ReadonlySet<string> = new Set([
  'not-signed-in',
  'accreditation-ended',
  'not-found',
  'foreign-origin',
  'schema-outdated',
]);

/** What a code means for the words that are not saved. `judged`: it came as the verdict on an update, not as a close alone. */
export function endingOf(code: string, judged: boolean): Ending {
  if (evicting.has(code)) return 'evicted';
  // Words under a client id that is somebody else's can never be sent.
  if (judged || code === 'client-taken') return barring.has(code) ? 'barred' : 'refused';
  return 'barred';
}
