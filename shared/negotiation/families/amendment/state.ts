import { z } from 'zod';
import { ClauseId, MarkId } from '../../../protocol/ids.ts';
import { Decided } from '../../act.ts';
import { owned } from '../../owned.ts';
import { CoSponsor } from '../sponsoring/state.ts';
import { AmendmentNumber } from './numbers.ts';
import { AmendedPlace } from './places.ts';
import { AmendedWords } from './words.ts';

/** `superseded`: an adoption removed its subject. `fallen`: it was made to an amendment that is gone. */
export const AmendmentState = z.enum(['open', 'adopted', 'not adopted', 'withdrawn', 'superseded', 'fallen']);
export type AmendmentState = z.infer<typeof AmendmentState>;

export const AmendmentRecord = z.object({
  kind: z.literal('amendment'),
  ...owned,
  /** For ever. Absent where an earlier version recorded it: `amendmentNumbers` gives its number. */
  number: AmendmentNumber.optional(),
  state: AmendmentState,
  sponsors: z.array(CoSponsor),
  reason: z.string(),
  /** For a closed amendment: the words that it struck and inserted, since the text no longer shows them. */
  closed: Decided.extend({ ...AmendedWords.shape, places: z.array(AmendedPlace).optional() }).optional(),
  /**
   * The pending amendment that it amends, recorded when it is made; null for one to the text in force. When its parent
   * is adopted it amends its parent's target. Absent in logs of ruleset 1: there it is derived from the text.
   */
  parent: MarkId.nullable().optional(),
  /** The clauses of the gesture that made it: it is never extended into another. Absent in logs of ruleset 1. */
  clauses: z.array(ClauseId).optional(),
});
export type AmendmentRecord = z.infer<typeof AmendmentRecord>;
