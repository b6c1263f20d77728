import type { NegotiationState } from '../../shared/negotiation/state.ts';
import type { Clause } from '../../shared/text/clause.ts';

/** A text with its record, as the screen showed it. */
export interface Shown {
  readonly text: readonly Clause[];
  readonly negotiation: NegotiationState;
}

/** What has changed within this time nobody has read yet, ms. */
const readingTime = 700;

/**
 * What a person has seen of a text that others write in: not the words that appeared under the finger a moment ago. A
 * decision is on what was seen, and the server refuses one on words that are others by then.
 */
export class SeenTexts {
  readonly #now: () => number;
  /** The newest last; each with the moment from which it was shown. */
  readonly #shown: { readonly at: number; readonly shown: Shown }[] = [];
  #knownSince = Number.NEGATIVE_INFINITY;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  show(shown: Shown): void {
    const at = this.#now();
    // A text that opens is all new, and nothing of it came under the finger.
    if ((this.#shown.at(-1)?.shown.text.length ?? 0) === 0) this.#knownSince = at;
    this.#shown.push({ at, shown });
    // The last that was shown long enough is all that is needed of what is older.
    while ((this.#shown[1]?.at ?? Number.POSITIVE_INFINITY) <= at - readingTime) this.#shown.shift();
  }

  /** From now on the newest counts as seen: the person made it so, or has just been shown the difference. */
  knows(): void {
    this.#knownSince = this.#now();
  }

  /** What has been on the screen long enough to be read; null where nothing was shown yet. */
  get(): Shown | null {
    const since = this.#now() - readingTime;
    const read = this.#shown.findLast(({ at }) => at <= since || at <= this.#knownSince) ?? this.#shown[0];
    // Whatever came from one's own act is known as it comes.
    const own = this.#knownSince > since ? this.#shown.find(({ at }) => at >= this.#knownSince) : undefined;
    return (own ?? read)?.shown ?? null;
  }
}
