import { ConcordError } from '../../shared/protocol/errors.ts';
import type { RecommendationId } from '../../shared/protocol/ids.ts';
import { type Progress, progressOf } from '../../shared/text/amendment.ts';
import type { Rooms } from '../room/rooms.ts';

/** The progress of each recommendation, counted once in full and then at every entry. */
export class Progresses {
  readonly #rooms: Rooms;
  readonly #known = new Map<RecommendationId, Progress>();
  readonly #listeners = new Set<(recommendation: RecommendationId, progress: Progress) => void>();
  readonly #due = new Set<RecommendationId>();

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
    rooms.onShown((recommendation) => this.#recount(recommendation));
    rooms.onElsewhere((recommendation) => {
      // No screen shows the counts of a text that was never counted.
      if (this.#known.has(recommendation) && this.#listeners.size > 0) this.#recount(recommendation);
      else this.#known.delete(recommendation);
    });
  }

  /** Null for a text that this version can't open. */
  async of(recommendation: RecommendationId): Promise<Progress | null> {
    const known = this.#known.get(recommendation);
    if (known !== undefined) return known;
    const room = await this.#rooms.room(recommendation).catch((error: unknown) => {
      if (error instanceof ConcordError && error.code === 'record-newer') return null;
      throw error;
    });
    if (room === null) return null;
    const progress = progressOf(room.text(), room.negotiation);
    this.#known.set(recommendation, progress);
    return progress;
  }

  onChange(listener: (recommendation: RecommendationId, progress: Progress) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Counts change seldom and people read them: four updates a second are enough, at any rate of edits. */
  #recount(recommendation: RecommendationId): void {
    if (this.#due.has(recommendation)) return;
    this.#due.add(recommendation);
    setTimeout(() => {
      this.#due.delete(recommendation);
      void this.#count(recommendation);
    }, 250).unref();
  }

  async #count(recommendation: RecommendationId): Promise<void> {
    const before = this.#known.get(recommendation);
    this.#known.delete(recommendation);
    const after = await this.of(recommendation).catch(() => null);
    if (after === null || JSON.stringify(before) === JSON.stringify(after)) return;
    for (const listener of this.#listeners) listener(recommendation, after);
  }
}
