import type { ParticipantId } from '../../shared/ids.ts';

/** How much longer than its updates took to judge a participant waits: where they were refused, and where they weren't. */
const forRefused = 10;
const forAccepted = 4;
/** What an honest edit takes at the most, ms: it costs nothing. */
const shortEnough = 5;
/** What may be owed before anything waits, and the longest wait, ms. */
const free = 1_000;
const longestWait = 10_000;

/**
 * Holds back a participant whose updates are refused again and again, or take long to judge: a refusal is paid for by
 * everybody in the room, since its head is made anew. Each costs a multiple of the time that it took; what is owed runs off
 * as time passes, and the next update waits for as long as more is owed than is free. So one participant, by however many
 * connections, can't take more than a tenth of the server's time by refused updates, nor a fifth by others.
 */
export class Pace {
  readonly #now: () => number;
  /** Until when each participant pays off what is owed. */
  readonly #until = new Map<ParticipantId, number>();

  /** `now`: a clock that nobody sets, ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** How long the participant's next update is to wait, ms; to be asked again then. */
  wait(participant: ParticipantId): number {
    const until = this.#until.get(participant);
    if (until === undefined) return 0;
    const owed = until - this.#now();
    if (owed <= 0) this.#until.delete(participant);
    return Math.min(longestWait, Math.max(0, owed - free));
  }

  /** Notes an update that took so long to judge, with what its refusal leaves to be done, ms. */
  note(participant: ParticipantId, took: number, refused: boolean): void {
    const cost = refused ? took * forRefused : Math.max(0, took - shortEnough) * forAccepted;
    if (cost === 0) return;
    const now = this.#now();
    this.#until.set(participant, Math.max(now, this.#until.get(participant) ?? 0) + cost);
  }
}
