import { type Command, decide } from '../../shared/negotiation/procedure.ts';
import type { NegotiationState } from '../../shared/negotiation/state.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { MarkId, ParticipantId, PartyCode, RecommendationId } from '../../shared/protocol/ids.ts';
import type { Meetings } from '../meetings/meetings.ts';
import type { Rooms } from '../room/rooms.ts';
import { stageDecision } from '../room/stage.ts';

/**
 * Decides a command on the head of its recommendation and performs it on document and ledger, in one entry.
 *
 * Resolves with the entry's number when it is on disk and shown. Throws the `ConcordError` that `decide` gives, or
 * `accreditation-ended`, `not-found`, `not-stored`.
 */
export async function run(
  { rooms, meetings }: { readonly rooms: Rooms; readonly meetings: Meetings },
  recommendation: RecommendationId,
  command: Command,
  participant: ParticipantId,
): Promise<number> {
  const room = await rooms.room(recommendation);
  const principalNow = () => {
    const meeting = meetings.of(recommendation);
    const principal = meeting === null ? null : meetings.principal(meeting.id, participant);
    if (meeting === null || principal === null) throw new ConcordError('accreditation-ended');
    return { meeting, principal };
  };
  const { principal: by } = principalNow();
  const { sequence } = await room.submit({
    by,
    onBehalfOf: by.role === 'rapporteur' ? ownerOf(command, room.negotiation) : null,
    action: command,
    stage: (head, now) => {
      const { meeting, principal } = principalNow();
      return stageDecision(
        head,
        decide({ text: head.text(), negotiation: head.negotiation, meeting }, command, principal, now),
      );
    },
  });
  if (sequence === null) throw new ConcordError('nothing-to-do');
  return sequence;
}

/** The party in whose name the rapporteur acts, where the act is its owner's. */
function ownerOf(command: Command, negotiation: NegotiationState): PartyCode | null {
  const party = (id: MarkId): PartyCode | null => negotiation.marks.get(id)?.party ?? null;
  switch (command.type) {
    case 'withdraw':
    case 'give-reason':
    case 'ask-to-sponsor':
      return party(command.amendment);
    case 'answer-sponsoring':
      return command.party ?? null;
    case 'lift-bracket':
      return party(command.bracket);
    default:
      return null;
  }
}
