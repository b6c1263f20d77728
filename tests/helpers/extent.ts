import { setPriority } from 'node:os';

/**
 * How much a fault test does. `npm test` runs the short form, `npm run test:long` the long one; `CONCORD_RUNS` overrides
 * both, `CONCORD_SEED` takes the same moments again.
 */
export const isLong = process.env.CONCORD_LONG === '1';

export const runs = (short: number, long: number): number =>
  Number(process.env.CONCORD_RUNS ?? (isLong ? long : short));

/** Printed in the name of each test that draws from it. */
export const seed = Number(process.env.CONCORD_SEED ?? Date.now() % 1_000_000);

/**
 * In the long form, what only has much to do lets those go first that wait for a moment: this process, and what it starts
 * from now on, takes what the others leave of the machine.
 */
export function givesWay(): void {
  if (isLong) setPriority(5);
}
