import * as Y from 'yjs';
import type { Act, Actor } from '../../shared/negotiation/act.ts';
import { type EntryAction, encodeHeader } from '../../shared/negotiation/entry.ts';
import { LiveState, type NegotiationState } from '../../shared/negotiation/state.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { type LogName, type PartyCode, type RecommendationId, recommendationLog } from '../../shared/protocol/ids.ts';
import type { Clause } from '../../shared/text/clause.ts';
import { seal } from '../storage/chain.ts';
import { sealCheckpoint } from '../storage/checkpoint.ts';
import type { Checkpoint, Entry, Log } from '../storage/log.ts';

import type { ChainedEntry, Replica } from '../yjs/replica.ts';
import type { StagingDocument } from '../yjs/staging.ts';
import { entriesBetweenCheckpoints, openHead, readOn } from './opening.ts';
import type { Staged } from './stage.ts';

/** A submission in its stages: judged on the head, then stored, then shown. */
export interface Submission {
  readonly by: Actor;
  readonly onBehalfOf: PartyCode | null;
  readonly action: EntryAction;
  /** The connection that sent it, where its author holds a document. */
  readonly from?: object;
  /** Judges and performs it on the head. Called again where another node's entry came first. Null: nothing new in it. */
  readonly stage: (head: Replica, act: Act) => Staged | null;
}

/** The outcome of a submission: the number of its entry; null where it held nothing new. */
export type Outcome = { readonly sequence: number | null };

/** A room's notice to its listeners, after the entries are on disk. */
export interface Shown {
  /**
   * The update that brings a replica from the state before to the state after; empty where only the negotiation state
   * changed.
   */
  readonly update: Uint8Array;
  readonly entries: readonly Entry[];
  /** The connection whose document holds all of it: its own edit, to which the server added nothing. */
  readonly heldBy: object | null;
}

interface InFlight {
  readonly submission: Submission;
  readonly settle: (outcome: Outcome) => void;
  readonly fail: (error: unknown) => void;
  /** Null for a submission without news: it is answered after those before it. */
  readonly chained: ChainedEntry | null;
  /** The text once its entry is shown. */
  readonly text: readonly Clause[];
  /** It was answered already, or is judged again: the outcome of its append is no answer any more. */
  given: boolean;
}

/** A document's bytes: an update for documents that hold less, and the clocks that it reaches. */
export interface State {
  readonly update: Uint8Array;
  readonly stateVector: Uint8Array;
}

/**
 * Sending takes a quarter of the time at the most: five hundred sockets cost 3 ms a message, so the room then pauses
 * for 9 ms, and all that becomes durable meanwhile is one message. In a quiet room the pause has long passed, and
 * nothing waits.
 */
