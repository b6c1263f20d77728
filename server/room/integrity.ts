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
  // Before formats are tidied up, which takes as long as there are marks on each piece.
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
  const first = Y.findIndexSS(structs, from);
  for (let index = structs.length - 1; index >= first; index--) {
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

/** How many steps along lists an update may cost. One that takes part in the same words as others needs a few of each. */
const mostSteps = 1_000_000;

/**
 * Whether structs stand where somebody could have put them.
 *
 * Whoever inserts something does so between two that are neighbours on that screen, which shows all that its author wrote
 * before, and all that the neighbours were put between. So nothing of that stands between them; where it does, each screen
 * resolves the contradiction otherwise, for ever, by the order in which it hears of things. What others insert there
 * meanwhile may stand between.
 */
class Order {
  #steps = 0;
  /** From a struct to the next that isn't a later one of the same author: what is long is walked through once. */
  readonly #beyond = new Map<Y.Item, Y.Item | null>();

  /** To be asked of an author's structs from the last to the first. */
  holds(item: Y.Item, store: Y.Doc['store']): boolean {
    const { parent, parentSub, origin, rightOrigin } = item;
    const left = origin === null ? null : itemAt(store, origin);
    const right = rightOrigin === null ? null : itemAt(store, rightOrigin);
    if (left !== null && left.parent !== parent) return false;
    if (parentSub !== null) return rightOrigin === null;
    if (right !== null && right.parent !== parent) return false;
    // What stood beside it may be gone, with all around it.
    if ((origin !== null && left === null) || (rightOrigin !== null && right === null)) return true;
    let next = left === null ? firstIn(parent) : left.right;
    let start: Y.Item | null = null;
    while (next !== right) {
      if (++this.#steps > mostSteps) throw new ConcordError('update-too-large');
      if (next === null) return false;
      if (next.id.client === item.id.client && next.id.clock >= item.id.clock) {
        start ??= next;
        const beyond = next === item ? undefined : this.#beyond.get(next);
        next = beyond === undefined ? next.right : beyond;
        continue;
      }
      if (start !== null) {
        this.#beyond.set(start, next);
        start = null;
      }
      if (next.id.client === item.id.client || contains(next, right?.origin) || contains(next, left?.rightOrigin))
        return false;
      next = next.right;
    }
    if (start !== null) this.#beyond.set(start, next);
    return true;
  }
}

const firstIn = (parent: Y.Item['parent']): Y.Item | null => (parent instanceof Y.AbstractType ? parent._start : null);

const contains = ({ id, length }: Y.Item, other: Y.ID | null | undefined): boolean =>
  other !== null &&
  other !== undefined &&
  id.client === other.client &&
  id.clock <= other.clock &&
  other.clock < id.clock + length;

function itemAt(store: Y.Doc['store'], { client, clock }: Y.ID): Y.Item | null {
  const structs = store.clients.get(client) ?? [];
  const struct = structs[Y.findIndexSS(structs, clock)];
  return struct instanceof Y.Item ? struct : null;
}
