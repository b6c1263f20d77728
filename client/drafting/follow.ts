/** What others do is shown beside the text this much later at most, ms: many of their letters at once. */
const late = 100;

/**
 * Lets what stands beside the text follow it: after the paint, so that no letter waits for it.
 *
 * What the person did here is followed in the next task after the frame that shows it; what others did, a moment later.
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
    // A page in the background has no frames.
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
