import { isLocked, type MarkRecord, type NegotiationState } from '../negotiation/state.ts';
import { ConcordError } from '../protocol/errors.ts';
import type { ClauseId, MarkId, PartyCode } from '../protocol/ids.ts';
import {
  type Clause,
  type ClauseChange,
  changedClauses,
  changedRuns,
  marksKey,
  marksOf,
  type Run,
  type RunMarks,
  sameClause,
} from './clause.ts';
import { hostsOf, ownerOf, type ParentIn, parentsIn } from './ownership.ts';
import type { MarkName } from './schema.ts';

/**
 * The capacity by which an update is judged. A delegate, or the rapporteur on a party's behalf, proposes; the
 * rapporteur may also edit the base text, which is everything except pending insertions.
 */
export type Capacity = { readonly proposesFor: PartyCode } | { readonly edits: 'base' };

/** A text and the clauses in it that differ from the text before; the others are the same values. */
export interface Change {
  readonly before: readonly Clause[];
  readonly after: readonly Clause[];
}

/**
 * One piece of the remainder of a clause without the capacity's own work.
 *
 * `foreign` marks are other parties' marks on the words. The capacity's own words that others marked (struck,
 * bracketed, commented) are `own`: they may vanish, with the marks on them, but such marks can neither appear nor
 * change.
 */
interface Token {
  readonly text: string;
  readonly foreign: string;
  readonly own: boolean;
}

interface Judge {
  /** The owner of a run's words; `within`: the clause that holds it. */
  readonly ownRun: (marks: RunMarks, within: Clause) => boolean;
  readonly ownMark: (id: MarkId) => boolean;
  readonly ownClause: (clause: Clause) => boolean;
}

/** The marks that a capacity may write with: a party's own open ones, and unregistered ones. */
export const ownMarkOf = (capacity: Capacity, negotiation: NegotiationState): ((id: MarkId) => boolean) =>
  judgeFor(capacity, negotiation).ownMark;

function judgeFor(capacity: Capacity, negotiation: NegotiationState): Judge {
  if ('edits' in capacity) {
    return {
      // A clause that a party proposes is that party's as a whole: nobody writes base text into it.
      ownRun: (marks, within) => marks.insertion.length === 0 && within.insertion === null,
      ownMark: () => false,
      ownClause: (clause) => clause.insertion === null && !isLocked(negotiation, clause.id),
    };
  }
  // An unregistered mark is new, and becomes this party's; a closed one has no owner, so it can't be extended.
  const ownMark = (id: MarkId): boolean => {
    const mark = negotiation.marks.get(id);
    return mark === undefined || (mark.party === capacity.proposesFor && mark.state === 'open');
  };
  return {
    ownRun: (marks) => marks.insertion.length > 0 && marks.insertion.every(ownMark),
    ownMark,
    ownClause: (clause) => clause.insertion !== null && ownMark(clause.insertion),
  };
}

const nothingForeign = marksKey({ insertion: [], deletion: [], bracket: [], comment: [], origin: [] });

/**
 * Other parties' marks on a run. The letters' owner is included, unless they are the capacity's own and nobody else has
 * a mark on them: no letter ever passes from one amendment to another.
 */
function foreignKey(marks: RunMarks, own: boolean, { ownMark }: Judge): string {
  const others = (ids: readonly MarkId[]): readonly MarkId[] => ids.filter((id) => !ownMark(id));
  const foreign = {
    insertion: [],
    deletion: others(marks.deletion),
    bracket: others(marks.bracket),
    comment: others(marks.comment),
    // Only the server writes the origin of words.
    origin: marks.origin,
  };
  const key = marksKey(foreign);
  return own && key === nothingForeign ? key : marksKey({ ...foreign, insertion: marks.insertion });
}

