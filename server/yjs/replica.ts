import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { z } from 'zod';
import { changesOf, decodeHeader } from '../../shared/negotiation/entry.ts';
import { mirrored } from '../../shared/negotiation/metadata.ts';
import { LiveState, StateChange, serverClient } from '../../shared/negotiation/state.ts';
import type { Clause } from '../../shared/text/clause.ts';
import { readClause, readText, recordOf, textOf } from '../../shared/text/document.ts';
import { zeroHash } from '../storage/chain.ts';
import type { Checkpoint, Entry } from '../storage/log.ts';

/** An entry with what it changed, so that its header needn't be read again. */
export interface ChainedEntry {
  readonly entry: Entry;
  readonly at: number;
  /** The records that its events changed, whole. */
  readonly changes: readonly StateChange[];
  /** The connection whose document holds all that the entry brings; null where there is none, or it isn't known. */
  readonly heldBy: object | null;
}

/**
 * A recommendation's state, folded from the entries of its log: the document, the ledger, and how far it has come.
 * A room holds two: what is committed (and shown), and the head, on which the next submission is judged.
 */
export class Replica {
  readonly doc: Y.Doc;
  readonly negotiation: LiveState;
  sequence: number;
  hash: Uint8Array;
  /** The time of the last entry: the record's own clock never runs backwards, whatever the machine's does. */
  at: number;
  /** The text as values, as it was read last, and where each element stands in it. */
  #text: readonly Clause[] = [];
  #places = new Map<unknown, number>();
  /** The elements that changed since. */
  readonly #stale = new Set<unknown>();
  /** Those of them whose own attributes may have changed, beside their words. */
  readonly #reseated = new Set<unknown>();
  /** Whether the same clauses stand there since, in the same order. */
  #order = false;
  /** Texts in which something came or went since they were tidied up last. */
  readonly #untidy = new Set<Y.XmlText>();

  private constructor(from?: { negotiation: LiveState; sequence: number; hash: Uint8Array; at: number }) {
    this.doc = new Y.Doc({ gc: true });
    this.doc.clientID = readsOnly;
    textOf(this.doc);
    recordOf(this.doc);
    this.negotiation = from?.negotiation ?? new LiveState();
    this.sequence = from?.sequence ?? 0;
    this.hash = from?.hash ?? zeroHash;
    this.at = from?.at ?? 0;
    this.doc.on('afterTransaction', (transaction: Y.Transaction) => {
      this.#forget(transaction);
      // Asked right after this event. Nothing may go but what an entry says: see `tidy`.
      transaction._needFormattingCleanup = false;
    });
  }

  static empty(): Replica {
    return new Replica();
  }

  /** A second one with the same state, that shares nothing with the first. */
  static copy(of: Replica): Replica {
    const copy = new Replica({
      negotiation: new LiveState(of.negotiation),
      sequence: of.sequence,
      hash: of.hash,
      at: of.at,
    });
    Y.applyUpdate(copy.doc, Y.encodeStateAsUpdate(of.doc));
    copy.#untidy.clear();
    return copy;
  }

  /** Throws where the checkpoint's bytes are not what `checkpoint` wrote: it can be thrown away, the log holds everything. */
  static restore(checkpoint: Checkpoint): Replica {
    const decoder = decoding.createDecoder(checkpoint.state);
    const { at, changes } = CheckpointHeader.parse(JSON.parse(decoding.readVarString(decoder)));
    const replica = new Replica({
      negotiation: LiveState.fold(changes),
      sequence: checkpoint.sequence,
      hash: checkpoint.hash,
      at,
    });
    Y.applyUpdate(replica.doc, decoding.readVarUint8Array(decoder));
    replica.#untidy.clear();
    return replica;
  }

  /** The state as bytes, for a checkpoint. */
  state(): Uint8Array {
    const encoder = encoding.createEncoder();
    encoding.writeVarString(encoder, JSON.stringify({ at: this.at, changes: this.negotiation.changes() }));
    encoding.writeVarUint8Array(encoder, Y.encodeStateAsUpdate(this.doc));
    return encoding.toUint8Array(encoder);
  }

  /**
   * Takes the next entry of the log. A room and a replay of its log come to the same document, however they came there.
   * What was deleted in two pieces may be one in a room that began with a checkpoint: Yjs joins what it is given as a whole.
   */
  apply(entry: Entry): ChainedEntry {
    const header = decodeHeader(entry.header);
    const changes = changesOf(header, this.negotiation);
    this.take(entry, header.at, changes);
    return { entry, at: header.at, changes, heldBy: null };
  }

  /** Takes one entry, whose header is known already: it says when, and what changes in the ledger. */
  take(entry: Pick<Entry, 'sequence' | 'hash' | 'content'>, at: number, changes: readonly StateChange[]): void {
    if (entry.content.length > 0) Y.applyUpdate(this.doc, entry.content);
    this.#untidy.clear();
    this.note(entry, at, changes);
  }

  /** Counts an entry whose content the document holds already, and folds its changes of the ledger. */
  note({ sequence, hash }: Pick<Entry, 'sequence' | 'hash'>, at: number, changes: readonly StateChange[]): void {
    for (const change of changes) this.negotiation.apply(change);
    this.sequence = sequence;
    this.hash = hash;
    this.at = at;
  }

