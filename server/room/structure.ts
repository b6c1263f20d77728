import * as decoding from 'lib0/decoding';
import { readMark } from '../../shared/document.ts';
import { ConcordError } from '../../shared/errors.ts';

/** What one update may hold at the most. A day's offline work of one person is far below. */
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
  structs: 50_000,
  clients: 64,
  deletes: 50_000,
  clock: 2 ** 31,
  text: 20_000,
};

export interface UpdateStructure {
  /** The structs of each client: one block, its first clock and the one after its last. */
  readonly blocks: ReadonlyMap<number, { readonly from: number; readonly to: number }>;
  readonly deletes: ReadonlyMap<number, readonly { readonly from: number; readonly to: number }[]>;
  /** Where applying it may cut what is there in two: before the letter with this id, which may be any client's. */
  readonly cuts: readonly { readonly client: number; readonly clock: number }[];
}

// Info byte: content in the low five bits, then parentSub, right origin, origin.
const contentBits = 0b0001_1111;
const hasParentSub = 0b0010_0000;
const hasRightOrigin = 0b0100_0000;
const hasOrigin = 0b1000_0000;

const content = { gc: 0, deleted: 1, string: 4, format: 6, type: 7, any: 8 } as const;
const typeRef = { xmlElement: 3, xmlText: 6 } as const;

const clauseAttributes: ReadonlySet<string> = new Set(['id', 'kind', 'level', 'insertion']);

/** Control characters have no place in a text; tab and line feed come from pasting. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for
const control = /[\u0000-\u0008\u000b-\u001f\u007f]/;

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
 * Reads a V1 update without applying it, and knows only what a clause can be made of: elements named `clause`, their
 * texts, the owned marks, four attributes, deletions. Yjs's own decoder allocates by the counts that it is told,
 * creates roots while parsing, and lets the last of two blocks win; here every count is held against what is there.
 *
 * Throws `malformed-update`, `update-too-large` or `unknown-content`. Nothing else stops an update from being applied,
 * and nothing here says that it may be: its effect is judged afterwards.
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
  readonly #cuts: { client: number; clock: number }[] = [];
  #structs = 0;

  constructor(update: Uint8Array, limits: StructureLimits) {
    this.#decoder = decoding.createDecoder(update);
    this.#limits = limits;
  }

  read(): UpdateStructure {
    const blocks = new Map<number, { from: number; to: number }>();
    const clients = this.#count(this.#limits.clients);
    for (let at = 0; at < clients; at++) {
      const structs = this.#count(this.#limits.structs);
      if (structs === 0) malformed();
      const client = this.#client();
      if (blocks.has(client)) malformed();
      const from = this.#clock();
      let to = from;
      for (let struct = 0; struct < structs; struct++) {
        to += this.#struct();
        if (to > this.#limits.clock) tooLarge();
      }
      blocks.set(client, { from, to });
    }
    const deletes = this.#deletes();
    if (decoding.hasContent(this.#decoder)) malformed();
    return { blocks, deletes, cuts: this.#cuts };
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
        const to = from + this.#length();
        read.push({ from, to });
        this.#cuts.push({ client, clock: from }, { client, clock: to });
      }
      deletes.set(client, read);
    }
    return deletes;
  }

  /** One struct; returns how many clocks it takes. */
  #struct(): number {
    this.#structs += 1;
    if (this.#structs > this.#limits.structs) tooLarge();
    const info = decoding.readUint8(this.#decoder);
    const ref = info & contentBits;
    if (ref === content.gc) {
      if (info !== 0) malformed();
      return this.#length();
    }
    const linked = (info & (hasOrigin | hasRightOrigin)) !== 0;
    if ((info & hasOrigin) !== 0) this.#cut(1);
    if ((info & hasRightOrigin) !== 0) this.#cut(0);
    let key: string | null = null;
    let root = false;
    if (!linked) {
      const parent = decoding.readVarUint(this.#decoder);
      if (parent > 1) malformed();
      root = parent === 1;
      if (root && this.#string() !== 'text') unknown();
      if (!root) this.#id();
      if ((info & hasParentSub) !== 0) key = this.#string();
      if (key !== null && !clauseAttributes.has(key)) unknown();
    }
    // A root holds clauses, not attributes.
    if (root && (key !== null || (ref !== content.type && ref !== content.deleted))) unknown();
    const isAttribute = (info & hasParentSub) !== 0;
    return this.#content(ref, isAttribute);
  }

  #content(ref: number, isAttribute: boolean): number {
    switch (ref) {
      case content.deleted:
        return this.#length();
      case content.string: {
        if (isAttribute) unknown();
        const text = this.#string();
        if (text.length === 0) malformed();
        if (control.test(text)) unknown();
        return text.length;
      }
      case content.format: {
        if (isAttribute) unknown();
        const key = this.#string();
        const value: unknown = JSON.parse(this.#string());
        // Null ends a mark; its key has to be a mark's all the same.
        readMark(key, value ?? { id: 'AAAAAAAA' });
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
        this.#attribute();
        return 1;
      }
      default:
        return unknown();
    }
  }

  /** An attribute's value: a short string or a small number. */
  #attribute(): void {
    const kind = decoding.readUint8(this.#decoder);
    if (kind === 119) {
      if (this.#string().length > 64) unknown();
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
  /** Something comes behind a letter (1), or before it (0). */
  #cut(behind: 0 | 1): void {
    const client = this.#client();
    this.#cuts.push({ client, clock: this.#clock() + behind });
  }
  #id(): void {
    this.#client();
    this.#clock();
  }
  #string(): string {
    const text = decoding.readVarString(this.#decoder);
    if (text.length > this.#limits.text) tooLarge();
    return text;
  }
}
