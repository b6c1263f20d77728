import { describe, expect, it } from 'vitest';
import { markFor, type OwnMark, type Site, type Target, targetAt } from '../../../client/editor/marks.ts';
import type { Clause } from '../../../shared/text/clause.ts';
import { clauseId, ins, mark, op, party, proposed } from '../../helpers/texts.ts';
import { contextOf, docOf } from '../../helpers/typing.ts';

const site = (target: string | null, clauses: string, newClause = false): Site => ({
  target: target === null ? null : mark(target),
  clauses: new Set(clauses.split(' ').map(clauseId)),
  newClause,
});
const own = (id: string, targets: readonly (string | null)[], clauses: string): OwnMark => ({
  id: mark(id),
  targets: new Set(targets.map((target): Target => (target === null ? null : mark(target)))),
  clauses: new Set(clauses === '' ? [] : clauses.split(' ').map(clauseId)),
});

describe('[ED7] One amendment has one target, and stays in its clauses', () => {
  it.each<[string, Site, readonly OwnMark[], string | null]>([
    ['goes on with the amendment beside it', site(null, 'c1'), [own('arg1', [null], 'c1')], 'arg1'],
    ['of two, with the nearest', site(null, 'c1'), [own('arg1', [null], 'c1'), own('arg2', [null], 'c1')], 'arg1'],
    ['not with one of another’s words', site(null, 'c1'), [own('arg1', ['can1'], 'c1')], null],
    [
      'but with the next that is made to the same',
      site(null, 'c1'),
      [own('arg1', ['can1'], 'c1'), own('arg2', [null], 'c1')],
      'arg2',
    ],
    ['not with one of the text in force in another’s words', site('can1', 'c1'), [own('arg1', [null], 'c1')], null],
    ['not with one of other words of another', site('can2', 'c1'), [own('arg1', ['can1'], 'c1')], null],
    ['with one of the same words of another', site('can1', 'c1'), [own('arg1', ['can1'], 'c1')], 'arg1'],
    ['not with one that was made to two', site(null, 'c1'), [own('arg1', [null, 'can1'], 'c1')], null],
    ['not into a clause where it has no part', site(null, 'c1 c2'), [own('arg1', [null], 'c1')], null],
    ['into several where it has a part in each', site(null, 'c1 c2'), [own('arg1', [null], 'c1 c2 c3')], 'arg1'],
    ['not into a clause that the gesture proposes', site(null, 'c1', true), [own('arg1', [null], 'c1')], null],
    ['with one that has no part yet, anywhere', site('can1', 'c1 c2'), [own('arg1', [], '')], 'arg1'],
    ['with nothing where nothing is', site(null, 'c1'), [], null],
  ])('a gesture goes on %s', (_how, where, near, expected) => {
    expect(markFor(where, near)).toBe(expected === null ? null : mark(expected));
  });

  it.each<[string, Clause, number, string | null]>([
    ['in the text in force', op('c1', 'Urge states'), 4, null],
    ['within another’s words', op('c1', 'Urge ', ins('can1', 'all '), 'states'), 7, 'can1'],
    ['before them', op('c1', 'Urge ', ins('can1', 'all '), 'states'), 5, null],
    ['behind them', op('c1', 'Urge ', ins('can1', 'all '), 'states'), 9, null],
    ['behind them at the end of a clause', op('c1', 'Urge ', ins('can1', 'all ')), 9, null],
    ['between two others', op('c1', 'Urge ', ins('can1', 'all '), ins('bra1', 'the '), 'states'), 9, null],
    ['within own words', op('c1', 'Urge ', ins('arg1', 'all '), 'states'), 7, null],
    [
      'within own words in another’s',
      op('c1', ins('can1', 'all '), ins('arg1', 'the '), ins('can1', 'states')),
      6,
      'can1',
    ],
    [
      'beside another’s words in another’s',
      op('c1', ins('can1', 'all '), ins('bra1', 'the '), ins('can1', 'states')),
      8,
      'can1',
    ],
    [
      'within another’s words in another’s',
      op('c1', ins('can1', 'all '), ins('bra1', 'the '), ins('can1', 'states')),
      6,
      'bra1',
    ],
    ['in another’s clause', proposed('c1', 'can1', ins('can1', 'To act')), 6, 'can1'],
    ['in another’s empty clause', proposed('c1', 'can1'), 0, 'can1'],
    ['in an own clause', proposed('c1', 'arg1', ins('arg1', 'To act')), 3, null],
    [
      'within another’s words in an own clause',
      proposed('c1', 'arg1', ins('arg1', 'To '), ins('can1', 'act')),
      4,
      'can1',
    ],
  ])('words that are typed %s amend what they stand in', (_where, clause, offset, expected) => {
    const context = contextOf([clause], { proposesFor: party('ARG') });
    expect(targetAt(docOf([clause]), 1 + offset, context)).toBe(expected === null ? null : mark(expected));
  });
});
