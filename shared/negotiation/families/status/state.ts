import { z } from 'zod';
import { PartyCode } from '../../../protocol/ids.ts';
import { Decided } from '../../act.ts';

export const Status = z.discriminatedUnion('state', [
  z.object({ state: z.literal('open'), decided: Decided.optional() }),
  /** The room agrees; the named parties await instructions from their capital. */
  z.object({ state: z.literal('agreed ad referendum'), parties: z.array(PartyCode), decided: Decided }),
  z.object({ state: z.literal('agreed'), decided: Decided }),
]);
export type Status = z.infer<typeof Status>;

export const openStatus: Status = { state: 'open' };
