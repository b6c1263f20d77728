import * as Y from 'yjs';
import type { Act } from '../../shared/negotiation/act.ts';
import { encodeHeader } from '../../shared/negotiation/entry.ts';
import { LiveState, type NegotiationState } from '../../shared/negotiation/state.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { type LogName, type RecommendationId, recommendationLog } from '../../shared/protocol/ids.ts';
import type { Clause } from '../../shared/text/clause.ts';
import { seal } from '../storage/chain.ts';
import { sealCheckpoint } from '../storage/checkpoint.ts';
import type { Checkpoint, Entry, Log } from '../storage/log.ts';

import type { ChainedEntry } from '../yjs/replica.ts';
import type { StagingDocument } from '../yjs/staging.ts';
import { Broadcast, type Shown } from './broadcast.ts';
import { CommitQueue, type InFlight, type Outcome } from './commitQueue.ts';
import { entriesBetweenCheckpoints, openHead, readOn } from './opening.ts';
import { headingOf, judge, type Staged, type Submission } from './submit.ts';

export type { Shown } from './broadcast.ts';
export type { Submission } from './submit.ts';

/** A document's bytes: an update for documents that hold less, and the clocks that it reaches. */
export interface State {
  readonly update: Uint8Array;
  readonly stateVector: Uint8Array;
}

/**
 * A recommendation held live: the only place that makes entries of its log, or shows them.
 *
 * Nothing is shown before it is durable. `submit` judges on the head and appends; an entry counts in `text`, `negotiation`
 * and `sequence`, is acknowledged and is sent only when the log says that it is on disk. A document's bytes are the
 * head's, so they may hold entries that are still being stored: they are sent when all of those are on disk, and not at
 * all if one of them fails.
 */
export class Room {
  readonly id: RecommendationId;
  readonly #log: Log;
  readonly #name: LogName;
  readonly #now: () => number;
  readonly #head: StagingDocument;
  /** The state on disk, which is shown. */
  #sequence: number;
  #text: readonly Clause[];
  readonly #negotiation: LiveState;
  readonly #queue: CommitQueue;
  readonly #broadcast = new Broadcast();
  /** While the room reads other nodes' entries, submissions queue up here, in order. */
  #recovery: Promise<void> | null = null;
  readonly #waiting: (() => void)[] = [];
  /** Callbacks that wait for an entry to be on disk; false where it was given up. */
  #awaited: { readonly sequence: number; readonly tell: (reached: boolean) => void }[] = [];
  #checkpointAt: number;
  #fullState: { readonly sequence: number; readonly state: State } | null = null;

  private constructor(id: RecommendationId, log: Log, head: StagingDocument, checkpointAt: number, now: () => number) {
    this.id = id;
    this.#log = log;
    this.#name = recommendationLog(id);
    this.#now = now;
    this.#head = head;
    this.#sequence = head.sequence;
    const replica = head.exact(this.#sequence);
    this.#text = replica.text();
    this.#negotiation = new LiveState(replica.negotiation);
    this.#checkpointAt = checkpointAt;
    this.#queue = new CommitQueue(
      (ready) => this.#showReady(ready),
      () => this.#broadcast.rest,
    );
  }

  /**
   * Opens a recommendation from its newest checkpoint and the entries after it. A checkpoint that can't be trusted is
   * ignored: the log is replayed, and `onDistrust` called.
   */
  static async open(
    id: RecommendationId,
    log: Log,
    now: () => number,
    onDistrust: (reason: unknown) => void = () => undefined,
  ): Promise<Room> {
    const { head, checkpointAt } = await openHead(log, recommendationLog(id), onDistrust);
    return new Room(id, log, head, checkpointAt, now);
  }

  get sequence(): number {
    return this.#sequence;
  }
  /** The text on disk. */
  text(): readonly Clause[] {
    return this.#text;
  }
  get negotiation(): NegotiationState {
    return this.#negotiation;
  }

  /** The clock of a client in the document, counting entries that are being stored. */
  clock(client: number): number {
    return this.#head.clock(client);
  }
  /** The number of clients that ever wrote in it. */
  get clients(): number {
    return this.#head.clients;
  }
  /** The time, ms, for which the next submission waits until the document is made anew after a refusal. */
  get repairTime(): number {
    return this.#head.repairTime;
  }

  /** The document as one update, for a client that has `stateVector`. Resolves when all of it is on disk. */
  async stateOnDisk(stateVector?: Uint8Array): Promise<State> {
    return this.#onDisk(() => this.#stateOf(stateVector));
  }

