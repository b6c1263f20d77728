import { z } from 'zod';
import { ClauseId, ParticipantId, PartyCode } from '../protocol/ids.ts';

/** The part that the records of all marks have. */
export const owned = {
  /** The party whose mark it is. */
  party: PartyCode,
  /** The name of the delegate who typed it, or of the rapporteur on the party's behalf. */
  typedBy: z.string(),
  participant: ParticipantId,
  at: z.number(),
  /** The clause where it was made. Words stay in their clause. */
  clause: ClauseId,
};
