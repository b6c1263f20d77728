/**
 * Why a document can no longer be synchronised.
 *
 * `refused`: the server judged these words and refused them; the client gives them back. `barred`: the participant has
 * no access now and the words were never judged; they stay on the device. `evicted`: the participant has too many pages
 * open; this document stays disconnected until the person resumes it.
 */
export type Ending = 'refused' | 'barred' | 'evicted';

const evicting: ReadonlySet<string> = new Set(['too-many-connections', 'too-many-requests']);
/** Verdicts about the author rather than about the words. */
const barring: ReadonlySet<string> = new Set([
  'not-signed-in',
  'accreditation-ended',
  'not-found',
  'foreign-origin',
  'schema-outdated',
]);

/** How a code affects unsaved words. `judged`: the code came as the verdict on an update, not only as a close code. */
export function endingOf(code: string, judged: boolean): Ending {
  if (evicting.has(code)) return 'evicted';
  // The client id belongs to another participant, so words under it can never be sent.
  if (judged || code === 'client-taken') return barring.has(code) ? 'barred' : 'refused';
  return 'barred';
}
