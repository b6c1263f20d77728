import { z } from 'zod';
import { PartyCode } from '../../../protocol/ids.ts';
import { AmendedWords } from '../amendment/words.ts';

/** A party that was asked to sponsor; it is a sponsor once it has accepted. */
export const CoSponsor = z.object({
  party: PartyCode,
  accepted: z.boolean(),
  /** The words that the party had agreed to sponsor, where the amendment has changed since: it is asked again. */
  agreedTo: AmendedWords.optional(),
});
export type CoSponsor = z.infer<typeof CoSponsor>;
