import { setTimeout as pause } from 'node:timers/promises';

/** Time between two attempts, ms: the first, and the longest. */
const firstPause = 250;
const longestPause = 5000;

/**
 * Tasks that must succeed, one for each name: a failed task (the database is away for a moment) is repeated until it
 * succeeds, and one that is requested while it runs is run once more.
 */
export class Persistent<Name> {
  readonly #running = new Map<Name, { again: boolean }>();
  readonly #work: (name: Name) => Promise<void>;
  readonly #failed: (error: unknown, name: Name) => void;
  #closed = false;

  constructor(work: (name: Name) => Promise<void>, failed: (error: unknown, name: Name) => void) {
    this.#work = work;
    this.#failed = failed;
  }

  ask(name: Name): void {
    const running = this.#running.get(name);
    if (running === undefined) void this.#run(name);
    else running.again = true;
  }

  /** Ends all repetition. */
  close(): void {
    this.#closed = true;
  }

  async #run(name: Name): Promise<void> {
    const state = { again: true };
    this.#running.set(name, state);
    let wait = firstPause;
    while (state.again && !this.#closed) {
      state.again = false;
      try {
        await this.#work(name);
        wait = firstPause;
      } catch (error) {
        if (this.#closed) break;
        this.#failed(error, name);
        state.again = true;
        await pause(wait, undefined, { ref: false });
        wait = Math.min(2 * wait, longestPause);
      }
    }
    this.#running.delete(name);
  }
}
