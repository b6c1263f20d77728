import type { Principal } from '../meeting/principal.ts';
import { ConcordError } from '../protocol/errors.ts';
import type { ClauseId, MarkId } from '../protocol/ids.ts';
import { stands, wordsOf } from '../text/amendment.ts';
import { type Capacity, type Change, ownMarkOf, parentsOfNew, permit } from '../text/authority.ts';
import { type Clause, type ClauseChange, changedClauses, changedRuns, marksOf, type RunMarks } from '../text/clause.ts';
import { amendmentDigest } from '../text/digest.ts';
import { madeTo, openParents, ownerOf, parentsIn } from '../text/ownership.ts';
import { type ClauseRewrite, removeAmendments, rewritten } from '../text/resolve.ts';
import {
  type AmendedWords,
  type AmendmentRecord,
  type AmendmentState,
  type Decided,
  LiveState,
  type MarkRecord,
  type NegotiationState,
  openStatus,
  type StateChange,
} from './state.ts';

/** Changes of amendments in one entry: each amendment is written once, whatever happened to it. */
export class AmendmentChanges {
  readonly #negotiation: NegotiationState;
  readonly #now = new Map<MarkId, AmendmentRecord>();

  constructor(negotiation: NegotiationState) {
    this.#negotiation = negotiation;
  }

