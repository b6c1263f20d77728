import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openStatus, type Status } from '../../../shared/negotiation/families/status/state.ts';
import { LiveState } from '../../../shared/negotiation/state.ts';
import type { ErrorCode } from '../../../shared/protocol/errors.ts';
import { type Capacity, permit } from '../../../shared/text/authority.ts';
import { type Clause, joinRuns, type Run } from '../../../shared/text/clause.ts';
import { brk, clauseId, del, from, ins, mark, negotiationOf, op, party, proposed, sub } from '../../helpers/texts.ts';

const argentina: Capacity = { proposesFor: party('ARG') };
const base: Capacity = { edits: 'base' };
const agreed: Status = { state: 'agreed', decided: { by: 'Chair', at: 1 } };

/**
 * The verdict on a change of text: 'yes', or the code of the refusal. A mark belongs to the party that its id names.
 */
function judged(
  before: Clause[],
  after: Clause[],
  capacity: Capacity,
  options: Parameters<typeof negotiationOf>[1] = {},
): 'yes' | ErrorCode {
  try {
    permit({ before, after }, capacity, negotiationOf(before, options));
    return 'yes';
  } catch (error) {
    return (error as { code: ErrorCode }).code;
  }
}

describe('[AUTH1] A delegate proposes, and does nothing else', () => {
  const text = [op('c1', 'Urge states'), op('c2', 'Act')];
  const table: [string, Clause[], Clause[], 'yes' | ErrorCode][] = [
    ['adds words', text, [op('c1', 'Urge ', ins('argnew', 'all '), 'states'), op('c2', 'Act')], 'yes'],
    ['strikes words', text, [op('c1', del('argnew', 'Urge'), ' states'), op('c2', 'Act')], 'yes'],
    ['puts words in brackets', text, [op('c1', brk('argnew', 'Urge'), ' states'), op('c2', 'Act')], 'yes'],
    [
      'proposes a clause',
      text,
      [op('c1', 'Urge states'), proposed('c3', 'argnew', ins('argnew', 'Also')), op('c2', 'Act')],
      'yes',
    ],
    ['proposes an empty clause', text, [proposed('c3', 'argnew'), ...text], 'yes'],
    ['strikes a whole clause', text, [op('c1', del('argnew', 'Urge states')), op('c2', 'Act')], 'yes'],
    ['adds words without a mark', text, [op('c1', 'Urge all states'), op('c2', 'Act')], 'not-your-words'],
    ['deletes words', text, [op('c1', 'states'), op('c2', 'Act')], 'not-your-words'],
    ['changes a letter', text, [op('c1', 'urge states'), op('c2', 'Act')], 'not-your-words'],
    [
      'replaces a letter by its own twin',
      text,
      [op('c1', ins('argnew', 'U'), 'rge states'), op('c2', 'Act')],
      'not-your-words',
    ],
    ['removes a clause', text, [op('c1', 'Urge states')], 'not-your-words'],
    ['changes the order', text, [op('c2', 'Act'), op('c1', 'Urge states')], 'not-your-words'],
    ['brings in a clause of the text', text, [...text, op('c3', 'More')], 'not-your-words'],
    ['brings in a clause in another’s name', text, [...text, proposed('c3', 'cannew', ins('cannew', 'More'))], 'yes'],
    ['changes a level', text, [sub('c1', 'Urge states'), op('c2', 'Act')], 'not-your-words'],
    ['moves words to another clause', text, [op('c1', 'Urge'), op('c2', ' statesAct')], 'not-your-words'],
    ['claims an origin', text, [op('c1', from('argnew', 'Urge'), ' states'), op('c2', 'Act')], 'mark-misused'],
  ];
  it.each(table)('%s', (name, before, after, answer) => {
    // An unregistered mark becomes the capacity's, whatever its letters are.
    expect([name, judged(before, after, argentina)]).toEqual([name, answer]);
  });
});

