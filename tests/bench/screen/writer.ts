import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { type MarkId, newMarkId } from '../../../shared/protocol/ids.ts';
import { messageType } from '../../../shared/protocol/wire.ts';
import { markKey } from '../../../shared/text/document.ts';
import { Connection } from './connection.ts';

const sentence = 'in keeping with what was agreed before and with due regard to those who need it most ';
/**
 * A writer's words grow to this many letters, are deleted to so many, and grow again: the length of the text is stable.
 */
const longest = 80;
const shortest = 20;

/** A remote delegate: types and deletes letter by letter, and reports the cursor. */
export class Writer {
  readonly #connection: Connection;
  #mark: MarkId | null = null;
  #place: Y.RelativePosition | null = null;
  #typed = 0;
  #shrinking = false;
  #clock = 0;
  /** The number of keys pressed. */
  letters = 0;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async connect(address: string, recommendation: string, cookie: string): Promise<Writer> {
    return new Writer(await Connection.open(address, recommendation, cookie));
  }

  /** Proposes an amendment: an insertion, a strike, or both. */
  async amend(clause: number, kind: 'add' | 'delete' | 'replace'): Promise<MarkId> {
    const id = newMarkId();
    this.#connection.change(() => {
      const text = this.#connection.words(clause);
      if (kind !== 'add') text.format(40, 12, { [markKey('deletion', id)]: { id } });
      if (kind !== 'delete') text.insert(52, 'to consider ', { [markKey('insertion', id)]: { id } });
    });
    await this.#connection.accepted();
    return id;
  }

  /** From now on it types in this clause. */
  sit(clause: number, mark: MarkId): void {
    this.#mark = mark;
    this.#place = Y.createRelativePositionFromTypeIndex(this.#connection.words(clause), 52, -1);
    this.#typed = 0;
    this.#shrinking = false;
  }

  /** One key: the next letter, or the deletion of the last one. */
  key(): void {
    const id = this.#mark;
    const found =
      this.#place === null ? null : Y.createAbsolutePositionFromRelativePosition(this.#place, this.#connection.doc);
    if (id === null || !(found?.type instanceof Y.XmlText)) throw new Error('no place to write at');
    const text = found.type;
    let at = found.index;
    if (this.#typed >= longest) this.#shrinking = true;
    if (this.#typed <= shortest) this.#shrinking = false;
    this.#connection.change(() => {
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
    this.letters += 1;
    this.#sayWhere(text, at);
  }

  /** Refused or disconnected: then the load was not the intended one. */
  get failure(): string | null {
    return this.#connection.failure;
  }

  #sayWhere(text: Y.XmlText, at: number): void {
    const place = Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, at));
    this.#clock += 1;
    const states = encoding.createEncoder();
    encoding.writeVarUint(states, 1);
    encoding.writeVarUint(states, this.#connection.doc.clientID);
    encoding.writeVarUint(states, this.#clock);
    encoding.writeVarString(states, JSON.stringify({ cursor: { anchor: place, head: place } }));
    this.#connection.send(messageType.awareness, encoding.toUint8Array(states));
  }
}
