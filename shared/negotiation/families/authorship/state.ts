import { z } from 'zod';
import { ParticipantId, PartyCode } from '../../../protocol/ids.ts';

/** The participant to whom a Yjs client id belongs, for ever. */
export const ClientRecord = z.object({ participant: ParticipantId, party: PartyCode.nullable() });
export type ClientRecord = z.infer<typeof ClientRecord>;
