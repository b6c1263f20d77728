import type { ClauseId, MarkId } from '../protocol/ids.ts';
import { type Clause, joinRuns, type Run, type RunMarks } from './clause.ts';

/** The new words of a clause, from its first letter on; letters that no operation names are removed. */
export type WordOperation =
  | { readonly keep: number; readonly marks: RunMarks }
  | { readonly strike: number }
  | { readonly insert: string; readonly marks: RunMarks };

/**
 * The effect of a decision on a text. Operations are performed in their order; each names its clause by id, and counts UTF-16
 * units. Words that stay keep their identity in the document, so that the cursors and edits of others stay where they were;
 * a clause that moves, and the second part of one that is split, are written anew.
 */
export type TextOperation =
  /** The clause stays, with its words rewritten; `insertion`: the amendment that proposes it from now on, or none. */
  | {
      readonly op: 'keep';
      readonly clause: ClauseId;
      readonly insertion: MarkId | null;
      readonly words: readonly WordOperation[];
    }
  /** A new clause comes in behind another; null: as the first. */
  | { readonly op: 'insert'; readonly clause: Clause; readonly after: ClauseId | null }
  | { readonly op: 'strike'; readonly clause: ClauseId }
  | { readonly op: 'move'; readonly clause: ClauseId; readonly after: ClauseId | null }
  /** The words from `at` on become a clause of their own, of the same kind and level, behind the clause. */
  | { readonly op: 'split'; readonly clause: ClauseId; readonly at: number; readonly into: ClauseId }
  /** The words of the clause are put behind those of another, and it goes. */
  | { readonly op: 'merge'; readonly clause: ClauseId; readonly into: ClauseId };

/** Keeps a clause with other marks on its runs; null: the words of that run go. */
export const keepRuns = (
  { id, runs }: Pick<Clause, 'id' | 'runs'>,
  insertion: MarkId | null,
  marks: readonly (RunMarks | null)[],
): Extract<TextOperation, { op: 'keep' }> => ({
  op: 'keep',
  clause: id,
  insertion,
  words: runs.map(({ text }, at): WordOperation => {
    const kept = marks[at];
    return kept === null || kept === undefined ? { strike: text.length } : { keep: text.length, marks: kept };
  }),
});

/** Runs after word operations. Throws a `RangeError` for operations on more letters than there are. */
export function operatedRuns(runs: readonly Run[], words: readonly WordOperation[]): readonly Run[] {
  const letters = runs.map(({ text }) => text).join('');
  const left: Run[] = [];
  let at = 0;
  for (const word of words) {
    if ('insert' in word) {
      left.push({ text: word.insert, marks: word.marks });
      continue;
    }
    const length = 'keep' in word ? word.keep : word.strike;
    if (at + length > letters.length) throw new RangeError('the clause has fewer letters than the operations name');
    if ('keep' in word) left.push({ text: letters.slice(at, at + length), marks: word.marks });
    at += length;
  }
  return joinRuns(left);
}

/** The runs of a clause, cut at a letter. */
export function cutRuns(runs: readonly Run[], at: number): readonly [before: readonly Run[], after: readonly Run[]] {
  const [before, after]: [Run[], Run[]] = [[], []];
  let from = 0;
  for (const { text, marks } of runs) {
    const cut = Math.min(Math.max(at - from, 0), text.length);
    if (cut > 0) before.push({ text: text.slice(0, cut), marks });
    if (cut < text.length) after.push({ text: text.slice(cut), marks });
    from += text.length;
  }
  return [before, after];
}

/** A text after operations. Throws a `RangeError` for an operation on a clause that isn't there. */
export function operated(text: readonly Clause[], operations: readonly TextOperation[]): readonly Clause[] {
  if (operations.length === 0) return text;
  const left = [...text];
  const placeOf = (id: ClauseId): number => {
    const at = left.findIndex((clause) => clause.id === id);
    if (at < 0) throw new RangeError('the operation is about a clause that is not in the text');
    return at;
  };
  const clauseAt = (at: number): Clause => {
    const clause = left[at];
    if (clause === undefined) throw new RangeError('no clause stands there');
    return clause;
  };
  const behind = (after: ClauseId | null): number => (after === null ? 0 : placeOf(after) + 1);
  for (const operation of operations) {
    switch (operation.op) {
      case 'insert':
        left.splice(behind(operation.after), 0, operation.clause);
        break;
      case 'strike':
        left.splice(placeOf(operation.clause), 1);
        break;
      case 'keep': {
        const at = placeOf(operation.clause);
        const clause = clauseAt(at);
        left[at] = { ...clause, insertion: operation.insertion, runs: operatedRuns(clause.runs, operation.words) };
        break;
      }
      case 'move': {
        const [clause] = left.splice(placeOf(operation.clause), 1);
        if (clause !== undefined) left.splice(behind(operation.after), 0, clause);
        break;
      }
      case 'split': {
        const at = placeOf(operation.clause);
        const clause = clauseAt(at);
        const [runs, rest] = cutRuns(clause.runs, operation.at);
        left.splice(at, 1, { ...clause, runs }, { ...clause, id: operation.into, runs: rest });
        break;
      }
      case 'merge': {
        const clause = clauseAt(placeOf(operation.clause));
        const at = placeOf(operation.into);
        const into = clauseAt(at);
        left[at] = { ...into, runs: joinRuns([...into.runs, ...clause.runs]) };
        left.splice(placeOf(operation.clause), 1);
        break;
      }
    }
  }
  return left;
}
