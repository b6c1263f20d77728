import * as Y from 'yjs';
import { isLocked, type NegotiationState } from '../../shared/negotiation/state.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { ParticipantId } from '../../shared/protocol/ids.ts';
import { type Capacity, ownMarkOf } from '../../shared/text/authority.ts';
import type { Clause } from '../../shared/text/clause.ts';
import { recordOf } from '../../shared/text/document.ts';
import type { UpdateStructure } from './decode.ts';
import type { Replica } from './replica.ts';

/** Effects of an update that may not show in the text, to be judged with its author's capacity. */
export interface Touched {
  /**
   * Clauses, as they were, whose element it touched: it wrote an attribute, put another element in the clause's place,
   * or deleted its last text. Each may leave the words unchanged, and still delete words that others are writing there.
   */
  readonly frames: readonly Clause[];
  /** Whether it deleted more than beginnings and ends of marks. */
  readonly deletes: boolean;
}

export const nothingTouched: Touched = { frames: [], deletes: false };

/**
 * Applies an update as a whole, and refuses effects that a comparison of two texts can't see: an update's content is
 * only known once its links are followed, and some effects in Yjs show in no clause, or only in others than the update
 * names.
 *
 * `known`: the clocks of its clients before it; all of them are `author`'s. The head's text was read directly before.
 *
 * Throws a `ConcordError`; unless it throws before applying anything, the document is invalid then.
 */
