import { describe, expect, it } from 'vitest';
import type { Principal } from '../../../shared/meeting/principal.ts';
import { effectsOf } from '../../../shared/negotiation/events.ts';
import { decide, onWhatIsSeen, registry, type Wish } from '../../../shared/negotiation/registry.ts';
import { LiveState } from '../../../shared/negotiation/state.ts';
import { ConcordError } from '../../../shared/protocol/errors.ts';
import { operated } from '../../../shared/text/operations.ts';
import { actOf } from '../../helpers/acts.ts';
import {
  brk,
  chair,
  clauseId,
  del,
  delegate,
  ins,
  mark,
  negotiationOf,
  op,
  party,
  rapporteur,
  show,
} from '../../helpers/texts.ts';

/**
 * A clause with Argentina's replacement and a bracket of Canada's, one without anything pending, and one that is agreed.
 * Argentina asked Brazil to sponsor.
 */
const text = [
  op('c1', 'States ', del('arg1', 'shall'), ins('arg1', 'may'), ' ', brk('can1', 'act')),
  op('c2', 'Invite organs'),
  op('c3', 'Welcome the report'),
];
const [first, second, third] = [clauseId('c1'), clauseId('c2'), clauseId('c3')];
const negotiation = negotiationOf(text, {
  brackets: ['can1'],
  statuses: { c3: { state: 'agreed', decided: { by: 'Chair', at: 1 } } },
});
const asked = negotiation.marks.get(mark('arg1'));
if (asked?.kind === 'amendment')
  negotiation.marks.set(mark('arg1'), { ...asked, sponsors: [{ party: party('BRA'), accepted: false }] });

const people = {
  chair,
  rapporteur,
  Argentina: delegate('ARG'),
  Brazil: delegate('BRA'),
  Canada: delegate('CAN'),
  observer: { ...chair, role: 'observer' },
} as const satisfies Record<string, Principal>;

const parties = new Map(
  ['ARG', 'BRA', 'CAN'].map((code) => [
    party(code),
    { code: party(code), names: { en: code }, kind: 'state' as const, aliases: [], members: [] },
  ]),
);

/** The code of the refusal, or `done`, with the text as it reads then. */
function outcome(who: keyof typeof people, wish: Wish, drafting = true): readonly [string, ...string[]] {
  const situation = { text, negotiation, meeting: { drafting, parties } };
  try {
    const { operations } = decide(situation, onWhatIsSeen(situation, wish), people[who]);
    return operations.length === 0 ? ['done'] : ['done', ...show(operated(text, operations))];
  } catch (error) {
    if (error instanceof ConcordError) return [error.code];
    throw error;
  }
}

const amendment = mark('arg1');
const adopt: Wish = { type: 'adopt', amendments: [amendment] };
const notAdopt: Wish = { type: 'not-adopt', amendments: [amendment] };
const withdraw: Wish = { type: 'withdraw', amendment };
const reason: Wish = { type: 'give-reason', amendment, reason: 'It is time.' };
const ask: Wish = { type: 'ask-to-sponsor', amendment, party: party('CAN') };
const accept: Wish = { type: 'answer-sponsoring', amendment, accept: true, party: party('BRA') };
const decline: Wish = { type: 'answer-sponsoring', amendment, accept: false, party: party('BRA') };
const lift: Wish = { type: 'lift-bracket', bracket: mark('can1') };
const agree = (clause = second): Wish => ({ type: 'set-status', clauses: [clause], status: 'agreed' });
const adReferendum: Wish = {
  type: 'set-status',
  clauses: [second],
  status: 'agreed ad referendum',
  parties: [party('BRA')],
};
const reopen: Wish = { type: 'set-status', clauses: [third], status: 'open' };
const disposeOf: Wish = { type: 'dispose-and-agree', clauses: [first], adopt: [amendment], status: 'agreed' };
const sponsors = (clause = second): Wish => ({ type: 'set-sponsors', clause, sponsors: [party('CAN')] });
const move = (clause = second, after: typeof second | null = null): Wish => ({ type: 'move-clause', clause, after });
const freeze = (frozen = true): Wish => ({ type: 'freeze-numbering', frozen });
const [rest2, rest3] = ['Invite organs', 'Welcome the report'];