describe('[AUTH4] Own pending words are really edited; other people’s are only proposed on', () => {
  const own = [op('c1', 'Urge ', ins('arg1', 'all '), 'states')];
  const other = [op('c1', 'Urge ', ins('can1', 'all member '), 'states')];
  const clause = [op('c1', 'Urge'), proposed('c2', 'arg1', ins('arg1', 'Act'))];
  const theirs = [op('c1', 'Urge'), proposed('c2', 'can1', ins('can1', 'Act'))];
  const table: [string, Clause[], Clause[], 'yes' | ErrorCode][] = [
    ['changes own words', own, [op('c1', 'Urge ', ins('arg1', 'each '), 'states')], 'yes'],
    ['takes own words away', own, [op('c1', 'Urge states')], 'yes'],
    ['moves own words', own, [op('c1', 'Urge states', ins('arg1', ' all'))], 'yes'],
    ['turns own words into base words', own, [op('c1', 'Urge all states')], 'not-your-words'],
    [
      'changes own clause’s words, level and place',
      clause,
      [{ ...proposed('c2', 'arg1', ins('arg1', 'Go')), level: 1 }, op('c1', 'Urge')],
      'yes',
    ],
    ['takes own clause away', clause, [op('c1', 'Urge')], 'yes'],
    ['makes own clause one of the text', clause, [op('c1', 'Urge'), op('c2', ins('arg1', 'Act'))], 'not-your-words'],
    ['changes another’s words', other, [op('c1', 'Urge ', ins('can1', 'each '), 'states')], 'not-your-words'],
    ['takes another’s words away', other, [op('c1', 'Urge states')], 'not-your-words'],
    [
      'adds to another’s words under their mark',
      other,
      [op('c1', 'Urge ', ins('can1', 'all the member '), 'states')],
      'not-your-words',
    ],
    [
      'adds own words inside another’s',
      other,
      [op('c1', 'Urge ', ins('can1', 'all '), ins('arg1', 'the '), ins('can1', 'member '), 'states')],
      'yes',
    ],
    ['strikes another’s words', other, [op('c1', 'Urge ', del('arg1', ins('can1', 'all member ')), 'states')], 'yes'],
    [
      'makes another’s words its own too',
      other,
      [op('c1', 'Urge ', ins('arg1', ins('can1', 'all member ')), 'states')],
      'not-your-words',
    ],
    [
      'strikes what another strikes',
      [op('c1', del('can1', 'Urge'))],
      [op('c1', del('arg1', del('can1', 'Urge')))],
      'yes',
    ],
    ['takes another’s strike away', [op('c1', del('can1', 'Urge'))], [op('c1', 'Urge')], 'not-your-words'],
    [
      'makes another’s strike longer',
      [op('c1', del('can1', 'Urge'), ' all')],
      [op('c1', del('can1', 'Urge all'))],
      'not-your-words',
    ],
    ['takes another’s bracket away', [op('c1', brk('can1', 'Urge'))], [op('c1', 'Urge')], 'not-your-words'],
    ['takes own bracket away', [op('c1', brk('arg1', 'Urge'))], [op('c1', 'Urge')], 'yes'],
    ['takes another’s clause away', theirs, [op('c1', 'Urge')], 'not-your-words'],
    [
      'writes in another’s clause',
      theirs,
      [op('c1', 'Urge'), proposed('c2', 'can1', ins('can1', 'Act'), ins('arg1', ' now'))],
      'yes',
    ],
    [
      'takes own words away that another struck',
      [op('c1', 'Urge ', del('can1', ins('arg1', 'all ')), 'states')],
      [op('c1', 'Urge states')],
      'yes',
    ],
    [
      'puts another’s strike on own words',
      own,
      [op('c1', 'Urge ', del('can1', ins('arg1', 'all ')), 'states')],
      'not-your-words',
    ],
    [
      'takes own clause away with another’s words in it',
      [proposed('c2', 'arg1', ins('arg1', 'Act'), ins('can1', ' now'))],
      [],
      'not-your-words',
    ],
  ];
  it.each(table)('%s', (name, before, after, answer) => {
    // Canada's mark is registered, so it can't become Argentina's.
    const known = negotiationOf([...before, op('c9', ins('can1', 'x'))]);
    let said: 'yes' | ErrorCode = 'yes';
    const kinds = new Map([['can1', name.includes('bracket') ? 'bracket' : 'amendment']]);
    const canada = known.marks.get(mark('can1'));
    if (canada !== undefined && kinds.get('can1') === 'bracket')
      known.marks.set(mark('can1'), { ...canada, kind: 'bracket', state: 'open' } as typeof canada);
    if (name.includes('own bracket')) {
      const mine = known.marks.get(mark('arg1'));
      if (mine !== undefined) known.marks.set(mark('arg1'), { ...mine, kind: 'bracket', state: 'open' } as typeof mine);
    }
    try {
      permit({ before, after }, argentina, known);
    } catch (error) {
      said = (error as { code: ErrorCode }).code;
    }
    expect([name, said]).toEqual([name, answer]);
  });
});

