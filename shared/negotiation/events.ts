import { ConcordError } from '../protocol/errors.ts';
import type { Act } from './act.ts';
import { Effects, type EventKind, type StoredEvent } from './event.ts';
import { families } from './families/families.ts';
import type { NegotiationState, StateChange } from './state.ts';

const kinds: ReadonlyMap<string, EventKind> = new Map(
  families.flatMap(({ events }) => events.map((kind): [string, EventKind] => [kind.type, kind])),
);

function kindOf({ type, v }: StoredEvent): EventKind {
  const kind = kinds.get(type);
  // A later version wrote it: nobody may go on with a document that is only half understood.
  if (kind === undefined || v > kind.v) throw new ConcordError('record-newer', { field: `${type}, ${v}` });
  return kind;
}

/**
 * Events as they were stored, in the newest form. Throws `record-newer` for one that a later version wrote, and a
 * `ZodError` for one that no version did.
 */
export const readEvents = (stored: readonly StoredEvent[]): readonly StoredEvent[] =>
  stored.map((event) => {
    const kind = kindOf(event);
    const newest = event.v === kind.v ? event : kind.upcast(event);
    const said = kind.said.parse(newest);
    return { ...(typeof said === 'object' ? said : {}), type: kind.type, v: kind.v };
  });

/** The records that events of one act change. Throws a `RangeError` for an event about something that isn't there. */
export function effectsOf(events: readonly StoredEvent[], act: Act, state: NegotiationState): readonly StateChange[] {
  const effects = new Effects(state);
  for (const event of events) kindOf(event).fold(event, effects, act);
  return effects.changes();
}
