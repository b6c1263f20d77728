import { z } from 'zod';
import type { ClauseId, MarkId } from '../protocol/ids.ts';
import type { Act } from './act.ts';
import type { AmendmentRecord } from './families/amendment/state.ts';
import type { ClauseRecord } from './families/clause/state.ts';
import { clauseRecord, type MarkRecord, type NegotiationState, type StateChange } from './state.ts';

/** The records that events change, on top of a state that stays as it is. */
export class Effects {
  readonly #state: NegotiationState;
  readonly #changed = new Map<string, StateChange>();

  constructor(state: NegotiationState) {
    this.#state = state;
  }

  clause(id: ClauseId): ClauseRecord {
    const changed = this.#changed.get(`clause:${id}`);
    return changed?.of === 'clause' ? changed.value : clauseRecord(this.#state, id);
  }
  mark(id: MarkId): MarkRecord {
    const changed = this.#changed.get(`mark:${id}`);
    const record = changed?.of === 'mark' ? changed.value : this.#state.marks.get(id);
    if (record === undefined) throw new RangeError('the event is about a mark that was never registered');
    return record;
  }
  amendment(id: MarkId): AmendmentRecord {
    const record = this.mark(id);
    if (record.kind !== 'amendment') throw new RangeError('the event is about an amendment, and the mark is none');
    return record;
  }
  set(change: StateChange): void {
    this.#changed.set(`${change.of}:${change.id}`, change);
  }
  /** The whole records as they are now. */
  changes(): readonly StateChange[] {
    return [...this.#changed.values()];
  }
}

/** A kind of event, as the registry knows it: its stored form and the way it changes the state. */
export interface EventKind {
  readonly type: string;
  /** The version of the stored form. Entries of earlier versions are brought to it as they are read (`upcast`). */
  readonly v: number;
  /** The part of the stored form beside `type` and `v`. */
  readonly said: z.ZodType;
  readonly fold: (event: StoredEvent, effects: Effects, act: Act) => void;
  /** Brings a stored event of an earlier version to this form. */
  readonly upcast: (stored: StoredEvent) => unknown;
}

/** An event of whatever kind. */
export interface StoredEvent {
  readonly type: string;
  readonly v: number;
}

type EventOf<Type extends string, Shape extends z.ZodRawShape> = { readonly type: Type; readonly v: number } & z.infer<
  z.ZodObject<Shape>
>;

/**
 * Declares a kind of event. An event says what changed and nothing more: time, actor and party stand in its entry's header.
 */
export function defineEvent<const Type extends string, Shape extends z.ZodRawShape>(kind: {
  readonly type: Type;
  readonly v: number;
  readonly shape: Shape;
  readonly fold: (event: z.infer<z.ZodObject<Shape>>, effects: Effects, act: Act) => void;
  readonly upcast?: (stored: StoredEvent) => unknown;
}): EventKind & { readonly make: (said: z.infer<z.ZodObject<Shape>>) => EventOf<Type, Shape> } {
  const { type, v, shape, fold, upcast } = kind;
  const said = z.object(shape);
  return {
    type,
    v,
    said,
    make: (given) => ({ type, v, ...given }),
    fold: (event, effects, act) => fold(said.parse(event), effects, act),
    upcast: upcast ?? ((stored) => stored),
  };
}
