import { z } from 'zod';
import { MarkId, PartyCode } from '../../protocol/ids.ts';
import { visibleText } from '../../text/visible.ts';

/** Fields that several commands have. */
export const reason = visibleText(4000);
export const amendments = z.array(MarkId).max(200);
/** Of "agreed ad referendum": the parties that await instructions. */
export const waiting = z.array(PartyCode).max(200);
