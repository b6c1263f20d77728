import type { AccountId } from '../../shared/protocol/ids.ts';
import { syncType } from '../../shared/protocol/wire.ts';
import type { Room } from '../room/room.ts';
import type { Turns } from '../runtime/turns.ts';
import { knownPart, readStateVector, type StateVector } from '../yjs/stateVector.ts';
import { syncFrame } from './connection.ts';
import { wireFrame } from './frame.ts';

/** Number of answers that are kept; after a restart most clients come back with the same state. */
const mostKept = 16;
/** A state vector longer than this, bytes, is asked too seldom to be worth keeping. */
const longestKept = 32 * 1024;
/**
 * Clients that a state vector may name beside those of the room. A document has those of its room and a few of its own;
 * a room restored from a backup may know fewer than there were.
 */
const mostStrangers = 5000;

/** The frames of an answer: the update that the client is missing, and the question for the room's missing part. */
export interface Answer {
  readonly step1: Buffer;
  readonly step2: Buffer;
}

/**
 * A room's answers to sync step 1, for as long as it stands at one entry. When a thousand people come at once, their
 * update is encoded once, framed once, and waits for all of them in the same memory. Answers for a single client are
 * made in turns: one account gets a few at once.
 */
export class Answers {
  readonly #room: Room;
  readonly #turns: Turns;
  #sequence = -1;
  readonly #kept = new Map<string, Promise<Answer>>();

  constructor(room: Room, turns: Turns) {
    this.#room = room;
    this.#turns = turns;
  }

  /** Reads a state vector. Throws `malformed-message` for anything else. */
  read(bytes: Uint8Array): StateVector {
    return readStateVector(bytes, this.#room.clients + mostStrangers);
  }

  /**
   * Gives the answer when all of it is on disk; `write` resolves when its reader has taken it. Throws
   * `too-many-requests` where too many answers wait for the same account.
   */
  async give(vector: StateVector, whose: AccountId, write: (answer: Answer) => Promise<void>): Promise<void> {
    const known = this.#find(this.#key(vector));
    if (known !== undefined) return write(await known);
    const turn = await this.#turns.take(whose);
    try {
      // Another reader's request may have made it meanwhile.
      const key = this.#key(vector);
      await write(await (this.#find(key) ?? this.#make(key, (work) => turn.hold(work))));
    } finally {
      turn.end();
    }
  }

  #key(vector: StateVector): Uint8Array {
    return knownPart(vector, (client) => this.#room.clock(client));
  }

  #find(vector: Uint8Array): Promise<Answer> | undefined {
    if (this.#room.sequence !== this.#sequence) {
      this.#sequence = this.#room.sequence;
      this.#kept.clear();
    }
    return this.#kept.get(Buffer.from(vector).toString('latin1'));
  }

  #make(vector: Uint8Array, hold: <T>(work: () => T) => T): Promise<Answer> {
    const key = Buffer.from(vector).toString('latin1');
    const made = hold(() => this.#room.stateOnDisk(vector)).then((state) => ({
      step1: wireFrame(syncFrame(syncType.step1, state.stateVector)),
      step2: wireFrame(syncFrame(syncType.step2, state.update)),
    }));
    if (vector.length <= longestKept) {
      if (this.#kept.size >= mostKept) this.#kept.clear();
      this.#kept.set(key, made);
      // The next reader's request tries a failed answer anew; those that waited for it get the failure.
      made.catch(() => this.#kept.delete(key));
    }
    return made;
  }
}
