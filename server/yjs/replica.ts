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
 * A recommendation's state, folded from the entries of its log: the document, the negotiation state, and the sequence
 * number. A room holds two: the committed one (which is shown), and the head, on which the next submission is judged.
 */
export class Replica {
  readonly doc: Y.Doc;
  readonly negotiation: LiveState;
  sequence: number;
  hash: Uint8Array;
  /** The time of the last entry: the log's own time never runs backwards, whatever the machine's clock does. */
  at: number;
  /** The text as values, as it was last read, and the index of each element in it. */
  #text: readonly Clause[] = [];
  #places = new Map<unknown, number>();
  /** The elements that changed since. */
  readonly #stale = new Set<unknown>();
  /** Those whose own attributes may have changed, beside their words. */
  readonly #reseated = new Set<unknown>();
  /** Whether the same clauses have been there since, in the same order. */
  #order = false;
  /** Texts with insertions or deletions since the last tidying. */
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
      // Yjs asks directly after this event. Only the entry's own tidying may happen: see `tidy`.
      transaction._needFormattingCleanup = false;
    });
  }

  static empty(): Replica {
    return new Replica();
  }

  /** A second replica with the same state, which shares nothing with the first. */
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

  /**
   * Throws where the bytes are no result of `checkpoint`: the checkpoint can be dropped, since the log holds
   * everything.
   */
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
   * Applies the next entry of the log. A room and a replay of its log reach the same document. Structs that were deleted in
   * two pieces may be one in a room that began with a checkpoint: Yjs merges a state that it gets as a whole.
   */
  apply(entry: Entry): ChainedEntry {
    const header = decodeHeader(entry.header);
    const changes = changesOf(header, this.negotiation);
    this.take(entry, header.at, changes);
    return { entry, at: header.at, changes, heldBy: null };
  }

  /** Applies one entry with its parsed header: its time, and its changes of the negotiation state. */
  take(entry: Pick<Entry, 'sequence' | 'hash' | 'content'>, at: number, changes: readonly StateChange[]): void {
    if (entry.content.length > 0) Y.applyUpdate(this.doc, entry.content);
    this.#untidy.clear();
    this.note(entry, at, changes);
  }

  /** Counts an entry whose content the document holds already, and folds its changes of the negotiation state. */
  note({ sequence, hash }: Pick<Entry, 'sequence' | 'hash'>, at: number, changes: readonly StateChange[]): void {
    for (const change of changes) this.negotiation.apply(change);
    this.sequence = sequence;
    this.hash = hash;
    this.at = at;
  }

  /** The text as values. Throws `unknown-content` or `update-too-large` for content that no accepted entry can have. */
  text(): readonly Clause[] {
    if (this.#order && this.#stale.size === 0) return this.#text;
    this.#text = (this.#order ? this.#reread() : null) ?? this.#readAll();
    this.#order = true;
    this.#stale.clear();
    this.#reseated.clear();
    return this.#text;
  }

  /** The clause of an element when the text was last read; undefined for an element without one. */
  clauseOf(element: Y.XmlElement): Clause | undefined {
    const at = this.#places.get(element);
    return at === undefined ? undefined : this.#text[at];
  }

  /** Reads the clauses that changed. Null where one has changed its identity: then the whole text has to be read. */
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
   * Makes changes in the server's own name: one client id, in every process that ever opens this document, since the
   * log orders them. The id is set only during the work: Yjs changes it when it meets its own id in another's update.
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
   * Yjs does so by itself on every screen after each message; the result depends on how edits are grouped into
   * messages, and a marker without effect may have one again after the next edit. So each entry leaves the text tidy,
   * and contains the tidying: then no client finds anything to do, however entries are grouped. Nothing else tidies up:
   * neither a replay, which only applies entries, nor a document that is restored from one state. In each text Yjs
   * looks at the markers before the first words, and finds nothing after them (13.6); a test fails if that changes.
   */
  tidy(): void {
    if (this.#untidy.size === 0) return;
    const texts = [...this.#untidy];
    this.doc.transact(() => {
      for (const text of texts) if (text._item?.deleted === false) Y.cleanupYTextFormatting(text);
    });
    this.#untidy.clear();
  }

  /** Mirrors changes of the negotiation state in the document, where the screens read them. */
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
      // Of another root: the metadata.
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
 * Texts to which the beginning or end of a mark was added, or words directly after one; also texts that were added as a
 * whole. Other words leave a tidy text tidy; but Yjs examines a marker only once there are words after it, so those may
 * reveal one without effect.
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
