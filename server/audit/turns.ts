import { ConcordError } from '../../shared/protocol/errors.ts';
import type { AccountId } from '../../shared/protocol/ids.ts';

/** What one account may have waiting: a person asks for one thing, and perhaps for another before it is there. */
export const mostWaiting = 4;

/**
 * Costly work, one piece at a time, and one of each account in turn: whoever asks for much waits for it, and the others
 * wait for one piece of it at the most.
 */
export class Turns {
  /** Who waits, the account whose turn is next first. */
  readonly #waiting = new Map<AccountId, (() => void)[]>();
  #busy = false;

  /**
   * Throws `too-many-requests` where the account has too many waiting, or where the answer is no longer waited for when
   * its turn comes.
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