const mostOfTheTime = 0.25;
/** The longest pause, ms, for any number of sockets. */
const longestRest = 100;
/** Merging updates takes more than proportional time. */
const mostInOneMessage = 100;

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
  readonly #inFlight: InFlight[] = [];
  readonly #durable: InFlight[] = [];
  #flushing = false;
  /** Nothing is sent before this time, by `performance.now`. */
  #restsUntil = 0;
  /** While the room reads other nodes' entries, submissions queue up here, in order. */
  #recovery: Promise<void> | null = null;
  readonly #waiting: (() => void)[] = [];
  /** Callbacks that wait for an entry to be on disk; false where it was given up. */
  #awaited: { readonly sequence: number; readonly tell: (reached: boolean) => void }[] = [];
  readonly #listeners = new Set<(shown: Shown) => void>();
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
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * stage → permit → append → apply → acknowledge → broadcast. Resolves when the entry is on disk and shown; rejects
   * with the `ConcordError` of the refusal, or `not-stored`.
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
    this.#listeners.clear();
    this.#head.destroy();
  }

  get #quiet(): boolean {
    return this.#inFlight.length === 0 && this.#recovery === null;
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
    const inFlight: InFlight = { submission, settle, fail, ...judged, given: false };
    this.#inFlight.push(inFlight);
    if (inFlight.chained === null) {
      this.#storedOne(inFlight);
      return;
    }
    this.#log.append([inFlight.chained.entry]).then(
      (stored) => {
        if (stored && !inFlight.given) this.#storedOne(inFlight);
        // Given up here and stored all the same: the log has it, and the room must read it.
        else if (stored || !inFlight.given) this.#recoverSoon();
      },
      (error: unknown) => {
        if (!inFlight.given) this.#storeFailed(error);
      },
    );
  }

  /** Judges a submission on the head, and makes the head's next chained entry of an accepted one. */
  #judge(submission: Submission): Pick<InFlight, 'chained' | 'text'> {
    const head = this.#head.judged(this.#sequence);
    // The log's time never runs backwards.
    const act: Act = {
      actor: submission.by,
      onBehalfOf: submission.onBehalfOf,
      at: Math.max(this.#now(), head.at),
    };
    let staged: Staged | null;
    let touched = false;
    const touch = (): void => {
      touched = true;
    };
    head.doc.on('beforeTransaction', touch);
    try {
      staged = submission.stage(head, act);
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
      header: encodeHeader({ ...act, command: submission.action, events: staged.events }),
      content: staged.content,
    });
    const { changes, asReplayed } = staged;
    const heldBy = asReplayed && changes.length === 0 ? (submission.from ?? null) : null;
    const chained: ChainedEntry = { entry, at: act.at, changes, heldBy };
    this.#head.staged(chained, asReplayed);
    return { chained, text: head.text() };
  }

  #storedOne(inFlight: InFlight): void {
    this.#durable.push(inFlight);
    if (this.#flushing) return;
    this.#flushing = true;
    const flush = (): void => {
      this.#flushing = false;
      this.#flush();
    };
    // The outcomes of one commit arrive in one turn of the loop, and leave as one message, with all that becomes
    // durable while the room pauses.
    const rest = this.#restsUntil - performance.now();
    if (rest < 1) setImmediate(flush);
    else setTimeout(flush, rest);
  }

  #flush(): void {
    const durable = new Set(this.#durable);
    const ready: InFlight[] = [];
    // In the order of the log: nothing overtakes an entry that is still being stored.
    for (let first = this.#inFlight[0]; first !== undefined && durable.has(first); first = this.#inFlight[0]) {
      ready.push(first);
      this.#inFlight.shift();
      durable.delete(first);
    }
    this.#durable.splice(0, this.#durable.length, ...durable);
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
    const begun = performance.now();
    for (let from = 0; from < chained.length; from += mostInOneMessage) {
      const group = chained.slice(from, from + mostInOneMessage);
      const entries = group.map(({ entry }) => entry);
      const update = merged(entries.map(({ content }) => content).filter((content) => content.length > 0));
      const heldBy = group[0]?.heldBy ?? null;
      const shown = { update, entries, heldBy: group.every((one) => one.heldBy === heldBy) ? heldBy : null };
      for (const listener of this.#listeners) listener(shown);
    }
    if (chained.length > 0) {
      const spent = performance.now() - begun;
      this.#restsUntil = begun + Math.min(spent / mostOfTheTime, longestRest);
    }
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
    const durable = new Set(this.#durable);
    const first = this.#inFlight.findIndex((inFlight) => !durable.has(inFlight));
    // A submission without news may have found its content in an entry that is lost now.
    const isLost = (inFlight: InFlight, at: number): boolean =>
      !durable.has(inFlight) || (inFlight.chained === null && first >= 0 && at > first);
    const lost = this.#inFlight.filter((inFlight, at) => isLost(inFlight, at));
    const kept = this.#inFlight.filter((inFlight, at) => !isLost(inFlight, at));
    this.#inFlight.splice(0, this.#inFlight.length, ...kept);
    this.#giveUpAfter(kept.findLast(({ chained }) => chained !== null)?.chained?.entry.sequence ?? this.#sequence);
    this.#durable.splice(0, this.#durable.length, ...kept.filter((inFlight) => durable.has(inFlight)));
    for (const inFlight of lost) {
      inFlight.given = true;
      inFlight.fail(failure);
    }
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
    this.#flush();
    const again = this.#inFlight.splice(0);
    for (const inFlight of again) inFlight.given = true;
    this.#durable.splice(0);
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

function merged(updates: readonly Uint8Array[]): Uint8Array {
  const [only, ...more] = updates;
  if (only === undefined) return new Uint8Array();
  return more.length === 0 ? only : Y.mergeUpdates([...updates]);
}
