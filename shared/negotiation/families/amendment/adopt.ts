import { Resolution } from '../../../text/resolve.ts';
import { defineCommand } from '../../command.ts';
import { amendments, reason } from '../inputs.ts';
import { close, requireAdoptable, seenAmendments } from './closing.ts';

export const adopt = defineCommand({
  type: 'adopt',
  summary: 'The chair adopts amendments, in one act.',
  input: { amendments: amendments.min(1), reason: reason.optional() },
  actors: ['chair'],
  whileDraftingClosed: true,
  seen: (input, shown) => seenAmendments(input.amendments, shown),
  decide(situation, input, _by, seen) {
    const ids = new Set(input.amendments);
    for (const id of ids) requireAdoptable(situation, id, seen);
    const resolution = new Resolution(situation.text, situation.negotiation);
    resolution.adopt(ids);
    return close(situation, [[ids, 'adopted']], resolution.done(), input.reason);
  },
});
