import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { readMetadata } from '../../shared/negotiation/metadata.ts';
import { ClauseId, type MarkId, newMarkId } from '../../shared/protocol/ids.ts';
import { messageType, syncType, Verdict } from '../../shared/protocol/wire.ts';
import { markKey, recordOf, textOf } from '../../shared/text/document.ts';
import type { Person, TestMeeting } from './meeting.ts';

/** A client written against the socket: it says whatever the test tells it to, and remembers what it hears. */
export class Client {
  readonly doc = new Y.Doc();
  readonly socket: WebSocket;
  readonly verdicts: Verdict[] = [];
  /** Every update that the server sent. */
  readonly updates: Uint8Array[] = [];
  readonly presence: { client: number; clock: number; state: string }[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  #isClosed = false;
  #waiting: (() => void)[] = [];
  synced = false;
  /** How many updates it said: each gets a verdict. */
  said = 0;
  /** What it does when the server asks for what it holds; nothing, unless a test says so. */
  onAsked: (stateVector: Uint8Array) => void = () => undefined;
  /**
   * What it does with what Yjs tidied up in its document, which depends on what came in one message. Nothing, unless a test
   * says so; a program with Yjs says it, and so has to whoever compares texts. Such a thing, which brings nothing, may be
   * refused: what had no effect any more has one again where somebody wrote meanwhile.
   */
  onTidied: (update: Uint8Array) => void = () => undefined;
  #changing = false;

  constructor(url: string, headers: Record<string, string>, doc?: Y.Doc) {
    if (doc !== undefined) this.doc = doc;
    this.socket = new WebSocket(url, { headers });
    this.socket.binaryType = 'nodebuffer';
    const tidied = (update: Uint8Array, origin: unknown): void => {
      if (origin !== 'server' && !this.#changing) this.onTidied(update);
    };
    this.doc.on('update', tidied);
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        this.#isClosed = true;
        this.doc.off('update', tidied);
        this.#wake();
        resolve({ code, reason: reason.toString() });
      });
    });
    this.socket.on('message', (data: Buffer) => this.#hear(data));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #hear(data: Buffer): void {
    const decoder = decoding.createDecoder(data);
    switch (decoding.readVarUint(decoder)) {
      case messageType.sync: {
        const type = decoding.readVarUint(decoder);
        const payload = decoding.readVarUint8Array(decoder);
        if (type === syncType.step1) {
          this.onAsked(payload);
          break;
        }
        this.updates.push(payload);
        Y.applyUpdate(this.doc, payload, 'server');
        if (type === syncType.step2) this.synced = true;
        break;
      }
      case messageType.awareness: {
        const states = decoding.createDecoder(decoding.readVarUint8Array(decoder));
        for (let left = decoding.readVarUint(states); left > 0; left--)
          this.presence.push({
            client: decoding.readVarUint(states),
            clock: decoding.readVarUint(states),
            state: decoding.readVarString(states),
          });
        break;
      }
      case messageType.verdict:
        this.verdicts.push(Verdict.parse(JSON.parse(decoding.readVarString(decoder))));
        break;
    }
    this.#wake();
  }

  /** Waits for what it hears to answer yes. */
  async until(what: () => boolean, name = 'something', patience = 20_000): Promise<void> {
    // Only what never happens waits so long: a busy machine is no failure.
    const limit = Date.now() + patience;
    while (!what()) {
      if (this.#isClosed) throw new Error(`closed while waiting for ${name}: ${JSON.stringify(this.verdicts.at(-1))}`);
      if (Date.now() > limit) throw new Error(`${name} did not happen`);
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        setTimeout(resolve, 100);
      });
    }
  }

  raw(bytes: Uint8Array): void {
    this.socket.send(bytes);
  }
  message(...parts: readonly (number | Uint8Array)[]): void {
    const encoder = encoding.createEncoder();
    for (const part of parts)
      if (typeof part === 'number') encoding.writeVarUint(encoder, part);
      else encoding.writeVarUint8Array(encoder, part);
    this.raw(encoding.toUint8Array(encoder));
  }
  step1(): void {
    this.message(messageType.sync, syncType.step1, Y.encodeStateVector(this.doc));
  }
  update(bytes: Uint8Array): void {
    this.said += 1;
    this.message(messageType.sync, syncType.update, bytes);
  }

  /** The codes of what was refused. */
  refusals(): string[] {
    return this.verdicts.flatMap((one) => (one.verdict === 'refused' ? [one.code] : []));
  }
  /** Waits for the verdicts on all that it said; after a refusal none may follow. */
  async answered(): Promise<void> {
    const done = (): boolean => this.verdicts.length >= this.said || this.refusals().length > 0;
    await this.until(done, 'the verdicts on all that was said', 30_000);
  }

  /** All that its own hand ever wrote in this document, and what it knows to be deleted: for who comes back. */
  whole(): Uint8Array {
    const others = Y.decodeStateVector(Y.encodeStateVector(this.doc));
    others.delete(this.doc.clientID);
    return Y.encodeStateAsUpdate(this.doc, Y.encodeStateVector(others));
  }

  /** Makes a change on its own document, and gives what a program would send for it. */
  change(work: (text: Y.XmlFragment, doc: Y.Doc) => void): Uint8Array {
    const updates: Uint8Array[] = [];
    const collect = (bytes: Uint8Array): void => {
      updates.push(bytes);
    };
    this.doc.on('update', collect);
    this.#changing = true;
    try {
      this.doc.transact(() => work(textOf(this.doc), this.doc));
    } finally {
      this.#changing = false;
      this.doc.off('update', collect);
    }
    return Y.mergeUpdates(updates);
  }
  /** The words of a clause, as Yjs holds them. */
  words(at: number): Y.XmlText {
    const clause = textOf(this.doc).get(at);
    const words = clause instanceof Y.XmlElement ? clause.get(0) : null;
    if (!(words instanceof Y.XmlText)) throw new Error('no words there');
    return words;
  }
  /** Whether a clause may be written in, as the record says. */
  isOpenAt(at: number): boolean {
    const clause = textOf(this.doc).get(at);
    if (!(clause instanceof Y.XmlElement)) return false;
    const id = ClauseId.safeParse(clause.getAttribute('id'));
    if (!id.success) return false;
    const record = readMetadata(recordOf(this.doc), { of: 'clause', id: id.data });
    return record?.of === 'clause' && record.value.status.state === 'open';
  }
  /** Sends an update and waits for what the server says of it. */
  async say(bytes: Uint8Array): Promise<Verdict> {
    const before = this.verdicts.length;
    this.update(bytes);
    await this.until(() => this.verdicts.length > before, 'a verdict');
    const verdict = this.verdicts[before];
    if (verdict === undefined) throw new Error('no verdict');
    return verdict;
  }
  leave(): void {
    this.socket.close();
  }
}

/** Proposes words honestly, and gives the amendment's id; throws where they aren't accepted. */
export async function propose(client: Client, clause: number, at: number, words: string): Promise<MarkId> {
  const id = newMarkId();
  const verdict = await client.say(
    client.change(() => client.words(clause).insert(at, words, { [markKey('insertion', id)]: { id } })),
  );
  if (verdict.verdict !== 'accepted') throw new Error(`refused: ${verdict.code}`);
  return id;
}

/** Connects as somebody, to the test meeting's first recommendation, and waits for its text. */
export async function connect(
  meeting: TestMeeting,
  as: Person,
  { doc = new Y.Doc(), query = {}, sync = true }: { doc?: Y.Doc; query?: Record<string, string>; sync?: boolean } = {},
): Promise<Client> {
  const parameters = new URLSearchParams({ client: String(doc.clientID), schema: '1', verdicts: '1', ...query });
  const client = new Client(
    `${meeting.url.replace('http', 'ws')}/sync/${meeting.recommendation}?${parameters}`,
    { cookie: meeting.cookies[as] },
    doc,
  );
  if (sync) {
    await new Promise((resolve) => client.socket.once('open', resolve));
    client.step1();
    await client.until(() => client.synced, 'the text');
  }
  return client;
}
