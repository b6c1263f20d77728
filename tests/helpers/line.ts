import { connect, createServer, type Socket } from 'node:net';

/** The way in which a connection ends: as the other side would end it, or as by a router that forgets it. */
export type End = 'close' | 'reset';

/** The direction: from the client to the server, or back. */
export type Way = 'up' | 'down';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  readonly silent: Set<Way>;
}

/**
 * A bad network between clients and a server: it can cut connections, drop data silently, and be slow.
 *
 * While it delays, everything goes through in pieces of random length, so that a cut falls into the middle of frames.
 */
export class Line {
  readonly #pairs = new Set<Pair>();
  readonly #random: () => number;
  readonly #target: number;
  readonly #listener = createServer((client) => this.#carry(client));
  /** Longest wait before a piece goes on, ms. */
  delay = 0;
  /** The number of connections made through it so far. */
  made = 0;

  private constructor(target: number, random: () => number) {
    this.#target = target;
    this.#random = random;
  }

  static async to(server: { readonly url: string }, random: () => number): Promise<Line> {
    const line = new Line(Number(new URL(server.url).port), random);
    await new Promise<void>((resolve) => line.#listener.listen(0, '127.0.0.1', resolve));
    return line;
  }

  /** The port to which clients connect instead of the server's. */
  get url(): string {
    const address = this.#listener.address();
    if (address === null || typeof address === 'string') throw new Error('the line is down');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Ends connections, each with this probability, at both ends, with data under way. */
  cut(how: End, chance = 1): void {
    for (const { client, server } of this.#pairs) {
      if (this.#random() >= chance) continue;
      for (const socket of [client, server])
        if (how === 'reset') socket.resetAndDestroy();
        else socket.destroySoon();
    }
  }

  /** Drops all data in this direction silently; later connections work. */
  fallSilent(way: Way, chance = 1): void {
    for (const pair of this.#pairs) if (this.#random() < chance) pair.silent.add(way);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#listener.close(resolve));
    this.cut('reset');
    await closed;
  }

  #carry(client: Socket): void {
    const server = connect(this.#target, '127.0.0.1');
    const pair: Pair = { client, server, silent: new Set() };
    this.#pairs.add(pair);
    this.made += 1;
    for (const [from, to, way] of [
      [client, server, 'up'],
      [server, client, 'down'],
    ] as const) {
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#pairs.delete(pair);
        to.destroySoon();
      });
      from.on('data', (bytes) => this.#forward(pair, way, bytes));
    }
  }

  /** Forwards received data, in pieces, each after its wait; the sender waits meanwhile. */
  #forward(pair: Pair, way: Way, bytes: Buffer): void {
    const [from, to] = way === 'up' ? [pair.client, pair.server] : [pair.server, pair.client];
    from.pause();
    if (pair.silent.has(way) || to.destroyed) return;
    const length = this.delay === 0 ? bytes.length : 1 + Math.floor(this.#random() * bytes.length);
    const rest = bytes.subarray(length);
    const next = (): void => {
      if (rest.length > 0) this.#forward(pair, way, rest);
      else from.resume();
    };
    to.write(bytes.subarray(0, length), () => {
      if (this.delay === 0) next();
      else setTimeout(next, this.#random() * this.delay);
    });
  }
}
