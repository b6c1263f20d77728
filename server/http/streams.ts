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
 * Bytes that may wait for a reader whose connection takes nothing; one further behind is let go, and comes back by itself
 * to load the page anew. All readers share the waiting bytes; this bounds how much of them one reader keeps alive.
 */
const furthestBehind = 256 * 1024;
/**
 * Streams of notices of one account at once: a browser has one for each page that is open, and a delegation may share an
 * account. Readers are bounded by the room that those who draft leave them.
 */
const mostOfAnAccount = 60;

const headers = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  // A proxy that buffers events would delay them.
  'X-Accel-Buffering': 'no',
};

/**
 * The server's end of an event stream, straight on the connection. The body ends where the connection does, so that an
 * event's bytes are the same for everybody and a reader costs one write: through a web stream, ten thousand readers cost
 * three times as much.
 */
export class EventStream {
  readonly #socket: Socket;

  /** Throws `bad-request` where the connection isn't this answer's alone. */
  static open(outgoing: ServerResponse, head: Headers): EventStream {
    const { socket } = outgoing;
    if (socket === null || outgoing.headersSent) throw new ConcordError('bad-request');
    // Without length or chunks: to the end of the connection.
    outgoing.removeHeader('Transfer-Encoding');
    outgoing.writeHead(200, { ...Object.fromEntries(head), Connection: 'close' });
    outgoing.flushHeaders();
    return new EventStream(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Whether the bytes were taken: not once the stream has ended, or its reader is too far behind. */
  send(bytes: Uint8Array): boolean {
    if (this.#socket.destroyed || this.waiting > furthestBehind) return false;
    this.#socket.write(bytes);
    return true;
  }

  /** At once: what waits for a reader who may not read on is not sent any more. */
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
  // Another account may have taken up the accreditation.
  (ended.participant !== undefined && ended.participant === participant);

export interface EventStreamsOptions {
  readonly connections: Pick<Connections, 'hold'>;
  readonly attend: Access['attend'];
  readonly onEnded: (listener: (ended: Ended) => void) => void;
}

/**
 * The event streams that are open, and whose they are: each bounded in what waits for its reader, and closed when the
 * session, account or accreditation that it was opened by ends. One listener for all of them: thousands would cost every
 * change.
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
   * Answers with a stream for whom `find` finds, which throws the refusal where that is nobody. `begin` subscribes the
   * stream to what it tells of, and returns what ends that. Throws `not-signed-in` where the right to the stream ended
   * before the answer came, and `too-many-connections`.
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
      // A request for the head alone reads nothing on.
      if (c.req.raw.method === 'HEAD') return head;
      const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>;
      if (outgoing === undefined) throw new ConcordError('bad-request');
      const stream = this.#enter(use, whose, outgoing, head.headers);
      begin(stream, whose)
        .then((stop) => stream.onClose(stop))
        // The head is on its way already; the reader comes again.
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

  /** Counts a stream, which others may need to be let go; returns what ends the counting. */
  #count(use: Use, whose: Attendance, connection: Duplex | null, letGo: () => void): () => void {
    const { connections, attend } = this.#options;
    const { account } = whose;
    const own = this.#ofAccount.get(account) ?? 0;
    if (use === 'drafting' && own >= mostOfAnAccount) throw new ConcordError('too-many-connections');
    const free = connections.hold(use, account, connection, letGo);
    let leave = (): void => undefined;
    try {
      // A whole gallery may share an account, and what it is sent costs little.
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
