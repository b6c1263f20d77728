import { z } from 'zod';
import { ConcordError } from '../../../protocol/errors.ts';
import { ClauseId, PartyCode } from '../../../protocol/ids.ts';
import { clauseIn, defineCommand } from '../../command.ts';
import { isLocked } from '../../state.ts';
import { clauseSponsorsSet } from './events.ts';

export const setSponsors = defineCommand({
  type: 'set-sponsors',
  summary: 'The rapporteur says which parties sponsor a clause.',
  input: { clause: ClauseId, sponsors: z.array(PartyCode).max(200) },
  actors: ['rapporteur'],
  whileDraftingClosed: true,
  decide(situation, { clause, sponsors }) {
    clauseIn(situation, clause);
    if (isLocked(situation.negotiation, clause)) throw new ConcordError('clause-locked', { clause });
    for (const code of sponsors)
      if (!situation.meeting.parties.has(code)) throw new ConcordError('party-unknown', { field: code });
    return { operations: [], events: [clauseSponsorsSet.make({ clause, sponsors: [...new Set(sponsors)] })] };
  },
});