/** Removes the capacity's own words and marks from a clause, and joins the remainder. */
function strip(runs: readonly Run[], within: Clause, judge: Judge): readonly Token[] {
  const left: { text: string; foreign: string; own: boolean }[] = [];
  for (const { text, marks } of runs) {
    const own = judge.ownRun(marks, within);
    const foreign = foreignKey(marks, own, judge);
    if (own && foreign === nothingForeign) continue;
    const last = left.at(-1);
    if (last !== undefined && last.foreign === foreign && last.own === own) last.text += text;
    else left.push({ text, foreign, own });
  }
  return left;
}

/** Whether `after` is `before` with nothing but own words gone. */
function onlyOwnGone(before: readonly Token[], after: readonly Token[]): boolean {
  if (!before.some((token) => token.own) && !after.some((token) => token.own)) {
    return (
      before.length === after.length &&
      before.every((token, index) => {
        const twin = after[index];
        return twin !== undefined && token.text === twin.text && token.foreign === twin.foreign;
      })
    );
  }
  const characters = (tokens: readonly Token[]): Token[] =>
    tokens.flatMap(({ text, foreign, own }) =>
      Array.from({ length: text.length }, (_, at) => ({ text: text.charAt(at), foreign, own })),
    );
  const wanted = characters(after);
  let next = 0;
  for (const token of characters(before)) {
    const twin = wanted[next];
    if (twin !== undefined && twin.text === token.text && twin.foreign === token.foreign && twin.own === token.own)
      next += 1;
    else if (!token.own) return false;
  }
  return next === wanted.length;
}

const sameSeat = (one: Clause, other: Clause): boolean => one.kind === other.kind && one.level === other.level;

/**
 * The rule: without the capacity's own words and marks, the text before and the text after are the same, clause by
 * clause and in the same order; locked clauses are the same to the letter. So a delegate can only propose, in the name
 * of the delegate's own party. A proposal has one place: an amendment amends one thing, the text in force or one
 * pending amendment, and stays in the clauses of the gesture that made it.
 *
 * Throws `clause-locked`, `mark-closed`, `mark-misused` or `not-your-words`, naming the clause.
 */
export function permit({ before, after }: Change, capacity: Capacity, negotiation: NegotiationState): void {
  const judge = judgeFor(capacity, negotiation);
  const { inOrder, changes } = changedClauses(before, after);

  for (const { was, is } of changes)
    if (was !== undefined && isLocked(negotiation, was.id) && (is === undefined || !sameClause(was, is)))
      throw new ConcordError('clause-locked', { clause: was.id });

  const added = new Map<MarkId, string>();
  const written = new Map<Clause, ReadonlySet<MarkId>>();
  for (const { was, is } of changes) {
    if (is === undefined) continue;
    // Equal clauses at both ends cancel out on both sides of the rule, so only the differing middle is examined.
    const changed = changedRuns(was?.runs ?? [], is.runs);
    checkMarks(is, changed.after, was, capacity, negotiation, added);
    // The capacity may change a clause freely if it owns all words and the clause itself, but another party's mark must
    // not appear on it.
    if (!onlyOwnGone(strip(changed.before, was ?? is, judge), strip(changed.after, is, judge)))
      throw new ConcordError('not-your-words', { clause: is.id });
    if (was === undefined ? !judge.ownClause(is) : !sameSeat(was, is) && !(judge.ownClause(was) && judge.ownClause(is)))
      throw new ConcordError('not-your-words', { clause: is.id });
    // The amendment that proposes a clause never changes: amendments to it would lose their parent.
    if (was !== undefined && was.insertion !== is.insertion)
      throw new ConcordError('not-your-words', { clause: is.id });
    if ('proposesFor' in capacity) written.set(is, writtenIn(is, changed, judge));
  }
  if ('edits' in capacity) checkBasePlaces(changes, negotiation);
  else checkPlaces(changes, written, negotiation);

  // Order and removals: a clause that isn't the capacity's own, or holds words of others, keeps its place.
  if (!inOrder) {
    const fixed = (clauses: readonly Clause[]): readonly ClauseId[] =>
      clauses
        .filter((clause) => !judge.ownClause(clause) || strip(clause.runs, clause, judge).some((token) => !token.own))
        .map((clause) => clause.id);
    const stay = fixed(before);
    const stayed = fixed(after);
    const moved = stay.find((id, index) => stayed[index] !== id);
    if (moved !== undefined || stay.length !== stayed.length)
      throw new ConcordError('not-your-words', moved === undefined ? {} : { clause: moved });
  }
}

