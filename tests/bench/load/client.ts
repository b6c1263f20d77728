import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { newClauseId, newMarkId } from '../../../shared/protocol/ids.ts';
import { messageType, syncType } from '../../../shared/protocol/wire.ts';
import { noMarks } from '../../../shared/text/clause.ts';
import { clauseElement, markKey, textOf } from '../../../shared/text/document.ts';
import type { Running } from './contestants.ts';
import { recommendations } from './text.ts';

/** The time at which each edit was sent, by its number; each edit carries its number in its words: `q0000042z`. */
export class Deliveries {
  readonly sentAt: number[] = [];
  /** From an edit to each other person in its document, ms. */
  readonly toWriters: number[] = [];
  readonly toReaders: number[] = [];
  doubled = 0;
  get count(): number {
    return this.toWriters.length + this.toReaders.length;
  }
  next(): number {
    this.sentAt.push(performance.now());
    return this.sentAt.length - 1;
  }
}

const marker = (number: number): string => `q${String(number).padStart(7, '0')}z`;

/** One connection. All connections count deliveries; only writers keep the document. */
export class LoadClient {
  readonly doc = new Y.Doc();
  readonly #socket: WebSocket;
  readonly #seen = new Set<number>();
  /** Its own edits: sending them back to their author doubles nothing. */
  readonly #own = new Set<number>();
  readonly #prefix: Uint8Array;
  readonly #mark = newMarkId();
  #place: Y.RelativePosition | null = null;
  synced = false;
  closed: string | null = null;

  constructor(
    readonly server: Running,
    readonly document: number,
    readonly person: number,
    readonly writes: boolean,
    readonly deliveries: Deliveries,
  ) {
    this.#prefix = server.prefix(document);
    this.#socket = new WebSocket(server.url(document, person, this.doc.clientID), {
      headers: server.headers(person, document),
      perMessageDeflate: false,
    });
    this.#socket.binaryType = 'nodebuffer';
    this.#socket.on('message', (data: Buffer) => this.#hear(data));
    this.#socket.on('close', (code, reason) => {
      this.closed = `${code} ${reason.toString()}`;
    });
    this.#socket.on('error', () => undefined);
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'server') this.#send(syncType.update, update);
    });
  }

  async open(): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN)
      await new Promise<void>((resolve, reject) => {
        this.#socket.once('open', resolve);
        this.#socket.once('error', reject);
      });
    const greeting = this.server.greeting(this.document);
    if (greeting !== null) this.#socket.send(greeting);
    this.#send(syncType.step1, Y.encodeStateVector(this.doc));
  }

  /** Sends the text, if the server has none. */
  bringText(): void {
    const text = recommendations[this.document]?.clauses ?? [];
    textOf(this.doc).insert(
      0,
      text.map(({ text: words }) =>
        clauseElement({
          id: newClauseId(),
          kind: 'operative',
          level: 0,
          insertion: null,
          runs: [{ text: words, marks: noMarks }],
        }),
      ),
    );
  }

  get hasText(): boolean {
    return textOf(this.doc).length > 0;
  }

  /** Types a word behind the one before, in its own amendment. */
  edit(): void {
    const number = this.deliveries.next();
    this.#own.add(number);
    // Ten delegations: two writers of one are in different clauses, since a delegation has a share of each clause.
    const clause = textOf(this.doc).get((this.person + Math.floor(this.person / 10)) % 10);
    const text = clause instanceof Y.XmlElement ? clause.get(0) : null;
    if (!(text instanceof Y.XmlText)) throw new Error('no text to write in');
    const found = this.#place === null ? null : Y.createAbsolutePositionFromRelativePosition(this.#place, this.doc);
    const at = found?.index ?? Math.min(text.length, 5 + this.person);
    const words = `${marker(number)} `;
    const id = this.#mark;
    text.insert(at, words, { [markKey('insertion', id)]: { id } });
    this.#place = Y.createRelativePositionFromTypeIndex(text, at + words.length, -1);
  }

  close(): void {
    this.#socket.terminate();
    this.doc.destroy();
  }

  #send(type: number, payload: Uint8Array): void {
    const encoder = encoding.createEncoder();
    if (this.#prefix.length > 0) encoding.writeUint8Array(encoder, this.#prefix);
    encoding.writeVarUint(encoder, messageType.sync);
    encoding.writeVarUint(encoder, type);
    encoding.writeVarUint8Array(encoder, payload);
    this.#socket.send(encoding.toUint8Array(encoder));
  }

  #hear(data: Buffer): void {
    if (this.writes || !this.synced) this.#take(data);
    this.#count(data);
  }

  #take(data: Buffer): void {
    const decoder = decoding.createDecoder(data);
    if (this.#prefix.length > 0) decoding.readVarString(decoder);
    if (decoding.readVarUint(decoder) !== messageType.sync) return;
    const type = decoding.readVarUint(decoder);
    const payload = decoding.readVarUint8Array(decoder);
    if (type === syncType.step1) {
      this.#send(syncType.step2, Y.encodeStateAsUpdate(this.doc, payload));
      return;
    }
    if (this.writes) Y.applyUpdate(this.doc, payload, 'server');
    this.synced = true;
  }

  #count(data: Buffer): void {
    const now = performance.now();
    for (let at = data.indexOf(0x71); at >= 0; at = data.indexOf(0x71, at + 1)) {
      if (data[at + 8] !== 0x7a) continue;
      const number = Number(data.toString('latin1', at + 1, at + 8));
      const sent = this.deliveries.sentAt[number];
      if (!Number.isInteger(number) || sent === undefined || this.#own.has(number)) continue;
      if (this.#seen.has(number)) {
        this.deliveries.doubled += 1;
        continue;
      }
      this.#seen.add(number);
      (this.writes ? this.deliveries.toWriters : this.deliveries.toReaders).push(now - sent);
    }
  }
}
