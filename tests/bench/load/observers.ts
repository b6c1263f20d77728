import { connect, type Socket } from 'node:net';
import { z } from 'zod';
import type { RunningConcord } from './contestants.ts';
import { pause } from './report.ts';

const Patches = z.array(z.object({ html: z.string().optional(), reload: z.boolean().optional() }));
const endOfEvent = Buffer.from('\n\n');
const newline = 0x0a;

/** A stream's position in its transfer framing. */
interface Chunked {
  left: number;
  size: string;
}

/** One reader: its bytes without the head, and the time at which each event of it was complete. */
interface Observer {
  readonly socket: Socket;
  readonly arrivals: number[];
  /** Bytes of an incomplete head. */
  head: Buffer | null;
  chunked: Chunked | null;
  /** Whether the last byte was the first of the two line ends after an event. */
  endsInLine: boolean;
  bytes: number;
  gone: boolean;
}

/**
 * The observers: as many event streams as asked, over bare sockets so that the load has time for all of them. All get
 * the same bytes: the first stream is parsed, of the others the events are counted.
 */
export class LoadClients {
  readonly #server: RunningConcord;
  readonly #cookie: string;
  readonly #observers: Observer[] = [];
  readonly #first: Buffer[] = [];

  constructor(server: RunningConcord, cookie: string) {
    this.#server = server;
    this.#cookie = cookie;
  }

  get size(): number {
    return this.#observers.length;
  }

  /** Connects so many more, two hundred at a time. */
  async grow(by: number): Promise<void> {
    const path = `/meetings/${this.#server.meeting}/text`;
    for (let left = by; left > 0; left -= 200) {
      const page = await (await this.#server.ask(this.#cookie, path)).text();
      const version = /data-version="(\d+)"/.exec(page)?.[1] ?? '';
      const come = (): Promise<void> => this.#come(`${path}/events?version=${version}&lang=en`);
      await Promise.all(Array.from({ length: Math.min(200, left) }, come));
    }
  }

  /** Waits until everybody has all edits, at most half a minute. */
  async until(edits: number): Promise<void> {
    for (let tries = 0; tries < 600; tries++) {
      const versions = this.#editsByEvent(edits);
      if (versions.size === edits) {
        const last = Math.max(...versions.values());
        if (this.#observers.every(({ arrivals, gone }) => gone || arrivals.length > last)) return;
      }
      await pause(50);
    }
  }

  /** The number of complete readers, and the delay of each edit to each of them. */
  account(sentAt: readonly number[]): { latencies: Float64Array; served: number; events: number } {
    const events = this.#editsByEvent(sentAt.length);
    const [first] = this.#observers;
    const whole = this.#observers.filter(
      ({ gone, bytes, arrivals }) =>
        !gone && bytes === first?.bytes && arrivals.length === first.arrivals.length && events.size === sentAt.length,
    );
    const latencies = new Float64Array(whole.length * events.size);
    let at = 0;
    for (const { arrivals } of whole)
      for (const [edit, event] of events) latencies[at++] = (arrivals[event] ?? Number.NaN) - (sentAt[edit] ?? 0);
    return { latencies: latencies.sort(), served: whole.length, events: first?.arrivals.length ?? 0 };
  }

  leave(): void {
    for (const { socket } of this.#observers) socket.destroy();
  }

  /** The event of the stream that showed each edit first. */
  #editsByEvent(edits: number): Map<number, number> {
    const found = new Map<number, number>();
    const events = Buffer.concat(this.#first).toString('utf8').split('\n\n').slice(0, -1);
    for (const [at, event] of events.entries()) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data === undefined) continue;
      for (const { html, reload } of Patches.parse(JSON.parse(data))) {
        if (reload === true) throw new Error('the gallery was told to load the page anew');
        for (const [, number] of (html ?? '').matchAll(/q(\d{7})z/g))
          if (Number(number) < edits && !found.has(Number(number))) found.set(Number(number), at);
      }
    }
    return found;
  }

  #come(path: string): Promise<void> {
    const { port, host } = new URL(this.#server.address);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1');
      const observer: Observer = {
        socket,
        arrivals: [],
        head: Buffer.alloc(0),
        chunked: null,
        endsInLine: false,
        bytes: 0,
        gone: false,
      };
      const isFirst = this.#observers.length === 0;
      this.#observers.push(observer);
      socket.on('error', reject);
      socket.on('close', () => {
        observer.gone = true;
        reject(new Error('a stream ended before it began'));
      });
      socket.on('data', (chunk: Buffer) => {
        const body = bodyOf(observer, chunk);
        if (body === null) return;
        if (isFirst) this.#first.push(Buffer.from(body));
        count(observer, body);
        resolve();
      });
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nCookie: ${this.#cookie}\r\nAccept: text/event-stream\r\nConnection: keep-alive\r\n\r\n`,
      );
    });
  }
}

/**
 * The part of a chunk that belongs to the body; null while the head is incomplete. Throws where the answer is a
 * refusal.
 */
function bodyOf(observer: Observer, chunk: Buffer): Buffer | null {
  if (observer.head === null) return observer.chunked === null ? chunk : unchunked(observer.chunked, chunk);
  const head = Buffer.concat([observer.head, chunk]);
  const end = head.indexOf('\r\n\r\n');
  if (end < 0) {
    observer.head = head;
    return null;
  }
  const words = head.toString('latin1', 0, end);
  if (!words.startsWith('HTTP/1.1 200 ')) throw new Error(`an observer was refused: ${words.split('\r\n')[0]}`);
  observer.head = null;
  observer.chunked = /\r\ntransfer-encoding: chunked/i.test(words) ? { left: 0, size: '' } : null;
  return bodyOf(observer, head.subarray(end + 4));
}

/** Removes the transfer framing: sizes in hexadecimal before, and an empty line after each chunk. */
function unchunked(state: Chunked, bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (state.left > 2) {
      const part = bytes.subarray(at, at + state.left - 2);
      parts.push(part);
      state.left -= part.length;
      at += part.length;
    } else if (state.left > 0) {
      state.left -= 1;
      at += 1;
    } else {
      const end = bytes.indexOf('\n', at);
      state.size += bytes.toString('latin1', at, end < 0 ? bytes.length : end);
      at = end < 0 ? bytes.length : end + 1;
      if (end < 0) break;
      state.left = Number.parseInt(state.size, 16) + 2;
      state.size = '';
    }
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}

/** Notes each event that is complete now. */
function count(observer: Observer, body: Buffer): void {
  const now = performance.now();
  observer.bytes += body.length;
  // The two line ends after an event may arrive separately.
  if (observer.endsInLine && body[0] === newline) observer.arrivals.push(now);
  for (let at = body.indexOf(endOfEvent); at >= 0; at = body.indexOf(endOfEvent, at + 2)) observer.arrivals.push(now);
  if (body.length > 0)
    observer.endsInLine = body.at(-1) === newline && !(body.length > 1 ? body.at(-2) === newline : observer.endsInLine);
}
