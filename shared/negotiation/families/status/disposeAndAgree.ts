import { z } from 'zod';
import { ConcordError } from '../../../protocol/errors.ts';
import { ClauseId, type MarkId } from '../../../protocol/ids.ts';
import { clauseDigest } from '../../../text/digest.ts';
import { Resolution } from '../../../text/resolve.ts';
import { clauseIn, defineCommand, requireSeen } from '../../command.ts';
import { isLocked } from '../../state.ts';
import { close, requireAdoptable, seenAmendments } from '../amendment/closing.ts';
import { bracketsLifted } from '../bracket/events.ts';
import { amendments, reason, waiting } from '../inputs.ts';
import { seenClauses, statusEvents } from './wanted.ts';

/**
 * In one act, so that nothing that comes in between can hold the agreement up. `seen`: of the amendments, and of the clauses
 * as they will read.
 */
export const disposeAndAgree = defineCommand({
  type: 'dispose-and-agree',
  summary:
    'The chair adopts some amendments, does not adopt the others that are pending in the clauses, lifts their brackets, and marks the clauses as agreed.',
  input: {
    clauses: z.array(ClauseId).min(1).max(500),
    adopt: amendments,
    status: z.enum(['agreed', 'agreed ad referendum']),
    parties: waiting.optional(),
    reason: reason.optional(),
  },
  actors: ['chair'],
  whileDraftingClosed: true,
  confirmation: 'asks',
  seen({ adopt, clauses }, shown) {
    const resolution = new Resolution(shown.text, shown.negotiation);
    resolution.adopt(new Set(adopt));
    return { ...seenAmendments(adopt, shown), ...seenClauses(clauses, resolution.text()) };
  },
  decide(situation, input, _by, seen) {
    const { text, negotiation } = situation;
    const clauses = new Set(input.clauses);
    for (const id of clauses) {
      clauseIn(situation, id);
      if (isLocked(negotiation, id)) throw new ConcordError('clause-locked', { clause: id });
    }
    const adopted = new Set(input.adopt);
    for (const id of adopted) requireAdoptable(situation, id, seen);
    const resolution = new Resolution(text, negotiation);
    resolution.adopt(adopted);
    const after = resolution.text();
    const left = new Set<MarkId>();
    const brackets = new Set<MarkId>();
    for (const id of clauses) {
      const clause = after.find((one) => one.id === id);
      if (clause === undefined) throw new ConcordError('nothing-to-do', { clause: id });
      // A clause that is only proposed is agreed when its proposal is adopted with it.
      if (clause.insertion !== null) throw new ConcordError('clause-unresolved', { clause: id });
      requireSeen(seen, id, () => clauseDigest(clause), { clause: id });
      for (const { marks } of clause.runs) {
        for (const one of [...marks.insertion, ...marks.deletion]) left.add(one);
        for (const one of marks.bracket) if (negotiation.marks.get(one)?.state === 'open') brackets.add(one);
      }
    }
    resolution.removeAmendments(left);
    resolution.lift(brackets);
    const { operations, events } = close(
      situation,
      [
        [adopted, 'adopted'],
        [left, 'not adopted'],
      ],
      resolution.done(),
      input.reason,
    );
    const because = input.reason === undefined || input.reason === '' ? {} : { reason: input.reason };
    const lifted = brackets.size === 0 ? [] : [bracketsLifted.make({ brackets: [...brackets], ...because })];
    return { operations, events: [...events, ...lifted, ...statusEvents(situation, clauses, input)] };
  },
});
