import type { ClauseId, MarkId } from '../../shared/protocol/ids.ts';
import type { Clause } from '../../shared/text/clause.ts';

/** Words that were refused, to be used again: nothing that somebody typed is lost with the edit that failed. */
export interface LostWords {
  /** Null where it isn't known any more which clause they stood in. */
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
 * What stands in the text as a person had it and not in the text as the server has it.
 *
 * `base`: the person edited the base text, so a clause that differs there is given back whole. `own`: the marks that the
 * person writes with; what others proposed in a clause that is gone is theirs.
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
