import { type Hand, permit } from '../../shared/authority.ts';
import { type Clause, joinRuns, sameText } from '../../shared/clause.ts';
import type { PartyCode } from '../../shared/ids.ts';
import type { Ledger } from '../../shared/ledger.ts';
import type { Party } from '../../shared/meeting.ts';
import { type Command, decide } from '../../shared/procedure.ts';
import type { Header } from '../room/header.ts';

/** What an entry found, and what it left. */
export interface Effect {
  readonly sequence: number;
  readonly before: readonly Clause[];
  readonly after: readonly Clause[];
  /** The ledger before the entry. */
  readonly ledger: Ledger;
}

/**
 * Judges an entry again as the room judged it: whoever it names must have been allowed to do what it did. A chain that
 * somebody sealed anew holds; words put into another's mouth don't.
 *
 * Throws an `Error` that says what is wrong, or the `ConcordError` of the rule that the entry breaks.
 */
export function rejudge(header: Header, effect: Effect): void {
  const { command } = header;
  if (command.type === 'create') {
    if (effect.sequence !== 1) throw new Error('it brings a text in where there is one');
  } else if (command.type === 'typing') rejudgeTyping(header, effect);
  else rejudgeDecision(header, command, effect);
}

function rejudgeTyping({ by, onBehalfOf, changes }: Header, { before, after, ledger }: Effect): void {
  if (sameText(before, after) && changes.length === 0) return;
  if ('administrator' in by) throw new Error('it is typed by somebody who takes no part');
  const hand = handOf(by.role, by.party, onBehalfOf);
  if (hand === null) throw new Error('it is typed by somebody who may not write');
  permit({ before, after }, hand, ledger);
  for (const change of changes) {
    if (change.of === 'client' && change.value.participant !== by.participant)
      throw new Error('it gives a client to somebody else');
    if (change.of !== 'mark') continue;
    const { value } = change;
    if (!('proposesFor' in hand) || value.party !== hand.proposesFor || value.participant !== by.participant)
      throw new Error('it enters a mark in the name of somebody else');
    if (value.typedBy !== by.name) throw new Error('it enters a mark under another name');
  }
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

function rejudgeDecision(header: Header, command: Command, { before, after, ledger }: Effect): void {
  const { by, at, changes } = header;
  if ('administrator' in by) throw new Error('it is decided by somebody who takes no part');
  const decision = decide(
    { text: before, ledger, meeting: { parties: new AnyParty(), drafting: true } },
    command,
    by,
    at,
  );
  if (JSON.stringify(decision.changes) !== JSON.stringify(changes))
    throw new Error('it records something else than what was decided');
  const rewrites = new Map(decision.rewrites.map((rewrite) => [rewrite.clause.id, rewrite]));
  const expected = before.flatMap((clause): Clause[] => {
    const rewrite = rewrites.get(clause.id);
    if (rewrite === undefined) return [clause];
    if (rewrite.remove) return [];
    const runs = clause.runs.flatMap(({ text }, index) => {
      const marks = rewrite.kept[index];
      return marks === null || marks === undefined ? [] : [{ text, marks }];
    });
    return [{ ...clause, insertion: rewrite.insertion, runs: joinRuns(runs) }];
  });
  if (!sameText(expected, after)) throw new Error('it leaves another text than what was decided');
}