  /** The text as values. Throws `unknown-content` or `update-too-large` for what no accepted entry can hold. */
  text(): readonly Clause[] {
    if (this.#order && this.#stale.size === 0) return this.#text;
    this.#text = (this.#order ? this.#reread() : null) ?? this.#readAll();
    this.#order = true;
    this.#stale.clear();
    this.#reseated.clear();
    return this.#text;
  }

  /** The clause that an element was when the text was read last; undefined for one that was none. */
  clauseOf(element: Y.XmlElement): Clause | undefined {
    const at = this.#places.get(element);
    return at === undefined ? undefined : this.#text[at];
  }

  /** Reads the clauses that changed. Null where one is no longer the clause that it was: then all has to be read. */
  #reread(): readonly Clause[] | null {
    const text = [...this.#text];
    for (const element of this.#stale) {
      const at = this.#places.get(element);
      if (at === undefined) return null;
      const clause = readClause(element, this.#reseated.has(element) ? undefined : text[at]);
      if (clause.id !== text[at]?.id) return null;
      text[at] = clause;
    }
    return text;
  }

  #readAll(): readonly Clause[] {
    const known = new Map<unknown, Clause>();
    for (const [element, at] of this.#places) {
      const clause = this.#text[at];
      if (clause !== undefined && !this.#stale.has(element)) known.set(element, clause);
    }
    const text = readText(this.doc, known);
    this.#places = new Map(
      textOf(this.doc)
        .toArray()
        .map((element, at) => [element, at]),
    );
    return text;
  }

  /**
   * Makes changes in the server's own name: one client id, in every process that ever opens this document, since the log
   * orders them. Only for as long as it writes: Yjs takes another id when it meets its own in somebody's update.
   */
  write(work: () => void): void {
    this.doc.clientID = serverClient;
    try {
      this.doc.transact(work);
    } finally {
      this.doc.clientID = readsOnly;
    }
  }

  /**
   * Deletes beginnings and ends of marks that have no effect, where something changed since.
   *
   * Yjs does so by itself on every screen, after what it hears of; what it finds depends on what came in one message, and a
   * marker that has no effect may have one again after the next edit. So each entry leaves the text tidy, and says so: then
   * whoever comes finds nothing, however entries are grouped. Nobody else tidies up: not a replay, which only takes what the
   * entries say, nor a document that is restored from one state. Of each text Yjs looks at what stands before its first words,
   * and finds nothing behind them (13.6); a test is there to notice if that becomes more.
   */
  tidy(): void {
    if (this.#untidy.size === 0) return;
    const texts = [...this.#untidy];
    this.doc.transact(() => {
      for (const text of texts) if (text._item?.deleted === false) Y.cleanupYTextFormatting(text);
    });
    this.#untidy.clear();
  }

  /** Mirrors changes of the ledger in the document, where the screens read them. */
  mirror(changes: readonly StateChange[]): void {
    const metadata = recordOf(this.doc);
    for (const change of changes)
      for (const [key, value] of mirrored(change, this.negotiation)) metadata.set(key, value);
  }

  destroy(): void {
    this.doc.destroy();
  }

  #forget(transaction: Y.Transaction): void {
    const fragment = textOf(this.doc);
    for (const text of withNewMarkers(transaction)) this.#untidy.add(text);
    const deletes = transaction.deleteSet.clients.size > 0;
    for (const changed of transaction.changed.keys()) {
      if (deletes && changed instanceof Y.XmlText) this.#untidy.add(changed);
      let type: Y.AbstractType<unknown> | null = changed as Y.AbstractType<unknown>;
      while (type !== null && type !== fragment && type.parent !== fragment) type = type.parent;
      // Of another root: the record.
      if (type === null) continue;
      if (type === fragment) this.#order = false;
      else {
        this.#stale.add(type);
        if (type === changed) this.#reseated.add(type);
      }
    }
  }
}

/**
 * Texts to which a beginning or an end of a mark came, or words right behind one; those too that came with all that is in
 * them. Other words leave a tidy text tidy; but Yjs asks what a marker is for only once there are words behind it, so those
 * may show that it is for nothing.
 */
function withNewMarkers({ doc, beforeState, afterState }: Y.Transaction): ReadonlySet<Y.XmlText> {
  const texts = new Set<Y.XmlText>();
  for (const [client, clock] of afterState) {
    const known = beforeState.get(client) ?? 0;
    if (clock === known) continue;
    const structs = doc.store.clients.get(client) ?? [];
    for (let at = structs.length - 1; at >= 0; at--) {
      const struct = structs[at];
      if (struct === undefined || struct.id.clock + struct.length <= known) break;
      if (!(struct instanceof Y.Item) || struct.deleted || !(struct.parent instanceof Y.XmlText)) continue;
      if (isMarker(struct) || isMarker(standingBefore(struct))) texts.add(struct.parent);
    }
  }
  return texts;
}

const isMarker = (item: Y.Item | null): boolean => item?.content instanceof Y.ContentFormat;

function standingBefore(item: Y.Item): Y.Item | null {
  let left = item.left;
  while (left?.deleted) left = left.left;
  return left;
}

/** The client id of a document that nobody writes to. */
const readsOnly = 0;

const CheckpointHeader = z.object({ at: z.number(), changes: z.array(StateChange) });
