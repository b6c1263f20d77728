import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { AccountId } from '../../shared/protocol/ids.ts';
import type { Access } from '../access/access.ts';
import type { Attendance, Ended } from '../access/attendances.ts';
import type { Connections, Use } from './connections.ts';

/**
 * Bytes that may wait for a reader whose connection accepts nothing; a reader further behind is disconnected, and comes
 * back by itself to reload the page. All readers share the waiting bytes; this limits how much of them one reader keeps
 * alive.
 */
const furthestBehind = 256 * 1024;
/**
 * Drafting streams of one account at once: a browser has one for each open page, and a delegation may share an account.
 * Readers are limited by the connections that drafting leaves them.
 */
const mostOfAnAccount = 60;

const headers = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  // A proxy that buffers events would delay them.
  'X-Accel-Buffering': 'no',
};

/**
 * The server's end of an event stream, written directly to the connection. The body ends with the connection, so that
 * an event has the same bytes for all readers and costs one write a reader: with web streams, ten thousand readers cost
 * three times as much.
 */
export class EventStream {
  readonly #socket: Socket;

  /** Throws `bad-request` where the connection doesn't carry this answer alone. */
  static open(outgoing: ServerResponse, head: Headers): EventStream {
    const { socket } = outgoing;
    if (socket === null || outgoing.headersSent) throw new ConcordError('bad-request');
    // Without length or chunks: the body extends to the end of the connection.
    outgoing.removeHeader('Transfer-Encoding');
    outgoing.writeHead(200, { ...Object.fromEntries(head), Connection: 'close' });
    outgoing.flushHeaders();
    return new EventStream(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Whether the bytes were accepted: not once the stream has ended, or its reader is too far behind. */
  send(bytes: Uint8Array): boolean {
    if (this.#socket.destroyed || this.waiting > furthestBehind) return false;
    this.#socket.write(bytes);
    return true;
  }

  /** At once: bytes that wait for a reader without access must not be sent. */
  close(): void {
    this.#socket.destroy();
  }

  /** Bytes that wait for the reader. */
  get waiting(): number {
    return this.#socket.writableLength;
  }

  onClose(listener: () => void): void {
    if (this.#socket.destroyed) listener();
    else this.#socket.once('close', listener);
  }
}

const isOf = (ended: Ended, { session, account, participant }: Attendance): boolean =>
  ended.session === session ||
  ended.account === account ||
  // Another account may hold the accreditation by now.
  (ended.participant !== undefined && ended.participant === participant);

export interface EventStreamsOptions {
  readonly connections: Pick<Connections, 'hold'>;
  readonly attend: Access['attend'];
  readonly onEnded: (listener: (ended: Ended) => void) => void;
}

/**
 * The open event streams with their holders: the bytes that wait for each are limited, and each is closed when its
 * session, account or accreditation ends. All share one subscription: one for each of thousands of streams would slow
 * down every change.
 */
export class EventStreams {
  readonly #options: EventStreamsOptions;
  readonly #open = new Map<EventStream, Attendance>();
  /** Sessions that ended during a lookup: one of them may be the session that was just found. */
  readonly #meanwhile = new Set<Ended[]>();
  readonly #ofAccount = new Map<AccountId, number>();

  constructor(options: EventStreamsOptions) {
    this.#options = options;
    options.onEnded((ended) => {
      for (const ends of this.#meanwhile) ends.push(ended);
      for (const [stream, whose] of this.#open) if (isOf(ended, whose)) stream.close();
    });
  }

  /**
   * Answers with a stream for the person that `find` returns; `find` throws the refusal. `begin` subscribes the stream
   * to its source, and returns the function that ends the subscription. Throws `not-signed-in` where the right to the
   * stream ended before the answer, and `too-many-connections`.
   */
  async answer<Whose extends Attendance>(
    c: Context,
    use: Use,
    find: () => Promise<Whose>,
    begin: (stream: EventStream, whose: Whose) => Promise<() => void>,
  ): Promise<Response> {
    const ends: Ended[] = [];
    this.#meanwhile.add(ends);
    try {
      const whose = await find();
      if (ends.some((ended) => isOf(ended, whose))) throw new ConcordError('not-signed-in');
      const head = c.body(null, 200, headers);
      // A HEAD request reads no body.
      if (c.req.raw.method === 'HEAD') return head;
      const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>;
      if (outgoing === undefined) throw new ConcordError('bad-request');
      const stream = this.#enter(use, whose, outgoing, head.headers);
      begin(stream, whose)
        .then((stop) => stream.onClose(stop))
        // The response head is already sent; the reader connects again.
        .catch(() => stream.close());
      return RESPONSE_ALREADY_SENT;
    } finally {
      this.#meanwhile.delete(ends);
    }
  }

  #enter(use: Use, whose: Attendance, outgoing: ServerResponse, head: Headers): EventStream {
    let opened: EventStream | null = null;
    const leave = this.#count(use, whose, outgoing.socket, () => opened?.close());
    try {
      const stream = EventStream.open(outgoing, head);
      opened = stream;
      this.#open.set(stream, whose);
      stream.onClose(() => {
        this.#open.delete(stream);
        leave();
      });
      return stream;
    } catch (error) {
      leave();
      throw error;
    }
  }

  /**
   * Counts a stream, which may be closed where others need its connection; returns the function that ends the count.
   */
  #count(use: Use, whose: Attendance, connection: Duplex | null, letGo: () => void): () => void {
    const { connections, attend } = this.#options;
    const { account } = whose;
    const own = this.#ofAccount.get(account) ?? 0;
    if (use === 'drafting' && own >= mostOfAnAccount) throw new ConcordError('too-many-connections');
    const free = connections.hold(use, account, connection, letGo);
    let leave = (): void => undefined;
    try {
      // Thousands of observers may share an account, and each costs little.
      leave = attend(whose, use === 'reading' ? { most: Number.POSITIVE_INFINITY } : {});
    } catch (error) {
      free();
      throw error;
    }
    if (use === 'drafting') this.#ofAccount.set(account, own + 1);
    return () => {
      leave();
      free();
      if (use === 'drafting') this.#leaveAccount(account);
    };
  }

  #leaveAccount(account: AccountId): void {
    const left = (this.#ofAccount.get(account) ?? 1) - 1;
    if (left === 0) this.#ofAccount.delete(account);
    else this.#ofAccount.set(account, left);
  }
}
