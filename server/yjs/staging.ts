import * as Y from 'yjs';
import type { LogName } from '../../shared/protocol/ids.ts';
import type { Checkpoint, Entry } from '../storage/log.ts';
import { type ChainedEntry, Replica } from './replica.ts';

/** The part of an entry that is kept for a replay: not its header, which takes more memory than its content. */
type Step = Pick<ChainedEntry, 'at' | 'changes'> & { readonly entry: Pick<Entry, 'sequence' | 'hash' | 'content'> };

const stepOf = ({ entry: { sequence, hash, content }, at, changes }: ChainedEntry): Step => ({
  entry: { sequence, hash, content },
  at,
  changes,
});

/** After a refusal the replica is made anew from at most this many entries, where possible. */
const longestReplay = 16;

/**
 * The one document that a room holds: its entries on disk, and those being stored. Submissions are judged on it.
 *
 * It can be made anew at any time, from a state in bytes and the entries since. That is necessary after a refusal in
 * the middle of a submission (it is *invalid*), and before its bytes are sent if it has *diverged* from a replay of the
 * log: the same structs, but perhaps split differently, since staging took more than one transaction for one entry. So
 * all bytes that are sent are those of the log's document.
 */
export class StagingDocument {
  readonly #log: LogName;
  #replica: Replica;
  #condition: 'exact' | 'blurred' | 'spoilt' = 'exact';
  /** The state before `#since`; null: an empty document. */
  #base: Checkpoint | null;
  #since: Step[];
  /** The time that making it anew took the last time, ms. */
  #took = 0;

  /** A replica that applied `since` after it was restored from `base`. */
  constructor(log: LogName, replica: Replica, base: Checkpoint | null, since: readonly ChainedEntry[]) {
    this.#log = log;
    this.#replica = replica;
    this.#base = base;
    this.#since = since.map(stepOf);
  }

  /** A replica that equals a replay of the log; its history is no longer known. */
  static startingAt(log: LogName, replica: Replica): StagingDocument {
    const { sequence, hash } = replica;
    return new StagingDocument(log, replica, { log, sequence, hash, state: replica.state() }, []);
  }

  /** For judging: words, marks and negotiation state are those of the log and of the entries being stored. */
  judged(durable: number): Replica {
    if (this.#condition === 'spoilt') this.#makeAnew(durable);
    return this.#replica;
  }

  /** For bytes that are sent: it equals a replay of the log. */
  exact(durable: number): Replica {
    if (this.#condition !== 'exact') this.#makeAnew(durable);
    return this.#replica;
  }

  /** The time that making it anew will take, ms; 0 where the next submission doesn't need that. */
  get repairTime(): number {
    // Reading its text takes about as long.
    return this.#condition === 'spoilt' ? 2 * this.#took : 0;
  }

  /** The number of the newest entry, on disk or not. */
  get sequence(): number {
    return this.#since.at(-1)?.entry.sequence ?? this.#base?.sequence ?? 0;
  }

  /** A client's clock in the document. Makes nothing anew: after a refusal it may include refused structs. */
  clock(client: number): number {
    return Y.getState(this.#replica.doc.store, client);
  }
  /** The number of clients that ever wrote in the document. */
  get clients(): number {
    return this.#replica.doc.store.clients.size;
  }

  invalidate(): void {
    this.#condition = 'spoilt';
  }

  /** Counts an entry that was staged on the replica. */
  staged(chained: ChainedEntry, asReplayed: boolean): void {
    this.#since.push(stepOf(chained));
    // Staging has applied its changes of the negotiation state already.
    this.#replica.note(chained.entry, chained.at, []);
    if (!asReplayed && this.#condition === 'exact') this.#condition = 'blurred';
  }

  /** Takes entries that others appended. */
  take(entries: readonly Entry[], durable: number): readonly ChainedEntry[] {
    const replica = this.exact(durable);
    const fresh = entries.map((entry) => replica.apply(entry));
    for (const one of fresh) this.#since.push(stepOf(one));
    return fresh;
  }

  /** Drops the entries after this one: they did not happen. */
  forgetAfter(sequence: number): void {
    this.#since = this.#since.filter(({ entry }) => entry.sequence <= sequence);
    this.invalidate();
  }

  /** The present state, for the store and for `startFrom`. */
  checkpoint(durable: number): Checkpoint {
    const { sequence, hash } = this.exact(durable);
    return { log: this.#log, sequence, hash, state: this.#replica.state() };
  }

  /** From now on it is made anew from this state, all of which is on disk. */
  startFrom(checkpoint: Checkpoint): void {
    if (checkpoint.sequence < (this.#base?.sequence ?? 0)) return;
    this.#base = checkpoint;
    this.#since = this.#since.filter(({ entry }) => entry.sequence > checkpoint.sequence);
  }

  destroy(): void {
    this.#replica.destroy();
  }

  #makeAnew(durable: number): void {
    const begun = performance.now();
    this.#replica.destroy();
    this.#replica = this.#base === null ? Replica.empty() : Replica.restore(this.#base);
    const onDisk = this.#since.filter(({ entry }) => entry.sequence <= durable);
    const underWay = this.#since.filter(({ entry }) => entry.sequence > durable);
    for (const { entry, at, changes } of onDisk) this.#replica.take(entry, at, changes);
    this.#condition = 'exact';
    // Repeated refusals must not cause a long replay each time.
    if (onDisk.length > longestReplay) this.startFrom(this.checkpoint(durable));
    for (const { entry, at, changes } of underWay) this.#replica.take(entry, at, changes);
    this.#took = performance.now() - begun;
  }
}
