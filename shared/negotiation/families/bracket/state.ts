import { z } from 'zod';
import { Decided } from '../../act.ts';
import { owned } from '../../owned.ts';

export const BracketRecord = z.object({
  kind: z.literal('bracket'),
  ...owned,
  state: z.enum(['open', 'lifted']),
  closed: Decided.optional(),
});
export type BracketRecord = z.infer<typeof BracketRecord>;