  /** The same at once, for callers that know that nothing is being stored. Throws a `RangeError` where something is. */
  stateFor(stateVector?: Uint8Array): Uint8Array {
    if (!this.#quiet) throw new RangeError('there are submissions under way');
    return this.#stateOf(stateVector).update;
  }

  #stateOf(have?: Uint8Array): State {
    const { doc, sequence } = this.#head.exact(this.#sequence);
    if (have !== undefined && have.length > 1)
      return { update: Y.encodeStateAsUpdate(doc, have), stateVector: Y.encodeStateVector(doc) };
    // All new clients get the same bytes: made once, however many come at the same time.
    if (this.#fullState?.sequence !== sequence)
      this.#fullState = {
        sequence,
        state: { update: Y.encodeStateAsUpdate(doc), stateVector: Y.encodeStateVector(doc) },
      };
    return this.#fullState.state;
  }

  /** The bytes that `make` reads from the head, once all entries that it may contain are on disk. */
  async #onDisk<T>(make: () => T): Promise<T> {
    for (;;) {
      if (this.#recovery !== null) await this.#recovery;
      const made = make();
      const { sequence } = this.#head;
      if (sequence <= this.#sequence) return made;
      if (await new Promise<boolean>((tell) => this.#awaited.push({ sequence, tell }))) return made;
    }
  }

  onShown(listener: (shown: Shown) => void): () => void {
    return this.#broadcast.onShown(listener);
  }

  /**
   * judge (`submit.ts`: decode → bound → stage → permit) → append → (durable) → show: acknowledge, broadcast. Resolves
   * when the entry is on disk and shown; rejects with the `ConcordError` of the refusal, or `not-stored`.
   */
  submit(submission: Submission): Promise<Outcome> {
    return new Promise((settle, fail) => {
      if (this.#recovery === null) this.#begin(submission, settle, fail);
      else void this.#recovery.then(() => this.#begin(submission, settle, fail));
    });
  }

  /** Reads the entries that other nodes appended. */
  async catchUp(): Promise<void> {
    // An append under way may succeed just before another node's: the head tells everything only when nothing is under
    // way.
    await this.settled();
    const head = await this.#log.head(this.#name);
    if (head !== null && head.sequence > this.#sequence) {
      this.#recoverSoon();
      await this.#recovery;
    }
  }

  /** Stores a checkpoint, so that the next opening is quick. */
  async checkpoint(): Promise<void> {
    if (this.#sequence === this.#checkpointAt) return;
    this.#checkpointAt = this.#sequence;
    const checkpoint: Checkpoint = await this.#onDisk(() => this.#head.checkpoint(this.#sequence));
    this.#head.startFrom(checkpoint);
    this.#checkpointAt = checkpoint.sequence;
    await this.#log.saveCheckpoint(sealCheckpoint(checkpoint));
  }

  /** Waits until nothing is under way. */
  async settled(): Promise<void> {
    while (!this.#quiet) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  destroy(): void {
    this.#broadcast.close();
    this.#head.destroy();
  }

  get #quiet(): boolean {
    return this.#queue.isEmpty && this.#recovery === null;
  }

  #tellQuiet(): void {
    if (this.#quiet) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #begin(submission: Submission, settle: (outcome: Outcome) => void, fail: (error: unknown) => void): void {
    let judged: Pick<InFlight, 'chained' | 'text'>;
    try {
      judged = this.#judge(submission);
    } catch (error) {
      fail(error);
      return;
    }
    const inFlight: InFlight = { submission, settle, fail, ...judged, isOver: false };
    this.#queue.add(inFlight);
    if (inFlight.chained !== null) this.#append(inFlight, inFlight.chained.entry);
  }

  #append(inFlight: InFlight, entry: Entry): void {
    this.#log.append([entry]).then(
      (stored) => {
        if (stored && !inFlight.isOver) this.#queue.stored(inFlight);
        // Given up here and stored all the same: the log has it, and the room must read it.
        else if (stored || !inFlight.isOver) this.#recoverSoon();
      },
      (error: unknown) => {
        if (!inFlight.isOver) this.#storeFailed(error);
      },
    );
  }

  /** Judges a submission on the head, and makes the head's next chained entry of an accepted one. */
  #judge(submission: Submission): Pick<InFlight, 'chained' | 'text'> {
    const head = this.#head.judged(this.#sequence);
    // The log's time never runs backwards.
    const { actor, onBehalfOf, command } = headingOf(submission);
    const act: Act = { actor, onBehalfOf, at: Math.max(this.#now(), head.at) };
    let staged: Staged | null;
    let touched = false;
    const touch = (): void => {
      touched = true;
    };
    head.doc.on('beforeTransaction', touch);
    try {
      staged = judge(head, submission, act);
    } catch (error) {
      // A refusal before the update is applied leaves the head unchanged.
      if (touched) this.#head.invalidate();
      throw error instanceof ConcordError ? error : new ConcordError('internal', {}, { cause: error });
    } finally {
      head.doc.off('beforeTransaction', touch);
    }
    if (staged === null) return { chained: null, text: this.#text };
    const entry = seal({
      log: this.#name,
      sequence: head.sequence + 1,
      previous: head.hash,
      header: encodeHeader({ ...act, command, events: staged.events }),
      content: staged.content,
    });
    const { changes, asReplayed } = staged;
    const from = submission.kind === 'edit' ? submission.from : undefined;
    const heldBy = asReplayed && changes.length === 0 ? (from ?? null) : null;
    const chained: ChainedEntry = { entry, at: act.at, changes, heldBy };
    this.#head.staged(chained, asReplayed);
    return { chained, text: head.text() };
  }

  #showReady(ready: readonly InFlight[]): void {
    const chained = ready.flatMap((one) => (one.chained === null ? [] : [one.chained]));
    const text = ready.findLast((one) => one.chained !== null)?.text ?? this.#text;
    this.#show(chained, text, () => {
      for (const { chained, settle } of ready) settle({ sequence: chained?.entry.sequence ?? null });
    });
    this.#tellQuiet();
  }

  /** The only way in which an entry becomes visible, from whichever node. */
  #show(chained: readonly ChainedEntry[], text: readonly Clause[], acknowledge: () => void): void {
    for (const { changes } of chained) for (const change of changes) this.#negotiation.apply(change);
    this.#text = text;
    this.#sequence = chained.at(-1)?.entry.sequence ?? this.#sequence;
    acknowledge();
    this.#broadcast.send(chained);
    this.#tellReached();
    if (this.#sequence - this.#checkpointAt >= entriesBetweenCheckpoints) {
      // A failed checkpoint makes the next opening slower, and nothing else.
      this.checkpoint().catch(() => undefined);
    }
  }

  #tellReached(): void {
    if (this.#awaited.length === 0) return;
    const reached = this.#awaited.filter(({ sequence }) => sequence <= this.#sequence);
    this.#awaited = this.#awaited.filter(({ sequence }) => sequence > this.#sequence);
    for (const { tell } of reached) tell(true);
  }

  /** The entries after a failed one are given up: they did not happen. */
  #giveUpAfter(sequence: number): void {
    this.#head.forgetAfter(sequence);
    for (const { tell } of this.#awaited.splice(0)) tell(false);
  }

  /** The disk failed: nothing that was under way has happened. Clients keep their words and send them again. */
  #storeFailed(error: unknown): void {
    const failure = error instanceof ConcordError ? error : new ConcordError('not-stored', {}, { cause: error });
    const { lost, lastKept } = this.#queue.takeLost();
    this.#giveUpAfter(lastKept ?? this.#sequence);
    for (const { fail } of lost) fail(failure);
    this.#tellQuiet();
  }

  #recoverSoon(): void {
    this.#recovery ??= this.#recover().finally(() => {
      this.#recovery = null;
      this.#tellQuiet();
    });
  }

  /** Another node's entry came first: read the new entries, and judge all submissions under way again. */
  async #recover(): Promise<void> {
    // Let the other appends of this room get their own outcome first: they built on one that failed its condition.
    await new Promise((resolve) => setImmediate(resolve));
    this.#queue.flush();
    const again = this.#queue.takeAll();
    this.#giveUpAfter(this.#sequence);
    try {
      const read: Entry[] = [];
      const { sequence, hash } = this.#head.exact(this.#sequence);
      await readOn(this.#log, this.#name, { sequence, hash }, (page) => read.push(...page));
      const fresh = this.#head.take(read, this.#sequence);
      this.#show(fresh, this.#head.exact(this.#sequence).text(), () => undefined);
    } catch (error) {
      this.#head.invalidate();
      for (const { fail } of again) fail(error);
      return;
    }
    for (const { submission, settle, fail } of again) this.#begin(submission, settle, fail);
  }
}
