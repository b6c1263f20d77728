import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { type MarkId, newMarkId } from '../../../shared/protocol/ids.ts';
import { messageType } from '../../../shared/protocol/wire.ts';
import { markKey } from '../../../shared/text/document.ts';
import { schemaVersion } from '../../../shared/text/schema.ts';
import { Client } from '../../helpers/hostileClient.ts';

const sentence = 'in keeping with what was agreed before and with due regard to those who need it most ';
/**
 * A writer's words grow to this many letters, are deleted to so many, and grow again: the length of the text is stable.
 */
const longest = 80;
const shortest = 20;

/** A remote delegate: types and deletes letter by letter, and reports the cursor. */
export class Writer {
  readonly client: Client;
  #mark: MarkId | null = null;
  #place: Y.RelativePosition | null = null;
  #typed = 0;
  #shrinking = false;
  #clock = 0;
  /** The number of keys pressed. */
  letters = 0;

  private constructor(client: Client) {
    this.client = client;
  }

  static async connect(address: string, recommendation: string, cookie: string): Promise<Writer> {
    const doc = new Y.Doc();
    const query = `client=${doc.clientID}&schema=${schemaVersion}&verdicts=1`;
    const client = new Client(`${address.replace('http', 'ws')}/sync/${recommendation}?${query}`, { cookie }, doc);
    await new Promise((resolve, reject) => {
      client.socket.once('open', resolve);
      client.socket.once('error', reject);
    });
    client.step1();
    await client.until(() => client.synced, 'the text');
    return new Writer(client);
  }

  /** Proposes an amendment: an insertion, a strike, or both. */
  async amend(clause: number, kind: 'add' | 'delete' | 'replace'): Promise<MarkId> {
    const id = newMarkId();
    const verdict = await this.client.say(
      this.client.change(() => {
        const text = this.client.words(clause);
        if (kind !== 'add') text.format(40, 12, { [markKey('deletion', id)]: { id } });
        if (kind !== 'delete') text.insert(52, 'to consider ', { [markKey('insertion', id)]: { id } });
      }),
    );
    if (verdict.verdict !== 'accepted') throw new Error(`an amendment was refused: ${verdict.code}`);
    return id;
  }

  /** From now on it types in this clause. */
  sit(clause: number, mark: MarkId): void {
    this.#mark = mark;
    this.#place = Y.createRelativePositionFromTypeIndex(this.client.words(clause), 52, -1);
    this.#typed = 0;
    this.#shrinking = false;
  }

  /** One key: the next letter, or the deletion of the last one. */
  key(): void {
    const id = this.#mark;
    const found =
      this.#place === null ? null : Y.createAbsolutePositionFromRelativePosition(this.#place, this.client.doc);
    if (id === null || !(found?.type instanceof Y.XmlText)) throw new Error('no place to write at');
    const text = found.type;
    let at = found.index;
    if (this.#typed >= longest) this.#shrinking = true;
    if (this.#typed <= shortest) this.#shrinking = false;
    const bytes = this.client.change(() => {
      if (this.#shrinking) {
        text.delete(at - 1, 1);
        at -= 1;
        this.#typed -= 1;
      } else {
        const letter = sentence.charAt(this.#typed % sentence.length);
        text.insert(at, letter, { [markKey('insertion', id)]: { id } });
        at += 1;
        this.#typed += 1;
      }
    });
    this.#place = Y.createRelativePositionFromTypeIndex(text, at, -1);
    this.client.update(bytes);
    this.letters += 1;
    this.#sayWhere(text, at);
  }

  /** Refused or disconnected: then the load was not the intended one. */
  get failure(): string | null {
    const refused = this.client.verdicts.find(({ verdict }) => verdict === 'refused');
    return refused === undefined ? null : JSON.stringify(refused);
  }

  #sayWhere(text: Y.XmlText, at: number): void {
    const place = Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, at));
    this.#clock += 1;
    const states = encoding.createEncoder();
    encoding.writeVarUint(states, 1);
    encoding.writeVarUint(states, this.client.doc.clientID);
    encoding.writeVarUint(states, this.#clock);
    encoding.writeVarString(states, JSON.stringify({ cursor: { anchor: place, head: place } }));
    this.client.message(messageType.awareness, encoding.toUint8Array(states));
  }
}
