import { computed, signal } from '@preact/signals';
import type { MarkId } from '../../../shared/protocol/ids.ts';
import { type Falling, fallingWithout, type Preview, previewOf } from '../../../shared/text/preview.ts';
import type { DraftingSession } from '../../drafting/session.ts';

/** The most amendments that one command may name. */
const mostAtOnce = 200;

/** An amendment that a decision would leave out, and why. */
export interface LeftOut {
  readonly id: MarkId;
  readonly why: 'amendment-closed' | 'nothing-to-do' | 'too many';
}

/** The last act of a chair on the choice. */
export interface Done {
  readonly words: string;
  /** The amendments that it closed, in the order in which they can be taken back; empty where their clauses are locked. */
  readonly closed: readonly MarkId[];
}

/** The amendments that a person has chosen in a text, and the outcome if they were adopted. */
export class Choice {
  readonly #drafting: DraftingSession;
  readonly ids = signal<ReadonlySet<MarkId>>(new Set());
  /** Whether the bar shows the outcome, or only how many are chosen. */
  readonly open = signal(false);
  /** The control that led to the bar. */
  from: HTMLElement | null = null;
  readonly done = signal<Done | null>(null);

  constructor(drafting: DraftingSession) {
    this.#drafting = drafting;
  }

  /** In the order of the text; only amendments that are still open. */
  readonly standing = computed(() => {
    const ids = this.ids.value;
    return ids.size === 0 ? [] : this.#drafting.amendments.value.filter(({ id }) => ids.has(id));
  });
  /** The chosen amendments that a decision would name. An empty proposed clause has no words to decide on. */
  readonly decided = computed((): readonly MarkId[] =>
    this.standing.value
      .filter(({ struck, inserted }) => struck !== '' || inserted !== '')
      .slice(0, mostAtOnce)
      .map(({ id }) => id),
  );
  readonly leftOut = computed((): readonly LeftOut[] => {
    const [decided, standing] = [new Set(this.decided.value), new Map(this.standing.value.map((one) => [one.id, one]))];
    return [...this.ids.value].flatMap((id): LeftOut[] => {
      if (decided.has(id)) return [];
      const one = standing.get(id);
      if (one === undefined) return [{ id, why: 'amendment-closed' }];
      return [{ id, why: one.struck === '' && one.inserted === '' ? 'nothing-to-do' : 'too many' }];
    });
  });
  readonly preview = computed(
    (): Preview => previewOf(this.#drafting.text.value, this.#drafting.negotiation.value, this.decided.value),
  );
  /** The amendments that would fall if the chosen ones were not adopted. */
  readonly fallingWithout = computed((): readonly Falling[] =>
    fallingWithout(this.#drafting.text.value, this.#drafting.negotiation.value, this.decided.value),
  );

  choose(id: MarkId, on: boolean): void {
    const next = new Set(this.ids.peek());
    if (on) next.add(id);
    else next.delete(id);
    this.set(next);
  }
  set(ids: ReadonlySet<MarkId>): void {
    this.done.value = null;
    this.ids.value = ids;
    if (ids.size === 0) this.open.value = false;
  }
  clear(): void {
    this.set(new Set());
  }
  /** Ends the choice with the act. */
  finish(done: Done): void {
    this.clear();
    this.done.value = done;
  }
}

const choices = new WeakMap<DraftingSession, Choice>();

/** The choice of a drafting session; cards, list and bar share it. */
export function choiceOf(drafting: DraftingSession): Choice {
  const known = choices.get(drafting) ?? new Choice(drafting);
  choices.set(drafting, known);
  return known;
}
