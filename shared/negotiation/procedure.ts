import { z } from 'zod';
import type { MeetingState } from '../meeting/meeting.ts';
import type { Principal } from '../meeting/principal.ts';
import { ConcordError, type ErrorCode } from '../protocol/errors.ts';
import { ClauseId, MarkId, PartyCode } from '../protocol/ids.ts';
import { isUnresolved, sponsorsOf, stands, wordsOf } from '../text/amendment.ts';
import type { Clause } from '../text/clause.ts';
import { absentDigest, bracketDigest, clauseDigest, type Digest, Digests, Seen } from '../text/digest.ts';
import { type ClauseRewrite, Resolution, type Resolved, removeAmendments, rewritten } from '../text/resolve.ts';
import { visibleText } from '../text/visible.ts';
import { AmendmentChanges, sameWords } from './consequences.ts';
import {
  type AmendmentRecord,
  type AmendmentState,
  type ClauseRecord,
  type Decided,
  isLocked,
  type NegotiationState,
  openStatus,
  type StateChange,
  type Status,
} from './state.ts';

const reason = visibleText(4000);
const amendments = z.array(MarkId).max(200);
const waiting = z.array(PartyCode).max(200);

/**
 * What can be ordered on a recommendation: one POST each, `/api/recommendations/:id/<type>`, the rest as its body.
 *
 * Decisions and consents are on words: `seen` holds the digest (`shared/text/digest.ts`) of each amendment, bracket or clause as
 * it was on the screen.
 */
