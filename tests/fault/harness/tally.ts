/** The counts of an episode, for its report. */
export interface Tally {
  kills: number;
  /** Kills that hit the chosen moment. */
  hits: number;
  entries: number;
  /** Updates that somebody was shown, and that were looked for in the log. */
  shown: number;
  /** Acknowledged updates and commands. */
  told: number;
  readonly refused: Map<string, number>;
}

export const newTally = (): Tally => ({ kills: 0, hits: 0, entries: 0, shown: 0, told: 0, refused: new Map() });

export function sayTally({ refused, ...tally }: Tally): void {
  process.stdout.write(`${JSON.stringify({ ...tally, refused: Object.fromEntries(refused) })}\n`);
}