describe('[AUTH5] The rapporteur edits the base text, and not what parties propose', () => {
  const table: [string, Clause[], Clause[], 'yes' | ErrorCode][] = [
    ['adds words', [op('c1', 'Urge')], [op('c1', 'Urge all')], 'yes'],
    ['deletes words', [op('c1', 'Urge all')], [op('c1', 'Urge')], 'yes'],
    ['adds, removes and moves clauses', [op('c1', 'Urge'), op('c2', 'Act')], [op('c3', 'New'), op('c2', 'Act')], 'yes'],
    ['changes a level', [op('c1', 'Urge')], [sub('c1', 'Urge')], 'yes'],
    ['deletes words that a party has struck', [op('c1', del('can1', 'Urge'), ' all')], [op('c1', ' all')], 'yes'],
    ['deletes a party’s words', [op('c1', 'Urge ', ins('can1', 'all'))], [op('c1', 'Urge ')], 'not-your-words'],
    ['changes a party’s words', [op('c1', ins('can1', 'all'))], [op('c1', ins('can1', 'each'))], 'not-your-words'],
    ['makes a mark', [op('c1', 'Urge')], [op('c1', del('argnew', 'Urge'))], 'not-your-words'],
    // Retyping words means deleting them and writing others: the strike was on the deleted ones.
    ['retypes words that a party has struck', [op('c1', del('can1', 'Urge'))], [op('c1', 'Urge')], 'yes'],
    ['removes a clause with a party’s words', [op('c1', 'Urge', ins('can1', ' all'))], [], 'not-your-words'],
    ['removes a party’s clause', [proposed('c1', 'can1', ins('can1', 'Act'))], [], 'not-your-words'],
    [
      'writes into a party’s clause',
      [proposed('c1', 'can1', ins('can1', 'Act'))],
      [proposed('c1', 'can1', ins('can1', 'Act'), ' not')],
      'not-your-words',
    ],
  ];
  it.each(table)('%s', (name, before, after, answer) =>
    expect([name, judged(before, after, base)]).toEqual([name, answer]),
  );
});

describe('[AUTH3] Agreed text can’t be touched, by anybody', () => {
  const text = [op('c1', 'Urge states'), op('c2', 'Act')];
  it.each([
    ['adding words', [op('c1', 'Urge ', ins('argnew', 'all '), 'states'), op('c2', 'Act')]],
    ['striking words', [op('c1', del('argnew', 'Urge'), ' states'), op('c2', 'Act')]],
    ['brackets', [op('c1', brk('argnew', 'Urge'), ' states'), op('c2', 'Act')]],
    ['removing it', [op('c2', 'Act')]],
    ['changing its level', [sub('c1', 'Urge states'), op('c2', 'Act')]],
    ['changing its words', [op('c1', 'Urge'), op('c2', 'Act')]],
  ] as [string, Clause[]][])('%s', (_name, after) => {
    for (const capacity of [argentina, base])
      for (const status of [
        agreed,
        { state: 'agreed ad referendum', parties: [party('CAN')], decided: { by: 'Chair', at: 1 } } as Status,
      ])
        expect(judged(text, after, capacity, { statuses: { c1: status } })).toBe('clause-locked');
  });
  it('words beside it can continue it', () => {
    const beside = [
      op('c1', 'Urge states'),
      proposed('c3', 'argnew', ins('argnew', 'So')),
      op('c2', ins('argnew2', 'To '), 'Act'),
    ];
    expect(judged(text, beside, argentina, { statuses: { c1: agreed } })).toBe('yes');
    expect(judged(text, beside, argentina, { statuses: { c1: openStatus } })).toBe('yes');
  });
});

describe('[AUTH6] A mark keeps its kind, and a decided one is nobody’s', () => {
  it('an amendment’s mark is no bracket', () => {
    const text = [op('c1', ins('arg1', 'all '), 'states')];
    expect(judged(text, [op('c1', ins('arg1', 'all '), brk('arg1', 'states'))], argentina)).toBe('mark-misused');
  });
  it('a closed amendment can’t be extended', () => {
    expect(
      judged([op('c1', 'states')], [op('c1', ins('arg1', 'all '), 'states')], argentina, { closed: ['arg1'] }),
    ).toBe('mark-closed');
  });
  it('one new id isn’t two kinds at once', () => {
    expect(judged([op('c1', 'states')], [op('c1', ins('argnew', 'all '), brk('argnew', 'states'))], argentina)).toBe(
      'mark-misused',
    );
  });
});

