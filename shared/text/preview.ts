import type { AmendedWords } from '../negotiation/families/amendment/words.ts';
import type { NegotiationState } from '../negotiation/state.ts';
import type { ClauseId, MarkId } from '../protocol/ids.ts';
import { wordsOf } from './amendment.ts';
import type { Clause, Run } from './clause.ts';
import { operated, type TextOperation, type WordOperation } from './operations.ts';
import { ownerOf } from './ownership.ts';
import { type Ended, Resolution } from './resolve.ts';

/** Words of a clause as it would read; `by`: the chosen amendment that brings or strikes them, null for words in force. */
export interface ReadingPiece {
  readonly text: string;
  readonly by: MarkId | null;
  /** The words would go. */
  readonly isStruck: boolean;
}

/** A clause in which an adoption changes something. */
export interface ReadingClause {
  readonly id: ClauseId;
  /** `same`: the words in force stay, and only pending words change. */
  readonly change: 'words' | 'new' | 'gone' | 'same';
  readonly pieces: readonly ReadingPiece[];
  /** The amendments that would still be open in it. */
  readonly left: readonly MarkId[];
}

/** An amendment that would end with the decision, without being chosen. */
export interface Falling extends Ended {
  readonly state: 'superseded' | 'fallen';
}

/** The outcome of adopting some amendments, before anything is decided. */
export interface Preview {
  /** The clauses of the chosen amendments, in the order of the text. */
  readonly clauses: readonly ReadingClause[];
  /** Pending amendments that the chosen ones amend, with their words now and then. */
  readonly amended: readonly { readonly id: MarkId; readonly was: AmendedWords; readonly is: AmendedWords }[];
  readonly falls: readonly Falling[];
  /** Chosen amendments that strike the same words: all their own words would stand side by side. */
  readonly rivals: readonly MarkId[];
}

interface Kept {
  readonly negotiation: NegotiationState;
  readonly preview: Preview;
}
const kept = new WeakMap<readonly Clause[], Map<string, Kept>>();

/** The outcome of adopting amendments that stand in the text. Computed once for each text and choice. */
export function previewOf(text: readonly Clause[], negotiation: NegotiationState, chosen: readonly MarkId[]): Preview {
  const of = kept.get(text) ?? new Map<string, Kept>();
  kept.set(text, of);
  const key = chosen.join();
  const known = of.get(key);
  if (known?.negotiation === negotiation) return known.preview;
  const preview = computed(text, negotiation, new Set(chosen));
  of.set(key, { negotiation, preview });
  return preview;
}

/** The amendments that would fall with some that are not adopted. */
export function fallingWithout(
  text: readonly Clause[],
  negotiation: NegotiationState,
  chosen: readonly MarkId[],
): readonly Falling[] {
  const resolution = new Resolution(text, negotiation);
  resolution.removeAmendments(new Set(chosen));
  return resolution.done().fallen.map((ended) => ({ ...ended, state: 'fallen' }));
}

/** Whether two previews show the same outcome, so that somebody who saw one has seen the other. */
export const sameOutcome = (one: Preview, other: Preview): boolean => outcomeOf(one) === outcomeOf(other);

const outcomeOf = ({ clauses, amended, falls }: Preview): string =>
  JSON.stringify([
    clauses.map(({ id, change, pieces }) => [id, change, pieces]),
    amended,
    falls.map(({ id, struck, inserted }) => [id, struck, inserted]),
  ]);

