import type { Clause } from '../../shared/text/clause.ts';
import type { ChainedEntry } from '../yjs/replica.ts';
import type { Submission } from './submit.ts';

/** The outcome of a submission: the number of its entry; null where it held nothing new. */
export type Outcome = { readonly sequence: number | null };

/** A submission between judging and showing. */
export interface InFlight {
  readonly submission: Submission;
  readonly settle: (outcome: Outcome) => void;
  readonly fail: (error: unknown) => void;
  /** Null for a submission without anything new: it waits for those before it. */
  readonly chained: ChainedEntry | null;
  /** The text once its entry is shown. */
  readonly text: readonly Clause[];
  /** It was answered, or is judged again: the outcome of its append no longer matters. */
  isOver: boolean;
}

/** Submissions in the order of the log: nothing overtakes an entry that is still being stored. */
export class CommitQueue {
  #waiting: InFlight[] = [];
  readonly #durable = new Set<InFlight>();
  #isFlushing = false;
  readonly #ready: (ready: readonly InFlight[]) => void;
  readonly #rest: () => number;

  /** `ready` is given what became durable, in order; `rest`: how long that waits, ms. */
  constructor(ready: (ready: readonly InFlight[]) => void, rest: () => number) {
    this.#ready = ready;
    this.#rest = rest;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  add(inFlight: InFlight): void {
    this.#waiting.push(inFlight);
    if (inFlight.chained === null) this.stored(inFlight);
  }

  /**
   * Counts a submission as durable. All that one commit made durable arrives here in one turn of the event loop, and leaves
   * together; and so does what becomes durable while the room rests.
   */
  stored(inFlight: InFlight): void {
    this.#durable.add(inFlight);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    const flush = (): void => {
      this.#isFlushing = false;
      this.flush();
    };
    const rest = this.#rest();
    if (rest < 1) setImmediate(flush);
    else setTimeout(flush, rest);
  }

  /** Hands on what is durable, as far as everything before it is. */
  flush(): void {
    const ready: InFlight[] = [];
    for (let first = this.#waiting[0]; first !== undefined && this.#durable.has(first); first = this.#waiting[0]) {
      ready.push(first);
      this.#waiting.shift();
      this.#durable.delete(first);
    }
    this.#ready(ready);
  }

  /** Takes everything out that isn't handed on yet: it is judged again. */
  takeAll(): readonly InFlight[] {
    const all = this.#waiting;
    this.#waiting = [];
    this.#durable.clear();
    for (const inFlight of all) inFlight.isOver = true;
    return all;
  }

  /** Takes out what did not become durable, and submissions without anything new that had come after it. */
  takeLost(): { readonly lost: readonly InFlight[]; readonly lastKept: number | null } {
    const first = this.#waiting.findIndex((inFlight) => !this.#durable.has(inFlight));
    const isLost = (inFlight: InFlight, at: number): boolean =>
      !this.#durable.has(inFlight) || (inFlight.chained === null && first >= 0 && at > first);
    const lost = this.#waiting.filter(isLost);
    this.#waiting = this.#waiting.filter((inFlight, at) => !isLost(inFlight, at));
    for (const inFlight of lost) {
      inFlight.isOver = true;
      this.#durable.delete(inFlight);
    }
    const last = this.#waiting.findLast(({ chained }) => chained !== null);
    return { lost, lastKept: last?.chained?.entry.sequence ?? null };
  }
}
