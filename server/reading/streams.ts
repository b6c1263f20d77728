import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { AccountId, MeetingId, ParticipantId } from '../../shared/protocol/ids.ts';
import type { ReaderStream } from './reading.ts';

/** Somebody who may read a meeting's text: signed in, and taking part. */
export interface Reader {
  readonly meeting: MeetingId;
  readonly session: string;
  readonly account: AccountId;
  readonly participant: ParticipantId | null;
}

/** A session, all of an account's, or an accreditation, that ended. */
export interface Ended {
  readonly session?: string;
  readonly account?: AccountId;
  readonly participant?: ParticipantId;
}

/**
 * Bytes that may wait for a reader whose line takes nothing; one further behind is let go, and comes back by itself to
 * load the page anew. What waits is the same memory for everybody, and this the most of it that one reader keeps alive.
 */
const furthestBehind = 256 * 1024;

/**
 * One reader's events, straight on the line. The body ends where the connection does, so that an event's bytes are the
 * same for everybody and a reader costs one write: through a web stream, ten thousand readers cost three times as much.
 */
export class EventStream implements ReaderStream {
  readonly #socket: Socket;

  /** Throws `bad-request` where the line isn't this answer's alone (a client that asked twice without waiting). */
  static open(outgoing: ServerResponse, headers: Headers): EventStream {
    const { socket } = outgoing;
    if (socket === null || outgoing.headersSent) throw new ConcordError('bad-request');
    // Without length or chunks: to the end of the connection.
    outgoing.removeHeader('Transfer-Encoding');
    outgoing.writeHead(200, { ...Object.fromEntries(headers), Connection: 'close' });
    outgoing.flushHeaders();
    return new EventStream(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

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

const isOf = (ended: Ended, { session, account, participant }: Reader): boolean =>
  ended.session === session ||
  ended.account === account ||
  (ended.participant !== undefined && ended.participant === participant);

/** The streams that are open, and whose they are. One ear for all of them: thousands of ears would cost every change. */
export class Streams {
  readonly #open = new Map<EventStream, Reader>();
  /** What ended while somebody was looked up: it may be the very session that was found a moment before. */
  readonly #meanwhile = new Set<Ended[]>();

  constructor(onEnded: (listener: (ended: Ended) => void) => void) {
    onEnded((ended) => {
      for (const ends of this.#meanwhile) ends.push(ended);
      for (const [stream, reader] of this.#open) if (isOf(ended, reader)) stream.close();
    });
  }

  /**
   * Looks somebody up and opens a stream for them, in one: null where nobody is found, and for one whose right to read
   * ended before the answer came. `attend` notes the reader, whom others may need to be let go, and returns what ends that.
   */
  async admit(
    find: () => Promise<Reader | null>,
    attend: (reader: Reader, letGo: () => void) => () => void,
    open: () => EventStream,
  ): Promise<{ readonly stream: EventStream; readonly reader: Reader } | null> {
    const ends: Ended[] = [];
    this.#meanwhile.add(ends);
    try {
      const reader = await find();
      if (reader === null || ends.some((ended) => isOf(ended, reader))) return null;
      let opened: EventStream | null = null;
      const leave = attend(reader, () => opened?.close());
      try {
        const stream = open();
        opened = stream;
        this.#open.set(stream, reader);
        stream.onClose(() => {
          this.#open.delete(stream);
          leave();
        });
        return { stream, reader };
      } catch (error) {
        leave();
        throw error;
      }
    } finally {
      this.#meanwhile.delete(ends);
    }
  }
}
