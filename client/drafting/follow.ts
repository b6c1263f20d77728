/** Longest delay, ms, before the panels show remote edits: many remote edits share one update of the panels. */
const late = 100;

/**
 * Updates the panels beside the text after the paint, so that they never delay a typed letter.
 *
 * Local edits are followed in the next task after the frame that shows them; remote edits after a short delay.
 */
export class Follower {
  readonly #follow: () => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #frame: number | null = null;

  constructor(follow: () => void) {
    this.#follow = follow;
  }

  late(): void {
    this.#timer ??= setTimeout(() => this.now(), late);
  }

  soon(): void {
    // A page in the background gets no animation frames.
    this.late();
    this.#frame ??= requestAnimationFrame(() => {
      this.stop();
      this.#timer = setTimeout(() => this.now());
    });
  }

  now(): void {
    this.stop();
    this.#follow();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#timer = null;
    this.#frame = null;
  }
}
