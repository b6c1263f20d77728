import type { ClauseId, MarkId } from '../../shared/protocol/ids.ts';
import type { Clause } from '../../shared/text/clause.ts';

/** Words of a refused edit, given back to their author: a refusal loses nothing that somebody typed. */
export interface LostWords {
  /** Null where the clause in which they stood is no longer known. */
  readonly clause: ClauseId | null;
  readonly inserted: readonly string[];
  readonly struck: readonly string[];
}

const wordsBy = (clause: Clause, name: 'insertion' | 'deletion', own: (id: MarkId) => boolean): Map<MarkId, string> => {
  const words = new Map<MarkId, string>();
  for (const { text, marks } of clause.runs)
    for (const id of marks[name]) if (own(id)) words.set(id, (words.get(id) ?? '') + text);
  return words;
};
const bare = (clause: Clause): string =>
  clause.runs
    .filter(({ marks }) => marks.insertion.length === 0)
    .map(({ text }) => text)
    .join('');

/**
 * The words that the local text has and the server's text has not.
 *
 * `base`: the person edited the base text, so a clause that differs is given back whole. `own`: the marks that the
 * person writes with; other parties' proposals in a removed clause remain theirs.
 */
export function lostWords(
  mine: readonly Clause[],
  theirs: readonly Clause[],
  base: boolean,
  own: (id: MarkId) => boolean = () => true,
): readonly LostWords[] {
  const kept = new Map(theirs.map((clause) => [clause.id, clause]));
  return mine.flatMap((clause): LostWords[] => {
    const now = kept.get(clause.id);
    const missing = (name: 'insertion' | 'deletion'): string[] => {
      const then = now === undefined ? new Map<MarkId, string>() : wordsBy(now, name, own);
      return [...wordsBy(clause, name, own)].flatMap(([id, words]) => (then.get(id) === words ? [] : [words]));
    };
    const inserted = missing('insertion');
    const struck = missing('deletion');
    if (base) {
      const was = bare(clause);
      if (was !== '' && (now === undefined || bare(now) !== was)) inserted.push(was);
    }
    return inserted.length + struck.length === 0 ? [] : [{ clause: clause.id, inserted, struck }];
  });
}
