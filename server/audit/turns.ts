import { ConcordError } from '../../shared/protocol/errors.ts';
import type { AccountId } from '../../shared/protocol/ids.ts';

/** Requests of one account that may wait: a person asks for one thing, and perhaps for another before it is there. */
export const mostWaiting = 4;

/**
 * Costly work, one piece at a time, accounts in turn: an account with many requests waits for its own, and others wait
 * for one piece of them at the most.
 */
export class Turns {
  /** The waiting requests, in the order of their accounts' turns. */
  readonly #waiting = new Map<AccountId, (() => void)[]>();
  #busy = false;

  /**
   * Throws `too-many-requests` where the account has too many waiting, or where the answer was abandoned before its
   * turn.
   */
  async take<T>(
    { account, gone }: { readonly account: AccountId; readonly gone: AbortSignal },
    work: () => Promise<T>,
  ): Promise<T> {
    if (this.#busy) await this.#wait(account);
    this.#busy = true;
    try {
      if (gone.aborted) throw new ConcordError('too-many-requests');
      return await work();
    } finally {
      this.#next();
    }
  }

  #wait(account: AccountId): Promise<void> {
    const own = this.#waiting.get(account) ?? [];
    if (own.length >= mostWaiting) throw new ConcordError('too-many-requests');
    this.#waiting.set(account, own);
    return new Promise((resolve) => own.push(resolve));
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#busy = false;
      return;
    }
    const [account, own] = first;
    const resolve = own.shift();
    this.#waiting.delete(account);
    if (own.length > 0) this.#waiting.set(account, own);
    resolve?.();
  }
}
