import { ConcordError } from '../../../protocol/errors.ts';
import { MarkId } from '../../../protocol/ids.ts';
import { bracketDigest } from '../../../text/digest.ts';
import { Resolution } from '../../../text/resolve.ts';
import { defineCommand, requireSeen, seenBracket, speaksFor } from '../../command.ts';
import { partyOfMark } from '../amendment/closing.ts';
import { bracketsLifted } from './events.ts';

export const liftBracket = defineCommand({
  type: 'lift-bracket',
  summary: 'The chair, or the party that set it, lifts a bracket: the words stay.',
  input: { bracket: MarkId },
  actors: ['chair', 'delegate', 'rapporteur'],
  whileDraftingClosed: ['chair'],
  onBehalfOf: ({ bracket }, state) => partyOfMark(state, bracket),
  seen: ({ bracket }, { text }) => seenBracket(text, bracket),
  decide({ text, negotiation }, { bracket: id }, by, seen) {
    const record = negotiation.marks.get(id);
    if (record?.kind !== 'bracket') throw new ConcordError('not-found', { mark: id });
    if (record.state !== 'open') throw new ConcordError('mark-closed', { mark: id });
    if (by.role !== 'chair' && !speaksFor(by, record.party)) throw new ConcordError('role-may-not');
    requireSeen(seen, id, () => bracketDigest(text, id), { mark: id });
    const resolution = new Resolution(text, negotiation);
    resolution.lift(new Set([id]));
    return { operations: resolution.done().operations, events: [bracketsLifted.make({ brackets: [id] })] };
  },
});
