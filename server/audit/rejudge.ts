import { z } from 'zod';
import type { Party } from '../../shared/meeting/meeting.ts';
import type { Principal } from '../../shared/meeting/principal.ts';
import { consequencesOf, permitLeft } from '../../shared/negotiation/consequences.ts';
import type { EntryAction, Header } from '../../shared/negotiation/entry.ts';
import { Command, decide, type Situation } from '../../shared/negotiation/procedure.ts';
import { type NegotiationState, openStatus, type StateChange } from '../../shared/negotiation/state.ts';
import type { PartyCode } from '../../shared/protocol/ids.ts';
import type { Capacity } from '../../shared/text/authority.ts';
import { type Clause, sameText } from '../../shared/text/clause.ts';
import { type Resolved, rewritten } from '../../shared/text/resolve.ts';
import { permit as permitOne } from './ruleset1/authority.ts';
import { Command as CommandOne, decide as decideOne } from './ruleset1/procedure.ts';

/** What an entry found, and what it left. */
export interface Effect {
  readonly sequence: number;
  readonly before: readonly Clause[];
  readonly after: readonly Clause[];
  /** The ledger before the entry. */
  readonly negotiation: NegotiationState;
}

type Typed = Effect & { readonly changes: readonly StateChange[] };

/** What differs between the rules that were in force at one time and another. */
interface Ruleset {
  /** Judges an edit, with what its entry records. */
  readonly typing: (edit: Typed, capacity: Capacity, by: Principal, at: number) => void;
  /** What a stored command decides; throws for one that this ruleset doesn't know. */
  readonly decide: (
    situation: Situation,
    command: EntryAction,
    by: Parameters<typeof decide>[2],
    at: number,
  ) => Pick<Resolved, 'rewrites'> & { readonly changes: readonly StateChange[] };
}

/** Rules in force, by their number. One that changed keeps its earlier form for as long as records need it. */
const rulesets: ReadonlyMap<number, Ruleset> = new Map([
  [
    1,
    {
      typing: judgeTypingOne,
      decide: (situation, command, by, at) => decideOne(situation, CommandOne.parse(command), by, at),
    },
  ],
  [
    2,
    {
      typing: judgeTyping,
      decide: (situation, command, by, at) => decide(situation, Command.parse(command), by, at),
    },
  ],
]);

/**
 * Judges an entry again as the room judged it, by the rules that were in force then: whoever it names must have been
 * allowed to do what it did. A chain that somebody sealed anew holds; words put into another's mouth don't.
 *
 * Throws an `Error` that says what is wrong, or the `ConcordError` of the rule that the entry breaks.
 */
export function rejudge(header: Header, effect: Effect): void {
  const { command } = header;
  const rules = rulesets.get(header.ruleset);
  if (rules === undefined)
    throw new Error(`it was made under rules that this version does not know (${header.ruleset})`);
  if (command.type === 'create') {
    if (effect.sequence !== 1) throw new Error('it brings a text in where there is one');
  } else if (command.type === 'typing') rejudgeTyping(header, effect, rules);
  else rejudgeDecision(header, effect, rules);
}

function rejudgeTyping({ by, at, onBehalfOf, changes }: Header, effect: Effect, rules: Ruleset): void {
  const { before, after, negotiation } = effect;
  if (sameText(before, after) && changes.length === 0) return;
  if ('administrator' in by) throw new Error('it is typed by somebody who takes no part');
  const capacity = capacityOf(by.role, by.party, onBehalfOf);
  if (capacity === null) throw new Error('it is typed by somebody who may not write');
  rules.typing({ ...effect, changes }, capacity, by, at);
  for (const change of changes) {
    if (change.of === 'client' && (change.value.participant !== by.participant || negotiation.clients.has(change.id)))
      throw new Error('it gives a client to somebody else');
    if (change.of !== 'mark' || negotiation.marks.has(change.id)) continue;
    const { value } = change;
    if (!('proposesFor' in capacity) || value.party !== capacity.proposesFor || value.participant !== by.participant)
      throw new Error('it enters a mark in the name of somebody else');
    if (value.typedBy !== by.name) throw new Error('it enters a mark under another name');
  }
}

/** An edit is judged by what it left, and records exactly what follows from it. */
function judgeTyping(
  { before, after, negotiation, changes }: Typed,
  capacity: Capacity,
  by: Principal,
  at: number,
): void {
  const found = consequencesOf({ before, after }, capacity, by, negotiation, at);
  if (found.rewrites.length > 0) throw new Error('it leaves words of what it ended');
  if (
    !same(
      found.changes,
      changes.filter(({ of }) => of !== 'client'),
    )
  )
    throw new Error('it records something else than what was typed');
  permitLeft({ before, after }, found.fallen, capacity, negotiation);
}

/** Ruleset 1 knew neither parents nor consequences: an edit entered what it made, and changed no record. */
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
    if (value.kind === 'amendment' && (value.sponsors.length > 0 || 'parent' in value || 'clauses' in value))
      throw new Error('it enters an amendment with what only later rules know');
  }
}

function capacityOf(role: string, party: PartyCode | null, onBehalfOf: PartyCode | null): Capacity | null {
  if (role === 'delegate' && party !== null) return onBehalfOf === null ? { proposesFor: party } : null;
  if (role === 'rapporteur') return onBehalfOf === null ? { edits: 'base' } : { proposesFor: onBehalfOf };
  return null;
}

/** Whether a party was in the meeting at that time is in the meeting's own log, and not judged here. */
class AnyParty extends Map<PartyCode, Party> {
  override has(): boolean {
    return true;
  }
}

function rejudgeDecision(header: Header, { before, after, negotiation }: Effect, rules: Ruleset): void {
  const { by, at, changes, command } = header;
  if ('administrator' in by) throw new Error('it is decided by somebody who takes no part');
  const situation = { text: before, negotiation, meeting: { parties: new AnyParty(), drafting: true } };
  const decision = rules.decide(situation, command, by, at);
  if (!same(decision.changes, changes)) throw new Error('it records something else than what was decided');
  if (!sameText(rewritten(before, decision.rewrites), after))
    throw new Error('it leaves another text than what was decided');
}

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
