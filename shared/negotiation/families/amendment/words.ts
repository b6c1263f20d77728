import { z } from 'zod';

/** The words that an amendment strikes and those that it brings. */
export const AmendedWords = z.object({ struck: z.string(), inserted: z.string() });
export type AmendedWords = z.infer<typeof AmendedWords>;
