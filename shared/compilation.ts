import { z } from 'zod';
import { PartyCode } from './ids.ts';
import { PartyKind } from './principal.ts';

/** What an import reads from a text compilation, and what its importer corrects before the meeting is made. */
export const Compilation = z.object({
  title: z.string().max(2000),
  parties: z
    .array(
      z.object({
        code: PartyCode,
        /** As the document's own list spells it. Sponsors are given by it. */
        name: z.string().trim().min(1).max(200),
        kind: PartyKind,
        aliases: z.array(z.string().trim().min(1).max(200)).max(50),
      }),
    )
    .max(500),
  topics: z
    .array(
      z.object({
        heading: z.string().trim().min(1).max(1000),
        /** 1 for a heading of the agenda, 2 for one below it. */
        level: z.number().int().min(1).max(6),
        /** The rows under one heading. Rows that stand directly below the topic form one with an empty heading. */
        recommendations: z
          .array(
            z.object({
              heading: z.string().trim().max(1000),
              clauses: z
                .array(
                  z.object({
                    text: z.string().max(20_000),
                    /** 0 for a row, 1 for its sub-items. */
                    level: z.number().int().min(0).max(2),
                    sponsors: z.array(z.string()).max(200),
                  }),
                )
                .max(2000),
            }),
          )
          .max(1000),
      }),
    )
    .max(500),
  /** What a person should look at: text without a tag, tags that nobody knows. `line` counts from 1. */
  warnings: z.array(z.object({ line: z.number().int().min(1), text: z.string(), reason: z.string() })),
});
export type Compilation = z.infer<typeof Compilation>;