const kindOfMark = { insertion: 'amendment', deletion: 'amendment', bracket: 'bracket', comment: 'comment' } as const;

/**
 * A mark keeps its family and its clauses; a closed one isn't used again; an unregistered one is the capacity's only if
 * it may propose.
 */
function checkMarks(
  clause: Clause,
  runs: readonly Run[],
  old: Clause | undefined,
  capacity: Capacity,
  negotiation: NegotiationState,
  added: Map<MarkId, string>,
): void {
  const had = (name: MarkName, id: MarkId): boolean =>
    old !== undefined &&
    ((name === 'insertion' && old.insertion === id) || old.runs.some(({ marks }) => marks[name].includes(id)));
  for (const [name, id] of marksOf({ insertion: clause.insertion, runs })) {
    if (had(name, id)) continue;
    if (name === 'origin') throw new ConcordError('mark-misused', { clause: clause.id, mark: id });
    const known = negotiation.marks.get(id);
    if (known === undefined) {
      if ('edits' in capacity) throw new ConcordError('not-your-words', { clause: clause.id, mark: id });
      const seen = added.get(id);
      if (seen !== undefined && seen !== kindOfMark[name])
        throw new ConcordError('mark-misused', { clause: clause.id, mark: id });
      added.set(id, kindOfMark[name]);
      continue;
    }
    if (known.kind !== kindOfMark[name]) throw new ConcordError('mark-misused', { clause: clause.id, mark: id });
    if (known.state !== 'open') throw new ConcordError('mark-closed', { clause: clause.id, mark: id });
    if (!isInClauses(known, id, name, clause, old))
      throw new ConcordError('mark-misused', { clause: clause.id, mark: id });
  }
}

/** Whether a mark belongs to a clause: it was made there, or has a part there. */
function isInClauses(record: MarkRecord, id: MarkId, name: MarkName, clause: Clause, old: Clause | undefined): boolean {
  const made = (record.kind === 'amendment' ? record.clauses : undefined) ?? [record.clause];
  if (made.includes(clause.id)) return true;
  if (old === undefined || record.kind !== 'amendment') return false;
  // An amendment of ruleset 1 may stand in clauses that its record doesn't name.
  const other = name === 'insertion' ? 'deletion' : 'insertion';
  return old.insertion === id || old.runs.some(({ marks }) => marks[other].includes(id));
}

/** Amendments of one party that one edit may write in, in one clause: each is compared with all of the clause. */
const mostWrittenAtOnce = 32;

/** The capacity's own amendments with other words in a clause than before. A letter belongs to one amendment only. */
function writtenIn(
  clause: Clause,
  { before, after }: { readonly before: readonly Run[]; readonly after: readonly Run[] },
  judge: Judge,
): ReadonlySet<MarkId> {
  const wordsOfEach = (runs: readonly Run[]): ReadonlyMap<MarkId, string> => {
    const words = new Map<MarkId, string>();
    for (const { text, marks } of runs)
      if (judge.ownRun(marks, clause)) for (const id of marks.insertion) words.set(id, (words.get(id) ?? '') + text);
    return words;
  };
  for (const { marks } of after)
    if (marks.insertion.length > 1 && judge.ownRun(marks, clause))
      throw new ConcordError('mark-misused', { clause: clause.id });
  const was = wordsOfEach(before);
  const written = new Set<MarkId>();
  for (const [id, words] of wordsOfEach(after)) if (was.get(id) !== words) written.add(id);
  if (written.size > mostWrittenAtOnce) throw new ConcordError('update-too-large', { clause: clause.id });
  return written;
}

