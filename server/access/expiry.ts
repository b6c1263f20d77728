/** Earlier than any correct clock: the program is younger. */
const earliest = Date.UTC(2026, 0);
const day = 24 * 3600 * 1000;

/**
 * The limit for expiry times: a later one was set by a clock that was ahead, and would last until that clock's time
 * comes. No limit while the present clock is obviously wrong itself.
 */
export const outlivesFrom = (now: number, longest: number): number =>
  now >= earliest ? now + longest + day : Number.MAX_SAFE_INTEGER;

export const outlives = (expiresAt: number, now: number, longest: number): boolean =>
  expiresAt > outlivesFrom(now, longest);
