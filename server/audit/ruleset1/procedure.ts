/** How commands were decided under ruleset 1. Nothing here changes: records that name no ruleset are judged by it. */
import { z } from 'zod';
import type { MeetingState } from '../../../shared/meeting/meeting.ts';
import type { Principal } from '../../../shared/meeting/principal.ts';
import type { AmendmentRecord, AmendmentState } from '../../../shared/negotiation/families/amendment/state.ts';
import type { ClauseRecord } from '../../../shared/negotiation/families/clause/state.ts';
import { openStatus, type Status } from '../../../shared/negotiation/families/status/state.ts';
import { isLocked, type NegotiationState, type StateChange } from '../../../shared/negotiation/state.ts';
import { ConcordError } from '../../../shared/protocol/errors.ts';
import { ClauseId, MarkId, PartyCode } from '../../../shared/protocol/ids.ts';
import type { Clause, RunMarks } from '../../../shared/text/clause.ts';
import { isUnresolved, stands, wordsOf } from './amendment.ts';
import { adopt, type ClauseRewrite, type Resolved, removeAmendments } from './dispose.ts';

const reason = z.string().trim().max(4000);

/** What can be ordered on a recommendation: one POST each, `/api/recommendations/:id/<type>`, the rest as its body. */
export const Command = z.discriminatedUnion('type', [
  z.object({ type: z.literal('adopt'), amendments: z.array(MarkId).min(1).max(200), reason: reason.optional() }),
  z.object({ type: z.literal('not-adopt'), amendments: z.array(MarkId).min(1).max(200), reason: reason.optional() }),
  z.object({ type: z.literal('withdraw'), amendment: MarkId, reason: reason.optional() }),
  z.object({ type: z.literal('give-reason'), amendment: MarkId, reason }),
  z.object({ type: z.literal('ask-to-sponsor'), amendment: MarkId, party: PartyCode }),
  /** The answer of the party that was asked; a sponsor may also step back. */
  z.object({
    type: z.literal('answer-sponsoring'),
    amendment: MarkId,
    party: PartyCode.optional(),
    accept: z.boolean(),
  }),
  z.object({ type: z.literal('lift-bracket'), bracket: MarkId }),
  z.object({
    type: z.literal('set-status'),
    clauses: z.array(ClauseId).min(1).max(500),
    status: z.enum(['open', 'agreed', 'agreed ad referendum']),
    /** For "agreed ad referendum": the parties that wait for their capital. */
    parties: z.array(PartyCode).max(200).optional(),
    reason: reason.optional(),
  }),
  z.object({ type: z.literal('set-sponsors'), clause: ClauseId, sponsors: z.array(PartyCode).max(200) }),
]);
export type Command = z.infer<typeof Command>;

/** All that a decision looks at. */
export interface Situation {
  readonly text: readonly Clause[];
  readonly negotiation: NegotiationState;
  readonly meeting: Pick<MeetingState, 'parties' | 'drafting'>;
}

/** What a command does to document and record, in one entry. */
export interface Decision {
  readonly rewrites: readonly ClauseRewrite[];
  readonly changes: readonly StateChange[];
}

/**
 * What a command makes happen, or why not (a `ConcordError`). Pure: the server performs what it returns, and the screen
 * greys out by the same function (`whyNot`).
 */
