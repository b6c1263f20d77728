import { MarkId } from '../../../protocol/ids.ts';
import { defineCommand } from '../../command.ts';
import { reason } from '../inputs.ts';
import { ownedBy, partyOfMark } from './closing.ts';
import { reasonGiven } from './events.ts';

export const giveReason = defineCommand({
  type: 'give-reason',
  summary: 'A party gives, changes or takes back the reason of its amendment.',
  input: { amendment: MarkId, reason },
  actors: ['delegate', 'rapporteur'],
  whileDraftingClosed: true,
  onBehalfOf: ({ amendment }, state) => partyOfMark(state, amendment),
  decide(situation, { amendment, reason }, by) {
    ownedBy(situation, amendment, by);
    return { operations: [], events: [reasonGiven.make({ amendment, reason })] };
  },
});
