/** Time, ms, for which a button that came under a resting pointer doesn't count: long enough to notice the change. */
const settlingTime = 1000;

interface Seen<Button> {
  /** The button under the pointer, if one is. */
  readonly button: Button | null;
  readonly x: number;
  readonly y: number;
  /** Milliseconds. */
  readonly at: number;
}

/**
 * Whether a button stood still while somebody aimed at it.
 *
 * A decision removes its card, and the next one moves up: the second click of a double-click would decide that one. So
 * a press counts where the pointer moved to the button, or the button has been under it for a while.
 */
export class Aim<Button extends object> {
  readonly #covers: (button: Button, x: number, y: number) => boolean;
  readonly #cameAt = new WeakMap<Button, number>();
  #last: Seen<Button> | null = null;

  /** `covers`: whether a button lies under a place now. */
  constructor(covers: (button: Button, x: number, y: number) => boolean) {
    this.#covers = covers;
  }

  /** The pointer is somewhere. `touch`: a finger, whose place is unknown between two touches. */
  notice(seen: Seen<Button>, touch: boolean): void {
    const last = this.#last;
    this.#last = seen;
    if (last === null || seen.button === last.button) return;
    const { button } = seen;
    // After a while, a finger that touches the same place has aimed again.
    const soon = !touch || seen.at - last.at < settlingTime;
    if (button !== null && soon && this.#covers(button, last.x, last.y)) this.#cameAt.set(button, seen.at);
    // A pointer that left and comes back has moved to the button.
    if (last.button !== null && !this.#covers(last.button, seen.x, seen.y)) this.#cameAt.delete(last.button);
  }

  isMeant(button: Button, at: number): boolean {
    return at - (this.#cameAt.get(button) ?? Number.NEGATIVE_INFINITY) >= settlingTime;
  }
}

const aim = new Aim<Element>((button, x, y) => {
  const { left, right, top, bottom } = button.getBoundingClientRect();
  return left <= x && x <= right && top <= y && y <= bottom;
});

/** Follows the pointer over buttons that are marked `data-decides`. */
export function followPointer(): void {
  const notice = ({ target, clientX: x, clientY: y, pointerType }: PointerEvent): void => {
    const button = target instanceof Element ? target.closest('[data-decides]') : null;
    aim.notice({ button, x, y, at: performance.now() }, pointerType === 'touch');
  };
  for (const type of ['pointerover', 'pointermove', 'pointerdown', 'pointerup'] as const)
    document.addEventListener(type, notice, { capture: true, passive: true });
}

/**
 * Whether a click on a button that is marked `data-decides` is meant for it. A click by keyboard has no detail, and
 * always is.
 */
export const isMeant = ({ detail, currentTarget }: MouseEvent): boolean =>
  detail === 0 || !(currentTarget instanceof Element) || aim.isMeant(currentTarget, performance.now());
