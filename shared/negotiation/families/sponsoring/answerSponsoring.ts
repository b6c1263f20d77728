import { z } from 'zod';
import { ConcordError } from '../../../protocol/errors.ts';
import { MarkId, PartyCode } from '../../../protocol/ids.ts';
import { defineCommand, digestsOf, requireSeen, speaksFor } from '../../command.ts';
import { seenAmendments, standing } from '../amendment/closing.ts';
import { sponsorAnswered } from './events.ts';

export const answerSponsoring = defineCommand({
  type: 'answer-sponsoring',
  summary: 'A party that was asked to sponsor accepts or declines; a sponsor steps back.',
  input: { amendment: MarkId, party: PartyCode.optional(), accept: z.boolean() },
  actors: ['delegate', 'rapporteur'],
  whileDraftingClosed: true,
  onBehalfOf: ({ party }) => party ?? null,
  // Consent is to words; to decline or step back takes none.
  seen: ({ amendment, accept }, shown) => (accept ? seenAmendments([amendment], shown) : undefined),
  decide(situation, { amendment, party: named, accept }, by, seen) {
    const record = standing(situation, amendment);
    const party = named ?? by.party;
    if (party === null || !speaksFor(by, party)) throw new ConcordError('role-may-not');
    if (!record.sponsors.some((sponsor) => sponsor.party === party))
      throw new ConcordError('not-found', { mark: amendment });
    if (accept) requireSeen(seen, amendment, () => digestsOf(situation).amendment(amendment), { mark: amendment });
    return { operations: [], events: [sponsorAnswered.make({ amendment, party, accept })] };
  },
});
