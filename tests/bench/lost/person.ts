import { once } from 'node:events';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { newMarkId } from '../../../shared/protocol/ids.ts';
import { messageType, syncType } from '../../../shared/protocol/wire.ts';
import { markKey, textOf } from '../../../shared/text/document.ts';

/** The differences between the servers' protocols. */
export interface Line {
  readonly url: (client: number) => string;
  readonly headers: Record<string, string>;
  /** The first message, and the prefix of each message. */
  readonly greeting: Uint8Array | null;
  readonly prefix: Uint8Array;
}

/** Each edit bears its number: `q0000042z`. */
const marker = (number: number): string => `q${String(number).padStart(7, '0')}z`;
export const numbersIn = (text: string): readonly number[] =>
  (text.match(/q\d{7}z/g) ?? []).map((found) => Number(found.slice(1, 8)));

/**
 * A person with a page that stays open over every kill of the server, as a browser tab does; the same for every server.
 */
export class Person {
  readonly doc = new Y.Doc();
  /** Edits of others that this page was shown. */
  readonly shown = new Set<number>();
  readonly #own = new Set<number>();
  readonly #mark = newMarkId();
  #socket: WebSocket | null = null;
  #line: Line | null = null;
  #answered = false;
  #synced: () => void = () => undefined;

  constructor() {
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'server' && this.#answered) this.#send(syncType.update, update);
    });
  }

  /** Resolves when the server's text is here, and the client's own updates were sent. */
  async connect(line: Line): Promise<void> {
    this.#line = line;
    this.#answered = false;
    const socket = new WebSocket(line.url(this.doc.clientID), { headers: line.headers, perMessageDeflate: false });
    this.#socket = socket;
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data: Buffer) => this.#hear(data));
    await once(socket, 'open');
    socket.on('error', () => undefined);
    const synced = new Promise<void>((resolve, reject) => {
      this.#synced = resolve;
      socket.once('close', (code, reason) => reject(new Error(`closed: ${code} ${reason.toString()}`)));
    });
    if (line.greeting !== null) socket.send(line.greeting);
    this.#send(syncType.step1, Y.encodeStateVector(this.doc));
    await synced;
  }

  get text(): string {
    return textOf(this.doc).toString();
  }

  /** Types a word at the front of a clause, in an amendment of its own. */
  edit(number: number, clause: number): void {
    this.#own.add(number);
    const element = textOf(this.doc).get(clause % textOf(this.doc).length);
    const words = element instanceof Y.XmlElement ? element.get(0) : null;
    if (!(words instanceof Y.XmlText)) throw new Error('no text to write in');
    words.insert(0, `${marker(number)} `, { [markKey('insertion', this.#mark)]: { id: this.#mark } });
  }

  async leave(): Promise<void> {
    const socket = this.#socket;
    this.#answered = false;
    this.#socket = null;
    if (socket === null || socket.readyState === WebSocket.CLOSED) return;
    const closed = once(socket, 'close');
    socket.terminate();
    await closed;
  }

  #send(type: number, payload: Uint8Array): void {
    if (this.#socket?.readyState !== WebSocket.OPEN || this.#line === null) return;
    const encoder = encoding.createEncoder();
    encoding.writeUint8Array(encoder, this.#line.prefix);
    encoding.writeVarUint(encoder, messageType.sync);
    encoding.writeVarUint(encoder, type);
    encoding.writeVarUint8Array(encoder, payload);
    this.#socket.send(encoding.toUint8Array(encoder));
  }

  #hear(data: Buffer): void {
    const decoder = decoding.createDecoder(data);
    if (this.#line !== null && this.#line.prefix.length > 0) decoding.readVarString(decoder);
    if (decoding.readVarUint(decoder) !== messageType.sync) return;
    const type = decoding.readVarUint(decoder);
    const payload = decoding.readVarUint8Array(decoder);
    if (type === syncType.step1) {
      this.#send(syncType.step2, Y.encodeStateAsUpdate(this.doc, payload));
      this.#answered = true;
      return;
    }
    Y.applyUpdate(this.doc, payload, 'server');
    for (const number of numbersIn(data.toString('latin1'))) if (!this.#own.has(number)) this.shown.add(number);
    if (type === syncType.step2) this.#synced();
  }
}
