import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Plan } from './writers.ts';

/** Ten others who write, in a thread of their own. */
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

  /** All type from now on; gives the letters that were typed so far. */
  start(): Promise<number> {
    return this.#ask('type');
  }
  letters(): Promise<number> {
    return this.#ask('letters');
  }
  /** Nobody types any more. Throws if one of them was refused: then what was measured was no load. */
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
