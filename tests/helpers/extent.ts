import { setPriority } from 'node:os';

/**
 * The number of repetitions of a fault test. `npm test` runs the short form, `npm run test:long` the long one;
 * `CONCORD_RUNS` overrides both, `CONCORD_SEED` repeats the same moments.
 */
export const isLong = process.env.CONCORD_LONG === '1';

export const runs = (short: number, long: number): number =>
  Number(process.env.CONCORD_RUNS ?? (isLong ? long : short));

/** Printed in the name of each test that draws from it. */
export const seed = Number(process.env.CONCORD_SEED ?? Date.now() % 1_000_000);

/**
 * In the long form, tests with much work and no deadlines give way to those with short waits: this process, and all
 * that it starts, runs at low priority.
 */
export function givesWay(): void {
  if (isLong) setPriority(5);
}
