import { z } from 'zod';
import { MarkId, PartyCode } from '../../../protocol/ids.ts';
import { defineEvent } from '../../event.ts';
import { AmendedWords } from '../amendment/words.ts';

export const sponsorAsked = defineEvent({
  type: 'sponsor asked',
  v: 1,
  shape: { amendment: MarkId, party: PartyCode },
  fold({ amendment, party }, effects) {
    const record = effects.amendment(amendment);
    const sponsors = [...record.sponsors, { party, accepted: false }];
    effects.set({ of: 'mark', id: amendment, value: { ...record, sponsors } });
  },
});

/** A party accepted to sponsor; or it declined, or stepped back. */
export const sponsorAnswered = defineEvent({
  type: 'sponsor answered',
  v: 1,
  shape: { amendment: MarkId, party: PartyCode, accept: z.boolean() },
  fold({ amendment, party, accept }, effects) {
    const record = effects.amendment(amendment);
    const others = record.sponsors.filter((sponsor) => sponsor.party !== party);
    const sponsors = accept ? [...others, { party, accepted: true }] : others;
    effects.set({ of: 'mark', id: amendment, value: { ...record, sponsors } });
  },
});

/** The words changed: parties that had accepted are asked again, with the words that they had agreed to. */
export const sponsorsAskedAgain = defineEvent({
  type: 'sponsors asked again',
  v: 1,
  shape: { amendment: MarkId, agreedTo: AmendedWords },
  fold({ amendment, agreedTo }, effects) {
    const record = effects.amendment(amendment);
    const sponsors = record.sponsors.map((sponsor) =>
      sponsor.accepted ? { party: sponsor.party, accepted: false, agreedTo } : sponsor,
    );
    effects.set({ of: 'mark', id: amendment, value: { ...record, sponsors } });
  },
});

export const sponsoringEvents = [sponsorAsked, sponsorAnswered, sponsorsAskedAgain] as const;
