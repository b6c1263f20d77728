import * as decoding from 'lib0/decoding';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { MarkId } from '../../shared/protocol/ids.ts';
import { readMark } from '../../shared/text/document.ts';
import { hasForbidden } from '../../shared/text/visible.ts';

/** Limits of one update. A person's offline work of a day is far below. */
export interface StructureLimits {
  readonly bytes: number;
  readonly structs: number;
  readonly clients: number;
  readonly deletes: number;
  /** The highest clock: 2^31 leaves Yjs's arithmetic far from the end of the safe integers. */
  readonly clock: number;
  /** UTF-16 units of one string. */
  readonly text: number;
}

export const defaultLimits: StructureLimits = {
  bytes: 1_000_000,
  structs: 20_000,
  clients: 64,
  deletes: 80_000,
  clock: 2 ** 31,
  text: 20_000,
};

export interface Id {
  readonly client: number;
  readonly clock: number;
}

/** One struct as the update encodes it. */
export interface Struct {
  readonly kind: 'gc' | 'deleted' | 'string' | 'format' | 'type' | 'attribute';
  readonly clock: number;
  /** The number of clocks that it takes. */
  readonly length: number;
  readonly origin: Id | null;
  readonly rightOrigin: Id | null;
  /** The struct that holds it; null for a root, and where an origin tells. */
  readonly parent: Id | null;
  /** The attribute that it writes, where no origin tells. */
  readonly key: string | null;
}

export interface UpdateStructure {
  /** The structs of each client: one block, with its first clock and the one after its last. */
  readonly blocks: ReadonlyMap<
    number,
    { readonly from: number; readonly to: number; readonly structs: readonly Struct[] }
  >;
  readonly deletes: ReadonlyMap<number, readonly { readonly from: number; readonly to: number }[]>;
  /**
   * Places where its structs may split existing ones: before the letter with this id, of any client. A deletion may
   * split at both ends of its range.
   */
  readonly cuts: readonly Id[];
  /** The marks that it begins, and that propose clauses. */
  readonly marks: ReadonlySet<MarkId>;
}

// Info byte: content in the low five bits, then parentSub, right origin, origin.
const contentBits = 0b0001_1111;
const hasParentSub = 0b0010_0000;
const hasRightOrigin = 0b0100_0000;
const hasOrigin = 0b1000_0000;

const content = { gc: 0, deleted: 1, string: 4, format: 6, type: 7, any: 8 } as const;
const kindOf: { readonly [ref: number]: Struct['kind'] } = {
  [content.deleted]: 'deleted',
  [content.string]: 'string',
  [content.format]: 'format',
  [content.type]: 'type',
  [content.any]: 'attribute',
};
const typeRef = { xmlElement: 3, xmlText: 6 } as const;

const clauseAttributes: ReadonlySet<string> = new Set(['id', 'kind', 'level', 'insertion']);

const malformed = (): never => {
  throw new ConcordError('malformed-update');
};
const unknown = (): never => {
  throw new ConcordError('unknown-content');
};
const tooLarge = (): never => {
  throw new ConcordError('update-too-large');
};

/**
 * Reads a V1 update without applying it, and accepts only the parts of a clause: elements named `clause`, their texts,
 * the owned marks, four attributes, deletions. Yjs's own decoder allocates by the counts in the data, creates roots
 * while parsing, and lets the last of two blocks win; here every count is checked against the bytes that are there.
 *
 * Throws `malformed-update`, `update-too-large` or `unknown-content`. An update that passes can be applied; whether it
 * may be is judged afterwards, by its effect.
 */
export function decodeStructure(update: Uint8Array, limits: StructureLimits = defaultLimits): UpdateStructure {
  if (update.length > limits.bytes) return tooLarge();
  try {
    return new Reader(update, limits).read();
  } catch (error) {
    if (error instanceof ConcordError) throw error;
    // lib0 throws plain errors where the bytes end early or are no UTF-8.
    throw new ConcordError('malformed-update', {}, { cause: error });
  }
}

class Reader {
  readonly #decoder: decoding.Decoder;
  readonly #limits: StructureLimits;
  readonly #cuts: Id[] = [];
  readonly #marks = new Set<MarkId>();
  #structs = 0;

  constructor(update: Uint8Array, limits: StructureLimits) {
    this.#decoder = decoding.createDecoder(update);
    this.#limits = limits;
  }

