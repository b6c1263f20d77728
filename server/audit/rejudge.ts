import { z } from 'zod';
import type { Party } from '../../shared/meeting/meeting.ts';
import type { Principal } from '../../shared/meeting/principal.ts';
import type { Situation } from '../../shared/negotiation/command.ts';
import { type Consequences, consequencesOf, permitLeft } from '../../shared/negotiation/consequences.ts';
import type { Header } from '../../shared/negotiation/entry.ts';
import type { StoredEvent } from '../../shared/negotiation/event.ts';
import { effectsOf } from '../../shared/negotiation/events.ts';
import { amendmentsClosed, markRegistered } from '../../shared/negotiation/families/amendment/events.ts';
import { clientBound } from '../../shared/negotiation/families/authorship/events.ts';
import { openStatus } from '../../shared/negotiation/families/status/state.ts';
import { metadataKey } from '../../shared/negotiation/metadata.ts';
import { decide, parseCommand } from '../../shared/negotiation/registry.ts';
import type { NegotiationState, StateChange } from '../../shared/negotiation/state.ts';
import type { PartyCode } from '../../shared/protocol/ids.ts';
import type { Capacity, Change } from '../../shared/text/authority.ts';
import { type Clause, sameText } from '../../shared/text/clause.ts';
import { operated } from '../../shared/text/operations.ts';
import { permit as permitOne } from './ruleset1/authority.ts';
import { rewritten } from './ruleset1/dispose.ts';
import { Command as CommandOne, decide as decideOne } from './ruleset1/procedure.ts';

/** The state before an entry, and the state after it. */
export interface Effect {
  readonly sequence: number;
  readonly before: readonly Clause[];
  readonly after: readonly Clause[];
  /** The negotiation state before the entry. */
  readonly negotiation: NegotiationState;
}

type Typed = Effect & { readonly changes: readonly StateChange[] };

/** The parts of the rules that differ between rulesets. */
interface Ruleset {
  /** Judges an edit, with the records that its entry changed. */
  readonly typing: (edit: Typed, capacity: Capacity, header: Header) => void;
  /** The text and the records after a stored command; throws for a command that this ruleset doesn't know. */
  readonly decide: (
    situation: Situation,
    header: Header,
    by: Principal,
  ) => { readonly text: readonly Clause[]; readonly changes: readonly StateChange[] };
}

/** Rulesets by their number. A changed rule keeps its earlier form for as long as logs need it. */
const rulesets: ReadonlyMap<number, Ruleset> = new Map<number, Ruleset>([
  [
    1,
    {
      typing: judgeTypingOne,
      decide: (situation, { command, at }, by) => {
        const { rewrites, changes } = decideOne(situation, CommandOne.parse(command), by, at);
        return { text: rewritten(situation.text, rewrites), changes };
      },
    },
  ],
  [2, { typing: judgeTyping, decide: (situation, header, by) => decideAs(situation, header, by, withoutPlaces) }],
  [3, { typing: judgeTyping, decide: (situation, header, by) => decideAs(situation, header, by) }],
]);

function decideAs(
  situation: Situation,
  header: Header,
  by: Principal,
  form: (event: StoredEvent) => StoredEvent = (event) => event,
): ReturnType<Ruleset['decide']> {
  const { operations, events: decided } = decide(situation, parseCommand(header.command), by);
  const events = decided.map(form);
  assertSaid(header, events);
  return {
    text: operated(situation.text, operations),
    changes: effectsOf(events, header, situation.negotiation),
  };
}

const Closing = z.looseObject({ amendments: z.array(z.looseObject({ places: z.unknown().optional() })) });

/** Ruleset 2 did not record where the words of a closed amendment stood. */
function withoutPlaces(event: StoredEvent): StoredEvent {
  if (event.type !== amendmentsClosed.type) return event;
  const { amendments, ...rest } = Closing.parse(event);
  return { ...event, ...rest, ...{ amendments: amendments.map(({ places: _, ...one }) => one) } };
}

/** Where an entry holds events, they are exactly those that follow. */
function assertSaid({ recorded }: Header, events: readonly StoredEvent[]): void {
  if ('events' in recorded && !same(recorded.events, events))
    throw new Error('it records something else than what happened');
}

/**
 * Judges an entry again as the room judged it, by the rules that were in force then: its actor must have had the right
 * to the act. A chain that an attacker computed anew passes the hash check; words attributed to another author don't
 * pass this one. `changes`: the records that the entry changed.
 *
 * Throws an `Error` that says what is wrong, or the `ConcordError` of the rule that the entry breaks.
 */
export function rejudge(header: Header, effect: Effect, changes: readonly StateChange[]): void {
  const { command } = header;
  const rules = rulesets.get(header.ruleset);
  if (rules === undefined)
    throw new Error(`it was made under rules that this version does not know (${header.ruleset})`);
  if (command.type === 'create') {
    if (effect.sequence !== 1) throw new Error('it brings a text in where there is one');
  } else if (command.type === 'typing') rejudgeTyping(header, { ...effect, changes }, rules);
  else rejudgeDecision(header, { ...effect, changes }, rules);
}