describe('[PROC1] The commands of a recommendation', () => {
  it.each<[who: keyof typeof people, does: string, wish: Wish, outcome: readonly string[]]>([
    ['chair', 'adopts', adopt, ['done', 'States may [can1 act]', rest2, rest3]],
    ['chair', 'does not adopt', notAdopt, ['done', 'States shall [can1 act]', rest2, rest3]],
    ['Argentina', 'adopts its own', adopt, ['role-may-not']],
    ['rapporteur', 'adopts', adopt, ['role-may-not']],
    ['Argentina', 'withdraws its own', withdraw, ['done', 'States shall [can1 act]', rest2, rest3]],
    ['Brazil', 'withdraws another’s', withdraw, ['not-your-amendment']],
    ['rapporteur', 'withdraws it on Argentina’s behalf', withdraw, ['done', 'States shall [can1 act]', rest2, rest3]],
    ['chair', 'withdraws', withdraw, ['role-may-not']],
    ['Argentina', 'gives its reason', reason, ['done']],
    ['Canada', 'gives another’s reason', reason, ['not-your-amendment']],
    ['Argentina', 'asks Canada to sponsor', ask, ['done']],
    ['Argentina', 'asks Brazil again', { ...ask, party: party('BRA') }, ['nothing-to-do']],
    ['Argentina', 'asks a party that is not here', { ...ask, party: party('USA') }, ['party-unknown']],
    ['Brazil', 'accepts to sponsor', accept, ['done']],
    ['Brazil', 'declines', decline, ['done']],
    ['Canada', 'answers for Brazil', accept, ['role-may-not']],
    ['Canada', 'answers what it was not asked', { ...accept, party: party('CAN') }, ['not-found']],
    ['Canada', 'lifts its bracket', lift, ['done', 'States {-arg1 shall}{+arg1 may} act', rest2, rest3]],
    ['chair', 'lifts it', lift, ['done', 'States {-arg1 shall}{+arg1 may} act', rest2, rest3]],
    ['Brazil', 'lifts another’s', lift, ['role-may-not']],
    ['chair', 'marks a clause as agreed', agree(), ['done']],
    ['chair', 'marks one with something pending', agree(first), ['clause-unresolved']],
    ['chair', 'marks an agreed one again', agree(third), ['nothing-to-do']],
    ['chair', 'agrees ad referendum', adReferendum, ['done']],
    ['chair', 'agrees ad referendum to nobody', { ...adReferendum, parties: [] }, ['party-unknown']],
    ['chair', 'reopens an agreed clause', reopen, ['done']],
    ['rapporteur', 'reopens it', reopen, ['role-may-not']],
    ['chair', 'disposes and agrees', disposeOf, ['done', 'States may act', rest2, rest3]],
    ['chair', 'disposes in an agreed clause', { ...disposeOf, clauses: [third], adopt: [] }, ['clause-locked']],
    ['rapporteur', 'says who sponsors a clause', sponsors(), ['done']],
    ['rapporteur', 'says it of an agreed one', sponsors(third), ['clause-locked']],
    ['chair', 'says it', sponsors(), ['role-may-not']],
    [
      'rapporteur',
      'moves a clause to the beginning',
      move(),
      ['done', rest2, 'States {-arg1 shall}{+arg1 may} [can1 act]', rest3],
    ],
    ['rapporteur', 'moves it to where it stands', move(second, first), ['nothing-to-do']],
    ['rapporteur', 'moves one with something pending', move(first, third), ['clause-unresolved']],
    ['chair', 'moves an agreed one', move(third), ['clause-locked']],
    ['Argentina', 'moves a clause', move(), ['role-may-not']],
    ['chair', 'takes back a decision that was not taken', { type: 'take-back', amendment }, ['nothing-to-do']],
    ['rapporteur', 'takes a decision back', { type: 'take-back', amendment }, ['role-may-not']],
    ['chair', 'freezes the numbers', freeze(), ['done']],
    ['rapporteur', 'freezes the numbers', freeze(), ['done']],
    ['chair', 'releases numbers that are not frozen', freeze(false), ['nothing-to-do']],
    ['Argentina', 'freezes the numbers', freeze(), ['role-may-not']],
  ])('%s %s', (who, _does, wish, expected) => {
    expect(outcome(who, wish)).toEqual(expected);
  });

  it.each<[who: keyof typeof people, does: string, wish: Wish, outcome: string]>([
    ['chair', 'adopts', adopt, 'done'],
    ['Argentina', 'withdraws', withdraw, 'drafting-closed'],
    ['Argentina', 'gives its reason', reason, 'done'],
    ['Canada', 'lifts its bracket', lift, 'drafting-closed'],
    ['chair', 'lifts a bracket', lift, 'done'],
    ['rapporteur', 'moves a clause', move(), 'done'],
    ['chair', 'freezes the numbers', freeze(), 'done'],
  ])('while drafting is closed, %s %s: see the outcome', (who, _does, wish, expected) => {
    expect(outcome(who, wish, false)[0]).toBe(expected);
  });

  it('an observer gives none of them', () => {
    for (const wish of [
      adopt,
      notAdopt,
      withdraw,
      reason,
      ask,
      accept,
      lift,
      agree(),
      disposeOf,
      sponsors(),
      move(),
      freeze(),
    ])
      expect([wish.type, ...outcome('observer', wish)]).toEqual([wish.type, 'role-may-not']);
    expect(registry.kinds.every(({ actors }) => !actors.includes('observer'))).toBe(true);
  });

  it('one change says one thing: a sponsor’s answer repeats neither the reason nor the other sponsors', () => {
    const { events } = decide(
      { text, negotiation, meeting: { drafting: true, parties } },
      onWhatIsSeen({ text, negotiation }, accept),
      people.Brazil,
    );
    expect(events).toEqual([{ type: 'sponsor answered', v: 1, amendment, party: 'BRA', accept: true }]);
    const next = new LiveState(negotiation);
    for (const change of effectsOf(events, actOf(people.Brazil, 2), negotiation)) next.apply(change);
    expect(next.marks.get(amendment)).toMatchObject({ sponsors: [{ party: 'BRA', accepted: true }], state: 'open' });
  });
});
