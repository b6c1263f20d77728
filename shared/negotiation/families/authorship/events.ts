import { z } from 'zod';
import { ParticipantId, PartyCode } from '../../../protocol/ids.ts';
import { defineEvent } from '../../event.ts';

/** A Yjs client id wrote for the first time, and belongs to its participant from now on. */
export const clientBound = defineEvent({
  type: 'client bound',
  v: 1,
  shape: { client: z.number().int().nonnegative(), participant: ParticipantId, party: PartyCode.nullable() },
  fold({ client, participant, party }, effects) {
    effects.set({ of: 'client', id: client, value: { participant, party } });
  },
});

export const clientEvents = [clientBound] as const;
