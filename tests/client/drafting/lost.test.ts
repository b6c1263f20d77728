import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lostWords } from '../../../client/drafting/refused.ts';
import { changeRow, mergeRows, splitRow } from '../../../client/pages/import/edit.ts';
import { Compilation } from '../../../shared/meeting/compilation.ts';
import { del, ins, op, proposed } from '../../helpers/texts.ts';

describe('[ED6] Words that were refused are given back', () => {
  it('the words that were brought in and struck, by clause', () => {
    const mine = [op('c1', 'Urge ', ins('arg1', 'all '), del('arg1', 'some'), ' states')];
    expect(lostWords(mine, [op('c1', 'Urge some states')], false)).toEqual([
      { clause: mine[0]?.id, inserted: ['all '], struck: ['some'] },
    ]);
  });

  it('of a proposed clause that never came in, all', () => {
    const mine = [op('c1', 'Urge'), proposed('c2', 'arg2', ins('arg2', 'Invite observers'))];
    expect(lostWords(mine, [op('c1', 'Urge')], false)).toMatchObject([{ inserted: ['Invite observers'] }]);
  });

  it('not those that others proposed, nor those that the server has', () => {
    const text = [op('c1', 'Urge ', ins('can1', 'most '), ins('arg1', 'all '), 'states')];
    expect(lostWords(text, text, false)).toEqual([]);
  });

  it('of a clause that is gone, one’s own, and not what others proposed in it', () => {
    const mine = [op('c1', 'Urge ', ins('can1', 'most '), ins('arg1', 'all '), 'states')];
    expect(lostWords(mine, [], false, (id) => id.startsWith('arg'))).toEqual([
      { clause: mine[0]?.id, inserted: ['all '], struck: [] },
    ]);
  });

  it('of a base text that was edited, the clause whole', () => {
    const mine = [op('c1', 'Urge all states'), op('c2', 'Act')];
    expect(lostWords(mine, [op('c1', 'Urge states'), op('c2', 'Act')], true)).toEqual([
      { clause: mine[0]?.id, inserted: ['Urge all states'], struck: [] },
    ]);
  });
});

const rows = fc.array(
  fc.record({
    text: fc
      .array(fc.constantFrom('urge', 'states', 'to', 'act,', 'now.'), { minLength: 1, maxLength: 8 })
      .map((words) => words.join(' ')),
    level: fc.integer({ min: 0, max: 2 }),
    sponsors: fc.uniqueArray(fc.constantFrom('Chile', 'Peru', 'CIM')),
  }),
  { minLength: 1, maxLength: 6 },
);
const compilationOf = (clauses: readonly { text: string; level: number; sponsors: string[] }[]): Compilation =>
  Compilation.parse({
    title: 'T',
    parties: [],
    topics: [{ heading: 'H', level: 1, recommendations: [{ heading: '', clauses }] }],
    warnings: [],
  });
const wordsOf = ({ topics }: Compilation): string[] =>
  topics.flatMap(({ recommendations }) =>
    recommendations.flatMap(({ clauses }) => clauses.flatMap(({ text }) => text.match(/\S+/g) ?? [])),
  );
const sponsorsOf = ({ topics }: Compilation): Set<string> =>
  new Set(
    topics.flatMap(({ recommendations }) =>
      recommendations.flatMap(({ clauses }) => clauses.flatMap(({ sponsors }) => sponsors)),
    ),
  );

describe('[IMP8] Correcting a preview', () => {
  it('merging and splitting lose no word and no sponsor', () => {
    fc.assert(
      fc.property(
        rows,
        fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 6 }), fc.nat({ max: 40 })), { maxLength: 8 }),
        (clauses, edits) => {
          const start = compilationOf(clauses);
          const end = edits.reduce((now, [merge, row, offset]) => {
            const place = { topic: 0, recommendation: 0, row };
            if (merge) return mergeRows(now, place);
            // At a space, as a person would.
            const text = now.topics[0]?.recommendations[0]?.clauses[row]?.text ?? '';
            return splitRow(now, place, Math.max(0, text.indexOf(' ', Math.min(offset, text.length))));
          }, start);
          expect(wordsOf(end)).toEqual(wordsOf(start));
          expect(sponsorsOf(end)).toEqual(sponsorsOf(start));
        },
      ),
    );
  });

  it('a change touches its own row', () => {
    const start = compilationOf([
      { text: 'a', level: 0, sponsors: [] },
      { text: 'b', level: 0, sponsors: ['Peru'] },
    ]);
    const end = changeRow(start, { topic: 0, recommendation: 0, row: 1 }, { level: 2 });
    expect(end.topics[0]?.recommendations[0]?.clauses).toEqual([
      { text: 'a', level: 0, sponsors: [] },
      { text: 'b', level: 2, sponsors: ['Peru'] },
    ]);
  });
});
