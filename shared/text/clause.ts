import type { ClauseId, MarkId } from '../protocol/ids.ts';
import { Remembered } from './remembered.ts';
import type { ClauseKind, MarkName } from './schema.ts';

/** The marks on a run, each list sorted, so that equal marks are equal values. */
export type RunMarks = { readonly [name in MarkName]: readonly MarkId[] };

/** Words that carry the same marks throughout. */
export interface Run {
  readonly text: string;
  readonly marks: RunMarks;
}

/** One paragraph or sub-paragraph as a value. Neighbouring runs differ in their marks, and no run is empty. */
export interface Clause {
  readonly id: ClauseId;
  readonly kind: ClauseKind;
  readonly level: number;
  /** The amendment that proposes the whole clause; null for a clause of the text. */
  readonly insertion: MarkId | null;
  readonly runs: readonly Run[];
}

export const noMarks: RunMarks = { insertion: [], deletion: [], bracket: [], comment: [], origin: [] };

/**
 * A key that isn't here is made each time it is asked for: there are as many as there are equal marks, see
 * `document.ts`.
 */
const keys = new Remembered<RunMarks, string>(50_000);

/** Equal for equal marks, different for different ones: a key to compare and to group by. */
export const marksKey = (marks: RunMarks): string =>
  keys.get(marks) ?? `${marks.insertion}|${marks.deletion}|${marks.bracket}|${marks.comment}|${marks.origin}`;

/**
 * Remembers the key of lasting marks only: a weak map keeps room for as many as it ever held at once, and comparisons
 * make and drop a million temporary marks between two garbage collections.
 */
export function keepKey(marks: RunMarks): RunMarks {
  keys.set(marks, marksKey(marks));
  return marks;
}

/** Joins neighbours with the same marks, and drops empty runs. */
export function joinRuns(runs: Iterable<Run>): readonly Run[] {
  const joined: { text: string; marks: RunMarks }[] = [];
  for (const { text, marks } of runs) {
    if (text === '') continue;
    const last = joined[joined.length - 1];
    if (last !== undefined && sameMarks(last.marks, marks)) last.text += text;
    else joined.push({ text, marks });
  }
  return joined;
}

export const clauseText = (clause: Pick<Clause, 'runs'>): string => clause.runs.map((run) => run.text).join('');

/** The words in force: without proposed words, with the words that are only proposed to be struck. */
export const baseText = (clause: Clause): string =>
  clause.insertion === null
    ? clause.runs
        .filter((run) => run.marks.insertion.length === 0)
        .map((run) => run.text)
        .join('')
    : '';

export function sameClause(one: Clause, other: Clause): boolean {
  return (
    one === other ||
    (one.id === other.id &&
      one.kind === other.kind &&
      one.level === other.level &&
      one.insertion === other.insertion &&
      one.runs.length === other.runs.length &&
      one.runs.every((run, index) => {
        const twin = other.runs[index];
        return twin !== undefined && sameRun(run, twin);
      }))
  );
}

/** Whether two texts have the same words and marks, clause by clause. */
export const sameText = (one: readonly Clause[], other: readonly Clause[]): boolean =>
  one.length === other.length &&
  one.every((clause, at) => {
    const twin = other[at];
    return twin !== undefined && sameClause(clause, twin);
  });

/** Neighbours mostly differ in the number of their marks, which is faster to compare than their keys. */
const sameMarks = (one: RunMarks, other: RunMarks): boolean =>
  one === other ||
  (one.insertion.length === other.insertion.length &&
    one.deletion.length === other.deletion.length &&
    one.origin.length === other.origin.length &&
    marksKey(one) === marksKey(other));

const sameRun = (one: Run, other: Run): boolean => one.text === other.text && sameMarks(one.marks, other.marks);

/** The runs in which two versions of a clause differ: without the equal ones at both ends. */
export function changedRuns(
  before: readonly Run[],
  after: readonly Run[],
): { readonly before: readonly Run[]; readonly after: readonly Run[] } {
  const least = Math.min(before.length, after.length);
  const same = (one: Run | undefined, other: Run | undefined): boolean =>
    one !== undefined && other !== undefined && (one === other || sameRun(one, other));
  let front = 0;
  while (front < least && same(before[front], after[front])) front += 1;
  let back = 0;
  while (back < least - front && same(before[before.length - 1 - back], after[after.length - 1 - back])) back += 1;
  return { before: before.slice(front, before.length - back), after: after.slice(front, after.length - back) };
}

/** The change of a clause: `was` is undefined where it is new, `is` where it is gone. */
export interface ClauseChange {
  readonly was: Clause | undefined;
  readonly is: Clause | undefined;
}

/**
 * The clauses that differ before and after, removed ones first; and whether the same clauses stand in the same order.
 * An edit changes one clause of hundreds: while the order holds, nothing is looked up.
 */
export function changedClauses(
  before: readonly Clause[],
  after: readonly Clause[],
): { readonly inOrder: boolean; readonly changes: readonly ClauseChange[] } {
  const inOrder = before.length === after.length && before.every((clause, at) => clause.id === after[at]?.id);
  if (inOrder)
    return {
      inOrder,
      changes: before.flatMap((was, at) => (was === after[at] ? [] : [{ was, is: after[at] }])),
    };
  const had = new Map(before.map((clause) => [clause.id, clause]));
  const has = new Set(after.map(({ id }) => id));
  return {
    inOrder,
    changes: [
      ...before.filter(({ id }) => !has.has(id)).map((was) => ({ was, is: undefined })),
      ...after.filter((is) => had.get(is.id) !== is).map((is) => ({ was: had.get(is.id), is })),
    ],
  };
}

/** Every owned mark on a clause and its words, `origin` among them: pairs of family and id. */
export function* marksOf(clause: Pick<Clause, 'insertion' | 'runs'>): Generator<readonly [MarkName, MarkId]> {
  if (clause.insertion !== null) yield ['insertion', clause.insertion];
  for (const run of clause.runs)
    for (const name of ['insertion', 'deletion', 'bracket', 'comment', 'origin'] as const)
      for (const id of run.marks[name]) yield [name, id];
}
