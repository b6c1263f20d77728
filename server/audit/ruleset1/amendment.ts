import type { NegotiationState } from '../../../shared/negotiation/state.ts';
import type { MarkId } from '../../../shared/protocol/ids.ts';
import type { Clause, Run, RunMarks } from '../../../shared/text/clause.ts';

/** The parts of an amendment in one clause. */
interface Share {
  struck: string;
  inserted: string;
  /** The amendment proposes the whole clause. */
  readonly proposes: boolean;
  /** It strikes every word in force of a clause of the text. */
  strikesAll: boolean;
}

const shares = new WeakMap<Clause, ReadonlyMap<MarkId, Share>>();

/**
 * The amendments with a part in a clause, in the order of its words. Computed once for each value: while people write,
 * only the changed clause is computed again.
 */
function sharesOf(clause: Clause): ReadonlyMap<MarkId, Share> {
  const known = shares.get(clause);
  if (known !== undefined) return known;
  const found = new Map<MarkId, Share>();
  const shareOf = (id: MarkId): Share => {
    const share = found.get(id) ?? { struck: '', inserted: '', proposes: clause.insertion === id, strikesAll: false };
    found.set(id, share);
    return share;
  };
  if (clause.insertion !== null) shareOf(clause.insertion);
  for (const { marks } of clause.runs) for (const id of [...marks.insertion, ...marks.deletion]) shareOf(id);
  for (const [id, share] of found) {
    share.struck = words(clause.runs, (marks) => marks.deletion.includes(id));
    share.inserted = words(clause.runs, (marks) => marks.insertion.includes(id));
    share.strikesAll =
      clause.insertion === null &&
      clause.runs.every(({ marks }) => marks.insertion.length > 0 || marks.deletion.includes(id));
  }
  shares.set(clause, found);
  return found;
}

/** The words of the matching runs; an ellipsis stands for the words between them. */
function words(runs: readonly Run[], pick: (marks: RunMarks) => boolean): string {
  let text = '';
  let gap = false;
  for (const run of runs) {
    if (pick(run.marks)) {
      text += gap && text !== '' ? ` … ${run.text}` : run.text;
      gap = false;
    } else gap = true;
  }
  return text;
}

/** Whether an amendment has words in the text, or proposes a clause of it. */
export const stands = (text: readonly Clause[], id: MarkId): boolean => text.some((clause) => sharesOf(clause).has(id));

/** The words that one amendment strikes and inserts in the text as it stands. */
export const wordsOf = (text: readonly Clause[], id: MarkId): { readonly struck: string; readonly inserted: string } =>
  joinShares(
    text.flatMap((clause) => {
      const share = sharesOf(clause).get(id);
      return share === undefined ? [] : [share];
    }),
  );

function joinShares(parts: readonly Share[]): { readonly struck: string; readonly inserted: string } {
  const join = (pieces: readonly string[]): string => pieces.filter((piece) => piece !== '').join(' … ');
  return { struck: join(parts.map(({ struck }) => struck)), inserted: join(parts.map(({ inserted }) => inserted)) };
}

/** The open brackets in a clause. */
export function standingBrackets(clause: Clause, negotiation: NegotiationState): readonly MarkId[] {
  const ids = new Set<MarkId>();
  for (const { marks } of clause.runs)
    for (const id of marks.bracket) {
      const record = negotiation.marks.get(id);
      if (record?.kind === 'bracket' && record.state === 'open') ids.add(id);
    }
  return [...ids];
}

/** While an amendment or a bracket of a clause is unresolved, the clause can't be marked agreed. */
export const isUnresolved = (clause: Clause, negotiation: NegotiationState): boolean =>
  clause.insertion !== null ||
  clause.runs.some((run) => run.marks.insertion.length > 0 || run.marks.deletion.length > 0) ||
  standingBrackets(clause, negotiation).length > 0;
