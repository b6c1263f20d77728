import { describe, expect, it } from 'vitest';
import { LiveState } from '../../../shared/negotiation/state.ts';
import type { Clause } from '../../../shared/text/clause.ts';
import { clauseNumbers, clauseReferences, labels, latinAdverb } from '../../../shared/text/labels.ts';
import { chapeau, clauseId, ins, mark, op, proposed, recital, sub } from '../../helpers/texts.ts';

const none = new LiveState();
/** The same clause, proposed by an amendment of that name. */
const byAmendment = (clause: Clause, id: string): Clause => ({ ...clause, insertion: mark(id) });
const deep = (id: string, words: string): Clause => ({ ...sub(id, words), level: 2 });
const sameInBoth = (list: string[]): [string[], string[]] => [list, list];

describe('[LAB1] Numbers of clauses', () => {
  it.each<[name: string, text: Clause[], english: string[], romance: string[]]>([
    [
      'are counted level by level; an opening line has none',
      [
        chapeau('c0', 'They recommend to:'),
        op('c1', 'Urge'),
        sub('c2', 'a'),
        sub('c3', 'b'),
        op('c4', 'Invite'),
        sub('c5', 'c'),
      ],
      ['', '1.', '(a)', '(b)', '2.', '(a)'],
      ['', '1.', 'a)', 'b)', '2.', 'a)'],
    ],
    [
      'go on after another opening line, so that no two clauses have the same',
      [chapeau('c0', 'They urge to:'), op('c1', 'Act'), chapeau('c2', 'They invite to:'), op('c3', 'Come')],
      ...sameInBoth(['', '1.', '', '2.']),
    ],
  ])('%s', (_name, text, english, romance) => {
    expect(labels(text, none, 'english')).toEqual(english);
    expect(labels(text, none, 'romance')).toEqual(romance);
  });
});

describe('[LAB2] A proposed clause changes no number of the text in force', () => {
  it.each<[name: string, text: Clause[], expected: string[]]>([
    [
      'it is bis of the clause before it, then ter and quater',
      [
        op('c1', 'Urge'),
        op('c2', 'Invite'),
        proposed('c3', 'arg1', ins('arg1', 'Ask')),
        proposed('c4', 'bra1', ins('bra1', 'Ask')),
        proposed('c5', 'can1', ins('can1', 'Ask')),
        op('c6', 'Act'),
      ],
      ['1.', '2.', '2 bis', '2 ter', '2 quater', '3.'],
    ],
    [
      'a lettered one likewise',
      [op('c1', 'Urge'), sub('c2', 'a'), byAmendment(sub('c3', 'x'), 'arg1'), sub('c4', 'b'), op('c5', 'Act')],
      ['1.', '(a)', '(a) bis', '(b)', '2.'],
    ],
    [
      'its own sub-clauses are counted within it',
      [
        op('c1', 'Urge'),
        proposed('c2', 'arg1', ins('arg1', 'Ask')),
        byAmendment(sub('c3', 'x'), 'arg1'),
        byAmendment(sub('c4', 'y'), 'arg1'),
        byAmendment(deep('c5', 'z'), 'arg1'),
      ],
      ['1.', '1 bis', '(a)', '(b)', '(i)'],
    ],
    [
      'between sub-clauses, a proposal of a higher level takes none of them away',
      [
        op('c1', 'Urge'),
        sub('c2', 'a'),
        proposed('c3', 'arg1', ins('arg1', 'Ask')),
        sub('c4', 'b'),
        byAmendment(sub('c5', 'x'), 'bra1'),
        op('c6', 'Act'),
      ],
      ['1.', '(a)', '1 bis', '(b)', '(b) bis', '2.'],
    ],
    [
      'before the first clause it is pre',
      [
        proposed('c1', 'arg1', ins('arg1', 'Ask')),
        proposed('c2', 'bra1', ins('bra1', 'Ask')),
        op('c3', 'Urge'),
        byAmendment(sub('c4', 'x'), 'arg2'),
        sub('c5', 'a'),
      ],
      ['1 pre', '1 pre bis', '1.', '(a) pre', '(a)'],
    ],
    [
      'where nothing of its level is in force, it is counted',
      [op('c1', 'Urge'), byAmendment(sub('c2', 'x'), 'arg1'), byAmendment(sub('c3', 'y'), 'bra1'), op('c4', 'Act')],
      ['1.', '(a)', '(b)', '2.'],
    ],
    [
      'a proposed one in which there is nothing to see has no number, and takes none',
      [
        op('c1', 'Urge'),
        proposed('c2', 'arg1'),
        proposed('c3', 'arg2', ins('arg2', ' \u00a0\u200d')),
        proposed('c4', 'bra1', ins('bra1', 'Ask')),
        op('c5', 'Act'),
      ],
      ['1.', '', '', '1 bis', '2.'],
    ],
    [
      'a proposed recital or opening line resets nothing',
      [op('c1', 'Urge'), byAmendment(recital('c2', 'Noting'), 'arg1'), sub('c3', 'a'), op('c4', 'Act')],
      ['1.', '', '(a)', '2.'],
    ],
  ])('%s', (_name, text, expected) => {
    expect(labels(text, none, 'english')).toEqual(expected);
    // The text in force has the same numbers without anything proposed.
    const inForce = text.flatMap(({ insertion }, at) => (insertion === null ? [expected[at]] : []));
    expect(
      labels(
        text.filter(({ insertion }) => insertion === null),
        none,
        'english',
      ),
    ).toEqual(inForce);
  });

  it('bis, ter, quater go on', () => {
    expect([2, 3, 4, 5, 11, 19, 20, 21, 22, 35, 99].map(latinAdverb)).toEqual([
      'bis',
      'ter',
      'quater',
      'quinquies',
      'undecies',
      'novodecies',
      'vicies',
      'vicies semel',
      'vicies bis',
      'tricies quinquies',
      'nonagies nonies',
    ]);
    expect(new Set(Array.from({ length: 300 }, (_, at) => latinAdverb(at + 2))).size).toBe(300);
  });
});