  /** An amendment as it stands after the changes so far; null for none. */
  get(id: MarkId): AmendmentRecord | null {
    const record = this.#now.get(id) ?? this.#negotiation.marks.get(id);
    return record?.kind === 'amendment' ? record : null;
  }
  set(id: MarkId, change: Partial<Omit<AmendmentRecord, 'kind'>>): void {
    const record = this.get(id);
    if (record !== null) this.#now.set(id, { ...record, ...change });
  }
  close(id: MarkId, state: Exclude<AmendmentState, 'open'>, words: AmendedWords, act: Decided): void {
    this.set(id, { state, closed: { ...act, struck: words.struck, inserted: words.inserted } });
  }
  /** Sponsors agreed to words: those who had agreed to others are asked again, with what they had agreed to. */
  askAgain(id: MarkId, agreedTo: AmendedWords): void {
    const record = this.get(id);
    if (record === null || record.state !== 'open' || !record.sponsors.some(({ accepted }) => accepted)) return;
    const sponsors = record.sponsors.map((sponsor) =>
      sponsor.accepted ? { party: sponsor.party, accepted: false, agreedTo } : sponsor,
    );
    this.set(id, { sponsors });
  }
  list(): StateChange[] {
    return [...this.#now].map(([id, value]) => ({ of: 'mark' as const, id, value }));
  }
}

/**
 * Takes the hand's strikes off letters that their amendment doesn't amend: where two people edit one place, Yjs stretches
 * a strike over what another has just typed, and nobody meant that.
 */
export function strayStrikes(
  { before, after }: Change,
  capacity: Capacity,
  negotiation: NegotiationState,
): readonly ClauseRewrite[] {
  if ('edits' in capacity) return [];
  const { changes } = changedClauses(before, after);
  const own = ownMarkOf(capacity, negotiation);
  let made: ReadonlyMap<MarkId, MarkId | null> | null = null;
  const isStray = (id: MarkId, marks: RunMarks, clause: Clause): boolean => {
    const record = negotiation.marks.get(id);
    if (!own(id) || (record?.kind === 'amendment' && record.parent === undefined)) return false;
    const owner = ownerOf(marks, clause, negotiation);
    // Nobody strikes words of their own: those really go.
    if (owner !== null && own(owner)) return true;
    made ??= parentsOfNew(changes, negotiation);
    return owner !== parentsIn(negotiation, made)(id, clause);
  };
  return changes.flatMap(({ was, is }): ClauseRewrite[] => {
    if (is === undefined) return [];
    const touched = changedRuns(was?.runs ?? [], is.runs).after;
    if (!touched.some(({ marks }) => marks.deletion.some((id) => isStray(id, marks, is)))) return [];
    const kept = is.runs.map(({ marks }) => ({
      ...marks,
      deletion: marks.deletion.filter((id) => !isStray(id, marks, is)),
    }));
    return [{ clause: is, remove: false, insertion: is.insertion, kept }];
  });
}

/** What an edit that is permitted brings with it. */
export interface Consequences {
  /** For the ledger, in the order in which they are recorded. */
  readonly changes: readonly StateChange[];
  /** What goes from the text with it. */
  readonly rewrites: readonly ClauseRewrite[];
  /** Amendments, of whatever party, that fall with one that the hand withdraws: their words go. */
  readonly fallen: ReadonlySet<MarkId>;
}

/**
 * What an edit that is permitted brings with it: new marks and clauses are the hand's party's; sponsors whose amendment
 * changed are asked again; whoever takes the last words of an amendment away withdraws it from what others made to it,
 * which falls; and what is left without anything that it struck falls too.
 *
 * All of it is told from the text before and the text that is left: asked again of those two, it says the same.
 *
 * Throws `not-your-words` for a clause that comes back in another's name, and `mark-misused` where what the edit made
 * stands in different things once others' words have fallen.
 */
export function consequencesOf(
  change: Change,
  capacity: Capacity,
  by: Principal,
  negotiation: NegotiationState,
  at: number,
): Consequences {
  const { before } = change;
  const amendments = new AmendmentChanges(negotiation);
  const act: Decided = { by: by.name, at, ...actingFor(capacity, by) };
  const { fallen, rewrites } = withdraw(change, capacity, negotiation, amendments, act);
  const after = rewrites.length === 0 ? change.after : rewritten(change.after, rewrites);
  const { changes: clauses } = changedClauses(before, after);
  loseStruck({ before, after }, clauses, capacity, negotiation, amendments, act);
  askAgain({ before, after }, clauses, capacity, negotiation, amendments);
  // What the edit made is made to what is left.
  const { fresh, marks } = registrations(clauses, capacity, by, negotiation, at);
  return { changes: [...fresh, ...marks, ...amendments.list()], rewrites, fallen };
}

/**
 * Judges what an edit left, where amendments of others fell with it: their words are taken out before, since they are no
 * part of what the hand did. Throws as `permit` does.
 */
export function permitLeft(
  { before, after }: Change,
  fallen: ReadonlySet<MarkId>,
  capacity: Capacity,
  negotiation: NegotiationState,
): void {
  if (fallen.size === 0) judgeLeft({ before, after }, capacity, negotiation);
  else {
    const judged = new LiveState(negotiation);
    for (const id of fallen) judged.marks.delete(id);
    judgeLeft(
      { before: rewritten(before, removeAmendments(before, fallen, negotiation).rewrites), after },
      capacity,
      judged,
    );
  }
}

function judgeLeft(change: Change, capacity: Capacity, negotiation: NegotiationState): void {
  permit(change, capacity, negotiation);
  const [stray] = strayStrikes(change, capacity, negotiation);
  if (stray !== undefined) throw new ConcordError('mark-misused', { clause: stray.clause.id });
}

function registrations(
  clauses: readonly ClauseChange[],
  capacity: Capacity,
  by: Principal,
  negotiation: NegotiationState,
  at: number,
): { readonly fresh: readonly StateChange[]; readonly marks: readonly StateChange[] } {
  const party = 'proposesFor' in capacity ? capacity.proposesFor : null;
  const fresh: StateChange[] = [];
  const made = new Map<MarkId, { readonly name: string; readonly clauses: ClauseId[] }>();
  for (const { was, is: clause } of clauses) {
    if (clause === undefined) continue;
    if (party !== null)
      for (const [name, id] of marksOf({
        insertion: clause.insertion,
        runs: changedRuns(was?.runs ?? [], clause.runs).after,
      })) {
        if (name === 'origin' || negotiation.marks.has(id)) continue;
        const known = made.get(id);
        if (known === undefined) made.set(id, { name, clauses: [clause.id] });
        else if (known.clauses.at(-1) !== clause.id) known.clauses.push(clause.id);
      }
    if (was !== undefined) continue;
    const known = negotiation.clauses.get(clause.id);
    const sponsors = party === null ? [] : [party];
    if (known === undefined) fresh.push({ of: 'clause', id: clause.id, value: { sponsors, status: openStatus } });
    // An id that comes back (the undo of one's own deletion) must not bring another party's name with it. The rapporteur,
    // who says who sponsors a clause, brings it back with its sponsors.
    else if ((party !== null && known.sponsors.join() !== sponsors.join()) || known.status.state !== 'open')
      throw new ConcordError('not-your-words', { clause: clause.id });
  }
  if (party === null || made.size === 0) return { fresh, marks: [] };
  const parents = parentsOfNew(clauses, negotiation);
  const marks = [...made].map(([id, { name, clauses: within }]): StateChange => {
    const [clause] = within;
    if (clause === undefined) throw new RangeError('a mark without a clause');
    const owned = { party, typedBy: by.name, participant: by.participant, at, clause };
    const value: MarkRecord =
      name === 'bracket' || name === 'comment'
        ? { kind: name, ...owned, state: 'open' }
        : {
            kind: 'amendment',
            ...owned,
            state: 'open',
            sponsors: [],
            reason: '',
            parent: parents.get(id) ?? null,
            clauses: within,
          };
    return { of: 'mark', id, value };
  });
  return { fresh, marks };
}

const idsIn = ({ insertion, runs }: Pick<Clause, 'insertion' | 'runs'>): ReadonlySet<MarkId> => {
  const ids = new Set<MarkId>(insertion === null ? [] : [insertion]);
  for (const { marks } of runs) {
    for (const id of marks.insertion) ids.add(id);
    for (const id of marks.deletion) ids.add(id);
  }
  return ids;
};

/** Whether nothing is left of an amendment but, perhaps, its empty clause. */
const isEmptied = (text: readonly Clause[], id: MarkId): boolean => {
  const { struck, inserted } = wordsOf(text, id);
  return struck === '' && inserted === '';
};

/** The open amendments of which an edit took the last words away. */
function emptiedBy(
  { before, after }: Change,
  clauses: readonly ClauseChange[],
  negotiation: NegotiationState,
): ReadonlySet<MarkId> {
  const emptied = new Set<MarkId>();
  for (const { was, is } of clauses) {
    if (was === undefined) continue;
    const left = is === undefined ? new Set<MarkId>() : idsIn({ insertion: null, runs: is.runs });
    for (const id of idsIn(was))
      if (
        !left.has(id) &&
        negotiation.marks.get(id)?.state === 'open' &&
        isEmptied(after, id) &&
        !isEmptied(before, id)
      )
        emptied.add(id);
  }
  return emptied;
}

/** Closes amendments of which the hand took the last words away, where others made amendments to them, and those. */
function withdraw(
  { before, after }: Change,
  capacity: Capacity,
  negotiation: NegotiationState,
  amendments: AmendmentChanges,
  act: Decided,
): { readonly fallen: ReadonlySet<MarkId>; readonly rewrites: readonly ClauseRewrite[] } {
  const own = ownMarkOf(capacity, negotiation);
  const { changes } = changedClauses(before, after);
  const emptied = new Set<MarkId>();
  for (const id of emptiedBy({ before, after }, changes, negotiation))
    if (own(id) && !holdsNewWords(after, id, negotiation)) emptied.add(id);
  if (emptied.size === 0) return { fallen: emptied, rewrites: [] };
  const parents = openParents(before, negotiation);
  /** The outermost that was emptied, of an amendment and of all that it was made to. */
  const outermost = (id: MarkId): MarkId | null => {
    let found: MarkId | null = null;
    for (let next: MarkId | null = id; next !== null; next = parents.get(next) ?? null)
      if (emptied.has(next)) found = next;
    return found;
  };
  // Without anything of others that hangs on it, an amendment that was taken back may come again by an undo.
  const withdrawn = new Set<MarkId>();
  for (const id of madeTo(emptied, before, negotiation)) {
    const top = !own(id) && stands(before, id) ? outermost(id) : null;
    if (top !== null) withdrawn.add(top);
  }
  const fallen = madeTo(withdrawn, before, negotiation);
  const { rewrites } = removeAmendments(after, new Set([...withdrawn, ...fallen]), negotiation);
  for (const id of withdrawn) amendments.close(id, 'withdrawn', wordsOf(before, id), act);
  // With all their words, also those that they struck of what went.
  for (const id of fallen) amendments.close(id, 'fallen', wordsOf(before, id), act);
  return { fallen, rewrites };
}

/** Whether words of an amendment that is only being made stand in a clause that this one proposes. */
const holdsNewWords = (text: readonly Clause[], id: MarkId, { marks: known }: NegotiationState): boolean =>
  text.some(
    ({ insertion, runs }) =>
      insertion === id && runs.some(({ marks }) => marks.insertion.some((one) => !known.has(one))),
  );

/** Closes amendments of others that only struck words, all of which the hand took away: unless others' hang on them. */
function loseStruck(
  change: Change,
  clauses: readonly ClauseChange[],
  capacity: Capacity,
  negotiation: NegotiationState,
  amendments: AmendmentChanges,
  act: Decided,
): void {
  const own = ownMarkOf(capacity, negotiation);
  for (const id of emptiedBy(change, clauses, negotiation)) {
    if (own(id) || amendments.get(id)?.state !== 'open') continue;
    if (change.after.some(({ insertion }) => insertion === id)) continue;
    const hangsOn = [...madeTo(new Set([id]), change.after, negotiation)].some((one) => stands(change.after, one));
    if (!hangsOn) amendments.close(id, 'fallen', wordsOf(change.before, id), act);
  }
}

const actingFor = (capacity: Capacity, by: Principal): Pick<Decided, 'onBehalfOf'> =>
  by.role === 'rapporteur' && 'proposesFor' in capacity ? { onBehalfOf: capacity.proposesFor } : {};

function askAgain(
  { before, after }: Change,
  clauses: readonly ClauseChange[],
  capacity: Capacity,
  negotiation: NegotiationState,
  amendments: AmendmentChanges,
): void {
  const own = ownMarkOf(capacity, negotiation);
  const seen = new Set<MarkId>();
  for (const { was, is } of clauses)
    for (const clause of [was, is])
      for (const id of clause === undefined ? [] : idsIn(clause)) {
        const record = negotiation.marks.get(id);
        if (seen.has(id) || record?.kind !== 'amendment' || !record.sponsors.some(({ accepted }) => accepted)) continue;
        seen.add(id);
        // Its own party may also move its words; others can only take away what it strikes.
        const changed = own(id)
          ? amendmentDigest(before, id, negotiation) !== amendmentDigest(after, id, negotiation)
          : !sameWords(wordsOf(before, id), wordsOf(after, id));
        if (changed) amendments.askAgain(id, wordsOf(before, id));
      }
}

export const sameWords = (one: AmendedWords, other: AmendedWords): boolean =>
  one.struck === other.struck && one.inserted === other.inserted;
