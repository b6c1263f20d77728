import { z } from 'zod';
import { Decided } from '../../act.ts';
import { owned } from '../../owned.ts';

export const CommentRecord = z.object({
  kind: z.literal('comment'),
  ...owned,
  state: z.enum(['open', 'closed']),
  closed: Decided.optional(),
});
export type CommentRecord = z.infer<typeof CommentRecord>;
