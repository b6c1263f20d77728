import { ConcordError } from '../../../protocol/errors.ts';
import { MarkId } from '../../../protocol/ids.ts';
import { operated } from '../../../text/operations.ts';
import { reinstated } from '../../../text/reinstate.ts';
import { defineCommand } from '../../command.ts';
import { isLocked } from '../../state.ts';
import { reason } from '../inputs.ts';
import { amendmentReinstated } from './events.ts';

/**
 * The amendment stands again as it stood, where its words still fit and its clause isn't agreed. Amendments that fell or were superseded
 * with the decision are taken back one by one.
 */
export const takeBack = defineCommand({
  type: 'take-back',
  summary: 'The chair takes a decision on an amendment back: it is open again, with its words.',
  input: { amendment: MarkId, reason: reason.optional() },
  actors: ['chair'],
  whileDraftingClosed: true,
  decide({ text, negotiation }, { amendment: id }) {
    const record = negotiation.marks.get(id);
    if (record?.kind !== 'amendment') throw new ConcordError('not-found', { mark: id });
    if (record.state === 'open') throw new ConcordError('nothing-to-do', { mark: id });
    const operations = reinstated(text, id, record.closed?.places ?? [], record.state === 'adopted', (clause) =>
      isLocked(negotiation, clause.id),
    );
    const proposes = operated(text, operations).flatMap((clause) => (clause.insertion === id ? [clause.id] : []));
    return { operations, events: [amendmentReinstated.make({ amendment: id, proposes })] };
  },
});
