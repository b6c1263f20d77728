import { describe, expect, it } from 'vitest';
import type { Clause } from '../../../shared/text/clause.ts';
import { operated } from '../../../shared/text/operations.ts';
import { adopt, type Resolved, removeAmendments } from '../../../shared/text/resolve.ts';
import { brk, del, ins, mark, negotiationOf, op, proposed, show } from '../../helpers/texts.ts';

const after = (text: readonly Clause[], { operations }: Resolved): readonly Clause[] => operated(text, operations);

const ids = (...names: string[]) => new Set(names.map(mark));
const adopted = (text: Clause[], ...names: string[]) => {
  const resolved = adopt(text, ids(...names), negotiationOf(text));
  return {
    text: show(after(text, resolved)),
    superseded: resolved.superseded.map(({ id, struck, inserted }) => [id.replace(/0+$/, ''), struck, inserted]),
  };
};
const notAdopted = (text: Clause[], ...names: string[]) => {
  const resolved = removeAmendments(text, ids(...names), negotiationOf(text));
  return {
    text: show(after(text, resolved)),
    fallen: resolved.fallen.map(({ id, struck, inserted }) => [id.replace(/0+$/, ''), struck, inserted]),
  };
};

describe('[DISP1] adopting one amendment, with another in the same clause', () => {
  const cases: readonly [string, Clause[], string[], string[], string[][]][] = [
    [
      'two additions at different places: the other stays',
      [op('c1', 'Urge ', ins('arg1', 'all '), 'states to ', ins('can1', 'swiftly '), 'act')],
      ['arg1'],
      ['Urge all states to {+can1 swiftly }act'],
      [],
    ],
    [
      'two additions at the same place: the other stays beside it',
      [op('c1', 'Urge ', ins('arg1', 'all '), ins('can1', 'member '), 'states')],
      ['arg1'],
      ['Urge all {+can1 member }states'],
      [],
    ],
    [
      'both strike the same words: the other has nothing left to strike',
      [op('c1', 'Urge ', del('can1', del('arg1', 'all ')), 'states')],
      ['arg1'],
      ['Urge states'],
      [['can1', 'all ', '']],
    ],
    [
      'both strike, partly the same words: the other goes on with the rest',
      [op('c1', 'Urge ', del('arg1', 'all '), del('can1', del('arg1', 'member ')), del('can1', 'states '), 'to act')],
      ['arg1'],
      ['Urge {-can1 states }to act'],
      [],
    ],
    [
      'both replace the same words: the other is superseded, with its words',
      [op('c1', 'States ', del('can1', del('arg1', 'shall')), ins('arg1', 'should'), ins('can1', 'may'), ' act')],
      ['arg1'],
      ['States should act'],
      [['can1', 'shall', 'may']],
    ],
    [
      'one strikes words in which the other adds: the addition has lost its place',
      [op('c1', 'Urge ', del('arg1', 'all the '), ins('can1', 'very '), del('arg1', 'many '), 'states')],
      ['arg1'],
      ['Urge states'],
      [['can1', '', 'very ']],
    ],
    [
      'one strikes words beside which the other adds: the addition stays',
      [op('c1', 'Urge ', del('arg1', 'all '), ins('can1', 'member '), 'states')],
      ['arg1'],
      ['Urge {+can1 member }states'],
      [],
    ],
    [
      'one adds inside words that the other strikes: both stand, and the new words are not struck',
      [op('c1', 'Urge ', del('arg1', 'all the '), ins('can1', 'very '), del('arg1', 'many '), 'states')],
      ['can1'],
      ['Urge {-arg1 all the }very {-arg1 many }states'],
      [],
    ],
    [
      'an amendment to an amendment: the outer is adopted, the inner stays',
      [op('c1', 'Urge ', ins('arg1', 'all '), ins('can1', 'member '), ins('arg1', 'and observer '), 'states')],
      ['arg1'],
      ['Urge all {+can1 member }and observer states'],
      [],
    ],
    [
      'an amendment to an amendment: the inner is adopted first',
      [op('c1', 'Urge ', ins('arg1', 'all '), ins('can1', 'member '), ins('arg1', 'and observer '), 'states')],
      ['can1'],
      ['Urge {+arg1 all }{+arg1 member }{+arg1 and observer }states'],
      [],
    ],
    [
      'one strikes words of the other’s addition, and the addition is adopted: the strike stays',
      [op('c1', 'Urge ', ins('arg1', 'all '), del('can1', ins('arg1', 'very ')), 'states')],
      ['arg1'],
      ['Urge all {-can1 very }states'],
      [],
    ],
    [
      'one strikes words of the other’s addition, and the strike is adopted: the addition goes on with the rest',
      [op('c1', 'Urge ', ins('arg1', 'all '), del('can1', ins('arg1', 'very ')), 'states')],
      ['can1'],
      ['Urge {+arg1 all }states'],
      [],
    ],
    [
      'one strikes all of the other’s addition, and the strike is adopted: the addition is superseded',
      [op('c1', 'Urge ', del('can1', ins('arg1', 'all ')), 'states')],
      ['can1'],
      ['Urge states'],
      [['arg1', '', 'all ']],
    ],
    [
      'a strike of the whole clause takes the clause, and what was amended in it',
      [op('c1', del('arg1', 'Urge '), ins('can1', 'all '), del('arg1', 'states')), op('c2', 'Invite')],
      ['arg1'],
      ['Invite'],
      [['can1', '', 'all ']],
    ],
    [
      'several at once, overlapping',
      [op('c1', 'Urge ', del('arg1', 'all '), ins('can1', 'member '), 'states', ins('usa1', ' to act'))],
      ['arg1', 'usa1'],
      ['Urge {+can1 member }states to act'],
      [],
    ],
    [
      'a new clause becomes a clause of the text, and what others amended in it stays',
      [op('c1', 'Urge'), proposed('c2', 'arg1', ins('arg1', 'Invite '), ins('can1', 'all '), ins('arg1', 'organs'))],
      ['arg1'],
      ['Urge', 'Invite {+can1 all }organs'],
      [],
    ],
    [
      'brackets of others stay round the words that stay',
      [op('c1', 'Urge ', brk('can1', ins('arg1', 'all ')), 'states')],
      ['arg1'],
      ['Urge [can1 all ]states'],
      [],
    ],
  ];
  it.each(cases)('%s', (_name, text, which, words, superseded) => {
    expect(adopted(text, ...which)).toEqual({ text: words, superseded });
  });

  it('leaves the origin on the words that it brought in', () => {
    const text = [op('c1', 'Urge ', ins('arg1', 'all '), 'states')];
    const [clause] = after(text, adopt(text, ids('arg1'), negotiationOf(text)));
    expect(clause?.runs.map(({ text: words, marks }) => [words, marks.origin])).toEqual([
      ['Urge ', []],
      ['all ', [mark('arg1')]],
      ['states', []],
    ]);
  });
});

