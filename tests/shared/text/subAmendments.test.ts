import { describe, expect, it } from 'vitest';
import type { Principal } from '../../../shared/meeting/principal.ts';
import { consequencesOf } from '../../../shared/negotiation/consequences.ts';
import { effectsOf } from '../../../shared/negotiation/events.ts';
import { decide, onWhatIsSeen, type Wish } from '../../../shared/negotiation/registry.ts';
import { LiveState, type NegotiationState } from '../../../shared/negotiation/state.ts';
import { ConcordError } from '../../../shared/protocol/errors.ts';
import { type Capacity, permit } from '../../../shared/text/authority.ts';
import type { Clause } from '../../../shared/text/clause.ts';
import { operated } from '../../../shared/text/operations.ts';
import { actOf } from '../../helpers/acts.ts';
import { unsound } from '../../helpers/oracle.ts';
import {
  chair,
  clauseId,
  del,
  delegate,
  from,
  ins,
  mark,
  negotiationOf,
  op,
  party,
  proposed,
  rapporteur,
  show,
} from '../../helpers/texts.ts';

interface State {
  readonly text: readonly Clause[];
  readonly negotiation: NegotiationState;
}

const meeting = { drafting: true, parties: new Map() };

/** A decision on a text and its ledger, as the server performs it. */
function after({ text, negotiation }: State, wish: Wish, by: Principal): State {
  const command = onWhatIsSeen({ text, negotiation }, wish);
  const { operations, events } = decide({ text, negotiation, meeting }, command, by);
  const next = new LiveState(negotiation);
  for (const change of effectsOf(events, actOf(by, 2), negotiation)) next.apply(change);
  return { text: operated(text, operations), negotiation: next };
}

/** `+arg1`: the chair adopts it; `-arg1`: doesn't; `~arg1`: its party withdraws it. Several at once: `+arg1,can1`. */
function decided(state: State, step: string): State {
  const ids = step.slice(1).split(',').map(mark);
  const [first] = ids;
  if (first === undefined) return state;
  if (step.startsWith('~'))
    return after(state, { type: 'withdraw', amendment: first }, delegate(first.slice(0, 3).toUpperCase()));
  return after(state, { type: step.startsWith('+') ? 'adopt' : 'not-adopt', amendments: ids }, chair);
}

const statesOf = ({ negotiation }: State, ...ids: string[]): string =>
  ids
    .map((id) => {
      const record = negotiation.marks.get(mark(id));
      return record?.state ?? 'none';
    })
    .join(', ');

/** Words in force, without what is only proposed; a clause that is only proposed in angle brackets. */
const inForce = ({ text }: State): string =>
  text
    .map(({ insertion, runs }) => {
      const words = runs.filter(({ marks }) => marks.insertion.length === 0).map((run) => run.text);
      return insertion === null ? words.join('') : '<>';
    })
    .join(' / ');