/** A state in which the clauses of a text keep their numbers. */
function frozenAt(text: readonly Clause[]): LiveState {
  const state = new LiveState();
  const numbers = clauseNumbers(text, state);
  text.forEach(({ id, insertion }, at) => {
    const number = numbers[at];
    if (insertion === null && number != null)
      state.clauses.set(id, { sponsors: [], status: { state: 'open' }, number });
  });
  return state;
}

describe('[LAB3] Frozen numbers', () => {
  const text = [recital('p1', 'Noting'), op('c1', 'Urge'), op('c2', 'Invite'), sub('c3', 'a'), op('c4', 'Act')];
  const frozen = frozenAt(text);
  const [p1, c1, c2, c3, c4] = text as [Clause, Clause, Clause, Clause, Clause];
  const ask = op('c5', 'Ask');
  it.each<[name: string, text: Clause[], expected: string[]]>([
    ['are the numbers of that moment', text, ['', '1.', '2.', '(a)', '3.']],
    ['hold when a clause is removed', [c1, c4], ['1.', '3.']],
    ['hold when a clause is moved', [c4, c1, c2], ['3.', '1.', '2.']],
    ['leave a clause adopted afterwards bis', [p1, c1, ask, c2, c4], ['', '1.', '1 bis', '2.', '3.']],
    [
      'are not taken by a proposal: it gets the next free one',
      [c1, proposed('c6', 'arg1', ins('arg1', 'Ask')), ask, c2],
      ['1.', '1 ter', '1 bis', '2.'],
    ],
  ])('%s', (_name, now, expected) => {
    expect(labels(now, frozen, 'english')).toEqual(expected);
  });

  it('name a moved sub-clause as before', () => {
    const now = [c1, c3, c2];
    expect(clauseReferences(now, frozen, 'english').map(({ number }) => number)).toEqual(['1', '2 (a)', '2']);
  });

  it('keep the number under which a clause was adopted, whatever is proposed before it', () => {
    const kept = new LiveState(frozen);
    kept.clauses.set(clauseId('c5'), { sponsors: [], status: { state: 'open' }, number: '1+2' });
    const now = [c1, proposed('c6', 'arg1', ins('arg1', 'A')), proposed('c7', 'bra1', ins('bra1', 'B')), ask, c2];
    expect(labels(now, kept, 'english')).toEqual(['1.', '1 bis', '1 quater', '1 ter', '2.']);
  });
});

describe('[LAB4] Each clause of a recommendation has a name of its own', () => {
  it('the number with those of the levels above; without a number, kind and position', () => {
    const text = [
      chapeau('c0', 'They recommend to:'),
      recital('p1', 'Noting'),
      recital('p2', 'Recalling'),
      byAmendment(recital('p3', 'Deploring'), 'arg1'),
      sub('s0', 'before any'),
      op('c1', 'Urge'),
      sub('c2', 'a'),
      deep('c3', 'i'),
      deep('c4', 'ii'),
      op('c5', 'Act'),
      deep('c6', 'i'),
      byAmendment(sub('c7', 'x'), 'bra1'),
    ];
    const references = clauseReferences(text, none, 'english');
    expect(references.map(({ kind, number }) => `${kind} ${number}`)).toEqual([
      'chapeau 1',
      'preambular 1',
      'preambular 2',
      'preambular 2 bis',
      'operative (a)',
      'operative 1',
      'operative 1 (a)',
      'operative 1 (a) (i)',
      'operative 1 (a) (ii)',
      'operative 2',
      'operative 2 – (i)',
      'operative 2 (a)',
    ]);
    expect(clauseReferences(text, none, 'romance')[7]?.number).toBe('1 a) i)');
  });
});
