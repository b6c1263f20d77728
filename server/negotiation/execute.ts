import type { StoredCommand } from '../../shared/negotiation/command.ts';
import { type Command, type Registry, registry } from '../../shared/negotiation/registry.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { ParticipantId, RecommendationId } from '../../shared/protocol/ids.ts';
import type { Meetings } from '../meetings/meetings.ts';
import type { Rooms } from '../room/rooms.ts';

/**
 * The way of a command: look up the actor → (`room/submit.ts`: decide on the head → perform) → append → show, in one entry.
 *
 * Resolves with the entry's number when it is on disk and shown. Throws the `ConcordError` that `decide` gives, or
 * `accreditation-ended`, `not-found`, `not-stored`.
 */
export async function execute(
  { rooms, meetings }: { readonly rooms: Rooms; readonly meetings: Meetings },
  recommendation: RecommendationId,
  command: Command | StoredCommand,
  participant: ParticipantId,
  commands: Registry = registry,
): Promise<number> {
  const room = await rooms.room(recommendation);
  const now = () => {
    const meeting = meetings.of(recommendation);
    const principal = meeting === null ? null : meetings.principal(meeting.id, participant);
    if (meeting === null || principal === null) throw new ConcordError('accreditation-ended');
    return { meeting, principal };
  };
  const { principal: by } = now();
  const { sequence } = await room.submit({
    kind: 'command',
    by,
    onBehalfOf: commands.onBehalfOf(command, by, room.negotiation),
    command,
    commands,
    // Looked up again where another entry came first: rights and text are as they are then.
    terms: now,
  });
  if (sequence === null) throw new ConcordError('nothing-to-do');
  return sequence;
}
