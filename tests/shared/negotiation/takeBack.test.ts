import { describe, expect, it } from 'vitest';
import type { Principal } from '../../../shared/meeting/principal.ts';
import { effectsOf } from '../../../shared/negotiation/events.ts';
import { decide, onWhatIsSeen, type Wish } from '../../../shared/negotiation/registry.ts';
import { LiveState, type NegotiationState } from '../../../shared/negotiation/state.ts';
import { ConcordError } from '../../../shared/protocol/errors.ts';
import type { Clause } from '../../../shared/text/clause.ts';
import { operated } from '../../../shared/text/operations.ts';
import { actOf } from '../../helpers/acts.ts';
import { chair, clauseId, del, ins, mark, negotiationOf, op, proposed, show } from '../../helpers/texts.ts';

interface State {
  readonly text: readonly Clause[];
  readonly negotiation: NegotiationState;
}

function decided({ text, negotiation }: State, wish: Wish, by: Principal = chair): State {
  const situation = { text, negotiation, meeting: { drafting: true, parties: new Map() } };
  const { operations, events } = decide(situation, onWhatIsSeen(situation, wish), by);
  const next = new LiveState(negotiation);
  for (const change of effectsOf(events, actOf(by, 2), negotiation)) next.apply(change);
  return { text: operated(text, operations), negotiation: next };
}
const adopt = (...ids: string[]): Wish => ({ type: 'adopt', amendments: ids.map(mark) });
const reject = (...ids: string[]): Wish => ({ type: 'not-adopt', amendments: ids.map(mark) });
const takeBack = (id: string): Wish => ({ type: 'take-back', amendment: mark(id) });
const stateOf = (state: State, id: string): string => state.negotiation.marks.get(mark(id))?.state ?? 'none';

const texts = {
  'an addition': [op('c1', 'Urge ', ins('arg1', 'all '), 'states to act')],
  'a replacement, with another’s addition beside it': [
    op('c1', 'States ', del('arg1', 'shall'), ins('arg1', 'may'), ins('bra1', ' also'), ' act'),
  ],
  'a deletion': [op('c1', 'Urge ', del('arg1', 'all '), 'states')],
  'words in two places': [
    op('c1', ins('arg1', 'First, '), 'states ', del('arg1', 'act'), ins('arg1', 'move')),
    op('c2', 'Invite ', del('arg1', 'some '), 'organs'),
  ],
  'a proposed clause': [
    op('c1', 'Urge states'),
    proposed('c9', 'arg1', ins('arg1', 'Thank the hosts')),
    op('c2', 'Invite'),
  ],
  'the deletion of a clause': [op('c1', 'Urge states'), op('c2', del('arg1', 'Invite organs')), op('c3', 'Welcome')],
  'an addition among letters of two halves': [op('c1', '😀'.repeat(20), 'a ', ins('arg1', '😀 '), '😀'.repeat(20))],
  'an addition to an empty clause': [op('c1', ins('arg1', 'Act'))],
} satisfies Record<string, Clause[]>;

describe('[DISP5] A decision that is taken back', () => {
  it.each(Object.entries(texts))('leaves the text as it was before: %s', (_name, text) => {
    const before: State = { text, negotiation: negotiationOf(text) };
    for (const wish of [adopt('arg1'), reject('arg1')]) {
      const back = decided(decided(before, wish), takeBack('arg1'));
      expect([wish.type, show(back.text), stateOf(back, 'arg1')]).toEqual([wish.type, show(text), 'open']);
      expect(back.text.map(({ id, insertion }) => [id, insertion])).toEqual(
        text.map(({ id, insertion }) => [id, insertion]),
      );
      expect(back.negotiation.marks.get(mark('arg1'))).not.toHaveProperty('closed');
    }
  });

  it('finds its place after others were decided, and takes theirs not along', () => {
    const text = [
      op(
        'c1',
        'Urge ',
        ins('arg1', 'all '),
        'states ',
        del('bra1', 'to act'),
        ins('bra1', 'to move'),
        ' on ',
        ins('can1', 'their '),
        'own',
      ),
    ];
    const all = decided(decided({ text, negotiation: negotiationOf(text) }, adopt('arg1')), adopt('bra1', 'can1'));
    expect(show(all.text)).toEqual(['Urge all states to move on their own']);
    const back = decided(all, takeBack('bra1'));
    expect(show(back.text)).toEqual(['Urge all states {-bra1 to act}{+bra1 to move} on their own']);
    expect(show(decided(back, adopt('bra1')).text)).toEqual(show(all.text));
  });

  it('an adopted clause is proposed again, by its party alone', () => {
    const text = texts['a proposed clause'];
    const adopted = decided({ text, negotiation: negotiationOf(text) }, adopt('arg1'));
    expect(adopted.negotiation.clauses.get(clauseId('c9'))).toMatchObject({ origin: mark('arg1') });
    const back = decided(adopted, takeBack('arg1'));
    expect(back.negotiation.clauses.get(clauseId('c9'))).toEqual({ sponsors: ['ARG'], status: { state: 'open' } });
  });

  it.each<[name: string, change: (state: State) => State, code: string]>([
    [
      'whose clause is agreed',
      (state) => decided(state, { type: 'set-status', clauses: [clauseId('c1')], status: 'agreed' }),
      'clause-locked',
    ],
    ['whose words were rewritten since', (state) => ({ ...state, text: [op('c1', 'Nobody acts')] }), 'cannot-restore'],
    ['whose clause is gone', (state) => ({ ...state, text: [op('c2', 'Invite')] }), 'cannot-restore'],
    ['that stands open', (state) => decided(state, takeBack('arg1')), 'nothing-to-do'],
  ])('not one %s', (_name, change, code) => {
    const text = texts['an addition'];
    const state = change(decided({ text, negotiation: negotiationOf(text) }, adopt('arg1')));
    let found = 'done';
    try {
      decided(state, takeBack('arg1'));
    } catch (error) {
      found = error instanceof ConcordError ? error.code : 'thrown';
    }
    expect(found).toBe(code);
  });

  it('not one to another amendment, whose words come and go with that one', () => {
    const text = [op('c1', 'Urge ', ins('arg1', 'all '), ins('can1', 'the '), ins('arg1', 'free '), 'states')];
    const state = decided({ text, negotiation: negotiationOf(text, { parents: { can1: 'arg1' } }) }, reject('can1'));
    expect(() => decided(state, takeBack('can1'))).toThrow(expect.objectContaining({ code: 'cannot-restore' }));
  });
});
