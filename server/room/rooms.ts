import { setImmediate as nextTurn } from 'node:timers/promises';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { RecommendationId } from '../../shared/protocol/ids.ts';
import { Persistent } from '../runtime/persist.ts';
import type { Log } from '../storage/log.ts';
import { Room, type Shown, type Submission } from './room.ts';

/** Time, ms, for which a room without connections is kept: people move between recommendations all the time. */
const idleTime = 5 * 60_000;

interface Held {
  readonly room: Promise<Room>;
  /** The number of connections that hold it open. */
  occupants: number;
  /** The last use, by a monotonic clock. */
  lastUsed: number;
}

export interface RoomsOptions {
  readonly log: Log;
  /** Whether a recommendation belongs to a meeting. */
  readonly exists: (id: RecommendationId) => boolean;
  readonly now: () => number;
  /** Whether other processes append to the same log (PostgreSQL). */
  readonly manyNodes: boolean;
  readonly onInternal: (error: unknown, recommendation: RecommendationId) => void;
}

/** The rooms of this process. */
export class Rooms {
  readonly #options: RoomsOptions;
  readonly #held = new Map<RecommendationId, Held>();
  #turn: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<(recommendation: RecommendationId, shown: Shown) => void>();
  /** Called for recommendations that grew on another node while no room of theirs is held here. */
  readonly #elsewhere = new Set<(recommendation: RecommendationId) => void>();
  readonly #growing: Persistent<RecommendationId>;
  readonly #timer: NodeJS.Timeout;
  readonly #unsubscribe: () => void;

  constructor(options: RoomsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.letGo(), 60_000).unref();
    this.#growing = new Persistent((id) => this.#catchUp(id), options.onInternal);
    this.#unsubscribe = options.manyNodes
      ? options.log.subscribe((name) => {
          const id = RecommendationId.safeParse(name.replace(/^recommendation:/, ''));
          if (id.success) this.#growing.ask(id.data);
        })
      : () => undefined;
  }

  /**
   * Reads other nodes' entries into the room; where no room is held, subscribers that rendered its text before are
   * told.
   */
  async #catchUp(id: RecommendationId): Promise<void> {
    const held = this.#held.get(id);
    if (held !== undefined) await (await held.room).catchUp();
    // A room that was closed meanwhile told nobody.
    if (held === undefined || this.#held.get(id) !== held) for (const listener of this.#elsewhere) listener(id);
  }

  /** The room of a recommendation, opened if necessary. Throws `not-found` for one that is in no meeting. */
  async room(id: RecommendationId): Promise<Room> {
    return this.#hold(id).room;
  }

  /**
   * Stores the first entry of a recommendation that no meeting names yet: a new meeting begins with its texts, so that
   * it never names one that doesn't exist. Rejects as `Room.submit` does.
   */
  async begin(id: RecommendationId, submission: Submission): Promise<void> {
    const { log, now, onInternal } = this.#options;
    const room = await Room.open(id, log, now, (reason) => onInternal(reason, id));
    // One text a turn of the event loop, so that drafting elsewhere doesn't wait for a whole import.
    this.#turn = this.#turn.then(() => nextTurn());
    await this.#turn;
    try {
      await room.submit(submission);
    } finally {
      // Waiting submissions get a failure at once, not when the disk or the database is back.
      void room.settled().then(() => room.destroy());
    }
  }

  holds(id: RecommendationId): boolean {
    return this.#held.has(id);
  }

  /** Calls back for every entry of every room that is held, after it is on disk. */
  onShown(listener: (recommendation: RecommendationId, shown: Shown) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls back for recommendations that grew on another server, while no room of theirs was held here. */
  onElsewhere(listener: (recommendation: RecommendationId) => void): () => void {
    this.#elsewhere.add(listener);
    return () => this.#elsewhere.delete(listener);
  }

  /** The room of a recommendation, kept open until `leave` is called as often. Throws as `room` does. */
  async enter(id: RecommendationId): Promise<Room> {
    const held = this.#hold(id);
    held.occupants += 1;
    try {
      return await held.room;
    } catch (error) {
      held.occupants -= 1;
      throw error;
    }
  }

  leave(id: RecommendationId): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    held.occupants -= 1;
    held.lastUsed = performance.now();
  }

  /** Finishes the commits under way and stores checkpoints. */
  async close(): Promise<void> {
    this.#unsubscribe();
    this.#growing.close();
    clearInterval(this.#timer);
    for (const held of this.#held.values()) {
      const room = await held.room.catch(() => null);
      await room?.settled();
      await room?.checkpoint().catch(() => undefined);
    }
  }

  #hold(id: RecommendationId): Held {
    const found = this.#held.get(id);
    if (found !== undefined) {
      found.lastUsed = performance.now();
      return found;
    }
    if (!this.#options.exists(id)) throw new ConcordError('not-found');
    const held: Held = {
      room: Room.open(id, this.#options.log, this.#options.now, (reason) => this.#options.onInternal(reason, id)),
      occupants: 0,
      lastUsed: performance.now(),
    };
    this.#held.set(id, held);
    held.room.then(
      (room) => {
        room.onShown((shown) => {
          for (const listener of this.#listeners) listener(id, shown);
        });
      },
      () => this.#held.delete(id),
    );
    return held;
  }

  /** Closes rooms without connections that nobody has used for `idle` ms. */
  letGo(idle = idleTime): void {
    for (const [id, held] of this.#held) {
      if (held.occupants > 0 || performance.now() - held.lastUsed < idle) continue;
      this.#held.delete(id);
      held.room
        .then(async (room) => {
          await room.settled();
          // A checkpoint that can't be stored makes the next opening slower.
          await room.checkpoint().finally(() => room.destroy());
        })
        .catch((error: unknown) => this.#options.onInternal(error, id));
    }
  }
}
