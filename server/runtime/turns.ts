import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { AccountId } from '../../shared/protocol/ids.ts';

/** Costly answers of one account that may be under way at once, from being made to being taken by its reader. */
const mostUnderWay = 8;
/** Of one account that may wait for their turn. */
const mostWaiting = 300;
/** An account rests so many times as long as its last answer held the event loop: it has a fifth of it at the most. */
const restAfter = 4;

interface Share {
  underWay: number;
  readonly waiting: (() => void)[];
  /** By the clock that nobody sets. */
  restsUntil: number;
}

/** One costly answer that is being made. */
export interface Turn {
  /** Does what holds the event loop, and counts how long. */
  hold<T>(work: () => T): T;
  end(): void;
}

/**
 * Who makes what holds the event loop, and when: one a turn of the loop, and of each account a few at once and a fifth of
 * the time. However many connections an account has, others are served in between.
 */
export class Turns {
  readonly #shares = new Map<AccountId, Share>();
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves when it is the account's turn. Throws `too-many-requests` where too many wait for it already. */
  async take(whose: AccountId): Promise<Turn> {
    const share = this.#shares.get(whose) ?? { underWay: 0, waiting: [], restsUntil: 0 };
    this.#shares.set(whose, share);
    if (share.underWay < mostUnderWay && share.waiting.length === 0) share.underWay += 1;
    else {
      if (share.waiting.length >= mostWaiting) throw new ConcordError('too-many-requests');
      // Whoever ends hands the place on.
      await new Promise<void>((resolve) => share.waiting.push(resolve));
    }
    for (let rest = share.restsUntil - performance.now(); rest > 0; rest = share.restsUntil - performance.now())
      await pause(rest, undefined, { ref: false });
    this.#last = this.#last.then(() => nextTurn());
    await this.#last;
    let ended = false;
    return {
      hold: (work) => {
        const begun = performance.now();
        try {
          return work();
        } finally {
          const now = performance.now();
          share.restsUntil = Math.max(share.restsUntil, now) + (now - begun) * restAfter;
        }
      },
      end: () => {
        if (ended) return;
        ended = true;
        const next = share.waiting.shift();
        if (next !== undefined) next();
        else {
          share.underWay -= 1;
          if (share.underWay === 0 && share.restsUntil <= performance.now()) this.#shares.delete(whose);
        }
      },
    };
  }
}
