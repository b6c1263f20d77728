import type * as Y from 'yjs';
import type { Clause } from '../../shared/clause.ts';
import { deltaOf } from '../../shared/document.ts';
import type { MarkId, PartyCode } from '../../shared/ids.ts';
import type { Ledger } from '../../shared/ledger.ts';

/** Everything in a text that isn't one party's: its words without that party's, in their order. */
export function withoutParty(text: readonly Clause[], code: PartyCode, ledger: Ledger): string {
  const own = (id: MarkId): boolean => ledger.marks.get(id)?.party === code && ledger.marks.get(id)?.state === 'open';
  return text
    .map((clause) => {
      const left: [words: string, marks: string][] = [];
      for (const { text: words, marks } of clause.runs) {
        if (marks.insertion.length > 0 && marks.insertion.every(own)) continue;
        const others = [...marks.insertion, ...marks.deletion, ...marks.bracket, ...marks.origin]
          .filter((id) => !own(id))
          .join();
        const last = left.at(-1);
        if (last?.[1] === others) last[0] += words;
        else left.push([words, others]);
      }
      const owned = clause.insertion !== null && own(clause.insertion);
      return owned && left.length === 0 ? '' : `${clause.id} ${JSON.stringify(left)}`;
    })
    .filter((line) => line !== '')
    .join('\n');
}

/** Attributes that end, for what is typed at a place, the marks that stand there. */
export function endedAt(text: Y.XmlText, at: number): Record<string, null> {
  let passed = 0;
  for (const { insert, attributes } of deltaOf(text)) {
    passed += insert.length;
    if (at <= passed) return Object.fromEntries(Object.keys(attributes ?? {}).map((key) => [key, null]));
  }
  return {};
}
