import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { ConcordError } from '../shared/errors.ts';

/** The server's end of an event stream. */
export interface EventStream {
  /** Whether the bytes were taken: not once the stream has ended, or its reader is too far behind; then it is cut off. */
  send(bytes: Uint8Array): boolean;
  close(): void;
}

/** What waits for one reader, bytes. Who is further behind is cut off; it comes back by itself and loads the page anew. */
const furthestBehind = 1024 * 1024;
/** Streams of one session at once: a browser has one for each page that is open. */
const mostOfASession = 30;
/** Who doesn't take what is left after the end is cut off, ms. */
const patienceAfterClose = 2000;

const headers = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  // A proxy that collects them would make them late.
  'X-Accel-Buffering': 'no',
};

/** The event streams of this server: each bounded in what waits for its reader, and each session in how many it opens. */
export class EventStreams {
  readonly #open = new Map<string, number>();

  /**
   * Answers with a stream. `begin` subscribes it to whatever it tells of, and returns what ends that. Throws
   * `too-many-connections`.
   */
  answer(c: Context, session: string, begin: (stream: EventStream) => Promise<() => void>): Response {
    // Who asks for the head alone will never read on.
    if (c.req.raw.method === 'HEAD') return c.body(null, 200, headers);
    const open = this.#open.get(session) ?? 0;
    if (open >= mostOfASession) throw new ConcordError('too-many-connections');
    this.#open.set(session, open + 1);
    const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>;
    let ended = false;
    let stop: (() => void) | null = null;
    const release = (): void => {
      stop?.();
      stop = null;
      if (ended) return;
      ended = true;
      const left = (this.#open.get(session) ?? 1) - 1;
      if (left === 0) this.#open.delete(session);
      else this.#open.set(session, left);
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
                // The queue grows while the reader's line takes nothing.
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
          // The reader went while this was made ready.
          if (ended) release();
        },
        cancel: release,
      },
      new ByteLengthQueuingStrategy({ highWaterMark: 64 * 1024 }),
    );
    return c.body(body, 200, headers);
  }
}