function rejudgeTyping(header: Header, effect: Typed, rules: Ruleset): void {
  const { before, after, negotiation, changes } = effect;
  const { actor, onBehalfOf } = header;
  if (sameText(before, after) && changes.length === 0) return;
  if (!('role' in actor)) throw new Error('it is typed by somebody who takes no part');
  const capacity = capacityOf(actor.role, actor.party, onBehalfOf);
  if (capacity === null) throw new Error('it is typed by somebody who may not write');
  rules.typing(effect, capacity, header);
  for (const change of changes) {
    if (
      change.of === 'client' &&
      (change.value.participant !== actor.participant || negotiation.clients.has(change.id))
    )
      throw new Error('it gives a client to somebody else');
    if (change.of !== 'mark' || negotiation.marks.has(change.id)) continue;
    const { value } = change;
    if (!('proposesFor' in capacity) || value.party !== capacity.proposesFor || value.participant !== actor.participant)
      throw new Error('it enters a mark in the name of somebody else');
    if (value.typedBy !== actor.name) throw new Error('it enters a mark under another name');
  }
}

/** An edit is judged by its outcome, and records exactly the consequences of it. */
function judgeTyping({ before, after, negotiation, changes }: Typed, capacity: Capacity, header: Header): void {
  const found = consequencesAsRecorded({ before, after }, capacity, negotiation, header);
  if (found.operations.length > 0) throw new Error('it leaves words of what it ended');
  const { recorded } = header;
  if ('events' in recorded) {
    const said = recorded.events.filter(({ type }) => type !== clientBound.type);
    if (!same(said, found.events)) throw new Error('it records something else than what was typed');
  }
  const followed = effectsOf(found.events, header, negotiation);
  if (!same(byRecord(followed), byRecord(changes.filter(({ of }) => of !== 'client'))))
    throw new Error('it records something else than what was typed');
  permitLeft({ before, after }, found.fallen, capacity, negotiation);
}

/**
 * The consequences of an edit. Up to 0.2.0 amendments were registered without a number; a number in a record ends that,
 * since those without one are numbered before all others.
 */
function consequencesAsRecorded(
  change: Change,
  capacity: Capacity,
  negotiation: NegotiationState,
  { recorded }: Header,
): Consequences {
  const found = consequencesOf(change, capacity, negotiation);
  const isNumbered = (events: readonly StoredEvent[]): boolean =>
    events.some((event) => event.type === markRegistered.type && 'number' in event);
  if (!('events' in recorded) || !isNumbered(found.events) || isNumbered(recorded.events)) return found;
  for (const record of negotiation.marks.values())
    if (record.kind === 'amendment' && record.number !== undefined)
      throw new Error('it registers an amendment without its number');
  return {
    ...found,
    events: found.events.map((event) => {
      const { number: _, ...earlier } = { number: null, ...event };
      return event.type === markRegistered.type ? earlier : event;
    }),
  };
}

/** Ruleset 1 had neither parents nor consequences: an edit registered its new marks, and changed no record. */
function judgeTypingOne({ before, after, negotiation, changes }: Typed, capacity: Capacity): void {
  permitOne({ before, after }, capacity, negotiation);
  const sponsors = 'proposesFor' in capacity ? [capacity.proposesFor] : [];
  for (const change of changes) {
    if (change.of === 'client') continue;
    if (change.of === 'clause') {
      if (negotiation.clauses.has(change.id) || !same(change.value, { sponsors, status: openStatus }))
        throw new Error('it changes the record of a clause');
      continue;
    }
    const { value } = change;
    if (negotiation.marks.has(change.id) || value.state !== 'open' || value.closed !== undefined)
      throw new Error('it changes the record of a mark');
    if (
      value.kind === 'amendment' &&
      (value.sponsors.length > 0 || 'parent' in value || 'clauses' in value || 'number' in value)
    )
      throw new Error('it enters an amendment with what only later rules know');
  }
}

function capacityOf(role: string, party: PartyCode | null, onBehalfOf: PartyCode | null): Capacity | null {
  if (role === 'delegate' && party !== null) return onBehalfOf === null ? { proposesFor: party } : null;
  if (role === 'rapporteur') return onBehalfOf === null ? { edits: 'base' } : { proposesFor: onBehalfOf };
  return null;
}

/** Parties and their membership are in the meeting's own log, and not judged here. */
class AnyParty extends Map<PartyCode, Party> {
  override has(): boolean {
    return true;
  }
}

function rejudgeDecision(header: Header, { before, after, negotiation, changes }: Typed, rules: Ruleset): void {
  const { actor } = header;
  if (!('role' in actor)) throw new Error('it is decided by somebody who takes no part');
  const situation = { text: before, negotiation, meeting: { parties: new AnyParty(), drafting: true } };
  const decided = rules.decide(situation, header, actor);
  if (!same(byRecord(decided.changes), byRecord(changes)))
    throw new Error('it records something else than what was decided');
  if (!sameText(decided.text, after)) throw new Error('it leaves another text than what was decided');
}

/** Changes in the order of their records: each occurs once, and the order in which they were found has no meaning. */
const byRecord = (changes: readonly StateChange[]): readonly StateChange[] =>
  [...changes].sort((one, other) => (metadataKey(one) < metadataKey(other) ? -1 : 1));

/** Whether two values are the same JSON, whatever the order of keys. */
const same = (one: unknown, other: unknown): boolean => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));

/** A value of JSON with the keys of its objects in order. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  const object = z.record(z.string(), z.unknown()).safeParse(value);
  if (!object.success) return value;
  return Object.fromEntries(
    Object.entries(object.data)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