describe('[DISP3] An amendment to an amendment', () => {
  // Argentina adds, Canada adds inside it, Brazil inside that; Uruguay strikes words of Argentina's.
  const text = [
    op(
      'c1',
      'the 2005 law',
      ins('arg1', ', as '),
      ins('can1', 'recently '),
      ins('bra1', 'and rightly '),
      ins('can1', 'and often '),
      ins('arg1', 'amended'),
      del('uru1', ins('arg1', ' twice')),
      ' against',
    ),
  ];
  const begun: State = { text, negotiation: negotiationOf(text) };

  it('is recorded with what it is made to', () => {
    const parentOf = (id: string) => {
      const record = begun.negotiation.marks.get(mark(id));
      return record?.kind === 'amendment' ? record.parent : undefined;
    };
    expect(['arg1', 'can1', 'bra1', 'uru1'].map(parentOf)).toEqual([null, mark('arg1'), mark('can1'), mark('arg1')]);
  });

  const whole = 'the 2005 law, as recently and rightly and often amended twice against';
  it.each<[steps: string[], inForce: string, states: string]>([
    // One level.
    [['+arg1'], 'the 2005 law, as amended twice against', 'adopted, open, open, open'],
    [['-arg1'], 'the 2005 law against', 'not adopted, fallen, fallen, fallen'],
    [['~arg1'], 'the 2005 law against', 'withdrawn, fallen, fallen, fallen'],
    // The inner first: the text in force is untouched until the outer is adopted.
    [['+can1'], 'the 2005 law against', 'open, adopted, open, open'],
    [['+can1', '-arg1'], 'the 2005 law against', 'not adopted, adopted, fallen, fallen'],
    [['+can1', '~arg1'], 'the 2005 law against', 'withdrawn, adopted, fallen, fallen'],
    [['+can1', '+arg1'], 'the 2005 law, as recently and often amended twice against', 'adopted, adopted, open, open'],
    [['-can1', '+arg1'], 'the 2005 law, as amended twice against', 'adopted, not adopted, fallen, open'],
    [['~can1', '+arg1'], 'the 2005 law, as amended twice against', 'adopted, withdrawn, fallen, open'],
    [['-can1', '-arg1'], 'the 2005 law against', 'not adopted, not adopted, fallen, fallen'],
    // The outer first: what was made to it is then made to the text in force.
    [['+arg1', '+can1'], 'the 2005 law, as recently and often amended twice against', 'adopted, adopted, open, open'],
    [['+arg1', '-can1'], 'the 2005 law, as amended twice against', 'adopted, not adopted, fallen, open'],
    [['+arg1', '+uru1'], 'the 2005 law, as amended against', 'adopted, open, open, adopted'],
    [['+arg1', '-uru1'], 'the 2005 law, as amended twice against', 'adopted, open, open, not adopted'],
    // A strike of pending words.
    [['+uru1'], 'the 2005 law against', 'open, open, open, adopted'],
    [['+uru1', '+arg1'], 'the 2005 law, as amended against', 'adopted, open, open, adopted'],
    [['-uru1', '+arg1'], 'the 2005 law, as amended twice against', 'adopted, open, open, not adopted'],
    // Three levels, from the inside, from the outside, from the middle.
    [['+bra1', '+can1', '+uru1', '+arg1'], whole.replace(' twice', ''), 'adopted, adopted, adopted, adopted'],
    [['+arg1', '+can1', '+bra1'], whole, 'adopted, adopted, adopted, open'],
    [['+can1', '+bra1', '+arg1'], whole, 'adopted, adopted, adopted, open'],
    [['+can1', '+arg1', '+bra1'], whole, 'adopted, adopted, adopted, open'],
    [['+bra1', '-can1', '+arg1'], 'the 2005 law, as amended twice against', 'adopted, not adopted, adopted, open'],
    [['+bra1', '+can1', '-arg1'], 'the 2005 law against', 'not adopted, adopted, adopted, fallen'],
    [
      ['-bra1', '+can1', '+arg1'],
      'the 2005 law, as recently and often amended twice against',
      'adopted, adopted, not adopted, open',
    ],
    [['+arg1', '-can1'], 'the 2005 law, as amended twice against', 'adopted, not adopted, fallen, open'],
    // Several at once.
    [['+arg1,can1,bra1,uru1'], whole.replace(' twice', ''), 'adopted, adopted, adopted, adopted'],
    [['+arg1,bra1'], 'the 2005 law, as amended twice against', 'adopted, open, adopted, open'],
    [['+arg1,bra1', '+can1'], whole, 'adopted, adopted, adopted, open'],
    [['-arg1,can1'], 'the 2005 law against', 'not adopted, not adopted, fallen, fallen'],
  ])('%j', (steps, words, states) => {
    const end = steps.reduce(decided, begun);
    expect(inForce(end)).toBe(words);
    expect(statesOf(end, 'arg1', 'can1', 'bra1', 'uru1')).toBe(states);
  });

  it('keeps the origin of each letter, through all levels', () => {
    const [clause] = ['+bra1', '+can1', '+arg1'].reduce(decided, begun).text;
    expect(clause?.runs.map(({ text: words, marks }) => [words, ...marks.origin])).toEqual([
      ['the 2005 law'],
      [', as ', mark('arg1')],
      ['recently ', mark('can1')],
      ['and rightly ', mark('bra1')],
      ['and often ', mark('can1')],
      ['amended', mark('arg1')],
      [' twice', mark('arg1')],
      [' against'],
    ]);
  });

  it('falls with its words on record', () => {
    const record = decided(begun, '-arg1').negotiation.marks.get(mark('can1'));
    expect(record).toMatchObject({ state: 'fallen', closed: { inserted: 'recently and often ', struck: '' } });
  });

  it('in a proposed clause falls with the clause, and stays in it once it is adopted', () => {
    const clauses = [op('c1', 'Urge'), proposed('c2', 'arg1', ins('arg1', 'Invite '), ins('can1', 'all '))];
    const start: State = { text: clauses, negotiation: negotiationOf(clauses) };
    expect(show(decided(start, '+arg1').text)).toEqual(['Urge', 'Invite {+can1 all }']);
    expect(show(['+arg1', '~can1'].reduce(decided, start).text)).toEqual(['Urge', 'Invite ']);
    const gone = decided(start, '-arg1');
    expect([show(gone.text), statesOf(gone, 'can1')]).toEqual([['Urge'], 'fallen']);
  });

  it('nests as deep as people go', () => {
    const deep = 600;
    const parts = Array.from({ length: deep }, (_, at) => ins(`${at % 2 === 0 ? 'arg' : 'can'}d${at}x`, '('));
    const closing = [...parts].reverse().map(({ marks }) => ({ text: ')', marks }));
    const clauses = [op('c1', 'a', ...parts, ...closing, 'b')];
    const start: State = { text: clauses, negotiation: negotiationOf(clauses) };
    const inner = decided(start, `+${deep % 2 === 0 ? 'can' : 'arg'}d${deep - 1}x`);
    expect(show(inner.text)).not.toEqual(show(start.text));
    expect(show(decided(start, '-argd0x').text)).toEqual(['ab']);
  });
});

