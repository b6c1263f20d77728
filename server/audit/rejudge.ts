import { z } from 'zod';
import { wordsOf } from '../../shared/amendment.ts';
import { type Hand, permit } from '../../shared/authority.ts';
import { type Clause, sameText } from '../../shared/clause.ts';
import { type Disposal, rewritten, takeOut } from '../../shared/dispose.ts';
import type { MarkId, PartyCode } from '../../shared/ids.ts';
import { type Ledger, type LedgerChange, LiveLedger } from '../../shared/ledger.ts';
import type { Party } from '../../shared/meeting.ts';
import { openParents } from '../../shared/ownership.ts';
import { Command, decide, type Situation } from '../../shared/procedure.ts';
import type { Deed, Header } from '../room/header.ts';
import { permit as permitOne } from './ruleset1/authority.ts';
import { Command as CommandOne, decide as decideOne } from './ruleset1/procedure.ts';

/** What an entry found, and what it left. */
export interface Effect {
  readonly sequence: number;
  readonly before: readonly Clause[];
  readonly after: readonly Clause[];
  /** The ledger before the entry. */
  readonly ledger: Ledger;
}

/** What differs between the rules that were in force at one time and another. */
interface Ruleset {
  /** Judges an edit, with what its entry records. */
  readonly typing: (edit: Effect & { readonly changes: readonly LedgerChange[] }, hand: Hand) => void;
  /** What a stored command decides; throws for one that this ruleset doesn't know. */
  readonly decide: (
    situation: Situation,
    command: Deed,
    by: Parameters<typeof decide>[2],
    at: number,
  ) => Pick<Disposal, 'rewrites'> & { readonly changes: readonly LedgerChange[] };
}

/** Rules in force, by their number. One that changed keeps its earlier form for as long as records need it. */
const rulesets: ReadonlyMap<number, Ruleset> = new Map([
  [
    1,
    {
      typing: (edit, hand) => permitOne(edit, hand, edit.ledger),
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

function rejudgeTyping({ by, onBehalfOf, changes }: Header, effect: Effect, rules: Ruleset): void {
  const { before, after, ledger } = effect;
  if (sameText(before, after) && changes.length === 0) return;
  if ('administrator' in by) throw new Error('it is typed by somebody who takes no part');
  const hand = handOf(by.role, by.party, onBehalfOf);
  if (hand === null) throw new Error('it is typed by somebody who may not write');
  rules.typing({ ...effect, changes }, hand);
  for (const change of changes) {
    if (change.of === 'client' && change.value.participant !== by.participant)
      throw new Error('it gives a client to somebody else');
    if (change.of !== 'mark' || ledger.marks.has(change.id)) continue;
    const { value } = change;
    if (!('proposesFor' in hand) || value.party !== hand.proposesFor || value.participant !== by.participant)
      throw new Error('it enters a mark in the name of somebody else');
    if (value.typedBy !== by.name) throw new Error('it enters a mark under another name');
  }
}

/**
 * An edit that takes the last words of an amendment away may end what was made to it: those words were others', and are
 * no part of what the edit may be judged by. So they are taken out before, and it is asked whether they had to go.
 */
function judgeTyping(
  { before, after, ledger, changes }: Effect & { readonly changes: readonly LedgerChange[] },
  hand: Hand,
): void {
  const ended = new Map<MarkId, 'withdrawn' | 'fallen'>();
  for (const change of changes) {
    if (change.of !== 'mark') continue;
    const was = ledger.marks.get(change.id);
    const { value } = change;
    if (was === undefined) {
      if (value.state !== 'open') throw new Error('it enters a mark that is closed');
      continue;
    }
    if (was.kind !== 'amendment' || value.kind !== 'amendment' || was.state !== 'open')
      throw new Error('it changes a mark that is none of its own');
    if (value.state === 'withdrawn' || value.state === 'fallen') ended.set(change.id, value.state);
    else if (!onlyAsksAgain(was, value)) throw new Error('it changes the record of an amendment');
  }
  const fallen = new Set([...ended].filter(([, state]) => state === 'fallen').map(([id]) => id));
  const parents = openParents(before, ledger);
  for (const [id, state] of ended) {
    const { struck, inserted } = wordsOf(after, id);
    if (struck !== '' || inserted !== '') throw new Error('it closes an amendment that stands');
    const record = ledger.marks.get(id);
    if (state === 'withdrawn') {
      if (!('proposesFor' in hand) || record?.party !== hand.proposesFor)
        throw new Error("it withdraws another party's amendment");
      continue;
    }
    let next = parents.get(id) ?? null;
    while (next !== null && ended.get(next) !== 'withdrawn') next = parents.get(next) ?? null;
    // Without a parent that was withdrawn, it lost nothing but what it struck.
    if (next === null && wordsOf(before, id).inserted !== '') throw new Error('it takes the words of another party');
  }
  const without = fallen.size === 0 ? before : rewritten(before, takeOut(before, fallen, ledger).rewrites);
  const judged = new LiveLedger(ledger);
  for (const id of fallen) judged.marks.delete(id);
  permit({ before: without, after }, hand, judged);
}

/** Whether nothing changed but that sponsors are asked anew. */
function onlyAsksAgain(was: object, is: object): boolean {
  const bare = (record: object): string => JSON.stringify(sorted({ ...record, sponsors: [] }));
  return bare(was) === bare(is);
}

function handOf(role: string, party: PartyCode | null, onBehalfOf: PartyCode | null): Hand | null {
  if (role === 'delegate' && party !== null) return { proposesFor: party };
  if (role === 'rapporteur') return onBehalfOf === null ? { edits: 'base' } : { proposesFor: onBehalfOf };
  return null;
}

/** Whether a party was in the meeting at that time is in the meeting's own log, and not judged here. */
class AnyParty extends Map<PartyCode, Party> {
  override has(): boolean {
    return true;
  }
}

function rejudgeDecision(header: Header, { before, after, ledger }: Effect, rules: Ruleset): void {
  const { by, at, changes, command } = header;
  if ('administrator' in by) throw new Error('it is decided by somebody who takes no part');
  const situation = { text: before, ledger, meeting: { parties: new AnyParty(), drafting: true } };
  const decision = rules.decide(situation, command, by, at);
  if (JSON.stringify(sorted(decision.changes)) !== JSON.stringify(sorted(changes)))
    throw new Error('it records something else than what was decided');
  if (!sameText(rewritten(before, decision.rewrites), after))
    throw new Error('it leaves another text than what was decided');
}

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
