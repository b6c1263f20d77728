import * as Y from 'yjs';
import { recordOf } from '../../shared/document.ts';
import { ConcordError } from '../../shared/errors.ts';
import type { UpdateStructure } from './structure.ts';

/**
 * Applies an update as a whole, and refuses what the comparison of two texts can't see: what it says is only known once
 * its links are followed, and some of what Yjs does with them shows in no clause, or in none that it says has changed.
 *
 * `known`: how far the clients that it speaks for had come before it.
 *
 * Throws a `ConcordError`; unless it is thrown before anything is applied, the document is spoilt then.
 */
export function applyWhole(
  doc: Y.Doc,
  update: Uint8Array,
  structure: UpdateStructure,
  known: ReadonlyMap<number, number>,
): void {
  checkCuts(structure, doc);
  // Before Yjs tidies up formats, which takes as long as there are marks on each piece.
  let checked = false;
  const check = (transaction: Y.Transaction): void => {
    if (!checked) {
      checked = true;
      checkOutcome(transaction, known);
    }
  };
  doc.on('beforeObserverCalls', check);
  try {
    Y.applyUpdate(doc, update);
  } catch (error) {
    if (error instanceof ConcordError) throw error;
    throw new ConcordError('malformed-update', {}, { cause: error });
  } finally {
    doc.off('beforeObserverCalls', check);
  }
}

function checkOutcome({ doc, changed }: Y.Transaction, known: ReadonlyMap<number, number>): void {
  const { store, share } = doc;
  if (store.pendingStructs !== null || store.pendingDs !== null) throw new ConcordError('update-incomplete');
  for (const root of share.keys()) if (root !== 'text' && root !== 'record') throw new ConcordError('unknown-content');
  const record = recordOf(doc);
  // Only the server writes the record, but its structs can be named like any others: to be deleted, to stand beside.
  for (const type of changed.keys()) if (Object.is(type, record)) throw new ConcordError('unknown-content');
  const order = new Order();
  const written = new Set<Y.XmlText>();
  for (const [client, from] of known) checkPlaces(doc, client, from, order, written);
  for (const text of written) checkWeight(text);
}

/**
 * A letter of two halves (an emoji) is never cut in two. Yjs would put a replacement character in place of each half, on
 * every screen, without telling anybody that this text has changed: also in words of others, also in agreed ones.
 */
function checkCuts({ cuts }: UpdateStructure, { store }: Y.Doc): void {
  for (const { client, clock } of cuts) {
    if (clock >= Y.getState(store, client)) continue;
    const structs = store.clients.get(client) ?? [];
    const struct = structs[Y.findIndexSS(structs, clock)];
    if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentString)) continue;
    const at = clock - struct.id.clock;
    // The letter before the cut is a whole one that takes two units.
    if (at > 0 && (struct.content.str.codePointAt(at - 1) ?? 0) > 0xffff) throw new ConcordError('malformed-update');
  }
}

/**
 * What is new stands where its content belongs, and between the two that it says. A struct that is linked to another
 * takes its place from there and says nothing of it: a value between letters counts as one but is read as none, so that
 * all that stands behind it is missed by one; words in place of an attribute are neither. And one that wants to stand
 * behind what it wants to stand before comes to stand elsewhere on each screen, for ever.
 */
function checkPlaces(
  { store, share }: Y.Doc,
  client: number,
  from: number,
  order: Order,
  written: Set<Y.XmlText>,
): void {
  const structs = store.clients.get(client) ?? [];
  if (from >= Y.getState(store, client)) return;
  for (let index = Y.findIndexSS(structs, from); index < structs.length; index++) {
    const struct = structs[index];
    if (!(struct instanceof Y.Item)) continue;
    if (!(struct.content instanceof Y.ContentDeleted) && !belongs(struct, share.get('text')))
      throw new ConcordError('unknown-content');
    if (!order.holds(struct, store)) throw new ConcordError('malformed-update');
    if (struct.parent instanceof Y.XmlText) written.add(struct.parent);
  }
}

/** Marks that lie over each other, all of them together, and beginnings and ends of marks, in one clause. */
const mostAtOnce = 64;
const mostMarked = 20_000;
const mostFormats = 10_000;

/**
 * Reading a text takes as long as the marks on each piece, piece by piece: four thousand marks that begin and never end
 * take seconds, each time, at everybody's. So they are counted before anybody reads them.
 */
function checkWeight(text: Y.XmlText): void {
  const open = new Set<string>();
  let formats = 0;
  let marked = 0;
  for (let item = text._start; item !== null; item = item.right) {
    if (item.deleted) continue;
    if (item.content instanceof Y.ContentFormat) {
      formats += 1;
      if (item.content.value === null) open.delete(item.content.key);
      else open.add(item.content.key);
    } else marked += open.size;
    if (open.size > mostAtOnce || marked > mostMarked || formats > mostFormats)
      throw new ConcordError('update-too-large');
  }
}

function belongs({ parent, parentSub, content }: Y.Item, text: unknown): boolean {
  if (parent === text)
    return parentSub === null && content instanceof Y.ContentType && content.type instanceof Y.XmlElement;
  if (parent instanceof Y.XmlText)
    return parentSub === null && (content instanceof Y.ContentString || content instanceof Y.ContentFormat);
  if (!(parent instanceof Y.XmlElement)) return false;
  return parentSub === null
    ? content instanceof Y.ContentType && content.type instanceof Y.XmlText
    : content instanceof Y.ContentAny;
}

/** Which of two structs stands first. Mostly they are near; where they aren't, a list is counted through once. */
class Order {
  readonly #places = new Map<Y.Item['parent'], ReadonlyMap<Y.Item, number>>();

  /** Whether both whom a struct names as its neighbours stand beside it in one list, the left one first. */
  holds({ parent, parentSub, origin, rightOrigin }: Y.Item, store: Y.Doc['store']): boolean {
    const left = origin === null ? null : itemAt(store, origin);
    const right = rightOrigin === null ? null : itemAt(store, rightOrigin);
    if (left !== null && left.parent !== parent) return false;
    if (right === null || rightOrigin === null) return true;
    if (right.parent !== parent || parentSub !== null) return false;
    if (left === null || origin === null) return true;
    return left === right ? origin.clock < rightOrigin.clock : this.#isFirst(left, right);
  }

  #isFirst(left: Y.Item, right: Y.Item): boolean {
    let next = left.right;
    for (let steps = 0; steps < 50; steps++) {
      if (next === right) return true;
      if (next === null) return false;
      next = next.right;
    }
    const places = this.#places.get(left.parent) ?? this.#count(left);
    return (places.get(left) ?? 0) < (places.get(right) ?? 0);
  }

  #count(of: Y.Item): ReadonlyMap<Y.Item, number> {
    const places = new Map<Y.Item, number>();
    let first = of;
    while (first.left !== null) first = first.left;
    for (let item: Y.Item | null = first; item !== null; item = item.right) places.set(item, places.size);
    this.#places.set(of.parent, places);
    return places;
  }
}

function itemAt(store: Y.Doc['store'], { client, clock }: Y.ID): Y.Item | null {
  const structs = store.clients.get(client) ?? [];
  const struct = structs[Y.findIndexSS(structs, clock)];
  return struct instanceof Y.Item ? struct : null;
}
