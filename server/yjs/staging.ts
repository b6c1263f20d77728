import * as Y from 'yjs';
import type { LogName } from '../../shared/protocol/ids.ts';
import type { Checkpoint, Entry } from '../storage/log.ts';
import { type ChainedEntry, Replica } from './replica.ts';

/** What is kept of an entry to take it again: not its header, which takes more room than its content. */
type Step = Pick<ChainedEntry, 'at' | 'changes'> & { readonly entry: Pick<Entry, 'sequence' | 'hash' | 'content'> };

const stepOf = ({ entry: { sequence, hash, content }, at, changes }: ChainedEntry): Step => ({
  entry: { sequence, hash, content },
  at,
  changes,
});

/** After a refusal the replica is made anew from so many entries at the most, where it can be helped. */
const longestReplay = 16;

/**
 * The one document that a room holds: what is on disk, and what is on its way there. Submissions are judged on it.
 *
 * It can be made anew at any time, from a state in bytes and the entries since. It has to be where a submission was
 * refused in the middle (it is *spoilt*), and before its bytes are given away where it came about otherwise than a
 * replay of the log would (it is *blurred*: the same structs, but perhaps in other pieces, since staging took more than one
 * transaction where the log has one entry). So whoever gets bytes gets the document that the log says.
 */
export class StagingDocument {
  readonly #log: LogName;
  #replica: Replica;
  #condition: 'exact' | 'blurred' | 'spoilt' = 'exact';
  /** Where `#since` begins; null: at an empty document. */
  #base: Checkpoint | null;
  #since: Step[];
  /** How long it took to make it anew the last time, ms. */
  #took = 0;

  /** A replica that took `since` after it was restored from `base`. */
  constructor(log: LogName, replica: Replica, base: Checkpoint | null, since: readonly ChainedEntry[]) {
    this.#log = log;
    this.#replica = replica;
    this.#base = base;
    this.#since = since.map(stepOf);
  }

  /** A replica that is what a replay of the log comes to; how it came there is no longer known. */
  static startingAt(log: LogName, replica: Replica): StagingDocument {
    const { sequence, hash } = replica;
    return new StagingDocument(log, replica, { log, sequence, hash, state: replica.state() }, []);
  }

  /** To judge on: the words, marks and ledger are what the log says and what is on its way. */
  judged(durable: number): Replica {
    if (this.#condition === 'spoilt') this.#makeAnew(durable);
    return this.#replica;
  }

  /** To give bytes of away: it is what a replay of the log comes to. */
  exact(durable: number): Replica {
    if (this.#condition !== 'exact') this.#makeAnew(durable);
    return this.#replica;
  }

  /** How long it will take to make it anew, ms; 0 where that isn't needed for the next submission. */
  get repairTime(): number {
    // To read its text takes about as long.
    return this.#condition === 'spoilt' ? 2 * this.#took : 0;
  }

  /** The number of the newest entry, on disk or not. */
  get sequence(): number {
    return this.#since.at(-1)?.entry.sequence ?? this.#base?.sequence ?? 0;
  }

  /** How much of a client the document holds. Makes nothing anew: after a refusal it may count what was refused. */
  clock(client: number): number {
    return Y.getState(this.#replica.doc.store, client);
  }
  /** How many clients ever wrote in the document. */
  get clients(): number {
    return this.#replica.doc.store.clients.size;
  }

  invalidate(): void {
    this.#condition = 'spoilt';
  }

  /** Counts an entry that was staged on the replica. */
  staged(chained: ChainedEntry, asReplayed: boolean): void {
    this.#since.push(stepOf(chained));
    // What the ledger changes, staging changed already.
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

  /** Entries after this one did not happen. */
  forgetAfter(sequence: number): void {
    this.#since = this.#since.filter(({ entry }) => entry.sequence <= sequence);
    this.invalidate();
  }

  /** The state as it stands, for the store and for `startFrom`. */
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
    // Whoever is refused again and again shouldn't cost a long replay each time.
    if (onDisk.length > longestReplay) this.startFrom(this.checkpoint(durable));
    for (const { entry, at, changes } of underWay) this.#replica.take(entry, at, changes);
    this.#took = performance.now() - begun;
  }
}
