import { describe, expect, it } from 'vitest';
import type { Clause } from '../../../shared/text/clause.ts';
import { labels } from '../../../shared/text/labels.ts';
import { chapeau, ins, op, proposed, sub } from '../../helpers/texts.ts';

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
      'count a proposed clause, so that the room can speak of it',
      [op('c1', 'Urge'), proposed('c2', 'arg1', ins('arg1', 'Invite')), op('c3', 'Act')],
      ['1.', '2.', '3.'],
      ['1.', '2.', '3.'],
    ],
    [
      'do not count a proposed clause in which there is nothing to see',
      [op('c1', 'Urge'), proposed('c2', 'arg1'), proposed('c3', 'arg2', ins('arg2', ' \u00a0\u200d')), op('c4', 'Act')],
      ['1.', '', '', '2.'],
      ['1.', '', '', '2.'],
    ],
  ])('%s', (_name, text, english, romance) => {
    expect(labels(text, 'english')).toEqual(english);
    expect(labels(text, 'romance')).toEqual(romance);
  });
});
