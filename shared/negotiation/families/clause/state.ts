import { z } from 'zod';
import { MarkId, PartyCode } from '../../../protocol/ids.ts';
import { ClauseNumber } from '../../../text/labels.ts';
import { Status } from '../status/state.ts';

export const ClauseRecord = z.object({
  sponsors: z.array(PartyCode),
  status: Status,
  /** Of a proposed clause that was adopted: the amendment it came from. */
  origin: MarkId.optional(),
  /** While the numbers of the recommendation are frozen: its number, which nothing changes. */
  number: ClauseNumber.optional(),
});
export type ClauseRecord = z.infer<typeof ClauseRecord>;