export const Command = z.discriminatedUnion('type', [
  z.object({ type: z.literal('adopt'), amendments: amendments.min(1), seen: Seen, reason: reason.optional() }),
  z.object({ type: z.literal('not-adopt'), amendments: amendments.min(1), seen: Seen, reason: reason.optional() }),
  z.object({ type: z.literal('withdraw'), amendment: MarkId, reason: reason.optional() }),
  z.object({ type: z.literal('give-reason'), amendment: MarkId, reason }),
  z.object({ type: z.literal('ask-to-sponsor'), amendment: MarkId, party: PartyCode }),
  /** The answer of the party that was asked; a sponsor may also step back. `seen` where it accepts. */
  z.object({
    type: z.literal('answer-sponsoring'),
    amendment: MarkId,
    party: PartyCode.optional(),
    accept: z.boolean(),
    seen: Seen.optional(),
  }),
  z.object({ type: z.literal('lift-bracket'), bracket: MarkId, seen: Seen }),
  z.object({
    type: z.literal('set-status'),
    clauses: z.array(ClauseId).min(1).max(500),
    status: z.enum(['open', 'agreed', 'agreed ad referendum']),
    /** For "agreed ad referendum": the parties that wait for their capital. */
    parties: waiting.optional(),
    /** Of the clauses, where they are agreed. */
    seen: Seen.optional(),
    reason: reason.optional(),
  }),
  /**
   * Adopts some amendments, does not adopt whatever else is pending in the clauses at that moment, lifts their brackets, and
   * marks the clauses as agreed: in one act, so that nothing that comes in between can hold it up. `seen`: of the
   * amendments, and of the clauses as they will read.
   */
  z.object({
    type: z.literal('dispose-and-agree'),
    clauses: z.array(ClauseId).min(1).max(500),
    adopt: amendments,
    status: z.enum(['agreed', 'agreed ad referendum']),
    parties: waiting.optional(),
    seen: Seen,
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
  return consider(situation, command, by, now);
}

/** A command as it comes, or one of which nobody has said yet what was seen. */
type Considered = Command | (Wish & { readonly seen: null });

function consider(situation: Situation, command: Considered, by: Principal, now: number): Decision {
  switch (command.type) {
    case 'adopt':
    case 'not-adopt': {
      requireChair(by);
      const ids = new Set(command.amendments);
      for (const id of ids) {
        standing(situation, id);
        requireSeen(command.seen, id, () => digestsOf(situation).amendment(id), { mark: id });
        if (command.type === 'adopt' && !bringsAnything(situation.text, id))
          throw new ConcordError('nothing-to-do', { mark: id });
      }
      const resolution = new Resolution(situation.text, situation.negotiation);
      if (command.type === 'adopt') resolution.adopt(ids);
      else resolution.removeAmendments(ids);
      return close(
        situation,
        [[ids, command.type === 'adopt' ? 'adopted' : 'not adopted']],
        resolution.done(),
        decided(by, now, command.reason),
      );
    }
    case 'withdraw': {
      const { party } = ownedBy(situation, command.amendment, by);
      requireDrafting(situation);
      const ids = new Set([command.amendment]);
      return close(
        situation,
        [[ids, 'withdrawn']],
        removeAmendments(situation.text, ids, situation.negotiation),
        decided(by, now, command.reason, party),
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
      return liftBracket(situation, command, by, now);
    case 'set-status':
      return setStatus(situation, command, by, now);
    case 'dispose-and-agree':
      return disposeAndAgree(situation, command, by, now);
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

/** A command as a screen gives it: `seen` is added from what the screen shows. */
export type Wish = Command extends infer One
  ? One extends { readonly seen?: unknown }
    ? Omit<One, 'seen'>
    : One
  : never;

/** A command on what stands in a text now: for who decides by what is on the screen. */
export function onWhatIsSeen({ text, negotiation }: Pick<Situation, 'text' | 'negotiation'>, wish: Wish): Command {
  const standing = new Digests(text, negotiation);
  const ofAmendments = (ids: readonly MarkId[]): Seen =>
    Object.fromEntries(ids.map((id) => [id, standing.amendment(id)]));
  const ofClauses = (ids: readonly ClauseId[], within: readonly Clause[]): Seen =>
    Object.fromEntries(
      ids.map((id) => {
        const clause = within.find((one) => one.id === id);
        return [id, clause === undefined ? absentDigest(id) : clauseDigest(clause)];
      }),
    );
  switch (wish.type) {
    case 'adopt':
    case 'not-adopt':
      return { ...wish, seen: ofAmendments(wish.amendments) };
    case 'answer-sponsoring':
      return wish.accept ? { ...wish, seen: ofAmendments([wish.amendment]) } : wish;
    case 'lift-bracket':
      return { ...wish, seen: { [wish.bracket]: bracketDigest(text, wish.bracket) } };
    case 'set-status':
      return wish.status === 'open' ? wish : { ...wish, seen: ofClauses(wish.clauses, text) };
    case 'dispose-and-agree': {
      const resolution = new Resolution(text, negotiation);
      resolution.adopt(new Set(wish.adopt));
      return { ...wish, seen: { ...ofAmendments(wish.adopt), ...ofClauses(wish.clauses, resolution.text()) } };
    }
    default:
      return wish;
  }
}

/** The code of the refusal that a command would meet now, or null where it may be given. */
export function whyNot(situation: Situation, wish: Wish, by: Principal): ErrorCode | null {
  try {
    consider(situation, { ...wish, seen: null }, by, 0);
    return null;
  } catch (error) {
    if (error instanceof ConcordError) return error.code;
    throw error;
  }
}

const decided = (by: Principal, at: number, why: string | undefined, party: PartyCode | null = null): Decided => ({
  by: by.name,
  at,
  ...(why === undefined || why === '' ? {} : { reason: why }),
  ...(by.role === 'rapporteur' && party !== null ? { onBehalfOf: party } : {}),
});

const digests = new WeakMap<Situation, Digests>();
/** What stands in a situation: looked up once, however many amendments a command names. */
function digestsOf(situation: Situation): Digests {
  const known = digests.get(situation) ?? new Digests(situation.text, situation.negotiation);
  digests.set(situation, known);
  return known;
}

/** Null: it is only asked whether the command may be given. */
type Looked = Seen | null | undefined;

/** Throws `changed-since` where what was decided on is no longer what stands there. */
function requireSeen(seen: Looked, id: string, now: () => Digest, where: { clause: string } | { mark: string }): void {
  if (seen === null) return;
  const then = seen?.[id];
  if (then === undefined) throw new ConcordError('bad-request', { field: 'seen', ...where });
  if (then !== now()) throw new ConcordError('changed-since', where);
}

/** The chair's decisions go on while drafting is closed; what parties do to the text waits. */
function requireDrafting({ meeting }: Situation): void {
  if (!meeting.drafting) throw new ConcordError('drafting-closed');
}

/** Whether adopting an amendment would do anything: an empty proposed clause brings nothing yet. */
function bringsAnything(text: readonly Clause[], id: MarkId): boolean {
  const { struck, inserted } = wordsOf(text, id);
  return struck !== '' || inserted !== '';
}

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
  command: Extract<Considered, { type: 'answer-sponsoring' }>,
  by: Principal,
): Decision {
  const record = standing(situation, command.amendment);
  const party = command.party ?? by.party;
  if (party === null || !speaksFor(by, party)) throw new ConcordError('role-may-not');
  const asked = record.sponsors.find((sponsor) => sponsor.party === party);
  if (asked === undefined) throw new ConcordError('not-found', { mark: command.amendment });
  if (command.accept)
    requireSeen(command.seen, command.amendment, () => digestsOf(situation).amendment(command.amendment), {
      mark: command.amendment,
    });
  const others = record.sponsors.filter((sponsor) => sponsor !== asked);
  const sponsors = command.accept ? [...others, { party, accepted: true }] : others;
  return stateOnly({ of: 'mark', id: command.amendment, value: { ...record, sponsors } });
}

function liftBracket(
  situation: Situation,
  { bracket: id, seen }: Extract<Considered, { type: 'lift-bracket' }>,
  by: Principal,
  now: number,
): Decision {
  const record = situation.negotiation.marks.get(id);
  if (record?.kind !== 'bracket') throw new ConcordError('not-found', { mark: id });
  if (record.state !== 'open') throw new ConcordError('mark-closed', { mark: id });
  if (by.role !== 'chair') {
    if (!speaksFor(by, record.party)) throw new ConcordError('role-may-not');
    requireDrafting(situation);
  }
  requireSeen(seen, id, () => bracketDigest(situation.text, id), { mark: id });
  const resolution = new Resolution(situation.text, situation.negotiation);
  resolution.lift(new Set([id]));
  return {
    rewrites: resolution.done().rewrites,
    changes: [
      { of: 'mark', id, value: { ...record, state: 'lifted', closed: decided(by, now, undefined, record.party) } },
    ],
  };
}

function setStatus(
  situation: Situation,
  command: Extract<Considered, { type: 'set-status' }>,
  by: Principal,
  now: number,
): Decision {
  requireChair(by);
  const act = decided(by, now, command.reason);
  const changes: StateChange[] = [];
  for (const id of new Set(command.clauses)) {
    const clause = clauseOf(situation, id);
    const record = recordOfClause(situation, id);
    if (command.status !== 'open') {
      if (isUnresolved(clause, situation.negotiation)) throw new ConcordError('clause-unresolved', { clause: id });
      requireSeen(command.seen, id, () => clauseDigest(clause), { clause: id });
    }
    const status = nextStatus(situation, command, record.status, act);
    if (status !== null) changes.push({ of: 'clause', id, value: { ...record, status } });
  }
  if (changes.length === 0) throw new ConcordError('nothing-to-do');
  return { rewrites: [], changes };
}

function nextStatus(
  { meeting }: Situation,
  command: { readonly status: Status['state']; readonly parties?: readonly PartyCode[] | undefined },
  now: Status,
  act: Decided,
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

function disposeAndAgree(
  situation: Situation,
  command: Extract<Considered, { type: 'dispose-and-agree' }>,
  by: Principal,
  now: number,
): Decision {
  requireChair(by);
  const { text, negotiation } = situation;
  const clauses = new Set(command.clauses);
  for (const id of clauses) {
    clauseOf(situation, id);
    if (isLocked(negotiation, id)) throw new ConcordError('clause-locked', { clause: id });
  }
  const adopted = new Set(command.adopt);
  for (const id of adopted) {
    standing(situation, id);
    requireSeen(command.seen, id, () => digestsOf(situation).amendment(id), { mark: id });
    if (!bringsAnything(text, id)) throw new ConcordError('nothing-to-do', { mark: id });
  }
  const resolution = new Resolution(text, negotiation);
  resolution.adopt(adopted);
  const after = resolution.text();
  const left = new Set<MarkId>();
  const brackets = new Set<MarkId>();
  for (const id of clauses) {
    const clause = after.find((one) => one.id === id);
    if (clause === undefined) throw new ConcordError('nothing-to-do', { clause: id });
    // A clause that is only proposed is agreed when its proposal is adopted with it.
    if (clause.insertion !== null) throw new ConcordError('clause-unresolved', { clause: id });
    requireSeen(command.seen, id, () => clauseDigest(clause), { clause: id });
    for (const { marks } of clause.runs) {
      for (const one of [...marks.insertion, ...marks.deletion]) left.add(one);
      for (const one of marks.bracket) if (negotiation.marks.get(one)?.state === 'open') brackets.add(one);
    }
  }
  resolution.removeAmendments(left);
  resolution.lift(brackets);
  const act = decided(by, now, command.reason);
  const decision = close(
    situation,
    [
      [adopted, 'adopted'],
      [left, 'not adopted'],
    ],
    resolution.done(),
    act,
  );
  const lifted = [...brackets].flatMap((id): StateChange[] => {
    const record = negotiation.marks.get(id);
    return record?.kind === 'bracket' ? [{ of: 'mark', id, value: { ...record, state: 'lifted', closed: act } }] : [];
  });
  const statuses = [...clauses].map((id): StateChange => {
    const made = decision.changes.find((change) => change.of === 'clause' && change.id === id);
    const record = made?.of === 'clause' ? made.value : recordOfClause(situation, id);
    return {
      of: 'clause',
      id,
      value: { ...record, status: nextStatus(situation, command, record.status, act) ?? record.status },
    };
  });
  const rest = decision.changes.filter((change) => change.of !== 'clause' || !clauses.has(change.id));
  return { rewrites: decision.rewrites, changes: [...rest, ...lifted, ...statuses] };
}

/** Closes amendments, and those that end with them, keeping the words of each on record. */
function close(
  situation: Situation,
  closing: readonly (readonly [ReadonlySet<MarkId>, Exclude<AmendmentState, 'open'>])[],
  { rewrites, superseded, fallen, reparented }: Resolved,
  act: Decided,
): Decision {
  const { text, negotiation } = situation;
  for (const { clause } of rewrites)
    if (isLocked(negotiation, clause.id)) throw new ConcordError('clause-locked', { clause: clause.id });
  const amendments = new AmendmentChanges(negotiation);
  for (const [ids, state] of closing) for (const id of ids) amendments.close(id, state, wordsOf(text, id), act);
  for (const { id, struck, inserted } of superseded) amendments.close(id, 'superseded', { struck, inserted }, act);
  for (const { id, struck, inserted } of fallen) amendments.close(id, 'fallen', { struck, inserted }, act);
  for (const [id, parent] of reparented) amendments.set(id, { parent });
  const after = rewritten(text, rewrites);
  for (const [id, record] of negotiation.marks) {
    if (record.kind !== 'amendment' || !record.sponsors.some(({ accepted }) => accepted)) continue;
    const words = wordsOf(text, id);
    if (!sameWords(words, wordsOf(after, id))) amendments.askAgain(id, words);
  }
  const changes = amendments.list();
  for (const rewrite of rewrites) {
    const { clause } = rewrite;
    if (rewrite.remove || clause.insertion === null || rewrite.insertion !== null) continue;
    // A proposed clause that is adopted: the amendment's sponsors are the clause's.
    const source = negotiation.marks.get(clause.insertion);
    if (source?.kind !== 'amendment') continue;
    changes.push({
      of: 'clause',
      id: clause.id,
      value: { ...recordOfClause(situation, clause.id), sponsors: [...sponsorsOf(source)], origin: clause.insertion },
    });
  }
  return { rewrites, changes };
}