export function decide(situation: Situation, command: Command, by: Principal, now: number): Decision {
  switch (command.type) {
    case 'adopt':
    case 'not-adopt': {
      requireChair(by);
      const ids = new Set(command.amendments);
      for (const id of ids) standing(situation, id);
      const resolved =
        command.type === 'adopt'
          ? adopt(situation.text, ids, situation.negotiation)
          : removeAmendments(situation.text, ids, situation.negotiation);
      return close(
        situation,
        ids,
        command.type === 'adopt' ? 'adopted' : 'not adopted',
        resolved,
        decided(by, now, command.reason),
      );
    }
    case 'withdraw': {
      ownedBy(situation, command.amendment, by);
      const ids = new Set([command.amendment]);
      return close(
        situation,
        ids,
        'withdrawn',
        removeAmendments(situation.text, ids, situation.negotiation),
        decided(by, now, command.reason),
      );
    }
    case 'give-reason': {
      const record = ownedBy(situation, command.amendment, by);
      return stateOnly({ of: 'mark', id: command.amendment, value: { ...record, reason: command.reason } });
    }
    case 'ask-to-sponsor': {
      const record = ownedBy(situation, command.amendment, by);
      if (!situation.meeting.parties.has(command.party))
        throw new ConcordError('party-unknown', { field: command.party });
      if (command.party === record.party || record.sponsors.some(({ party }) => party === command.party))
        throw new ConcordError('nothing-to-do');
      const sponsors = [...record.sponsors, { party: command.party, accepted: false }];
      return stateOnly({ of: 'mark', id: command.amendment, value: { ...record, sponsors } });
    }
    case 'answer-sponsoring':
      return answerSponsoring(situation, command, by);
    case 'lift-bracket':
      return liftBracket(situation, command.bracket, by, now);
    case 'set-status':
      return setStatus(situation, command, by, now);
    case 'set-sponsors': {
      if (by.role !== 'rapporteur') throw new ConcordError('role-may-not');
      const clause = clauseOf(situation, command.clause);
      if (isLocked(situation.negotiation, clause.id)) throw new ConcordError('clause-locked', { clause: clause.id });
      for (const code of command.sponsors)
        if (!situation.meeting.parties.has(code)) throw new ConcordError('party-unknown', { field: code });
      const sponsors = [...new Set(command.sponsors)];
      return stateOnly({ of: 'clause', id: clause.id, value: { ...recordOfClause(situation, clause.id), sponsors } });
    }
  }
}

const decided = (by: Principal, at: number, why: string | undefined): { by: string; at: number; reason?: string } => ({
  by: by.name,
  at,
  ...(why === undefined || why === '' ? {} : { reason: why }),
});

const stateOnly = (change: StateChange): Decision => ({ rewrites: [], changes: [change] });

function requireChair(by: Principal): void {
  if (by.role !== 'chair') throw new ConcordError('role-may-not');
}

function clauseOf({ text }: Situation, id: ClauseId): Clause {
  const clause = text.find((candidate) => candidate.id === id);
  if (clause === undefined) throw new ConcordError('not-found', { clause: id });
  return clause;
}

const recordOfClause = ({ negotiation }: Situation, id: ClauseId): ClauseRecord =>
  negotiation.clauses.get(id) ?? { sponsors: [], status: openStatus };

/** An amendment that is open and has words in the text. */
function standing({ text, negotiation }: Situation, id: MarkId): AmendmentRecord {
  const record = negotiation.marks.get(id);
  if (record?.kind !== 'amendment') throw new ConcordError('not-found', { mark: id });
  if (record.state !== 'open' || !stands(text, id)) throw new ConcordError('amendment-closed', { mark: id });
  return record;
}

/** The party speaks by its delegates, or by the rapporteur on its behalf. */
const speaksFor = (by: Principal, party: PartyCode): boolean =>
  by.role === 'rapporteur' || (by.role === 'delegate' && by.party === party);

function ownedBy(situation: Situation, id: MarkId, by: Principal): AmendmentRecord {
  const record = standing(situation, id);
  if (!speaksFor(by, record.party)) throw new ConcordError('not-your-amendment', { mark: id });
  return record;
}

function answerSponsoring(
  situation: Situation,
  command: Extract<Command, { type: 'answer-sponsoring' }>,
  by: Principal,
): Decision {
  const record = standing(situation, command.amendment);
  const party = command.party ?? by.party;
  if (party === null || !speaksFor(by, party)) throw new ConcordError('role-may-not');
  const asked = record.sponsors.find((sponsor) => sponsor.party === party);
  if (asked === undefined) throw new ConcordError('not-found', { mark: command.amendment });
  const others = record.sponsors.filter((sponsor) => sponsor !== asked);
  const sponsors = command.accept ? [...others, { party, accepted: true }] : others;
  return stateOnly({ of: 'mark', id: command.amendment, value: { ...record, sponsors } });
}

