/** No clock that is right shows less: the program is younger. */
const earliest = Date.UTC(2026, 0);
const day = 24 * 3600 * 1000;

/**
 * From when on something ends later than anything made now could: it was made by a clock that ran ahead, and would live
 * until that time comes. Never, by a clock that is plainly wrong itself.
 */
export const outlivesFrom = (now: number, longest: number): number =>
  now >= earliest ? now + longest + day : Number.MAX_SAFE_INTEGER;

export const outlives = (expiresAt: number, now: number, longest: number): boolean =>
  expiresAt > outlivesFrom(now, longest);
