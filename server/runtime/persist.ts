import { setTimeout as pause } from 'node:timers/promises';

/** Between two tries, ms: at first, and at the most. */
const firstPause = 250;
const longestPause = 5000;

/**
 * Works that must be done, one for each name: one that fails, since the database is away for a moment, is tried again
 * until it is done, and one that is asked for while it runs is done once more.
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

  /** Tries nothing again. */
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
