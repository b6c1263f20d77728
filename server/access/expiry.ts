/** No clock that is right shows less: the program is younger. */
const earliest = Date.UTC(2026, 0);
const day = 24 * 3600 * 1000;

/**
 * Whether something ends later than anything made now could: it was made by a clock that ran ahead, and would live until
 * that time comes. Not asked of a clock that is plainly wrong itself.
 */
export function outlives(expiresAt: number, now: number, longest: number): boolean {
  return now >= earliest && expiresAt > now + longest + day;
}
