import { z } from 'zod';
import { PartyCode } from '../protocol/ids.ts';
import { visibleName, visibleText, withoutForbidden } from '../text/visible.ts';
import { PartyKind } from './principal.ts';

/** In a whole compilation. Those of long meetings have some hundreds of clauses. */
const mostClauses = 5000;
const mostTexts = 1000;
/**
 * In a whole compilation: a file of short party names may grow many times in length with the full ones. A preview must
 * fit into the command that follows it.
 */
const mostCharacters = 6_000_000;

const Whole = z.object({
  title: visibleText(2000),
  parties: z
    .array(
      z.object({
        code: PartyCode,
        /** As the document's own list spells it; sponsors refer to it. */
        name: visibleName(200),
        kind: PartyKind,
        aliases: z.array(visibleName(200)).max(50),
      }),
    )
    .max(500),
  topics: z
    .array(
      z.object({
        heading: visibleName(1000),
        /** 1 for a heading of the agenda, 2 for one below it. */
        level: z.number().int().min(1).max(6),
        /** The rows under one heading. Rows directly below the topic form a recommendation with an empty heading. */
        recommendations: z
          .array(
            z.object({
              heading: visibleText(1000),
              clauses: z
                .array(
                  z.object({
                    text: z.string().overwrite(withoutForbidden).max(20_000),
                    /** 0 for a row, 1 for its sub-items. */
                    level: z.number().int().min(0).max(2),
                    /** Names of parties, as they are spelled above. */
                    sponsors: z.array(z.string().overwrite(withoutForbidden).trim()).max(200),
                  }),
                )
                .max(2000),
            }),
          )
          .max(1000),
      }),
    )
    .max(500),
  /** A place for a person to check: text without a tag, or an unknown tag. `line` counts from 1. */
  warnings: z.array(z.object({ line: z.number().int().min(1), text: z.string(), reason: z.string() })),
});

/** The result of reading a compilation, which the importer corrects before the meeting is made. */
export const Compilation = Whole.refine((compilation) => {
  const texts = compilation.topics.flatMap(({ recommendations }) => recommendations);
  const clauses = texts.reduce((sum, text) => sum + text.clauses.length, 0);
  return texts.length <= mostTexts && clauses <= mostClauses && charactersOf(compilation) <= mostCharacters;
}, 'too much at once');
export type Compilation = z.infer<typeof Compilation>;

function charactersOf({ title, parties, topics, warnings }: z.infer<typeof Whole>): number {
  let sum = title.length;
  const count = (...strings: readonly string[]): void => {
    for (const one of strings) sum += one.length;
  };
  for (const { name, aliases } of parties) count(name, ...aliases);
  for (const { heading, recommendations } of topics) {
    count(heading);
    for (const text of recommendations) {
      count(text.heading);
      for (const clause of text.clauses) count(clause.text, ...clause.sponsors);
    }
  }
  for (const { text, reason } of warnings) count(text, reason);
  return sum;
}
