import { z } from 'zod';
import { ClauseId } from '../../../protocol/ids.ts';
import { clauseKinds } from '../../../text/schema.ts';

/** A piece of a closed amendment: its words, and where they stood, so that a decision can be taken back. */
export const AmendedPlace = z.object({
  clause: ClauseId,
  /** Letters of the text in force before the piece, and the last of them and of those behind it. */
  at: z.number().int().nonnegative(),
  before: z.string(),
  struck: z.string(),
  inserted: z.string(),
  after: z.string(),
  /** Of a clause that the amendment proposes, or strikes as a whole: the clause, and the one before it. */
  whole: z
    .object({ kind: z.enum(clauseKinds), level: z.number().int().nonnegative(), behind: ClauseId.nullable() })
    .optional(),
});
export type AmendedPlace = z.infer<typeof AmendedPlace>;
