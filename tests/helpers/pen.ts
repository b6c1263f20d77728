import * as Y from 'yjs';
import { readMetadata } from '../../shared/negotiation/metadata.ts';
import { type MarkId, newMarkId } from '../../shared/protocol/ids.ts';
import { deltaOf, markKey, recordOf, textOf } from '../../shared/text/document.ts';
import type { Client } from './hostileClient.ts';

/** Longest clause that a pen still adds to, characters. */
const longEnough = 1500;
/** Edits that one amendment is made of. */
const mostUses = 8;

interface Place {
  readonly clause: string;
  readonly words: Y.XmlText;
}

/** Somebody's hand, driven by chance: it writes what the rules allow, as far as its own screen knows. */
export class Pen {
  readonly #client: Client;
  readonly #random: () => number;
  /** The amendment that is being written, and in which clause. */
  #own: { readonly id: MarkId; readonly clause: string } | null = null;
  #uses = 0;

  constructor(client: Client, random: () => number) {
    this.#client = client;
    this.#random = random;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
  #any<T>(list: readonly T[]): T | null {
    return list[this.#below(list.length)] ?? null;
  }

  /** The clauses that may be written in, or those that are agreed. */
  #places(open: boolean): readonly Place[] {
    return textOf(this.#client.doc)
      .toArray()
      .flatMap((clause, at) => {
        const words = clause instanceof Y.XmlElement ? clause.get(0) : null;
        if (!(clause instanceof Y.XmlElement) || !(words instanceof Y.XmlText)) return [];
        return this.#client.isOpenAt(at) === open ? [{ clause: clause.getAttribute('id') ?? '', words }] : [];
      });
  }

  /** Where to go on: at one's own amendment while it is open, else at a new one somewhere. */
  #proposal(): { readonly id: MarkId; readonly words: Y.XmlText } | null {
    const places = this.#places(true);
    const own = this.#own;
    const record = own === null ? null : readMetadata(recordOf(this.#client.doc), { of: 'mark', id: own.id });
    const place = places.find(({ clause }) => clause === own?.clause);
    const closed = record?.of === 'mark' && record.value.state !== 'open';
    if (own !== null && place !== undefined && !closed && this.#uses < mostUses) {
      this.#uses += 1;
      return { id: own.id, words: place.words };
    }
    const fresh = this.#any(places);
    this.#own = fresh === null ? null : { id: newMarkId(), clause: fresh.clause };
    this.#uses = 0;
    return fresh === null || this.#own === null ? null : { id: this.#own.id, words: fresh.words };
  }

  /** A delegate's edit: words added, words of others struck, or one's own taken back. Null: there is nothing to write in. */
  propose(words: string): Uint8Array | null {
    const proposal = this.#proposal();
    if (proposal === null) return null;
    const { id, words: text } = proposal;
    const mine = this.#stretch(text, (keys) => keys.includes(markKey('insertion', id)));
    const draw = this.#random();
    const strikes = text.length > longEnough || (draw < 0.45 && text.length > 0);
    // A strike and an addition amend different things where they meet others' pending words.
    const fresh = newMarkId();
    if (mine === null && !strikes && this.#own !== null) this.#own = { ...this.#own, id: fresh };
    return this.#client.change(() => {
      if (mine !== null && draw < 0.25) text.delete(mine.from, Math.min(mine.length, 20));
      else if (strikes) {
        const from = this.#below(text.length);
        const length = Math.min(1 + this.#below(12), text.length - from);
        text.format(from, length, { [markKey('deletion', fresh)]: { id: fresh } });
      } else if (mine !== null) {
        // An amendment goes on where its words stand; elsewhere another begins.
        text.insert(mine.from + mine.length, words, { [markKey('insertion', id)]: { id } });
      } else text.insert(this.#below(text.length + 1), words, { [markKey('insertion', fresh)]: { id: fresh } });
    });
  }

  /** The rapporteur's edit of the base text: a few words more, or fewer where the clause is long. */
  edit(words: string): Uint8Array | null {
    const place = this.#any(this.#places(true));
    if (place === null) return null;
    const text = place.words;
    const plain = this.#stretch(text, (keys) => keys.every((key) => key.startsWith('origin')));
    return this.#client.change(() => {
      if (plain !== null && text.length > 300) text.delete(plain.from, Math.min(plain.length, 60));
      else text.insert(0, words, {});
    });
  }

  /** What no delegate may do: words in the text that are no amendment, in an agreed clause where there is one. */
  trespass(): Uint8Array | null {
    const place = this.#any(this.#places(false)) ?? this.#any(this.#places(true));
    return place === null ? null : this.#client.change(() => place.words.insert(0, 'trespass ', {}));
  }

  /** One of the stretches whose marks' keys answer yes. */
  #stretch(
    text: Y.XmlText,
    what: (keys: readonly string[]) => boolean,
  ): { readonly from: number; readonly length: number } | null {
    const found: { from: number; length: number }[] = [];
    let from = 0;
    for (const { insert, attributes = {} } of deltaOf(text)) {
      if (what(Object.keys(attributes))) found.push({ from, length: insert.length });
      from += insert.length;
    }
    return this.#any(found);
  }
}
