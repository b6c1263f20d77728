import { describe, expect, it } from 'vitest';
import { standingAmendments } from '../../../shared/text/amendment.ts';
import type { Clause } from '../../../shared/text/clause.ts';
import { excerptOf, marshalled } from '../../../shared/text/marshal.ts';
import { del, ins, mark, negotiationOf, op } from '../../helpers/texts.ts';

const named = (id: string): string => id.replace(/0+$/, '');
const listed = (text: readonly Clause[]) => marshalled(text, standingAmendments(text, negotiationOf(text)));
const excerpt = (clause: Clause, id: string, ...line: string[]): string =>
  excerptOf(clause, mark(id), line.map(mark), negotiationOf([clause]))
    .map(({ sign, text }) => (sign === '=' ? text : `{${sign}${text}}`))
    .join('');

describe('[SCR15] The marshalled list', () => {
  it('follows the order of the text, and amendments to another come after it', () => {
    const text = [
      op('c1', 'Urge ', ins('arg1', 'all '), del('chl1', ins('arg1', 'member ')), 'states ', del('bra1', 'to act')),
      op('c2', 'Thank ', ins('can1', 'them')),
    ];
    expect(listed(text).map(({ amendment, line }) => [named(amendment.id), line.map(named)])).toEqual([
      ['arg1', []],
      ['chl1', ['arg1']],
      ['bra1', []],
      ['can1', []],
    ]);
  });

  it('names the amendments that strike the same words', () => {
    const text = [op('c1', 'Urge ', del('bra1', del('arg1', 'all ')), del('arg1', 'member '), 'states')];
    expect(listed(text).map(({ conflicts }) => conflicts.map(named))).toEqual([['bra1'], ['arg1']]);
  });

  it('keeps the identity of entries that are the same', () => {
    const text = [op('c1', 'Urge ', ins('arg1', 'all ')), op('c2', 'Thank ', ins('can1', 'them'))];
    const amendments = standingAmendments(text, negotiationOf(text));
    const before = marshalled(text, amendments);
    const after = marshalled([text[0] ?? op('c1'), op('c2', 'Thanks ', ins('can1', 'them'))], amendments, before);
    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
  });

  it('shows a change with five words of its target on both sides, without others’ proposals', () => {
    const clause = op(
      'c1',
      'Open and maintain at least one shelter in each ',
      ins('arg1', 'accessible '),
      del('bra1', 'border '),
      ins('bra1', 'coastal '),
      'province, staffed at all hours of the day',
    );
    expect(excerpt(clause, 'bra1')).toBe(
      '…least one shelter in each {-border }{+coastal }province, staffed at all hours…',
    );
    expect(excerpt(op('c1', ins('arg1', 'all '), 'states'), 'arg1')).toBe('{+all }states');
    expect(excerpt(op('c1', ins('arg1', 'all '), del('arg1', 'some '), 'states'), 'arg1')).toBe(
      '{-some }{+all }states',
    );
  });

  it('shows the words of the amendment that it amends, and shortens long changes', () => {
    const words = Array.from({ length: 40 }, (_, at) => `w${at}`).join(' ');
    expect(excerpt(op('c1', 'Urge ', ins('arg1', 'all '), del('chl1', ins('arg1', 'member '))), 'chl1', 'arg1')).toBe(
      'Urge all {-member }',
    );
    expect(excerpt(op('c1', del('arg1', words)), 'arg1')).toBe('{-w0 w1 w2 w3 w4 … w35 w36 w37 w38 w39}');
  });
});
