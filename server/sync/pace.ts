import type { AccountId } from '../../shared/protocol/ids.ts';

/** The factors by which an account waits for the time that its updates took: refused ones, long ones, and others. */
const forRefused = 10;
const forLong = 4;
const forAccepted = 2;
/** A single edit takes less, ms. */
const shortEnough = 5;
/** The debt that is free, and the longest wait, ms. */
const free = 1_000;
const longestWait = 10_000;

/**
 * Delays an account whose updates are refused again and again, or take long to judge: everybody in the room pays for a
 * refusal, since the head is made anew. Each update costs a multiple of the time that it took; the debt decreases as
 * time passes, and the next update waits until it is below the free amount. So one account, over any number of
 * connections, takes at most a tenth of the server's time with refused updates, a quarter with long ones, half with
 * others. A person who types has no debt after each letter.
 */
export class Pace {
  readonly #now: () => number;
  /** The time at which each account's debt is zero. */
  readonly #until = new Map<AccountId, number>();

  /** `now`: a monotonic clock, ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * The time, ms, for which the account's next update has to wait; ask again then, since other updates may have come
   * meanwhile.
   */
  wait(account: AccountId): number {
    const until = this.#until.get(account);
    if (until === undefined) return 0;
    const owed = until - this.#now();
    if (owed <= 0) this.#until.delete(account);
    return Math.max(0, owed - free);
  }

  /** Charges the time that an update took to judge, with the work that its refusal causes, ms. */
  note(account: AccountId, took: number, refused: boolean): void {
    const cost = took * (refused ? forRefused : took > shortEnough ? forLong : forAccepted);
    const now = this.#now();
    const until = Math.max(now, this.#until.get(account) ?? 0) + cost;
    this.#until.set(account, Math.min(until, now + free + longestWait));
  }
}
