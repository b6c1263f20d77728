import * as Y from 'yjs';
import { MarkId, randomId } from '../../../shared/protocol/ids.ts';
import { markKey, recordOf, textOf } from '../../../shared/text/document.ts';
import type { Draw } from './draw.ts';
import { type Block, type Id, lengthOf, noUpdate, type Struct, type Update } from './update.ts';

/** A place between two letters of a clause, as the structs at its left and right. */
interface Place {
  readonly parent: Id;
  readonly left: Id | null;
  readonly right: Id | null;
}

/** What there is to point at in a document, as it was when somebody looked. */
export class Survey {
  readonly doc: Y.Doc;
  readonly structs: readonly { readonly id: Id; readonly length: number }[];
  readonly clauses: readonly Y.XmlElement[];
  readonly texts: readonly Y.XmlText[];
  readonly clients: readonly number[];
  readonly marks: readonly string[];

  constructor(doc: Y.Doc) {
    this.doc = doc;
    this.structs = [...doc.store.clients].flatMap(([client, structs]) =>
      structs.map(({ id: { clock }, length }) => ({ id: { client, clock }, length })),
    );
    this.clients = [...doc.store.clients.keys()];
    this.clauses = textOf(doc)
      .toArray()
      .filter((clause) => clause instanceof Y.XmlElement);
    this.texts = this.clauses.flatMap((clause) => clause.toArray().filter((text) => text instanceof Y.XmlText));
    this.marks = [...recordOf(doc).keys()].flatMap((key) => /^mark:([^:]+)$/.exec(key)?.[1] ?? []);
  }
}

/**
 * What a hostile program knows of a document that it was sent: every id, every mark, every place. From it come updates
 * that an honest screen could have sent, to be sent as they are or to be mutated.
 */
export class UpdateGenerator {
  readonly #doc: Y.Doc;
  readonly #draw: Draw;
  /** The client id to write with. */
  readonly client: number;
  readonly #structs: Survey['structs'];
  readonly #texts: readonly Y.XmlText[];
  readonly #clauses: readonly Y.XmlElement[];
  readonly clients: readonly number[];
  readonly marks: readonly string[];

  constructor(survey: Survey, client: number, draw: Draw) {
    this.#doc = survey.doc;
    this.#draw = draw;
    this.client = client;
    this.#structs = survey.structs;
    this.#texts = survey.texts;
    this.#clauses = survey.clauses;
    this.clients = survey.clients;
    this.marks = survey.marks;
  }

