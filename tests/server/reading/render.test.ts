import { describe, expect, it } from 'vitest';
import { renderClauses } from '../../../server/reading/render.ts';
import type { Fragment } from '../../../server/reading/sheet.ts';
import { openStatus } from '../../../shared/negotiation/families/status/state.ts';
import { LiveState } from '../../../shared/negotiation/state.ts';
import type { Clause } from '../../../shared/text/clause.ts';
import { clauseId, del, ins, mark, op, party, proposed } from '../../helpers/texts.ts';

const draw = (text: readonly Clause[], negotiation: LiveState): readonly Fragment[] =>
  renderClauses(text, negotiation, 'attributed', 'en');

describe('[READ4] The readers’ view', () => {
  it('takes no longer to draw for being spaces', () => {
    const text = Array.from({ length: 20 }, (_, at) =>
      op(`c${100 + at}`, ins('a1', `x${' '.repeat(19_000)}x`), ' end'),
    );
    const begun = performance.now();
    const [first] = renderClauses(text, new LiveState(), 'bracketed', 'en');
    expect(performance.now() - begun).toBeLessThan(1000);
    expect(first?.html).toContain(`<bdi>x${' '.repeat(19_000)}x</bdi><b class="bracket">]</b></span>`);
  });

  it('is drawn anew where the clause changed, its number, its record, or whose its words are, and nowhere else', () => {
    const negotiation = new LiveState();
    const record = { sponsors: [], status: openStatus };
    const mine = {
      kind: 'amendment' as const,
      party: party('ARG'),
      typedBy: 'Delegate',
      participant: 'argentina0' as never,
      at: 1,
      clause: clauseId('c2'),
      state: 'open' as const,
      sponsors: [],
      reason: '',
    };
    negotiation.apply({ of: 'mark', id: mark('a1'), value: mine });
    const text = [op('c1', 'Urge'), op('c2', 'Invite ', ins('a1', 'all '), del('a2', 'states')), op('c3', 'Note')];
    let before = draw(text, negotiation);
    /** The clauses that are rendered anew. */
    const anew = (now: readonly Clause[]): string[] => {
      const known = new Set(before);
      before = draw(now, negotiation);
      return before.filter((fragment) => !known.has(fragment)).map(({ id }) => id.replace(/0+$/, ''));
    };
    expect(anew(text)).toEqual([]);
    negotiation.apply({
      of: 'mark',
      id: mark('a1'),
      value: { ...mine, sponsors: [{ party: party('CAN'), accepted: true }] },
    });
    expect(anew(text)).toEqual(['c2']);
    expect(before[1]?.html).toContain('ARG, CAN');
    negotiation.apply({ of: 'clause', id: clauseId('c3'), value: { ...record, sponsors: [party('BRA')] } });
    expect(anew(text)).toEqual(['c3']);
    const [one, two, three] = text;
    if (one === undefined || two === undefined || three === undefined) throw new Error('no text');
    const other = op('c1', 'Urge all');
    expect(anew([other, two, three])).toEqual(['c1']);
    // A proposed clause renumbers no other; once it is adopted, those after it have other numbers.
    const added = proposed('c4', 'a3', 'Recall');
    expect(anew([other, added, two, three])).toEqual(['c4']);
    expect(before[1]?.html).toContain('>1 bis</span>');
    expect(renderClauses([other, added, two, three], negotiation, 'clean', 'en')).toHaveLength(3);
    expect(anew([other, op('c4', 'Recall'), two, three])).toEqual(['c4', 'c2', 'c3']);
  });
});