describe('[DISP2] not adopting, or withdrawing, one amendment', () => {
  const cases: readonly [string, Clause[], string[], string[], string[][]][] = [
    [
      'its words go, the struck ones stand again',
      [op('c1', 'States ', del('arg1', 'shall'), ins('arg1', 'may'), ' act')],
      ['arg1'],
      ['States shall act'],
      [],
    ],
    [
      'the other that strikes the same words stays',
      [op('c1', 'Urge ', del('can1', del('arg1', 'all ')), 'states')],
      ['arg1'],
      ['Urge {-can1 all }states'],
      [],
    ],
    [
      'what was added inside its words falls with it',
      [op('c1', 'Urge ', ins('arg1', 'all '), ins('can1', 'very '), ins('arg1', 'many '), 'states')],
      ['arg1'],
      ['Urge states'],
      [['can1', '', 'very ']],
    ],
    [
      'a strike of its words falls with them',
      [op('c1', 'Urge ', del('can1', ins('arg1', 'all ')), 'states')],
      ['arg1'],
      ['Urge states'],
      [['can1', 'all ', '']],
    ],
    [
      'its clause goes, with what others amended in it',
      [op('c1', 'Urge'), proposed('c2', 'arg1', ins('arg1', 'Invite '), ins('can1', 'all '), ins('arg1', 'organs'))],
      ['arg1'],
      ['Urge'],
      [['can1', '', 'all ']],
    ],
    [
      'a clause that the rapporteur emptied stays, also when the last words proposed in it go',
      [op('c1', ins('arg1', 'Urge states'))],
      ['arg1'],
      [''],
      [],
    ],
    [
      'an addition beside its words stays',
      [op('c1', 'Urge ', ins('arg1', 'all '), ins('can1', 'member '), 'states')],
      ['arg1'],
      ['Urge {+can1 member }states'],
      [],
    ],
  ];
  it.each(cases)('%s', (_name, text, which, words, fallen) => {
    expect(notAdopted(text, ...which)).toEqual({ text: words, fallen });
  });
});
