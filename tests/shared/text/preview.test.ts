import { describe, expect, it } from 'vitest';
import type { Clause } from '../../../shared/text/clause.ts';
import { fallingWithout, type Preview, previewOf, sameOutcome } from '../../../shared/text/preview.ts';
import { del, ins, mark, negotiationOf, op, proposed } from '../../helpers/texts.ts';

const named = (id: string): string => id.replace(/0+$/, '');
const preview = (text: readonly Clause[], ...names: string[]): Preview =>
  previewOf(text, negotiationOf(text), names.map(mark));
const read = ({ clauses }: Preview): string[] =>
  clauses.map(
    ({ id, change, pieces, left }) =>
      `${named(id)} ${change}: ${pieces
        .map(({ text, by, isStruck }) => (by === null ? text : `{${isStruck ? '-' : '+'}${named(by)} ${text}}`))
        .join('')}${left.length === 0 ? '' : ` (left ${left.map(named).sort().join(' ')})`}`,
  );

describe('[DISP8] a clause as it would read, before anything is decided', () => {
  const border = [
    op(
      'c1',
      'shelter in each ',
      del('usa1', del('bra1', 'border ')),
      ins('usa1', 'frequent '),
      'province',
      ins('col1', ' and port'),
      ', open ',
      del('mex1', 'daily'),
    ),
    op('c2', 'Untouched'),
  ];
  it('has the chosen words in, the struck ones out, and nobody else’s', () => {
    expect(read(preview(border, 'col1'))).toEqual([
      'c1 words: shelter in each border province{+col1  and port}, open daily (left bra1 mex1 usa1)',
    ]);
    expect(read(preview(border, 'bra1', 'mex1'))).toEqual([
      'c1 words: shelter in each {-bra1 border }province, open {-mex1 daily} (left col1)',
    ]);
  });

  it('comes with the amendments that would fall, and their words', () => {
    expect(
      preview(border, 'bra1').falls.map(({ id, state, struck, inserted }) => [named(id), state, struck, inserted]),
    ).toEqual([['usa1', 'superseded', 'border ', 'frequent ']]);
    expect(preview(border, 'col1').falls).toEqual([]);
  });

  it('tells which of the chosen ones change the same words', () => {
    expect(preview(border, 'bra1', 'usa1').rivals.map(named).sort()).toEqual(['bra1', 'usa1']);
    expect(preview(border, 'bra1', 'col1').rivals).toEqual([]);
  });

  it('shows a new clause, and one that goes', () => {
    const text = [op('c1', 'Urge'), proposed('c2', 'arg1', ins('arg1', 'Invite all')), op('c3', del('can1', 'Thank'))];
    expect(read(preview(text, 'arg1', 'can1'))).toEqual(['c2 new: {+arg1 Invite all}', 'c3 gone: {-can1 Thank}']);
  });

  it('of an amendment to a pending one shows that one, since the words in force stay', () => {
    const text = [op('c1', 'medical ', ins('can1', 'and '), del('chl1', ins('can1', 'mental ')), 'care')];
    const shown = preview(text, 'chl1');
    expect(read(shown)).toEqual(['c1 same: medical care (left can1)']);
    expect(shown.amended.map(({ id, was, is }) => [named(id), was.inserted, is.inserted])).toEqual([
      ['can1', 'and mental ', 'and '],
    ]);
    const negotiation = negotiationOf(text);
    expect(fallingWithout(text, negotiation, [mark('can1')]).map(({ id }) => named(id))).toEqual(['chl1']);
  });

  it('is the same outcome only where the words and the fallen are the same', () => {
    expect(sameOutcome(preview(border, 'col1'), preview([...border], 'col1'))).toBe(true);
    const more = [op('c1', 'shelter in ', del('arg1', del('bra1', 'border')), ' towns')];
    const less = [op('c1', 'shelter in ', del('bra1', 'border'), ' towns')];
    expect(sameOutcome(preview(more, 'bra1'), preview(less, 'bra1'))).toBe(false);
  });

  it('of 200 clauses and 300 amendments takes less than a tenth of a second', () => {
    const text = Array.from({ length: 200 }, (_, at) =>
      op(
        `c${at}x`,
        'Urge all member states ',
        del(`a${at}x`, 'to adopt '),
        ins(`a${at}x`, 'to consider '),
        'the measures that are needed',
        ...(at < 100 ? [ins(`b${at}x`, ' without delay')] : []),
      ),
    );
    const negotiation = negotiationOf(text);
    const all = [...negotiation.marks.keys()];
    expect(all).toHaveLength(300);
    previewOf([...text], negotiation, all);
    const from = performance.now();
    expect(previewOf([...text], negotiation, all).clauses).toHaveLength(200);
    expect(performance.now() - from).toBeLessThan(100);
  });
});