describe('[DISP2] A withdrawal changes nobody else’s words, marks or clauses', () => {
  it.each<[name: string, text: Clause[], parents: Record<string, string | null>, left: string]>([
    [
      'letters on both sides of an addition',
      [op('c1', 'Urge ', ins('arg1', '.'), ins('bra1', 'all '), ins('arg1', '.'), 'states')],
      { bra1: null },
      'Urge {+bra1 all }states',
    ],
    [
      'a letter between the text and an addition at its end',
      [op('c1', 'Urge states', ins('arg1', '.'), ins('bra1', ' to act'))],
      {},
      'Urge states{+bra1  to act}',
    ],
    ['the only words of a clause that was left empty', [op('c1', ins('arg1', 'Urge'))], {}, ''],
    [
      'words in a clause that was adopted a moment ago',
      [op('c1', ins('arg1', 'Urge '), from('can1', ''), ins('bra1', 'all'))],
      {},
      '{+bra1 all}',
    ],
    ['a strike of what another strikes', [op('c1', del('bra1', del('arg1', 'Urge')))], {}, '{-bra1 Urge}'],
  ])('%s', (_name, text, parents, left) => {
    const end = decided({ text, negotiation: negotiationOf(text, { parents }) }, '~arg1');
    expect(show(end.text)).toEqual([left]);
    expect(statesOf(end, 'arg1')).toBe('withdrawn');
    if (end.negotiation.marks.has(mark('bra1'))) expect(statesOf(end, 'bra1')).toBe('open');
  });
});

