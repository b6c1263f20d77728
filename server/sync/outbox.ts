/** A connection without an edit for so long counts as a reader, ms. */
const readsAfter = 5000;
/** Frames for readers leave together, this long after the first of them, ms. */
const together = 150;

/** The part of a connection that an outbox needs. */
export interface Receiver {
  sendFramed(frame: Buffer): void;
}

interface Waiting {
  readonly frame: Buffer;
  readonly but: object | null;
}

/**
 * Sends the frames of a room to its connections: to writers at once, to readers together, in one write each.
 *
 * A plenary has many readers and few writers, and a write to a socket costs the same however long it is. A reader who begins
 * to write is brought up to date first, so that nobody writes on an older text than the screen could show.
 */
export class Outbox<Connection extends Receiver> {
  readonly #connections: ReadonlySet<Connection>;
  readonly #now: () => number;
  /** The writers, with the time of their last edit. */
  readonly #writers = new Map<Connection, number>();
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(connections: ReadonlySet<Connection>, now: () => number = () => performance.now()) {
    this.#connections = connections;
    this.#now = now;
  }

  /** `but`: the connection that holds the frame's content already. */
  send(frame: Buffer, but: object | null = null): void {
    for (const writer of this.#writers.keys()) if (writer !== but) writer.sendFramed(frame);
    if (this.#connections.size <= this.#writers.size) return;
    this.#waiting.push({ frame, but });
    this.#timer ??= setTimeout(() => this.flush(), together);
  }

  /** An edit of a connection came in. */
  wrote(connection: Connection): void {
    if (!this.#writers.has(connection)) this.#bringUpToDate(connection);
    this.#writers.set(connection, this.#now());
  }

  left(connection: Connection): void {
    this.#writers.delete(connection);
  }

  /** Sends what waits for the readers; connections that have not written for a while are readers from now on. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length > 0) {
      // Made once, the same bytes to all.
      const all = joined(waiting);
      const buts = new Set(waiting.map(({ but }) => but));
      for (const connection of this.#connections) {
        if (this.#writers.has(connection)) continue;
        const own = buts.has(connection) ? joined(waiting.filter(({ but }) => but !== connection)) : all;
        if (own.length > 0) connection.sendFramed(own);
      }
    }
    const since = this.#now() - readsAfter;
    for (const [writer, at] of this.#writers) if (at < since) this.#writers.delete(writer);
  }

  #bringUpToDate(connection: Connection): void {
    const own = joined(this.#waiting.filter(({ but }) => but !== connection));
    if (own.length > 0) connection.sendFramed(own);
  }
}

function joined(waiting: readonly Waiting[]): Buffer {
  const [only, ...more] = waiting;
  if (only === undefined) return Buffer.alloc(0);
  return more.length === 0 ? only.frame : Buffer.concat(waiting.map(({ frame }) => frame));
}