function liftBracket(situation: Situation, id: MarkId, by: Principal, now: number): Decision {
  const record = situation.negotiation.marks.get(id);
  if (record?.kind !== 'bracket') throw new ConcordError('not-found', { mark: id });
  if (record.state !== 'open') throw new ConcordError('mark-closed', { mark: id });
  if (by.role !== 'chair' && !speaksFor(by, record.party)) throw new ConcordError('role-may-not');
  const rewrites: ClauseRewrite[] = [];
  for (const clause of situation.text) {
    if (!clause.runs.some((run) => run.marks.bracket.includes(id))) continue;
    const kept = clause.runs.map(
      ({ marks }): RunMarks => ({ ...marks, bracket: marks.bracket.filter((bracket) => bracket !== id) }),
    );
    rewrites.push({ clause, remove: false, insertion: clause.insertion, kept });
  }
  return {
    rewrites,
    changes: [{ of: 'mark', id, value: { ...record, state: 'lifted', closed: decided(by, now, undefined) } }],
  };
}

function setStatus(
  situation: Situation,
  command: Extract<Command, { type: 'set-status' }>,
  by: Principal,
  now: number,
): Decision {
  requireChair(by);
  const act = decided(by, now, command.reason);
  const changes: StateChange[] = [];
  for (const id of new Set(command.clauses)) {
    const clause = clauseOf(situation, id);
    const record = recordOfClause(situation, id);
    if (command.status !== 'open' && isUnresolved(clause, situation.negotiation))
      throw new ConcordError('clause-unresolved', { clause: id });
    const status = nextStatus(situation, command, record.status, act);
    if (status !== null) changes.push({ of: 'clause', id, value: { ...record, status } });
  }
  if (changes.length === 0) throw new ConcordError('nothing-to-do');
  return { rewrites: [], changes };
}

function nextStatus(
  { meeting }: Situation,
  command: Extract<Command, { type: 'set-status' }>,
  now: Status,
  act: { by: string; at: number; reason?: string },
): Status | null {
  if (command.status === 'agreed ad referendum') {
    const parties = [...new Set(command.parties ?? [])];
    const unknown = parties.find((code) => !meeting.parties.has(code));
    // Ad referendum to nobody would be plain agreement.
    if (unknown !== undefined || parties.length === 0) throw new ConcordError('party-unknown', { field: 'parties' });
    return { state: 'agreed ad referendum', parties, decided: act };
  }
  if (now.state === command.status) return null;
  return command.status === 'open' ? { state: 'open', decided: act } : { state: 'agreed', decided: act };
}

/** Closes amendments, and those that fall with them, keeping the words of each on record. */
function close(
  situation: Situation,
  ids: ReadonlySet<MarkId>,
  state: AmendmentState,
  { rewrites, superseded }: Resolved,
  act: { by: string; at: number; reason?: string },
): Decision {
  const { text, negotiation } = situation;
  for (const { clause } of rewrites)
    if (isLocked(negotiation, clause.id)) throw new ConcordError('clause-locked', { clause: clause.id });
  const changes: StateChange[] = [];
  const closeOne = (id: MarkId, next: AmendmentState, words: { struck: string; inserted: string }): void => {
    const record = negotiation.marks.get(id);
    if (record?.kind !== 'amendment') return;
    changes.push({
      of: 'mark',
      id,
      value: { ...record, state: next, closed: { ...act, struck: words.struck, inserted: words.inserted } },
    });
  };
  for (const id of ids) closeOne(id, state, wordsOf(text, id));
  for (const { id, struck, inserted } of superseded) closeOne(id, 'superseded', { struck, inserted });
  for (const rewrite of rewrites) {
    const { clause } = rewrite;
    if (rewrite.remove || clause.insertion === null || rewrite.insertion !== null) continue;
    // A proposed clause that is adopted: the amendment's sponsors are the clause's.
    const source = negotiation.marks.get(clause.insertion);
    if (source?.kind !== 'amendment') continue;
    const sponsors = [source.party, ...source.sponsors.filter(({ accepted }) => accepted).map(({ party }) => party)];
    changes.push({
      of: 'clause',
      id: clause.id,
      value: { ...recordOfClause(situation, clause.id), sponsors, origin: clause.insertion },
    });
  }
  return { rewrites, changes };
}
