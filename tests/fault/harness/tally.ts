/** What an episode has seen, for whoever reads its outcome. */
export interface Tally {
  kills: number;
  /** Kills that fell where they were aimed. */
  hits: number;
  entries: number;
  /** Updates that somebody was shown, and that were looked for in the record. */
  shown: number;
  /** Updates and commands that somebody was told are saved. */
  told: number;
  readonly refused: Map<string, number>;
}

export const newTally = (): Tally => ({ kills: 0, hits: 0, entries: 0, shown: 0, told: 0, refused: new Map() });

export function sayTally({ refused, ...tally }: Tally): void {
  process.stdout.write(`${JSON.stringify({ ...tally, refused: Object.fromEntries(refused) })}\n`);
}