  get clock(): number {
    return Y.getState(this.#doc.store, this.client);
  }

  /** Any struct that exists, at any letter of it. */
  id(): Id {
    if (this.#structs.length === 0) return { client: this.client, clock: 0 };
    const { id, length } = this.#draw.of(this.#structs);
    return { client: id.client, clock: id.clock + this.#draw.nat(length) };
  }

  range(): { readonly client: number; readonly clock: number; readonly length: number } {
    if (this.#structs.length === 0) return { client: this.client, clock: 0, length: 1 };
    const { id, length } = this.#draw.of(this.#structs);
    const from = this.#draw.nat(length);
    return { client: id.client, clock: id.clock + from, length: 1 + this.#draw.nat(length - from) };
  }

  #newMark(): MarkId {
    return MarkId.parse(randomId((size) => this.#draw.bytes(size)));
  }

  #place(): Place | null {
    if (this.#texts.length === 0) return null;
    const text = this.#draw.of(this.#texts);
    const holder = text._item;
    if (holder === null) return null;
    const places: Place[] = [];
    const parent = { client: holder.id.client, clock: holder.id.clock };
    let left: Id | null = null;
    for (let item = text._start; item !== null; item = item.right) {
      const { client, clock } = item.id;
      places.push({ parent, left, right: { client, clock } });
      if (item.length > 1 && !item.deleted) {
        const at = 1 + this.#draw.nat(item.length - 1);
        places.push({ parent, left: { client, clock: clock + at - 1 }, right: { client, clock: clock + at } });
      }
      left = { client, clock: clock + item.length - 1 };
    }
    places.push({ parent, left, right: null });
    return this.#draw.of(places);
  }

  /** Structs one after the other, at a place. */
  #block(place: Place, contents: readonly Struct['content'][]): Block {
    let clock = this.clock;
    let { left } = place;
    const structs = contents.map((content): Struct => {
      const linked = left !== null || place.right !== null;
      const struct: Struct = {
        origin: left,
        rightOrigin: place.right,
        parent: linked ? null : place.parent,
        parentSub: null,
        content,
        odd: 0,
      };
      clock += lengthOf(struct);
      left = { client: this.client, clock: clock - 1 };
      return struct;
    });
    return { client: this.client, clock: this.clock, structs, count: null };
  }

  /** Proposes words as an honest screen does. */
  words(words: string, mark: string = this.#newMark()): Update {
    const place = this.#place();
    if (place === null) return noUpdate;
    const key = markKey('insertion', MarkId.parse(mark));
    const block = this.#block(place, [
      { of: 'format', key, value: JSON.stringify({ id: mark }) },
      { of: 'string', text: words },
      { of: 'format', key, value: 'null' },
    ]);
    return { ...noUpdate, blocks: [block] };
  }

  /** Strikes, brackets or comments some letters. */
  marked(name: 'deletion' | 'bracket' | 'comment' | 'insertion' | 'origin', mark: string = this.#newMark()): Update {
    const [from, to] = [this.#place(), this.#place()];
    if (from === null || to === null) return noUpdate;
    const key = markKey(name, MarkId.parse(mark));
    const begin = this.#block(from, [{ of: 'format', key, value: JSON.stringify({ id: mark }) }]);
    const end = this.#block(to, [{ of: 'format', key, value: 'null' }]);
    return { ...noUpdate, blocks: [{ ...begin, structs: [...begin.structs, ...end.structs] }] };
  }

  /** Proposes a clause. */
  clause(words: string, mark: string = this.#newMark()): Update {
    const left = this.#clauses.length === 0 ? null : (this.#draw.of(this.#clauses)._item ?? null);
    const origin = left === null ? null : { client: left.id.client, clock: left.id.clock };
    let clock = this.clock;
    const structs: Struct[] = [];
    const add = (struct: Struct): Id => {
      const id = { client: this.client, clock };
      structs.push(struct);
      clock += lengthOf(struct);
      return id;
    };
    const rest = { rightOrigin: null, odd: 0 };
    const element = add({
      ...rest,
      origin,
      parent: origin === null ? 'text' : null,
      parentSub: null,
      content: { of: 'type', ref: 3, name: 'clause' },
    });
    for (const [parentSub, value] of [
      ['id', this.#newMark()],
      ['kind', 'operative'],
      ['level', this.#draw.nat(3)],
      ['insertion', mark],
    ] as const)
      add({ ...rest, origin: null, parent: element, parentSub, content: { of: 'any', values: [value] } });
    const text = add({
      ...rest,
      origin: null,
      parent: element,
      parentSub: null,
      content: { of: 'type', ref: 6, name: null },
    });
    const key = markKey('insertion', MarkId.parse(mark));
    const first = add({
      ...rest,
      origin: null,
      parent: text,
      parentSub: null,
      content: { of: 'format', key, value: JSON.stringify({ id: mark }) },
    });
    add({ ...rest, origin: first, parent: null, parentSub: null, content: { of: 'string', text: words } });
    return { ...noUpdate, blocks: [{ client: this.client, clock: this.clock, structs, count: null }] };
  }

  /** Sets an attribute of a clause that exists. */
  attribute(parentSub: string, value: unknown): Update {
    const holder = this.#clauses.length === 0 ? null : this.#draw.of(this.#clauses)._item;
    if (holder === null) return noUpdate;
    const struct: Struct = {
      origin: null,
      rightOrigin: null,
      parent: { client: holder.id.client, clock: holder.id.clock },
      parentSub,
      content: { of: 'any', values: [value] },
      odd: 0,
    };
    return { ...noUpdate, blocks: [{ client: this.client, clock: this.clock, structs: [struct], count: null }] };
  }

  /** Deletes some letters of whoever's. */
  erasure(): Update {
    const { client, clock, length } = this.range();
    return { ...noUpdate, deletes: [{ client, ranges: [{ clock, length: Math.min(length, 20) }], count: null }] };
  }
}