describe('[DISP3] An edit that takes words away', () => {
  /** An edit as the server takes it: what it left, and what became of the amendments. */
  function edited(
    before: readonly Clause[],
    parents: Record<string, string | null>,
    left: Clause[],
    code: string | null,
  ) {
    const negotiation = negotiationOf(before, { parents });
    const capacity: Capacity = code === null ? { edits: 'base' } : { proposesFor: party(code) };
    permit({ before, after: left }, capacity, negotiation);
    const by = code === null ? rapporteur : delegate(code);
    const { events, operations } = consequencesOf({ before, after: left }, capacity, negotiation);
    const next = new LiveState(negotiation);
    for (const change of effectsOf(events, actOf(by, 2), negotiation)) next.apply(change);
    const end: State = { text: operated(left, operations), negotiation: next };
    expect(unsound(end)).toBeNull();
    // Told again from what was left, it is the same: so `verify` judges it.
    const again = consequencesOf({ before, after: end.text }, capacity, negotiation);
    expect({ events: again.events, operations: again.operations }).toEqual({ events, operations: [] });
    return end;
  }
  const inside = [
    op('c1', 'a', ins('arg1', 'x'), ins('can1', 'pq'), ins('arg1', 'y'), ins('uru1', 'rs'), ins('arg1', 'z'), 'b'),
  ];
  const clause = [op('c1', 'A'), proposed('c2', 'arg1', ins('arg1', 'New '), ins('can1', 'all'))];

  it.each<[name: string, before: Clause[], left: Clause[], by: string | null, shown: string[], states: string]>([
    [
      'keeps what is typed in its stead inside what falls',
      inside,
      [op('c1', 'a', ins('can1', 'p'), ins('arg2', 'N'), ins('can1', 'q'), ins('uru1', 'rs'), 'b')],
      'ARG',
      ['a{+arg2 N}b'],
      'withdrawn, open, fallen, fallen',
    ],
    [
      'keeps what is typed in its stead between what falls',
      inside,
      [op('c1', 'a', ins('can1', 'pq'), ins('arg2', 'N'), ins('uru1', 'rs'), 'b')],
      'ARG',
      ['a{+arg2 N}b'],
      'withdrawn, open, fallen, fallen',
    ],
    [
      'enters no strike of what falls',
      inside,
      [op('c1', 'a', del('arg2', ins('can1', 'pq')), ins('uru1', 'rs'), 'b')],
      'ARG',
      ['ab'],
      'withdrawn, none, fallen, fallen',
    ],
    [
      'leaves a proposed clause in which something new stands',
      clause,
      [op('c1', 'A'), proposed('c2', 'arg1', ins('can1', 'all'), ins('arg2', 'N'))],
      'ARG',
      ['A', '{+can1 all}{+arg2 N}'],
      'open, open, open, none',
    ],
    [
      'of the text in force leaves what was made to an amendment that only struck them',
      [op('c1', 'a ', del('can1', 'old'), ins('uru1', 'zz'), ' b')],
      [op('c1', 'a ', ins('uru1', 'zz'), ' b')],
      null,
      ['a {+uru1 zz} b'],
      'none, none, open, open',
    ],
  ])('%s', (_name, before, left, by, shown, states) => {
    const end = edited(before, by === null ? { uru1: 'can1' } : {}, left, by);
    expect(show(end.text)).toEqual(shown);
    expect(statesOf(end, 'arg1', 'arg2', 'can1', 'uru1')).toBe(states);
  });

  it('records the words that a strike of them had', () => {
    const before = [op('c1', 'a ', ins('arg1', 'one '), del('uru1', ins('arg1', 'two ')), 'b')];
    const record = edited(before, {}, [op('c1', 'a b')], 'ARG').negotiation.marks.get(mark('uru1'));
    expect(record).toMatchObject({ state: 'fallen', closed: { struck: 'two ' } });
  });
});

it('[DISP3] An amendment of a record that names no parents falls with a proposed clause only if it stands nowhere else', () => {
  const text = [
    op('c1', 'Urge ', ins('can1', 'all '), 'states'),
    proposed('c2', 'arg1', ins('arg1', 'Invite '), ins('can1', 'all'), ins('bra1', ' others')),
  ];
  const negotiation = new LiveState(negotiationOf(text));
  for (const [id, record] of negotiation.marks)
    if (record.kind === 'amendment') negotiation.marks.set(id, { ...record, parent: undefined });
  const end = decided({ text, negotiation }, '-arg1');
  expect(show(end.text)).toEqual(['Urge {+can1 all }states']);
  expect(statesOf(end, 'can1', 'bra1')).toBe('open, fallen');
});

