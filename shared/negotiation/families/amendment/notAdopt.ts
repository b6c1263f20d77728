import { Resolution } from '../../../text/resolve.ts';
import { defineCommand } from '../../command.ts';
import { amendments, reason } from '../inputs.ts';
import { close, requireStanding, seenAmendments } from './closing.ts';

export const notAdopt = defineCommand({
  type: 'not-adopt',
  summary: 'The chair does not adopt amendments, in one act.',
  input: { amendments: amendments.min(1), reason: reason.optional() },
  actors: ['chair'],
  whileDraftingClosed: true,
  seen: (input, shown) => seenAmendments(input.amendments, shown),
  decide(situation, input, _by, seen) {
    const ids = new Set(input.amendments);
    for (const id of ids) requireStanding(situation, id, seen);
    const resolution = new Resolution(situation.text, situation.negotiation);
    resolution.removeAmendments(ids);
    return close(situation, [[ids, 'not adopted']], resolution.done(), input.reason);
  },
});