export function applyWhole(
  head: Replica,
  update: Uint8Array,
  structure: UpdateStructure,
  known: ReadonlyMap<number, number>,
  author: ParticipantId,
): Touched {
  const { doc } = head;
  checkCuts(structure, doc);
  // Before formats are tidied up, which takes as long as there are marks on each piece.
  let touched: Touched | null = null;
  const check = (transaction: Y.Transaction): void => {
    touched ??= checkOutcome(transaction, head, structure, known, author);
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
  return touched ?? nothingTouched;
}

function checkOutcome(
  transaction: Y.Transaction,
  head: Replica,
  structure: UpdateStructure,
  known: ReadonlyMap<number, number>,
  author: ParticipantId,
): Touched {
  const { doc, changed } = transaction;
  const { store, share } = doc;
  if (store.pendingStructs !== null || store.pendingDs !== null) throw new ConcordError('update-incomplete');
  for (const root of share.keys()) if (root !== 'text' && root !== 'record') throw new ConcordError('unknown-content');
  const record = recordOf(doc);
  // Only the server writes the metadata, but an update can name its structs like any others, to delete them or to
  // insert beside them.
  for (const type of changed.keys()) if (Object.is(type, record)) throw new ConcordError('unknown-content');
  const order = new Order();
  const written = new Written();
  for (const [client, from] of known) checkPlaces(doc, client, from, order, written);
  for (const element of written.elements) assertOpen(head, element);
  for (const [element, writes] of written.attributes)
    if (writes > mostWrites) throw new ConcordError('update-too-large', clauseOf(head, element));
  for (const element of written.holders) checkTexts(head, element, known, author);
  const { emptied, deletes } = checkDeleted(transaction, head, known);
  checkLost(structure, doc, known);
  for (const type of changed.keys()) if (type instanceof Y.XmlText) written.texts.add(type);
  checkWeight(written.texts);
  const framed = [...written.attributes.keys(), ...emptied].flatMap((element) => head.clauseOf(element) ?? []);
  return { frames: [...framed, ...replaced(written.clauses, head.text())], deletes };
}

/** The clauses that an update replaces by elements with the same id. */
function replaced(elements: ReadonlySet<Y.XmlElement>, before: readonly Clause[]): readonly Clause[] {
  if (elements.size === 0) return [];
  const ids = new Set([...elements].map((element) => element.getAttribute('id')));
  return before.filter(({ id }) => ids.has(id));
}

/**
 * Refuses an update that replaces the structs of another party's clause, even by the same words: words that others
 * write there meanwhile would be lost. Throws `not-your-words`.
 */
export function checkFrames({ frames }: Touched, capacity: Capacity, negotiation: NegotiationState): void {
  const own = ownMarkOf(capacity, negotiation);
  for (const { id, insertion } of frames)
    if ('edits' in capacity ? insertion !== null : insertion === null || !own(insertion))
      throw new ConcordError('not-your-words', { clause: id });
}

/** The places of an update's structs. */
class Written {
  /** Texts that hold some. */
  readonly texts = new Set<Y.XmlText>();
  /** Clauses that hold some, at any depth. */
  readonly elements = new Set<Y.XmlElement>();
  /** New clauses. */
  readonly clauses = new Set<Y.XmlElement>();
  /** Clauses that got children. */
  readonly holders = new Set<Y.XmlElement>();
  /** The number of attributes written in each clause. */
  readonly attributes = new Map<Y.XmlElement, number>();

  add({ parent, parentSub, content, deleted }: Y.Item): void {
    if (content instanceof Y.ContentType && content.type instanceof Y.XmlElement && !deleted)
      this.clauses.add(content.type);
    if (parent instanceof Y.XmlText) {
      this.texts.add(parent);
      const holder = parent._item?.parent;
      if (holder instanceof Y.XmlElement) this.elements.add(holder);
    } else if (parent instanceof Y.XmlElement) {
      this.elements.add(parent);
      if (parentSub === null) this.holders.add(parent);
      else this.attributes.set(parent, (this.attributes.get(parent) ?? 0) + 1);
    }
  }
}

const clauseOf = (head: Replica, element: Y.XmlElement): { readonly clause?: string } => {
  const clause = head.clauseOf(element)?.id;
  return clause === undefined ? {} : { clause };
};

/** Agreed text stays the same to the last struct: nothing is inserted, visible or not. */
function assertOpen(head: Replica, element: Y.XmlElement): void {
  const clause = head.clauseOf(element);
  if (clause !== undefined && isLocked(head.negotiation, clause.id))
    throw new ConcordError('clause-locked', { clause: clause.id });
}

/** Attributes that one update may write in one clause: changing a clause's level all day stays far below. */
const mostWrites = 100;
/** Texts of one author in one clause. Several people who type into an empty clause at the same time bring one each. */
const mostTexts = 2;

function checkTexts(
  head: Replica,
  element: Y.XmlElement,
  known: ReadonlyMap<number, number>,
  author: ParticipantId,
): void {
  let texts = 0;
  for (let item = element._start; item !== null; item = item.right) {
    if (item.deleted) continue;
    const { client } = item.id;
    if (known.has(client) || head.negotiation.clients.get(client)?.participant === author) texts += 1;
    if (texts > mostTexts) throw new ConcordError('update-too-large', clauseOf(head, element));
  }
}

/**
 * The existing structs that are deleted now. In agreed text only beginnings and ends of marks without effect may go.
 */
function checkDeleted(
  transaction: Y.Transaction,
  head: Replica,
  known: ReadonlyMap<number, number>,
): { readonly emptied: ReadonlySet<Y.XmlElement>; readonly deletes: boolean } {
  const emptied = new Set<Y.XmlElement>();
  let deletes = false;
  if (transaction.deleteSet.clients.size > 0)
    Y.iterateDeletedStructs(transaction, transaction.deleteSet, (struct) => {
      if (!(struct instanceof Y.Item) || struct.id.clock >= (known.get(struct.id.client) ?? Number.POSITIVE_INFINITY))
        return;
      if (struct.content instanceof Y.ContentFormat) return;
      deletes = true;
      const { parent, content } = struct;
      if (content instanceof Y.ContentType && content.type instanceof Y.XmlElement) assertOpen(head, content.type);
      else if (parent instanceof Y.XmlElement) {
        assertOpen(head, parent);
        if (struct.parentSub === null && parent._item?.deleted === false && parent.length === 0) emptied.add(parent);
      } else if (parent instanceof Y.XmlText) {
        const element = parent._item?.parent;
        if (element instanceof Y.XmlElement) assertOpen(head, element);
      }
    });
  return { emptied, deletes };
}

/**
 * Words of an update whose clause or text was deleted meanwhile. Yjs accepts them and drops them at once, silently.
 * Structs that the update itself deletes don't count.
 */
function checkLost(structure: UpdateStructure, { store }: Y.Doc, known: ReadonlyMap<number, number>): void {
  for (const [client, { structs }] of structure.blocks) {
    const since = known.get(client) ?? 0;
    const stored = store.clients.get(client) ?? [];
    for (const { kind, clock, length } of structs) {
      const end = clock + length;
      if (kind !== 'string' || end <= since) continue;
      for (let at = Math.max(clock, since); at < end; ) {
        const struct = stored[Y.findIndexSS(stored, at)];
        if (struct === undefined) break;
        const next = Math.min(end, struct.id.clock + struct.length);
        if (struct.deleted && !isDeletedBy(structure, client, at, next)) throw new ConcordError('clause-gone');
        at = next;
      }
    }
  }
}

function isDeletedBy({ deletes }: UpdateStructure, client: number, from: number, to: number): boolean {
  const ranges = deletes.get(client) ?? [];
  // They are in order, as every honest encoder writes them.
  let [first, end] = [0, ranges.length];
  while (first < end) {
    const middle = (first + end) >> 1;
    if ((ranges[middle]?.to ?? 0) <= from) first = middle + 1;
    else end = middle;
  }
  let at = from;
  for (let range = ranges[first]; at < to && range !== undefined && range.from <= at; range = ranges[++first])
    at = range.to;
  return at >= to;
}

/**
 * A surrogate pair (an emoji) is never split. Yjs would put a replacement character in place of each half, on every
 * screen, without reporting a change of this text: also in words of others, also in agreed ones.
 */
function checkCuts({ cuts, deletes }: UpdateStructure, { store }: Y.Doc): void {
  const check = (client: number, clock: number): void => {
    if (clock >= Y.getState(store, client)) return;
    const structs = store.clients.get(client) ?? [];
    const struct = structs[Y.findIndexSS(structs, clock)];
    if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentString)) return;
    const at = clock - struct.id.clock;
    // The letter before the split is a whole one that takes two units.
    if (at > 0 && (struct.content.str.codePointAt(at - 1) ?? 0) > 0xffff) throw new ConcordError('malformed-update');
  };
  for (const { client, clock } of cuts) check(client, clock);
  for (const [client, ranges] of deletes)
    for (const { from, to } of ranges) {
      check(client, from);
      check(client, to);
    }
}

