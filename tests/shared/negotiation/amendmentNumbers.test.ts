import { describe, expect, it } from 'vitest';
import { consequencesOf } from '../../../shared/negotiation/consequences.ts';
import { effectsOf } from '../../../shared/negotiation/events.ts';
import { amendmentReparented } from '../../../shared/negotiation/families/amendment/events.ts';
import { amendmentNumbers, NewNumbers } from '../../../shared/negotiation/families/amendment/numbers.ts';
import { LiveState } from '../../../shared/negotiation/state.ts';
import type { Clause } from '../../../shared/text/clause.ts';
import { actOf } from '../../helpers/acts.ts';
import { del, delegate, ins, mark, op, party } from '../../helpers/texts.ts';

/** A text, and the state after edits of it. */
class Draft {
  text: readonly Clause[] = [op('c1', 'Urge states'), op('c2', 'Invite organs')];
  readonly state = new LiveState();
  /** One edit in the name of a party. */
  edit(code: string, after: readonly Clause[]): this {
    const by = delegate(code);
    const { events } = consequencesOf({ before: this.text, after }, { proposesFor: party(code) }, this.state);
    for (const change of effectsOf(events, actOf(by, 1), this.state)) this.state.apply(change);
    this.text = after;
    return this;
  }
  numbers(): Record<string, string> {
    return Object.fromEntries([...amendmentNumbers(this.state.marks)].map(([id, number]) => [id.slice(0, 4), number]));
  }
}

const made = (): Draft =>
  new Draft()
    .edit('BRA', [op('c1', 'Urge ', ins('bra1', 'all '), 'states'), op('c2', 'Invite organs')])
    .edit('ARG', [op('c1', 'Urge ', ins('bra1', 'all '), 'states'), op('c2', 'Invite ', ins('arg1', 'all '), 'organs')])
    .edit('CAN', [
      op('c1', 'Urge ', del('can1', ins('bra1', 'all ')), 'states'),
      op('c2', 'Invite ', ins('arg1', 'all '), 'organs'),
    ]);

describe('[NUM1] The number of an amendment', () => {
  it('is given in the order in which amendments are made; one to an amendment counts within that one', () => {
    expect(made().numbers()).toEqual({ bra1: 'A1', arg1: 'A2', can1: 'A1.1' });
  });

  it('is the same for ever: neither the adoption of its parent nor a later amendment changes it', () => {
    const draft = made();
    const reparented = [amendmentReparented.make({ amendment: mark('can1'), parent: null })];
    for (const change of effectsOf(reparented, actOf(delegate('CAN'), 2), draft.state)) draft.state.apply(change);
    draft.edit('ARG', [
      op('c1', 'Urge ', del('can1', ins('bra1', 'all ')), 'states', ins('arg2', ' now')),
      op('c2', 'Invite ', ins('arg1', 'all '), 'organs'),
    ]);
    expect(draft.numbers()).toEqual({ bra1: 'A1', arg1: 'A2', can1: 'A1.1', arg2: 'A3' });
  });

  it('several of one edit have numbers of their own', () => {
    const draft = new Draft().edit('ARG', [
      op('c1', 'Urge ', ins('arg1', 'all '), 'states'),
      op('c2', 'Invite ', ins('arg2', 'all '), 'organs'),
    ]);
    expect(draft.numbers()).toEqual({ arg1: 'A1', arg2: 'A2' });
  });

  it('follows from time and id where an earlier version recorded the amendment; new ones count on', () => {
    const draft = made();
    const times: Record<string, number> = { bra1: 7, arg1: 5, can1: 5 };
    for (const [id, record] of draft.state.marks) {
      if (record.kind !== 'amendment') continue;
      const { number: _, ...earlier } = record;
      draft.state.marks.set(id, { ...earlier, at: times[id.slice(0, 4)] ?? 0 });
    }
    expect(draft.numbers()).toEqual({ arg1: 'A1', can1: 'A2', bra1: 'A3' });
    const numbers = new NewNumbers(draft.state.marks);
    expect([
      numbers.next(mark('usa1'), null),
      numbers.next(mark('usa2'), mark('bra1')),
      numbers.next(mark('usa3'), mark('usa2')),
      numbers.next(mark('usa4'), mark('bra1')),
      numbers.next(mark('usa5'), null),
    ]).toEqual(['A4', 'A3.1', 'A3.1.1', 'A3.2', 'A5']);
  });
});
