import * as Y from 'yjs';
import type { Clause } from '../../shared/clause.ts';
import { ConcordError } from '../../shared/errors.ts';
import { type LogName, type PartyCode, type RecommendationId, recommendationLog } from '../../shared/ids.ts';
import type { Ledger, LedgerChange } from '../../shared/ledger.ts';
import { seal, verifyLink } from '../log/chain.ts';
import type { Entry, Log } from '../log/log.ts';
import { type Author, type Deed, decodeHeader, encodeHeader } from './header.ts';
import { Replica } from './replica.ts';
import type { Staged } from './stage.ts';

/** A submission on its way: judged on the head, then stored, then shown. */
export interface Submission {
  readonly by: Author;
  readonly onBehalfOf: PartyCode | null;
  readonly deed: Deed;
  /** Judges and performs it on the head. Called again where another node's entry came first. Null: nothing new in it. */
  readonly stage: (head: Replica, now: number) => Staged | null;
}

/** What became of a submission: the number of its entry; null where it held nothing new. */
export type Outcome = { readonly sequence: number | null };

/** What a room tells its listeners, after the entries are on disk. */
export interface Shown {
  /** The update that brings a replica from the state before to the state after; empty where only the ledger changed. */
  readonly update: Uint8Array;
  readonly entries: readonly Entry[];
}

interface InFlight {
  readonly submission: Submission;
  readonly settle: (outcome: Outcome) => void;
  readonly fail: (error: unknown) => void;
  /** Null for one that held nothing new: it waits for what was before it. */
  readonly sealed: Sealed | null;
}

/** An entry that was judged here: what its header says is known and needn't be read again. */
interface Sealed {
  readonly entry: Entry;
  readonly at: number;
  readonly changes: readonly LedgerChange[];
}

const pageOfEntries = 2000;
const entriesBetweenCheckpoints = 500;

/**
 * A recommendation held live: the only place where an entry of its log comes about or becomes visible.
 *
 * Nothing is shown before it is durable: `submit` judges on the head, appends, and only when the log says that the
 * entry is on disk is it applied to `committed`, acknowledged and sent.
 */
export class Room {
  readonly id: RecommendationId;
  readonly #log: Log;
  readonly #name: LogName;
  readonly #now: () => number;
  #committed: Replica;
  #head: Replica;
  /** Set when the head can't be trusted any more: it is made anew from what is committed and in flight. */
  #spoilt = false;
  readonly #inFlight: InFlight[] = [];
  readonly #durable: InFlight[] = [];
  #flushing = false;
  /** While the room reads what others appended, submissions queue up here, in order. */
  #recovery: Promise<void> | null = null;
  readonly #waiting: (() => void)[] = [];
  readonly #listeners = new Set<(shown: Shown) => void>();
  #checkpointAt: number;
  #fullState: { readonly sequence: number; readonly bytes: Uint8Array } | null = null;

  private constructor(id: RecommendationId, log: Log, committed: Replica, checkpointAt: number, now: () => number) {
    this.id = id;
    this.#log = log;
    this.#name = recommendationLog(id);
    this.#now = now;
    this.#committed = committed;
    // Made at the first submission: who only reads needs none, and opening is twice as quick.
    this.#head = committed;
    this.#spoilt = true;
    this.#checkpointAt = checkpointAt;
  }

  /** Opens a recommendation from its newest checkpoint and the entries after it. */
  static async open(id: RecommendationId, log: Log, now: () => number): Promise<Room> {
    const name = recommendationLog(id);
    const checkpoint = await log.checkpoint(name);
    let replica = checkpoint === null ? Replica.empty() : restoreOrNull(checkpoint);
    // A checkpoint that can't be read is worth nothing; the log is worth everything.
    replica ??= Replica.empty();
    const from = replica.sequence;
    await readOn(log, name, replica);
    return new Room(id, log, replica, from, now);
  }