  read(): UpdateStructure {
    const blocks = new Map<number, { from: number; to: number; structs: Struct[] }>();
    const clients = this.#count(this.#limits.clients);
    for (let at = 0; at < clients; at++) {
      const count = this.#count(this.#limits.structs);
      if (count === 0) malformed();
      const client = this.#client();
      if (blocks.has(client)) malformed();
      const from = this.#clock();
      const structs: Struct[] = [];
      let to = from;
      for (let left = count; left > 0; left--) {
        const struct = this.#struct(to);
        structs.push(struct);
        to += struct.length;
        if (to > this.#limits.clock) tooLarge();
      }
      blocks.set(client, { from, to, structs });
    }
    const deletes = this.#deletes();
    if (decoding.hasContent(this.#decoder)) malformed();
    return { blocks, deletes, cuts: this.#cuts, marks: this.#marks };
  }

  #deletes(): UpdateStructure['deletes'] {
    const deletes = new Map<number, { from: number; to: number }[]>();
    let total = 0;
    const clients = this.#count(this.#limits.deletes);
    for (let at = 0; at < clients; at++) {
      const client = this.#client();
      const ranges = this.#count(this.#limits.deletes);
      total += ranges;
      if (total > this.#limits.deletes) tooLarge();
      if (deletes.has(client)) malformed();
      const read: { from: number; to: number }[] = [];
      for (let range = 0; range < ranges; range++) {
        const from = this.#clock();
        read.push({ from, to: from + this.#length() });
      }
      deletes.set(client, read);
    }
    return deletes;
  }

  #struct(clock: number): Struct {
    this.#structs += 1;
    if (this.#structs > this.#limits.structs) tooLarge();
    const info = decoding.readUint8(this.#decoder);
    const ref = info & contentBits;
    if (ref === content.gc) {
      if (info !== 0) malformed();
      const length = this.#length();
      return { kind: 'gc', clock, length, origin: null, rightOrigin: null, parent: null, key: null };
    }
    const linked = (info & (hasOrigin | hasRightOrigin)) !== 0;
    const origin = (info & hasOrigin) === 0 ? null : this.#link(1);
    const rightOrigin = (info & hasRightOrigin) === 0 ? null : this.#link(0);
    let parent: Id | null = null;
    let key: string | null = null;
    let root = false;
    if (!linked) {
      const rooted = decoding.readVarUint(this.#decoder);
      if (rooted > 1) malformed();
      root = rooted === 1;
      if (root && this.#string() !== 'text') unknown();
      if (!root) parent = this.#id();
      if ((info & hasParentSub) !== 0) key = this.#string();
      if (key !== null && !clauseAttributes.has(key)) unknown();
    }
    // A root holds clauses, not attributes.
    if (root && (key !== null || (ref !== content.type && ref !== content.deleted))) unknown();
    const isAttribute = (info & hasParentSub) !== 0;
    const length = this.#content(ref, isAttribute, key);
    const kind = kindOf[ref] ?? unknown();
    return { kind, clock, length, origin, rightOrigin, parent, key };
  }

  /** Returns the number of clocks that it takes. */
  #content(ref: number, isAttribute: boolean, key: string | null): number {
    switch (ref) {
      case content.deleted:
        return this.#length();
      case content.string: {
        if (isAttribute) unknown();
        const text = this.#string();
        if (text.length === 0) malformed();
        if (hasForbidden(text)) unknown();
        return text.length;
      }
      case content.format: {
        if (isAttribute) unknown();
        const format = this.#string();
        const value: unknown = JSON.parse(this.#string());
        // Null ends a mark; its key has to be a mark's all the same.
        const { id } = readMark(format, value ?? { id: 'AAAAAAAA' });
        if (value !== null) this.#marks.add(id);
        return 1;
      }
      case content.type: {
        if (isAttribute) unknown();
        const type = decoding.readVarUint(this.#decoder);
        if (type === typeRef.xmlElement) {
          if (this.#string() !== 'clause') unknown();
        } else if (type !== typeRef.xmlText) unknown();
        return 1;
      }
      case content.any: {
        if (!isAttribute || this.#length() !== 1) unknown();
        this.#attribute(key);
        return 1;
      }
      default:
        return unknown();
    }
  }

  /** An attribute's value: a short string or a small number. */
  #attribute(key: string | null): void {
    const kind = decoding.readUint8(this.#decoder);
    if (kind === 119) {
      const value = this.#string();
      if (value.length > 64) unknown();
      // Where an origin decides the attribute, it may be this one.
      const id = MarkId.safeParse(key === 'insertion' || key === null ? value : null);
      if (id.success) this.#marks.add(id.data);
    } else if (kind === 125) {
      if (Math.abs(decoding.readVarInt(this.#decoder)) > 64) unknown();
    } else unknown();
  }

  /** A count of things that take at least a byte each. */
  #count(most: number): number {
    const count = decoding.readVarUint(this.#decoder);
    if (count > most) tooLarge();
    if (count > this.#decoder.arr.length - this.#decoder.pos) malformed();
    return count;
  }
  #client(): number {
    const client = decoding.readVarUint(this.#decoder);
    // Yjs draws client ids from 32 bits.
    if (client > 0xffffffff) malformed();
    return client;
  }
  #clock(): number {
    const clock = decoding.readVarUint(this.#decoder);
    if (clock > this.#limits.clock) tooLarge();
    return clock;
  }
  #length(): number {
    const length = decoding.readVarUint(this.#decoder);
    if (length === 0) malformed();
    if (length > this.#limits.clock) tooLarge();
    return length;
  }
  /** The letter after which something comes (1), or before which (0). */
  #link(behind: 0 | 1): Id {
    const id = this.#id();
    this.#cuts.push(behind === 0 ? id : { client: id.client, clock: id.clock + 1 });
    return id;
  }
  #id(): Id {
    const client = this.#client();
    return { client, clock: this.#clock() };
  }
  #string(): string {
    const text = decoding.readVarString(this.#decoder);
    if (text.length > this.#limits.text) tooLarge();
    return text;
  }
}