describe('[PROC4] A decision is on the words that were seen', () => {
  const text = [op('c1', 'States ', del('arg1', 'shall'), ins('arg1', 'may'), ' act'), op('c2', 'Invite')];
  const state: State = { text, negotiation: negotiationOf(text) };
  const meetingOf = { ...meeting, parties: new Map([[party('BRA'), {} as never]]) };
  const codeOf = (wish: Wish, now: readonly Clause[], by = chair): string => {
    try {
      const command = onWhatIsSeen(state, wish);
      decide({ text: now, negotiation: state.negotiation, meeting: meetingOf }, command, by);
      return 'done';
    } catch (error) {
      return error instanceof ConcordError ? error.code : 'thrown';
    }
  };
  const adopting: Wish = { type: 'adopt', amendments: [mark('arg1')] };
  const agreeing: Wish = { type: 'set-status', clauses: [clauseId('c2')], status: 'agreed' };
  it.each<[what: string, wish: Wish, now: Clause[], code: string]>([
    ['the same words', adopting, text, 'done'],
    [
      'other words',
      adopting,
      [op('c1', 'States ', del('arg1', 'shall'), ins('arg1', 'must'), ' act')],
      'changed-since',
    ],
    [
      'the same words in another place',
      adopting,
      [op('c1', ins('arg1', 'may'), 'States ', del('arg1', 'shall'), ' act')],
      'changed-since',
    ],
    [
      'the same words in other words in force',
      adopting,
      [op('c1', 'No states ', del('arg1', 'shall'), ins('arg1', 'may'), ' act')],
      'changed-since',
    ],
    [
      'the same words in another clause too',
      adopting,
      [...text.slice(0, 1), op('c2', 'Invite', ins('arg1', ' nobody'))],
      'changed-since',
    ],
    [
      'somebody else’s addition beside them',
      adopting,
      [op('c1', 'States ', ins('bra1', 'also '), del('arg1', 'shall'), ins('arg1', 'may'), ' act')],
      'done',
    ],
    ['a clause that reads the same', agreeing, text, 'done'],
    ['a clause that reads otherwise', agreeing, [op('c2', 'Invite all')], 'changed-since'],
    ['a clause with an amendment', agreeing, [op('c2', 'Invite', ins('arg1', ' all'))], 'clause-unresolved'],
  ])('%s', (_what, wish, now, code) => {
    expect(codeOf(wish, now)).toBe(code);
  });

  it('without a word of what was seen nothing is decided', () => {
    expect(() => decide({ ...state, meeting }, { ...adopting, seen: {} } as never, chair)).toThrow(
      expect.objectContaining({ code: 'bad-request' }),
    );
  });

  it('a clause is agreed in one act, whatever came in meanwhile', () => {
    const wish: Wish = {
      type: 'dispose-and-agree',
      clauses: [clauseId('c1')],
      adopt: [mark('arg1')],
      status: 'agreed',
    };
    const command = onWhatIsSeen(state, wish);
    // A letter that nobody saw arrives before the chair's act.
    const now = [
      op('c1', ins('can9', '.'), 'States ', del('arg1', 'shall'), ins('arg1', 'may'), ' act'),
      op('c2', 'Invite'),
    ];
    const negotiation = negotiationOf(now);
    const { operations, events } = decide({ text: now, negotiation, meeting }, command, chair);
    const next = new LiveState(negotiation);
    for (const change of effectsOf(events, actOf(chair, 2), negotiation)) next.apply(change);
    expect(show(operated(now, operations))).toEqual(['States may act', 'Invite']);
    expect(next.clauses.get(clauseId('c1'))?.status.state).toBe('agreed');
    expect([next.marks.get(mark('arg1'))?.state, next.marks.get(mark('can9'))?.state]).toEqual([
      'adopted',
      'not adopted',
    ]);
    // But never on other words than those.
    const other = [op('c1', 'No states ', del('arg1', 'shall'), ins('arg1', 'may'), ' act')];
    expect(() => decide({ text: other, negotiation: negotiationOf(other), meeting }, command, chair)).toThrow(
      expect.objectContaining({ code: 'changed-since' }),
    );
  });

  it('and on the place of a clause that is proposed', () => {
    const proposal = proposed('c3', 'arg1', ins('arg1', 'Welcome'));
    const negotiation = negotiationOf([...text, proposal]);
    const wish: Wish = { type: 'adopt', amendments: [mark('arg1')] };
    const command = onWhatIsSeen({ text: [...text, proposal], negotiation }, wish);
    const moved = [proposal, ...text];
    expect(() =>
      permit({ before: [...text, proposal], after: moved }, { proposesFor: party('ARG') }, negotiation),
    ).not.toThrow();
    expect(() => decide({ text: moved, negotiation, meeting }, command, chair)).toThrow(
      expect.objectContaining({ code: 'changed-since' }),
    );
  });

  it('while drafting is closed, parties take nothing out of the text', () => {
    const closed = { ...meeting, drafting: false };
    for (const by of [delegate('ARG'), rapporteur])
      expect(() => decide({ ...state, meeting: closed }, { type: 'withdraw', amendment: mark('arg1') }, by)).toThrow(
        expect.objectContaining({ code: 'drafting-closed' }),
      );
  });
});
