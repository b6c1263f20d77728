import type { MeetingCommand, MeetingState } from '../../shared/meeting/meeting.ts';
import type { NegotiationState } from '../../shared/negotiation/state.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { PartyCode } from '../../shared/protocol/ids.ts';
import type { Rooms } from '../room/rooms.ts';

/**
 * Conditions of meeting commands that depend on the texts, which the meeting's own log doesn't hold: a party that
 * sponsors words can't be removed (`party-in-use`), and the clause under discussion must exist (`not-found`).
 */
export async function checkAgainstTexts(
  { rooms }: { readonly rooms: Rooms },
  meeting: MeetingState,
  command: MeetingCommand,
): Promise<void> {
  if (command.type === 'remove-party') {
    for (const { id } of meeting.recommendations)
      if (standsBehind((await rooms.room(id)).negotiation, command.code))
        throw new ConcordError('party-in-use', { field: command.code });
  }
  if (
    command.type === 'set-current-clause' &&
    command.currentClause !== null &&
    command.currentClause.clause !== null
  ) {
    const { recommendation, clause } = command.currentClause;
    if (!meeting.recommendations.some(({ id }) => id === recommendation)) throw new ConcordError('not-found');
    if (!(await rooms.room(recommendation)).text().some(({ id }) => id === clause))
      throw new ConcordError('not-found', { clause });
  }
}

function standsBehind(negotiation: NegotiationState, party: PartyCode): boolean {
  for (const { sponsors, status } of negotiation.clauses.values())
    if (sponsors.includes(party) || (status.state === 'agreed ad referendum' && status.parties.includes(party)))
      return true;
  for (const mark of negotiation.marks.values())
    if (mark.party === party || (mark.kind === 'amendment' && mark.sponsors.some((one) => one.party === party)))
      return true;
  return false;
}