/**
 * A new struct stands where its content belongs, and between the two that it names. A struct that is linked to another
 * takes its place from there and doesn't name its parent: a value between letters counts as one but is read as none, so
 * that every later position is off by one; words in place of an attribute are neither. And a struct that is to stand
 * after its own right origin has another place on each screen, for ever.
 */
function checkPlaces({ store, share }: Y.Doc, client: number, from: number, order: Order, written: Written): void {
  const structs = store.clients.get(client) ?? [];
  if (from >= Y.getState(store, client)) return;
  const first = Y.findIndexSS(structs, from);
  for (let index = structs.length - 1; index >= first; index--) {
    const struct = structs[index];
    if (!(struct instanceof Y.Item)) continue;
    if (!(struct.content instanceof Y.ContentDeleted) && !belongs(struct, share.get('text')))
      throw new ConcordError('unknown-content');
    if (!order.holds(struct, store)) throw new ConcordError('malformed-update');
    written.add(struct);
  }
}

/** Marks that overlap, all of them together, and beginnings and ends of marks, in one clause. */
const mostAtOnce = 256;
const mostMarked = 80_000;
const mostFormats = 40_000;
/**
 * … and in all the clauses that one update touches, which are read and compared: pieces, marks on them, three letters
 * each.
 */
const mostToRead = 100_000;

/**
 * Reading a text takes time in proportion to the marks on each piece: four thousand marks that begin and never end take
 * seconds, each time, on every screen. So they are counted before the text is read. A party's share is checked later
 * (`quotas.ts`), once marks that Yjs moved are put back.
 */
function checkWeight(texts: Iterable<Y.XmlText>): void {
  let toRead = 0;
  for (const text of texts) {
    if (text._item?.deleted !== false) continue;
    const open = new Set<string>();
    let formats = 0;
    let marked = 0;
    for (let item = text._start; item !== null; item = item.right) {
      toRead += 1;
      if (item.deleted) continue;
      toRead += item.length / 3;
      if (item.content instanceof Y.ContentFormat) {
        formats += 1;
        if (item.content.value === null) open.delete(item.content.key);
        else open.add(item.content.key);
      } else {
        marked += open.size;
        toRead += open.size;
      }
      if (open.size > mostAtOnce || marked > mostMarked || formats > mostFormats || toRead > mostToRead)
        throw new ConcordError('update-too-large');
    }
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

/** Steps along lists that an update may cost. Structs in the same words as others need a few each. */
const mostSteps = 1_000_000;

/**
 * Whether the structs stand where an editor could have put them.
 *
 * An editor inserts between two neighbours on its screen, which shows all that its author wrote before, and all that
 * the neighbours were inserted between. So nothing of that stands between the struct's two origins; otherwise each
 * screen resolves the contradiction differently, for ever, by the order in which messages arrive. Concurrent insertions
 * of others may stand between.
 */
class Order {
  #steps = 0;
  /** From a struct to the next that isn't a later one of the same author: long runs are walked through once. */
  readonly #beyond = new Map<Y.Item, Y.Item | null>();

  /** To be called for an author's structs from the last to the first. */
  holds(item: Y.Item, store: Y.Doc['store']): boolean {
    const { parent, parentSub, origin, rightOrigin } = item;
    const left = origin === null ? null : itemAt(store, origin);
    const right = rightOrigin === null ? null : itemAt(store, rightOrigin);
    if (left !== null && left.parent !== parent) return false;
    if (parentSub !== null) return rightOrigin === null;
    if (right !== null && right.parent !== parent) return false;
    // Its neighbour may be deleted, with everything around it.
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