describe('[AUTH8] An amendment amends one thing', () => {
  it('also one of a record that names no parents', () => {
    const before = [op('c1', 'Urge ', ins('can1', 'all '), 'states', ins('arg1', ' now'))];
    const negotiation = new LiveState(negotiationOf(before));
    for (const [id, record] of negotiation.marks)
      if (record.kind === 'amendment') negotiation.marks.set(id, { ...record, parent: undefined });
    const edited = (...left: Parameters<typeof op>) => permit({ before, after: [op(...left)] }, argentina, negotiation);
    expect(() => edited('c1', 'Urge ', ins('can1', 'all '), 'states', ins('arg1', ' at once'))).not.toThrow();
    expect(() =>
      edited('c1', 'Urge ', ins('can1', 'a'), ins('arg1', 'x'), ins('can1', 'll '), 'states', ins('arg1', ' now')),
    ).toThrow(expect.objectContaining({ code: 'mark-misused' }));
  });
});

describe('[AUTH7] With the party’s own work taken out, the text is what it was', () => {
  const word = fc.constantFrom('a', 'b', 'ab', ' ', 'é');
  const part = fc.oneof(
    word,
    word.map((w) => ins('arg1', w)),
    word.map((w) => ins('can1', w)),
    word.map((w) => del('can2', w)),
    word.map((w) => del('arg2', w)),
    word.map((w) => del('can2', ins('arg1', w))),
    word.map((w) => del('arg2', ins('can1', w))),
  );
  const clause = fc.tuple(
    fc.constantFrom('c1', 'c2', 'c3', 'c4'),
    fc.constantFrom(null, 'arg3', 'can3'),
    fc.array(part, { maxLength: 4 }),
  );
  const text = fc
    .uniqueArray(clause, { maxLength: 4, selector: ([id]) => id })
    .map((rows) =>
      rows.map(([id, proposal, parts]) => (proposal === null ? op(id, ...parts) : proposed(id, proposal, ...parts))),
    );
  /** Everything that isn't Argentina's: the definition, written the slow way. */
  const others = (clauses: readonly Clause[]) =>
    clauses.flatMap((one) => {
      const own = one.insertion?.startsWith('arg') === true;
      const runs: Run[] = one.runs
        .filter((run) => !(run.marks.insertion.length > 0 && run.marks.insertion.every((id) => id.startsWith('arg'))))
        .map((run) => ({
          text: run.text,
          marks: {
            ...run.marks,
            insertion: run.marks.insertion.filter((id) => !id.startsWith('arg')),
            deletion: run.marks.deletion.filter((id) => !id.startsWith('arg')),
          },
        }));
      const left = joinRuns(runs);
      return own && left.length === 0
        ? []
        : [own ? { id: one.id, left } : { id: one.id, level: one.level, insertion: one.insertion, left }];
    });
  it('every permitted edit leaves other parties’ words and the base as they were', () => {
    let yes = 0;
    fc.assert(
      fc.property(text, text, (before, after) => {
        const all = negotiationOf([...before, ...after]);
        try {
          permit({ before, after }, argentina, all);
        } catch {
          return;
        }
        yes += 1;
        expect(others(after)).toEqual(others(before));
      }),
      { numRuns: 4000 },
    );
    expect(yes).toBeGreaterThan(0);
  });
  it('words that are Argentina’s alone may always be deleted', () => {
    fc.assert(
      fc.property(text, (before) => {
        const after = before
          .map((one) => ({
            ...one,
            runs: joinRuns(
              one.runs.filter(
                (run) => !(run.marks.insertion.length > 0 && run.marks.insertion.every((id) => id.startsWith('arg'))),
              ),
            ),
          }))
          .filter((one) => !(one.insertion?.startsWith('arg') === true && one.runs.length === 0));
        permit({ before, after }, argentina, negotiationOf(before));
      }),
    );
  });
  it('names the clause that was touched', () => {
    expect(() =>
      permit({ before: [op('c1', 'Urge')], after: [op('c1', 'Ask')] }, argentina, negotiationOf([])),
    ).toThrow(expect.objectContaining({ detail: { clause: clauseId('c1') } }));
  });
});
