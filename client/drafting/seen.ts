import type { NegotiationState } from '../../shared/negotiation/state.ts';
import type { Clause } from '../../shared/text/clause.ts';

/** A text with its negotiation state, as the screen showed it. */
export interface Shown {
  readonly text: readonly Clause[];
  readonly negotiation: NegotiationState;
}

/** Words that changed within this time, ms, count as unread. */
const readingTime = 700;

/**
 * The version of the text that a person can have read, without words that appeared under the pointer a moment ago.
 * Decisions carry a digest of this version, and the server refuses a decision on words that have changed since.
 */
export class SeenTexts {
  readonly #now: () => number;
  /** In order of time, the newest last; each with the moment from which it was shown. */
  readonly #shown: { readonly at: number; readonly shown: Shown }[] = [];
  #knownSince = Number.NEGATIVE_INFINITY;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  show(shown: Shown): void {
    const at = this.#now();
    // A text that has just opened counts as read: none of it appeared while the person was aiming.
    if ((this.#shown.at(-1)?.shown.text.length ?? 0) === 0) this.#knownSince = at;
    this.#shown.push({ at, shown });
    // Of the versions that were shown long enough, only the newest is needed.
    while ((this.#shown[1]?.at ?? Number.POSITIVE_INFINITY) <= at - readingTime) this.#shown.shift();
  }

  /** Marks the newest version as seen: the person made it, or was shown the difference. */
  knows(): void {
    this.#knownSince = this.#now();
  }

  /** The newest version that was shown long enough to be read; null where nothing was shown yet. */
  get(): Shown | null {
    const since = this.#now() - readingTime;
    const read = this.#shown.findLast(({ at }) => at <= since || at <= this.#knownSince) ?? this.#shown[0];
    // The person's own changes count as seen at once.
    const own = this.#knownSince > since ? this.#shown.find(({ at }) => at >= this.#knownSince) : undefined;
    return (own ?? read)?.shown ?? null;
  }
}
