import type { Duplex } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { AccountId } from '../../shared/protocol/ids.ts';

/** The server's end of an event stream. */
export interface EventStream {
  /**
   * Whether the bytes were accepted: not once the stream has ended, or its reader is too far behind; then it is
   * disconnected.
   */
  send(bytes: Uint8Array): boolean;
  close(): void;
}

/**
 * Bytes that may wait for one reader. A reader further behind is disconnected; it comes back by itself and reloads the
 * page.
 */
const furthestBehind = 1024 * 1024;
/** Streams of one account at once: a browser has one for each open page, and a delegation may share an account. */
const mostOfAnAccount = 60;
/** Time, ms, for a reader to take the rest after the end of a stream. */
const patienceAfterClose = 2000;

const headers = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  // A proxy that buffers events would delay them.
  'X-Accel-Buffering': 'no',
};

/** Counts a stream on a connection; returns the function that ends the count. Throws where there is no room for it. */
export type Hold = (account: AccountId, connection: Duplex | null) => () => void;

/**
 * The event streams of this server: the bytes that wait for each reader are limited, and so is the number of streams of
 * each account.
 */
export class EventStreams {
  readonly #open = new Map<AccountId, number>();
  readonly #hold: Hold;

  constructor(hold: Hold = () => () => undefined) {
    this.#hold = hold;
  }

  /**
   * Answers with a stream. `begin` subscribes it to its source, and returns the function that ends the subscription.
   * Throws `too-many-connections`.
   */
  answer(c: Context, account: AccountId, begin: (stream: EventStream) => Promise<() => void>): Response {
    // A HEAD request reads no body.
    if (c.req.raw.method === 'HEAD') return c.body(null, 200, headers);
    const open = this.#open.get(account) ?? 0;
    if (open >= mostOfAnAccount) throw new ConcordError('too-many-connections');
    const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>;
    const leave = this.#hold(account, outgoing?.socket ?? null);
    this.#open.set(account, open + 1);
    let ended = false;
    let stop: (() => void) | null = null;
    const release = (): void => {
      stop?.();
      stop = null;
      if (ended) return;
      ended = true;
      leave();
      const left = (this.#open.get(account) ?? 1) - 1;
      if (left === 0) this.#open.delete(account);
      else this.#open.set(account, left);
    };
    const body = new ReadableStream<Uint8Array>(
      {
        start: async (controller) => {
          const close = (): void => {
            if (ended) return;
            release();
            controller.close();
            setTimeout(() => outgoing?.destroy(), patienceAfterClose).unref();
          };
          try {
            stop = await begin({
              send: (bytes) => {
                if (ended) return false;
                // The queue grows while the reader's connection accepts nothing.
                if ((controller.desiredSize ?? 0) > -furthestBehind) {
                  controller.enqueue(bytes);
                  return true;
                }
                release();
                controller.close();
                outgoing?.destroy();
                return false;
              },
              close,
            });
          } catch (error) {
            release();
            throw error;
          }
          // The reader left during the preparation.
          if (ended) release();
        },
        cancel: release,
      },
      new ByteLengthQueuingStrategy({ highWaterMark: 64 * 1024 }),
    );
    return c.body(body, 200, headers);
  }
}
