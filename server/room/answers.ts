import { syncType } from '../../shared/protocol.ts';
import { syncFrame } from './connection.ts';
import type { Room } from './room.ts';
import { wireFrame } from './wire.ts';

/** So many different answers are kept; after a restart most people come back with one and the same state. */
const mostKept = 16;
/** A state vector longer than this is asked too seldom to be worth keeping, bytes. */
const longestKept = 32 * 1024;

/**
 * What a room answers to a sync step 1, for as long as it stands at one entry. When a thousand people come at once, what
 * they are missing is looked for once, framed once, and waits for all of them in the same memory.
 */
export class Answers {
  readonly #room: Room;
  #sequence = -1;
  #step1: Buffer | null = null;
  readonly #step2 = new Map<string, Buffer>();

  constructor(room: Room) {
    this.#room = room;
  }

  /** The frame that asks a client for what the room hasn't got. */
  step1(): Buffer {
    this.#forget();
    this.#step1 ??= wireFrame(syncFrame(syncType.step1, this.#room.stateVector()));
    return this.#step1;
  }

  /** The frame that brings a client with this state vector up to date. Throws for what is no state vector. */
  step2(stateVector: Uint8Array): Buffer {
    this.#forget();
    const key = Buffer.from(stateVector).toString('latin1');
    const found = this.#step2.get(key);
    if (found !== undefined) return found;
    const made = wireFrame(syncFrame(syncType.step2, this.#room.stateFor(stateVector)));
    if (stateVector.length <= longestKept) {
      if (this.#step2.size >= mostKept) this.#step2.clear();
      this.#step2.set(key, made);
    }
    return made;
  }

  #forget(): void {
    if (this.#room.sequence === this.#sequence) return;
    this.#sequence = this.#room.sequence;
    this.#step1 = null;
    this.#step2.clear();
  }
}
