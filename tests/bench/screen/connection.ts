import { once } from 'node:events';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { messageType, syncType, Verdict } from '../../../shared/protocol/wire.ts';
import { textOf } from '../../../shared/text/document.ts';
import { schemaVersion } from '../../../shared/text/schema.ts';

/** A writer's connection: its document follows the server's, and its updates go out when it says so. */
export class Connection {
  readonly doc = new Y.Doc();
  readonly #socket: WebSocket;
  readonly #verdicts: Verdict[] = [];
  #synced: () => void = () => undefined;
  #waiting: (() => void)[] = [];
  #closed: string | null = null;

  private constructor(address: string, recommendation: string, cookie: string) {
    const query = `client=${this.doc.clientID}&schema=${schemaVersion}&verdicts=1`;
    const url = `${address.replace('http', 'ws')}/sync/${recommendation}?${query}`;
    this.#socket = new WebSocket(url, { headers: { cookie } });
    this.#socket.binaryType = 'nodebuffer';
    this.#socket.on('message', (data: Buffer) => this.#hear(data));
    this.#socket.on('close', (code, reason) => {
      this.#closed = `${code} ${reason.toString()}`;
      this.#wake();
    });
  }

  /** Resolves when the text is there. */
  static async open(address: string, recommendation: string, cookie: string): Promise<Connection> {
    const connection = new Connection(address, recommendation, cookie);
    await once(connection.#socket, 'open');
    connection.#socket.on('error', () => undefined);
    const synced = new Promise<void>((resolve, reject) => {
      connection.#synced = resolve;
      connection.#socket.once('close', () => reject(new Error(`closed: ${connection.#closed}`)));
    });
    connection.send(messageType.sync, syncType.step1, Y.encodeStateVector(connection.doc));
    await synced;
    return connection;
  }

  /** Why this connection no longer is the intended load; null while it is. */
  get failure(): string | null {
    const refused = this.#verdicts.find(({ verdict }) => verdict === 'refused');
    return refused === undefined ? this.#closed : JSON.stringify(refused);
  }

  /** The words of a clause. */
  words(clause: number): Y.XmlText {
    const element = textOf(this.doc).get(clause);
    const words = element instanceof Y.XmlElement ? element.get(0) : null;
    if (!(words instanceof Y.XmlText)) throw new Error('no words there');
    return words;
  }

  /** Makes a change in the document, and sends it. */
  change(work: () => void): void {
    const updates: Uint8Array[] = [];
    const collect = (bytes: Uint8Array): void => void updates.push(bytes);
    this.doc.on('update', collect);
    this.doc.transact(work);
    this.doc.off('update', collect);
    this.send(messageType.sync, syncType.update, Y.mergeUpdates(updates));
  }

  /** Waits for the verdict on the change that was just sent. Throws where it isn't accepted. */
  async accepted(): Promise<void> {
    const before = this.#verdicts.length;
    while (this.#verdicts.length === before && this.#closed === null)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.failure !== null) throw new Error(`a writer was refused: ${this.failure}`);
  }

  send(...parts: readonly (number | Uint8Array)[]): void {
    const encoder = encoding.createEncoder();
    for (const part of parts)
      if (typeof part === 'number') encoding.writeVarUint(encoder, part);
      else encoding.writeVarUint8Array(encoder, part);
    this.#socket.send(encoding.toUint8Array(encoder));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #hear(data: Buffer): void {
    const decoder = decoding.createDecoder(data);
    switch (decoding.readVarUint(decoder)) {
      case messageType.sync: {
        const type = decoding.readVarUint(decoder);
        // The document has nothing that the server could ask for.
        if (type === syncType.step1) return;
        Y.applyUpdate(this.doc, decoding.readVarUint8Array(decoder), 'server');
        if (type === syncType.step2) this.#synced();
        break;
      }
      case messageType.verdict:
        this.#verdicts.push(Verdict.parse(JSON.parse(decoding.readVarString(decoder))));
        this.#wake();
    }
  }
}