/** The capacity's words of an amendment stand in that amendment's target, or where they stood already. */
function checkPlaces(
  changes: readonly ClauseChange[],
  written: ReadonlyMap<Clause, ReadonlySet<MarkId>>,
  negotiation: NegotiationState,
): void {
  const made = parentsOfNew(changes, negotiation);
  const parent = parentsIn(negotiation, made);
  for (const { was, is } of changes)
    for (const id of is === undefined ? [] : (written.get(is) ?? [])) {
      if (is === undefined) continue;
      if (!isVisible(is, id)) throw new ConcordError('unknown-content', { clause: is.id, mark: id });
      // In a clause of its own it stands in nothing else.
      if (id === is.insertion) continue;
      const misplaced = (clause: Clause): number =>
        hostsOf(clause, id, negotiation, parent).filter((host) => host !== parent(id, clause)).length;
      const now = misplaced(is);
      // Others may have removed or inserted the words beside it.
      if (now > 0 && now > (was === undefined ? 0 : misplaced(was)))
        throw new ConcordError('mark-misused', { clause: is.id, mark: id });
    }
}

/** Joiners and selectors change the letters beside them; alone they are invisible words. */
const joinersOnly = /^(?:\u200c|\u200d|\ufe0e|\ufe0f)+$/;

function isVisible(clause: Clause, id: MarkId): boolean {
  let words = '';
  for (const { text, marks } of clause.runs) if (marks.insertion.includes(id)) words += text;
  return !joinersOnly.test(words);
}

/**
 * Words of the text in force don't stand inside another party's proposed words: adopted or not, they would read wrong.
 */
function checkBasePlaces(changes: readonly ClauseChange[], negotiation: NegotiationState): void {
  const parent = parentsIn(negotiation);
  const inside = (clause: Clause): number =>
    clause.insertion === null ? hostsOf(clause, null, negotiation, parent).filter((host) => host !== null).length : 0;
  for (const { was, is } of changes)
    if (is !== undefined && inside(is) > (was === undefined ? 0 : inside(was)))
      throw new ConcordError('not-your-words', { clause: is.id });
}

/**
 * The parents of amendments that an edit makes, in the order of the text: the amendment in which their letters stand,
 * or, for one that only strikes, the owner of the struck letters. Throws `mark-misused` where words of one amendment
 * would stand in different ones.
 */
export function parentsOfNew(
  changes: readonly ClauseChange[],
  negotiation: NegotiationState,
): ReadonlyMap<MarkId, MarkId | null> {
  const made = new Map<MarkId, MarkId | null>();
  const known = parentsIn(negotiation, made);
  const isNew = (id: MarkId): boolean => !negotiation.marks.has(id);
  const struck = new Map<MarkId, Set<MarkId | null>>();
  const place = (id: MarkId, host: MarkId | null, clause: Clause): void => {
    const before = made.get(id);
    if (before !== undefined && before !== host)
      throw new ConcordError('mark-misused', { clause: clause.id, mark: id });
    made.set(id, host);
  };
  for (const { was, is } of changes) {
    if (is === undefined) continue;
    if (is.insertion !== null && isNew(is.insertion)) place(is.insertion, null, is);
    const placed = new Set<MarkId>(is.insertion === null ? [] : [is.insertion]);
    for (const { marks } of changedRuns(was?.runs ?? [], is.runs).after) {
      for (const id of marks.insertion)
        if (isNew(id) && !placed.has(id)) {
          placed.add(id);
          // An amendment without a place yet stands inside it, or beside it: the one around it comes before it in the
          // text.
          const parent: ParentIn = (one, clause) => (isNew(one) && !made.has(one) ? id : known(one, clause));
          for (const host of hostsOf(is, id, negotiation, parent)) place(id, host, is);
        }
      for (const id of marks.deletion)
        if (isNew(id)) struck.set(id, (struck.get(id) ?? new Set()).add(ownerOf(marks, is, negotiation)));
    }
  }
  for (const [id, owners] of struck)
    if (!made.has(id)) made.set(id, owners.has(null) ? null : ([...owners][0] ?? null));
  return made;
}
