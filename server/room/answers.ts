import { syncType } from '../../shared/protocol.ts';
import { syncFrame } from './connection.ts';
import type { Room } from './room.ts';
import { wireFrame } from './wire.ts';

/** So many different answers are kept; after a restart most people come back with one and the same state. */
const mostKept = 16;
/** A state vector longer than this is asked too seldom to be worth keeping, bytes. */
const longestKept = 32 * 1024;

/** The frames of an answer: what the client is missing, and the question what the room hasn't got. */
interface Answer {
  readonly step1: Buffer;
  readonly step2: Buffer;
}

/**
 * What a room answers to a sync step 1, for as long as it stands at one entry. When a thousand people come at once, what
 * they are missing is looked for once, framed once, and waits for all of them in the same memory.
 */
export class Answers {
  readonly #room: Room;
  #sequence = -1;
  readonly #kept = new Map<string, Promise<Answer>>();

  constructor(room: Room) {
    this.#room = room;
  }

  /** Resolves when all that is in it is on disk. */
  to(stateVector: Uint8Array): Promise<Answer> {
    if (this.#room.sequence !== this.#sequence) {
      this.#sequence = this.#room.sequence;
      this.#kept.clear();
    }
    const key = Buffer.from(stateVector).toString('latin1');
    const found = this.#kept.get(key);
    if (found !== undefined) return found;
    const made = this.#room.stateOnDisk(stateVector).then((state) => ({
      step1: wireFrame(syncFrame(syncType.step1, state.stateVector)),
      step2: wireFrame(syncFrame(syncType.step2, state.update)),
    }));
    if (stateVector.length <= longestKept) {
      if (this.#kept.size >= mostKept) this.#kept.clear();
      this.#kept.set(key, made);
      // What failed is tried anew by the next who asks; whoever asked first is told.
      made.catch(() => this.#kept.delete(key));
    }
    return made;
  }
}