function computed(text: readonly Clause[], negotiation: NegotiationState, chosen: ReadonlySet<MarkId>): Preview {
  const resolution = new Resolution(text, negotiation);
  resolution.adopt(chosen);
  const { operations, superseded, fallen } = resolution.done();
  const after = operated(text, operations);
  const byClause = new Map(operations.flatMap((operation) => clauseOf(operation)));
  const afterById = new Map(after.map((clause) => [clause.id, clause]));
  const clauses: ReadingClause[] = [];
  const rivals = new Set<MarkId>();
  const parents = new Set<MarkId>();
  for (const clause of text) {
    if (!holds(clause, chosen)) continue;
    const operation = byClause.get(clause.id);
    const pieces = piecesOf(clause, operation, chosen, negotiation, rivals);
    const then = afterById.get(clause.id);
    for (const { marks } of clause.runs) {
      const owner = ownerOf(marks, clause, negotiation);
      if (owner === null || chosen.has(owner)) continue;
      // A chosen amendment to words that stay pending.
      if (marks.deletion.some((id) => chosen.has(id))) parents.add(owner);
    }
    clauses.push({
      id: clause.id,
      change:
        then === undefined
          ? 'gone'
          : clause.insertion !== null && then.insertion === null
            ? 'new'
            : pieces.some(({ by }) => by !== null)
              ? 'words'
              : 'same',
      pieces,
      left: then === undefined ? [] : openIn(then, negotiation),
    });
  }
  for (const id of chosen) {
    const record = negotiation.marks.get(id);
    const parent = record?.kind === 'amendment' ? record.parent : null;
    if (parent !== null && parent !== undefined && !chosen.has(parent)) parents.add(parent);
  }
  return {
    clauses,
    amended: [...parents].flatMap((id) => {
      const [was, is] = [wordsOf(text, id), wordsOf(after, id)];
      return was.struck === is.struck && was.inserted === is.inserted ? [] : [{ id, was, is }];
    }),
    falls: [
      ...superseded.map((ended): Falling => ({ ...ended, state: 'superseded' })),
      ...fallen.map((ended): Falling => ({ ...ended, state: 'fallen' })),
    ],
    rivals: [...rivals],
  };
}

const clauseOf = (operation: TextOperation): [ClauseId, TextOperation][] =>
  operation.op === 'insert' ? [] : [[operation.clause, operation]];

const holds = ({ insertion, runs }: Clause, ids: ReadonlySet<MarkId>): boolean =>
  (insertion !== null && ids.has(insertion)) ||
  runs.some(({ marks }) => marks.insertion.some((id) => ids.has(id)) || marks.deletion.some((id) => ids.has(id)));

/** The words in force after the adoption, and those that it strikes, in the order of the text. */
function piecesOf(
  clause: Clause,
  operation: TextOperation | undefined,
  chosen: ReadonlySet<MarkId>,
  negotiation: NegotiationState,
  rivals: Set<MarkId>,
): readonly ReadingPiece[] {
  const isNew = operation?.op === 'keep' && clause.insertion !== null && operation.insertion === null;
  const words = operation?.op === 'keep' ? operation.words : null;
  const pieces: ReadingPiece[] = [];
  for (const [at, run] of clause.runs.entries()) {
    const owner = ownerOf(run.marks, clause, negotiation);
    const strikers = run.marks.deletion.filter((id) => chosen.has(id));
    if (strikers.length > 1) for (const id of strikers) rivals.add(id);
    const [striker] = strikers;
    if (owner === null) {
      const goes = striker !== undefined && (operation?.op === 'strike' || isStruck(words?.[at]));
      add(pieces, run.text, goes ? striker : null, goes);
    } else if (isInForce(words?.[at], run, isNew)) add(pieces, run.text, chosen.has(owner) ? owner : null, false);
  }
  return pieces;
}

const isStruck = (word: WordOperation | undefined): boolean => word !== undefined && 'strike' in word;

/** Whether pending words of a run are in force after the operation. */
const isInForce = (word: WordOperation | undefined, run: Run, isNew: boolean): boolean =>
  word !== undefined &&
  'keep' in word &&
  word.marks.insertion.length === 0 &&
  (run.marks.insertion.length > 0 || isNew);

function add(pieces: ReadingPiece[], text: string, by: MarkId | null, isStruck: boolean): void {
  const last = pieces.at(-1);
  if (last !== undefined && last.by === by && last.isStruck === isStruck)
    pieces[pieces.length - 1] = { ...last, text: last.text + text };
  else pieces.push({ text, by, isStruck });
}

function openIn({ insertion, runs }: Clause, { marks }: NegotiationState): readonly MarkId[] {
  const ids = new Set<MarkId>(insertion === null ? [] : [insertion]);
  for (const run of runs) for (const id of [...run.marks.insertion, ...run.marks.deletion]) ids.add(id);
  return [...ids].filter((id) => marks.get(id)?.state === 'open');
}
