import { ConcordError } from '../../../protocol/errors.ts';
import { MarkId, PartyCode } from '../../../protocol/ids.ts';
import { defineCommand } from '../../command.ts';
import { ownedBy, partyOfMark } from '../amendment/closing.ts';
import { sponsorAsked } from './events.ts';

export const askToSponsor = defineCommand({
  type: 'ask-to-sponsor',
  summary: 'A party asks another one to sponsor its amendment.',
  input: { amendment: MarkId, party: PartyCode },
  actors: ['delegate', 'rapporteur'],
  whileDraftingClosed: true,
  onBehalfOf: ({ amendment }, state) => partyOfMark(state, amendment),
  decide(situation, { amendment, party }, by) {
    const record = ownedBy(situation, amendment, by);
    if (!situation.meeting.parties.has(party)) throw new ConcordError('party-unknown', { field: party });
    if (party === record.party || record.sponsors.some((sponsor) => sponsor.party === party))
      throw new ConcordError('nothing-to-do');
    return { operations: [], events: [sponsorAsked.make({ amendment, party })] };
  },
});
