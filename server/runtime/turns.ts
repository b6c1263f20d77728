import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { AccountId } from '../../shared/protocol/ids.ts';

/** Costly answers of one account that may be under way at once, until their reader has taken them. */
const mostUnderWay = 8;
/** Costly answers of one account that may wait for their turn. */
const mostWaiting = 300;
/**
 * After an answer an account pauses for this many times as long as it held the event loop: it gets a fifth of the loop
 * at the most.
 */
const restAfter = 4;

interface Share {
  underWay: number;
  readonly waiting: (() => void)[];
  /** A monotonic clock. */
  restsUntil: number;
}

/** One costly answer that is being made. */
export interface Turn {
  /** Runs work that holds the event loop, and measures its time. */
  hold<T>(work: () => T): T;
  end(): void;
}

/**
 * Schedules work that holds the event loop: one piece a turn of the loop, and of each account a few at once and a fifth
 * of the time. Other requests are served in between, however many connections an account has.
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
      // A finished answer starts the next.
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
