/** The rule of authority under ruleset 1. Nothing here changes: entries without a ruleset are judged by it. */

import { isLocked, type NegotiationState } from '../../../shared/negotiation/state.ts';
import { ConcordError } from '../../../shared/protocol/errors.ts';
import type { ClauseId, MarkId } from '../../../shared/protocol/ids.ts';
import type { Capacity, Change } from '../../../shared/text/authority.ts';
import {
  type Clause,
  changedClauses,
  changedRuns,
  marksKey,
  marksOf,
  type Run,
  type RunMarks,
  sameClause,
} from '../../../shared/text/clause.ts';
import type { MarkName } from '../../../shared/text/schema.ts';

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

function foreignKey(marks: RunMarks, { ownMark }: Judge): string {
  const others = (ids: readonly MarkId[]): readonly MarkId[] => ids.filter((id) => !ownMark(id));
  return marksKey({
    insertion: others(marks.insertion),
    deletion: others(marks.deletion),
    bracket: others(marks.bracket),
    comment: others(marks.comment),
    // Only the server writes the origin of words.
    origin: marks.origin,
  });
}

/** Removes the capacity's own words and marks from a clause, and joins the remainder. */
function strip(runs: readonly Run[], within: Clause, judge: Judge): readonly Token[] {
  const left: { text: string; foreign: string; own: boolean }[] = [];
  for (const { text, marks } of runs) {
    const foreign = foreignKey(marks, judge);
    const own = judge.ownRun(marks, within);
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

const sameSeat = (one: Clause, other: Clause): boolean =>
  one.kind === other.kind && one.level === other.level && one.insertion === other.insertion;

/**
 * The rule: without the capacity's own words and marks, the text before and the text after are the same, clause by
 * clause and in the same order; locked clauses are the same to the letter. So a delegate can only propose, in the name
 * of the delegate's own party.
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
  }

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
 * A mark keeps its family and its clause; a closed one isn't used again; an unregistered one is the capacity's only if
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
  }
}
