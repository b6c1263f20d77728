import * as Y from 'yjs';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { Id, Struct, UpdateStructure } from './decode.ts';

/**
 * The cost of an update in Yjs, counted before Yjs applies it. Costs are in microseconds of an ordinary machine.
 *
 * Yjs 13.6 integrates a struct by walking from its origin to its right origin, past all structs between them
 * (`Item.integrate`). On an honest author's screen the two are neighbours, so the walk passes only concurrent
 * insertions; a program can name any two, and make each of n structs walk past n others. Further costs are not in
 * proportion to the bytes either: to write an attribute without an origin, Yjs walks to the attribute's first value
 * ever; to split a struct, and to merge the pieces again after the transaction, it moves all later structs of that
 * client in an array; a deletion walks along all structs in its range, and ranges may overlap.
 *
 * The walks are found by performing `integrate` on a list of nothing but ids, which costs a tenth of it, and stops as
 * soon as the budget is spent. Structs that will be split are split beforehand, so a count may come out somewhat high.
 */
const cost = {
  /** Integrating one struct, tidying up after it, judging it. */
  gc: 2,
  deleted: 3,
  string: 4,
  format: 6,
  attribute: 6,
  type: 8,
  /** One step of a walk: two sets, and a search for an origin. */
  step: 1,
  /** One value of an attribute that is passed, there and back. */
  value: 0.1,
  cut: 3,
  /** For each later struct of the client, at each split. */
  moved: 0.0005,
  /** Deleting one struct, with its content. */
  deletion: 3,
  /** Walking past one struct that is deleted already. */
  passed: 0.02,
} as const;

/** A person's offline work of a day, with thousands of words and hundreds of amendments, costs a third of this. */
const mostWork = 40_000;

/**
 * Throws `update-too-large` where integrating an update would exceed one frame's budget, and `update-incomplete` where
 * it refers to something that is not there. Doesn't touch the document.
 */
export function checkWork(structure: UpdateStructure, doc: Y.Doc): void {
  const work = new Work(doc, structure);
  work.count();
  work.cuts();
  work.structs();
  work.deletes();
}

/**
 * Structs in their order, as far as they were looked up: of a text, of a clause's children, of an attribute's values.
 */
interface List {
  /** Undefined: not looked up yet. */
  head: Piece | null | undefined;
  /** The type in the document; null for one that the update brings. */
  readonly base: Y.AbstractType<unknown> | null;
  /** The attribute whose values these are; null for children. */
  readonly key: string | null;
  /** The values of an attribute, old and new. */
  values: number;
}

/** A struct, or a part of one between two places where the update splits it. */
interface Piece {
  readonly id: Id;
  readonly end: number;
  readonly origin: Id | null;
  readonly rightOrigin: Id | null;
  readonly list: List;
  /** Its parent: an item of the document, or a struct of the update. */
  readonly of: Y.Item | Struct;
  /** Undefined: as in the document, not looked up yet. */
  left: Piece | null | undefined;
  right: Piece | null | undefined;
}

class Work {
  readonly #doc: Y.Doc;
  readonly #store: Y.Doc['store'];
  readonly #structure: UpdateStructure;
  #spent = 0;
  /** The places where each client's structs are split, in order. */
  readonly #cuts = new Map<number, Float64Array>();
  readonly #pieces = new Map<Y.Item, readonly Piece[]>();
  /** Pieces of the update, by client, in the order of their clocks; null for one without a parent. */
  readonly #fresh = new Map<number, { readonly clock: number; readonly piece: Piece | null }[]>();
  readonly #lists = new Map<unknown, Map<string | null, List>>();
  /** The clock that each client has reached. */
  readonly #state = new Map<number, number>();

  constructor(doc: Y.Doc, structure: UpdateStructure) {
    this.#doc = doc;
    this.#store = doc.store;
    this.#structure = structure;
  }

  #spend(amount: number): void {
    this.#spent += amount;
    if (this.#spent > mostWork) throw new ConcordError('update-too-large');
  }

  /** The number of new structs alone may exceed the budget; then nothing more is looked at. */
  count(): void {
    for (const [client, { to, structs }] of this.#structure.blocks) {
      const known = this.#known(client);
      if (to <= known) continue;
      for (let at = firstAfter(structs, known - 1, ({ clock }) => clock); at < structs.length; at++)
        this.#spend(cost[structs[at]?.kind ?? 'gc']);
    }
  }

