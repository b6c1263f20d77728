import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { AccountId, MeetingId, ParticipantId } from '../../shared/protocol/ids.ts';
import type { ReaderStream } from './reading.ts';

/** A person who may read a meeting's text: signed in, and taking part. */
export interface Reader {
  readonly meeting: MeetingId;
  readonly session: string;
  readonly account: AccountId;
  readonly participant: ParticipantId | null;
}

/** An ended session, all ended sessions of an account, or an ended accreditation. */
export interface Ended {
  readonly session?: string;
  readonly account?: AccountId;
  readonly participant?: ParticipantId;
}

/**
 * Bytes that may wait for a reader whose connection accepts nothing; a reader further behind is disconnected, and
 * returns by itself to reload the page. All readers share the same memory, and this is the most of it that one reader
 * keeps alive.
 */
const furthestBehind = 256 * 1024;

/**
 * One reader's events, written directly to the connection. The body ends with the connection, so that an event has the
 * same bytes for all readers and costs one write a reader: with web streams, ten thousand readers cost three times as
 * much.
 */
export class EventStream implements ReaderStream {
  readonly #socket: Socket;

  /** Throws `bad-request` where the connection doesn't carry this answer alone (a client that pipelined requests). */
  static open(outgoing: ServerResponse, headers: Headers): EventStream {
    const { socket } = outgoing;
    if (socket === null || outgoing.headersSent) throw new ConcordError('bad-request');
    // Without length or chunks: the body extends to the end of the connection.
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

const isOf = (ended: Ended, { session, account, participant }: Reader): boolean =>
  ended.session === session ||
  ended.account === account ||
  (ended.participant !== undefined && ended.participant === participant);

/**
 * The open streams with their readers. All share one subscription: one for each of thousands of streams would slow down
 * every change.
 */
export class Streams {
  readonly #open = new Map<EventStream, Reader>();
  /** Sessions that ended during a lookup: the one that was found may be among them. */
  readonly #meanwhile = new Set<Ended[]>();

  constructor(onEnded: (listener: (ended: Ended) => void) => void) {
    onEnded((ended) => {
      for (const ends of this.#meanwhile) ends.push(ended);
      for (const [stream, reader] of this.#open) if (isOf(ended, reader)) stream.close();
    });
  }

  /**
   * Looks up a person and opens a stream, in one step: null where nobody is found, and where the right to read ended
   * before the answer. `attend` counts the reader, whose connection others may need, and returns the function that ends
   * the count.
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
