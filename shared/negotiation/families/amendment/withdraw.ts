import { MarkId } from '../../../protocol/ids.ts';
import { removeAmendments } from '../../../text/resolve.ts';
import { defineCommand } from '../../command.ts';
import { reason } from '../inputs.ts';
import { close, ownedBy, partyOfMark } from './closing.ts';

export const withdraw = defineCommand({
  type: 'withdraw',
  summary: 'A party withdraws its amendment.',
  input: { amendment: MarkId, reason: reason.optional() },
  actors: ['delegate', 'rapporteur'],
  whileDraftingClosed: false,
  onBehalfOf: ({ amendment }, state) => partyOfMark(state, amendment),
  decide(situation, { amendment, reason }, by) {
    ownedBy(situation, amendment, by);
    const ids = new Set([amendment]);
    return close(situation, [[ids, 'withdrawn']], removeAmendments(situation.text, ids, situation.negotiation), reason);
  },
});