  get sequence(): number {
    return this.#committed.sequence;
  }
  /** The text as it stands on disk. */
  text(): readonly Clause[] {
    return this.#committed.text();
  }
  get ledger(): Ledger {
    return this.#committed.ledger;
  }
  /** The state on disk as one update, for a client that has `stateVector`. */
  stateFor(stateVector?: Uint8Array): Uint8Array {
    if (stateVector !== undefined && stateVector.length > 1)
      return Y.encodeStateAsUpdate(this.#committed.doc, stateVector);
    // Everyone who comes new gets the same bytes: made once, however many come at once.
    if (this.#fullState?.sequence !== this.sequence)
      this.#fullState = { sequence: this.sequence, bytes: Y.encodeStateAsUpdate(this.#committed.doc) };
    return this.#fullState.bytes;
  }
  stateVector(): Uint8Array {
    return Y.encodeStateVector(this.#committed.doc);
  }

  onShown(listener: (shown: Shown) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * stage → permit → append → apply → acknowledge → broadcast. Resolves when the entry is on disk and shown; rejects with
   * the `ConcordError` of the refusal, or `not-stored`.
   */
  submit(submission: Submission): Promise<Outcome> {
    return new Promise((settle, fail) => {
      if (this.#recovery === null) this.#begin(submission, settle, fail);
      else void this.#recovery.then(() => this.#begin(submission, settle, fail));
    });
  }

  /** Reads what other nodes appended. */
  async catchUp(): Promise<void> {
    // An append under way may succeed just before another node's: only when it is quiet does the head tell everything.
    await this.settled();
    const head = await this.#log.head(this.#name);
    if (head !== null && head.sequence > this.#head.sequence) {
      this.#recoverSoon();
      await this.#recovery;
    }
  }

  /** Stores a checkpoint of what is committed, so that the next opening is quick. */
  async checkpoint(): Promise<void> {
    const { sequence, hash } = this.#committed;
    if (sequence === this.#checkpointAt) return;
    this.#checkpointAt = sequence;
    await this.#log.saveCheckpoint({ log: this.#name, sequence, hash, state: this.#committed.state() });
  }

  /** Waits until nothing is under way. */
  async settled(): Promise<void> {
    while (!this.#quiet) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  destroy(): void {
    this.#listeners.clear();
    if (this.#head !== this.#committed) this.#head.destroy();
    this.#committed.destroy();
  }

  get #quiet(): boolean {
    return this.#inFlight.length === 0 && this.#recovery === null;
  }

  #tellQuiet(): void {
    if (this.#quiet) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #begin(submission: Submission, settle: (outcome: Outcome) => void, fail: (error: unknown) => void): void {
    let sealed: Sealed | null;
    try {
      sealed = this.#judge(submission);
    } catch (error) {
      fail(error);
      return;
    }
    const inFlight: InFlight = { submission, settle, fail, sealed };
    this.#inFlight.push(inFlight);
    if (sealed === null) {
      this.#storedOne(inFlight);
      return;
    }
    this.#log.append([sealed.entry]).then(
      (stored) => (stored ? this.#storedOne(inFlight) : this.#recoverSoon()),
      (error: unknown) => this.#storeFailed(error),
    );
  }

  /** Judges on the head, and seals what is accepted as the head's next entry. */
  #judge(submission: Submission): Sealed | null {
    if (this.#spoilt) this.#rebuildHead();
    // The clock of the record never runs backwards.
    const now = Math.max(this.#now(), this.#head.at);
    let staged: Staged | null;
    let touched = false;
    const touch = (): void => {
      touched = true;
    };
    this.#head.doc.on('beforeTransaction', touch);
    try {
      staged = submission.stage(this.#head, now);
    } catch (error) {
      // What was refused before it was applied leaves the head as it was.
      if (touched) this.#spoilt = true;
      throw error instanceof ConcordError ? error : new ConcordError('internal', {}, { cause: error });
    } finally {
      this.#head.doc.off('beforeTransaction', touch);
    }
    if (staged === null) return null;
    const entry = seal({
      log: this.#name,
      sequence: this.#head.sequence + 1,
      previous: this.#head.hash,
      header: encodeHeader({
        version: 1,
        at: now,
        by: submission.by,
        onBehalfOf: submission.onBehalfOf,
        command: submission.deed,
        changes: [...staged.changes],
      }),
      content: staged.content,
    });
    // What it changes in the ledger, staging changed already.
    this.#head.note(entry, now, []);
    return { entry, at: now, changes: staged.changes };
  }

  #rebuildHead(): void {
    if (this.#head !== this.#committed) this.#head.destroy();
    this.#head = Replica.copy(this.#committed);
    for (const { sealed } of this.#inFlight)
      if (sealed !== null) this.#head.take(sealed.entry, sealed.at, sealed.changes);
    this.#spoilt = false;
  }

  #storedOne(inFlight: InFlight): void {
    this.#durable.push(inFlight);
    if (this.#flushing) return;
    this.#flushing = true;
    // What one commit made durable arrives here in one turn of the loop, and leaves as one message.
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const durable = new Set(this.#durable);
    const ready: InFlight[] = [];
    // In the order of the log: nothing overtakes what is still being stored.
    for (let first = this.#inFlight[0]; first !== undefined && durable.has(first); first = this.#inFlight[0]) {
      ready.push(first);
      this.#inFlight.shift();
      durable.delete(first);
    }
    this.#durable.splice(0, this.#durable.length, ...durable);
    this.#show(
      ready.flatMap(({ sealed }) => (sealed === null ? [] : [sealed])),
      () => {
        for (const { sealed, settle } of ready) settle({ sequence: sealed?.entry.sequence ?? null });
      },
    );
    this.#tellQuiet();
  }

  /** The one way in which an entry becomes visible, whichever node wrote it. */
  #show(sealed: readonly Sealed[], acknowledge: () => void): void {
    const updates: Uint8Array[] = [];
    if (sealed.length > 0) {
      const collect = (bytes: Uint8Array): void => {
        updates.push(bytes);
      };
      this.#committed.doc.on('update', collect);
      for (const { entry, at, changes } of sealed) this.#committed.take(entry, at, changes);
      this.#committed.doc.off('update', collect);
    }
    const entries = sealed.map(({ entry }) => entry);
    acknowledge();
    if (entries.length === 0) return;
    const [only, ...more] = updates;
    const update = only === undefined ? new Uint8Array() : more.length === 0 ? only : Y.mergeUpdates(updates);
    for (const listener of this.#listeners) listener({ update, entries });
    if (this.sequence - this.#checkpointAt >= entriesBetweenCheckpoints) {
      // A checkpoint that fails costs the next opening some time, and nothing else.
      this.checkpoint().catch(() => undefined);
    }
  }

  /** The disk failed: whatever was under way did not happen. Clients keep their words and come again. */
  #storeFailed(error: unknown): void {
    const failure = error instanceof ConcordError ? error : new ConcordError('not-stored', {}, { cause: error });
    const durable = new Set(this.#durable);
    const lost = this.#inFlight.filter((inFlight) => !durable.has(inFlight));
    const kept = this.#inFlight.filter((inFlight) => durable.has(inFlight));
    this.#inFlight.splice(0, this.#inFlight.length, ...kept);
    this.#spoilt = true;
    for (const { fail } of lost) fail(failure);
    this.#tellQuiet();
  }

  #recoverSoon(): void {
    this.#recovery ??= this.#recover().finally(() => {
      this.#recovery = null;
      this.#tellQuiet();
    });
  }

  /** Another node's entry came first: read what is new, and judge again what was under way. */
  async #recover(): Promise<void> {
    // Let the other appends of this room hear their own no: they built on one that lost.
    await new Promise((resolve) => setImmediate(resolve));
    this.#flush();
    const again = this.#inFlight.splice(0);
    this.#durable.splice(0);
    try {
      const fresh: Entry[] = [];
      for (;;) {
        const page = await this.#log.read(this.#name, this.sequence + fresh.length, pageOfEntries);
        fresh.push(...page);
        if (page.length < pageOfEntries) break;
      }
      this.#show(
        fresh.map((entry) => ({ entry, ...decodeHeader(entry.header) })),
        () => undefined,
      );
    } catch (error) {
      for (const { fail } of again) fail(error);
      return;
    } finally {
      this.#spoilt = true;
    }
    for (const { submission, settle, fail } of again) this.#begin(submission, settle, fail);
  }
}

function restoreOrNull(checkpoint: Parameters<typeof Replica.restore>[0]): Replica | null {
  try {
    return Replica.restore(checkpoint);
  } catch {
    return null;
  }
}

/** Applies the entries after a replica's own, checking the chain as it goes. */
export async function readOn(log: Log, name: LogName, replica: Replica): Promise<void> {
  for (;;) {
    const page = await log.read(name, replica.sequence, pageOfEntries);
    let { hash, sequence } = replica;
    for (const entry of page) {
      if (verifyLink(entry, hash, sequence) !== null)
        throw new ConcordError('internal', { field: `${name} ${entry.sequence}` });
      ({ hash, sequence } = entry);
    }
    if (page.length > 0) replica.apply(page);
    if (page.length < pageOfEntries) return;
  }
}
