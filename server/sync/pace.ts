import type { AccountId } from '../../shared/protocol/ids.ts';

/** How many times as long as its updates took to judge an account waits: refused ones, long ones, and others. */
const forRefused = 10;
const forLong = 4;
const forAccepted = 2;
/** An edit takes less, ms. */
const shortEnough = 5;
/** What may be owed before anything waits, and the longest wait, ms. */
const free = 1_000;
const longestWait = 10_000;

/**
 * Holds back an account whose updates are refused again and again, or take long to judge: a refusal is paid for by
 * everybody in the room, since its head is made anew. Each costs a multiple of the time that it took; what is owed runs off
 * as time passes, and the next update waits for as long as more is owed than is free. So one account, by however many
 * connections, takes at most a tenth of the server's time by refused updates, a quarter by long ones, half by others. A
 * person who types owes nothing after each letter.
 */
export class Pace {
  readonly #now: () => number;
  /** Until when each account pays off what is owed. */
  readonly #until = new Map<AccountId, number>();

  /** `now`: a clock that nobody sets, ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** How long the account's next update is to wait, ms; to be asked again then, since others may have come meanwhile. */
  wait(account: AccountId): number {
    const until = this.#until.get(account);
    if (until === undefined) return 0;
    const owed = until - this.#now();
    if (owed <= 0) this.#until.delete(account);
    return Math.max(0, owed - free);
  }

  /** Notes an update that took so long to judge, with what its refusal leaves to be done, ms. */
  note(account: AccountId, took: number, refused: boolean): void {
    const cost = took * (refused ? forRefused : took > shortEnough ? forLong : forAccepted);
    const now = this.#now();
    const until = Math.max(now, this.#until.get(account) ?? 0) + cost;
    this.#until.set(account, Math.min(until, now + free + longestWait));
  }
}