  cuts(): void {
    const byClient = new Map<number, number[]>();
    for (const { client, clock } of this.#structure.cuts) {
      const cuts = byClient.get(client);
      if (cuts === undefined) byClient.set(client, [clock]);
      else cuts.push(clock);
    }
    for (const [client, found] of byClient) {
      // A typed array is sorted as numbers, and ten times as fast.
      const sorted = Float64Array.from(found).sort();
      const cuts = sorted.filter((clock, at) => clock !== sorted[at - 1]);
      this.#cuts.set(client, cuts);
      for (const clock of cuts) this.#spendOnCut(client, clock);
    }
  }

  #spendOnCut(client: number, clock: number): void {
    if (clock >= this.#known(client)) return;
    const structs = this.#store.clients.get(client) ?? [];
    const struct = structs[Y.findIndexSS(structs, clock)];
    if (struct !== undefined && struct.id.clock < clock) this.#spend(cost.cut + cost.moved * structs.length);
  }

  /** In the order in which Yjs takes them: the highest client first, and before each struct those that it refers to. */
  structs(): void {
    const queues = new Map<number, { at: number; readonly structs: readonly Struct[] }>();
    for (const [client, { from, structs }] of this.#structure.blocks) {
      queues.set(client, { at: 0, structs });
      if (from > this.#stateOf(client)) throw new ConcordError('update-incomplete');
    }
    const clients = [...queues.keys()].sort((one, other) => other - one);
    const waiting: { readonly client: number; readonly struct: Struct }[] = [];
    const take = (client: number): boolean => {
      const queue = queues.get(client);
      const struct = queue?.structs[queue.at];
      if (queue === undefined || struct === undefined) return false;
      queue.at += 1;
      waiting.push({ client, struct });
      return true;
    };
    for (const client of clients)
      while (take(client))
        for (let next = waiting.at(-1); next !== undefined; next = waiting.at(-1)) {
          const missing = this.#missing(next.client, next.struct);
          if (missing === null) {
            waiting.pop();
            this.#integrate(next.client, next.struct);
          } else if (!take(missing)) throw new ConcordError('update-incomplete');
        }
  }

  deletes(): void {
    for (const [client, ranges] of this.#structure.deletes) {
      const structs = this.#store.clients.get(client) ?? [];
      const state = this.#known(client);
      for (const { from, to } of ranges) {
        // The update's own structs were counted as they came.
        this.#spend(cost.passed);
        if (from >= state) continue;
        for (let index = Y.findIndexSS(structs, from); index < structs.length; index++) {
          const struct = structs[index];
          if (struct === undefined || struct.id.clock >= to) break;
          if (struct.deleted) {
            this.#spend(cost.passed);
            continue;
          }
          this.#spend(cost.deletion);
          if (struct.id.clock < from) this.#spendOnCut(client, from);
          if (to < struct.id.clock + struct.length) this.#spendOnCut(client, to);
          if (struct instanceof Y.Item && struct.content instanceof Y.ContentType)
            this.#spendOnChildren(struct.content.type);
        }
      }
    }
  }

  #spendOnChildren(type: Y.AbstractType<unknown>): void {
    for (let item = type._start; item !== null; item = item.right) {
      this.#spend(item.deleted ? cost.passed : cost.deletion);
      if (!item.deleted && item.content instanceof Y.ContentType) this.#spendOnChildren(item.content.type);
    }
  }

  /** The client's clock before the update. */
  #known(client: number): number {
    return Y.getState(this.#store, client);
  }

