import type { ClauseId, MarkId } from './ids.ts';
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

/** Equal for equal marks, different for different ones: a key to compare and to group by. */
export const marksKey = (marks: RunMarks): string =>
  `${marks.insertion}|${marks.deletion}|${marks.bracket}|${marks.comment}|${marks.origin}`;

/** Joins neighbours that carry the same marks, and drops empty runs. */
export function joinRuns(runs: Iterable<Run>): readonly Run[] {
  const joined: { text: string; marks: RunMarks; key: string }[] = [];
  for (const { text, marks } of runs) {
    if (text === '') continue;
    const key = marksKey(marks);
    const last = joined.at(-1);
    if (last?.key === key) last.text += text;
    else joined.push({ text, marks, key });
  }
  return joined.map(({ text, marks }) => ({ text, marks }));
}

export const clauseText = (clause: Clause): string => clause.runs.map((run) => run.text).join('');

/** The words in force: without what is only proposed, with what is only proposed to be struck. */
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
        return twin !== undefined && run.text === twin.text && marksKey(run.marks) === marksKey(twin.marks);
      }))
  );
}

/** Every owned mark on a clause and its words, `origin` among them: pairs of family and id. */
export function* marksOf(clause: Clause): Generator<readonly [MarkName, MarkId]> {
  if (clause.insertion !== null) yield ['insertion', clause.insertion];
  for (const run of clause.runs)
    for (const name of ['insertion', 'deletion', 'bracket', 'comment', 'origin'] as const)
      for (const id of run.marks[name]) yield [name, id];
}
