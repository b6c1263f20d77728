import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Plan } from './writers.ts';

/** Ten writers, in a thread of their own. */
export class Load {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  static async seat(plan: Plan): Promise<Load> {
    const worker = new Worker(new URL('./writers.js', import.meta.url), { workerData: plan });
    await once(worker, 'message');
    return new Load(worker);
  }

  /** All start typing; returns the number of letters typed so far. */
  start(): Promise<number> {
    return this.#ask('type');
  }
  letters(): Promise<number> {
    return this.#ask('letters');
  }
  /** All stop typing. Throws if one of them was refused: then the load was not the intended one. */
  stop(): Promise<number> {
    return this.#ask('stop');
  }
  async leave(): Promise<void> {
    await this.#worker.terminate();
  }

  async #ask(order: 'type' | 'letters' | 'stop'): Promise<number> {
    this.#worker.postMessage(order);
    const [answer]: unknown[] = await once(this.#worker, 'message');
    return Number(answer);
  }
}