  #stateOf(client: number): number {
    return this.#state.get(client) ?? this.#known(client);
  }

  /** The client of a referenced struct that isn't there yet. */
  #missing(client: number, { clock, origin, rightOrigin, parent }: Struct): number | null {
    for (const id of [origin, rightOrigin, parent]) {
      if (id === null || id.clock < this.#stateOf(id.client)) continue;
      // Nothing can refer to its own author's later structs.
      if (id.client === client && id.clock >= clock) throw new ConcordError('malformed-update');
      return id.client;
    }
    return null;
  }

  #integrate(client: number, struct: Struct): void {
    const known = this.#stateOf(client);
    const end = struct.clock + struct.length;
    if (end <= known) return;
    if (struct.clock > known) throw new ConcordError('update-incomplete');
    this.#state.set(client, end);
    // Of a struct that is known in part, Yjs takes the new part, after the known one.
    const origin = known > struct.clock ? { client, clock: known - 1 } : struct.origin;
    const left = origin === null ? null : this.#pieceOf(origin);
    const right = struct.rightOrigin === null ? null : this.#pieceOf(struct.rightOrigin);
    const list = this.#listFor(struct, origin, left, right);
    if (list === null) {
      this.#add(client, known, null);
      return;
    }
    if (list.key !== null) {
      list.values += 1;
      this.#spend(cost.value * list.values);
    }
    const id = { client, clock: Math.max(struct.clock, known) };
    // Yjs would split the struct that it found already, and so not place this one between the two.
    if (left !== null && right !== null && left.of === right.of && right.id.clock <= left.id.clock)
      throw new ConcordError('malformed-update');
    const place = this.#placeFor({ id, origin, rightOrigin: struct.rightOrigin }, left, right, list);
    this.#insert(client, id.clock, struct, { origin, rightOrigin: struct.rightOrigin, list }, place);
  }

  /** The place of a struct: after which piece. As in Yjs, step by step. */
  #placeFor(
    self: Pick<Piece, 'id' | 'origin' | 'rightOrigin'>,
    left: Piece | null,
    right: Piece | null,
    list: List,
  ): Piece | null {
    const isFree = left === null ? right !== null && this.#leftOf(right) === null : this.#rightOf(left) === right;
    if (isFree) return left;
    let place = left;
    let other = left === null ? this.#headOf(list) : this.#rightOf(left);
    const conflicting = new Set<Piece>();
    const passed = new Set<Piece>();
    while (other !== null && other !== right) {
      this.#spend(cost.step);
      passed.add(other);
      conflicting.add(other);
      if (same(self.origin, other.origin)) {
        if (other.id.client < self.id.client) {
          place = other;
          conflicting.clear();
        } else if (same(self.rightOrigin, other.rightOrigin)) break;
      } else {
        const before = other.origin === null ? null : this.#pieceOf(other.origin);
        if (before === null || !passed.has(before)) break;
        if (!conflicting.has(before)) {
          place = other;
          conflicting.clear();
        }
      }
      other = this.#rightOf(other);
    }
    return place;
  }

  /** Inserts a new struct after a piece, in as many pieces as it will be split into. */
  #insert(
    client: number,
    from: number,
    struct: Struct,
    { origin, rightOrigin, list }: Pick<Piece, 'origin' | 'rightOrigin' | 'list'>,
    place: Piece | null,
  ): void {
    let before = place;
    let clock = from;
    const end = struct.clock + struct.length;
    for (const cut of [...this.#cutsWithin(client, from, end), end]) {
      const after = before === null ? this.#headOf(list) : this.#rightOf(before);
      const piece: Piece = {
        id: { client, clock },
        end: cut,
        origin: clock === from ? origin : { client, clock: clock - 1 },
        rightOrigin,
        list,
        of: struct,
        left: before,
        right: after,
      };
      if (before === null) list.head = piece;
      else before.right = piece;
      if (after !== null) after.left = piece;
      this.#add(client, clock, piece);
      before = piece;
      clock = cut;
    }
  }

  #add(client: number, clock: number, piece: Piece | null): void {
    const pieces = this.#fresh.get(client);
    if (pieces === undefined) this.#fresh.set(client, [{ clock, piece }]);
    else pieces.push({ clock, piece });
  }

  #cutsWithin(client: number, from: number, end: number): readonly number[] {
    const cuts = this.#cuts.get(client) ?? noCuts;
    const found: number[] = [];
    for (let at = firstAfter(cuts, from, (clock) => clock); at < cuts.length; at++) {
      const cut = cuts[at];
      if (cut === undefined || cut >= end) break;
      found.push(cut);
    }
    return found;
  }

  /** The piece that holds a letter; null where nothing is left of it. */
  #pieceOf({ client, clock }: Id): Piece | null {
    if (clock >= this.#known(client)) {
      const pieces = this.#fresh.get(client) ?? [];
      return pieces[firstAfter(pieces, clock, (one) => one.clock) - 1]?.piece ?? null;
    }
    const structs = this.#store.clients.get(client) ?? [];
    const struct = structs[Y.findIndexSS(structs, clock)];
    if (!(struct instanceof Y.Item)) return null;
    const pieces = this.#piecesOf(struct);
    return pieces[firstAfter(pieces, clock, ({ id }) => id.clock) - 1] ?? null;
  }

  #piecesOf(item: Y.Item): readonly Piece[] {
    const known = this.#pieces.get(item);
    if (known !== undefined) return known;
    const { client, clock } = item.id;
    const end = clock + item.length;
    const list = this.#listOf(item.parent, item.parentSub);
    const pieces: Piece[] = [];
    let from = clock;
    for (const cut of [...this.#cutsWithin(client, clock, end), end]) {
      const before = pieces.at(-1);
      const piece: Piece = {
        id: { client, clock: from },
        end: cut,
        origin: before === undefined ? item.origin : { client, clock: from - 1 },
        rightOrigin: item.rightOrigin,
        list,
        of: item,
        left: before,
        right: undefined,
      };
      if (before !== undefined) before.right = piece;
      pieces.push(piece);
      from = cut;
    }
    this.#pieces.set(item, pieces);
    return pieces;
  }

  #leftOf(piece: Piece): Piece | null {
    if (piece.left === undefined) {
      const left = piece.of instanceof Y.Item ? piece.of.left : null;
      piece.left = left === null ? null : (this.#piecesOf(left).at(-1) ?? null);
      if (piece.left !== null) piece.left.right = piece;
    }
    return piece.left;
  }

  #rightOf(piece: Piece): Piece | null {
    if (piece.right === undefined) {
      const right = piece.of instanceof Y.Item ? piece.of.right : null;
      piece.right = right === null ? null : (this.#piecesOf(right)[0] ?? null);
      if (piece.right !== null) piece.right.left = piece;
    }
    return piece.right;
  }

  #headOf(list: List): Piece | null {
    if (list.head === undefined) {
      let first: Y.Item | null = null;
      if (list.base !== null) first = list.key === null ? list.base._start : (list.base._map.get(list.key) ?? null);
      if (list.key !== null) while (first?.left) first = first.left;
      list.head = first === null ? null : (this.#piecesOf(first)[0] ?? null);
    }
    return list.head;
  }

  /** The list to which a struct belongs; null where nothing is left of its parent. */
  #listFor(struct: Struct, origin: Id | null, left: Piece | null, right: Piece | null): List | null {
    if ((origin !== null && left === null) || (struct.rightOrigin !== null && right === null)) return null;
    const beside = left ?? right;
    if (beside !== null) return beside.list;
    if (struct.parent === null) return this.#listOf(this.#doc.share.get('text'), struct.key);
    const holder = this.#pieceOf(struct.parent);
    if (holder === null) return null;
    if (!(holder.of instanceof Y.Item)) return this.#listOf(holder, struct.key);
    const { content } = holder.of;
    return content instanceof Y.ContentType ? this.#listOf(content.type, struct.key) : null;
  }

  #listOf(holder: unknown, key: string | null): List {
    let lists = this.#lists.get(holder);
    if (lists === undefined) {
      lists = new Map();
      this.#lists.set(holder, lists);
    }
    let list = lists.get(key);
    if (list === undefined) {
      const base = holder instanceof Y.AbstractType ? (holder as Y.AbstractType<unknown>) : null;
      list = { head: base === null ? null : undefined, base, key, values: 0 };
      if (base !== null && key !== null)
        for (let item = base._map.get(key) ?? null; item !== null; item = item.left) {
          list.values += 1;
          this.#spend(cost.value);
        }
      lists.set(key, list);
    }
    return list;
  }
}

const noCuts = new Float64Array();

const same = (one: Id | null, other: Id | null): boolean =>
  one === other || (one !== null && other !== null && one.client === other.client && one.clock === other.clock);

/** The index of the first element of a sorted list that is greater than a clock. */
function firstAfter<T>(sorted: ArrayLike<T>, clock: number, clockOf: (one: T) => number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const one = sorted[middle];
    if (one !== undefined && clockOf(one) <= clock) from = middle + 1;
    else to = middle;
  }
  return from;
}
