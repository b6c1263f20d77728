import type { PartyKind } from '../../../shared/meeting/principal.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';
import type { Lexicon } from './lexicon.ts';
import { pt } from './pt.ts';

/** A compilation mixes languages, and doesn't name them: the words of each language are looked for in every text. */
export const lexicons: readonly Lexicon[] = [en, es, fr, pt];

type Field = { [Name in keyof Lexicon]: Lexicon[Name] extends readonly string[] ? Name : never }[keyof Lexicon];

const group = (pieces: readonly string[]): string => `(?:${[...new Set(pieces)].join('|')})`;

/** The words of all languages in some fields, as one group of a regular expression. */
export const anyOf = (...fields: readonly Field[]): string =>
  group(fields.flatMap((field) => lexicons.flatMap((lexicon) => lexicon[field])));

/** The words by which a sentence says that it lists parties of a kind. */
export function wordsFor(kind: PartyKind): RegExp {
  const beginnings = lexicons.flatMap(({ kindBeginnings }) => kindBeginnings[kind] ?? []);
  const words = lexicons.flatMap(({ kindWords }) => kindWords[kind] ?? []);
  const pieces = [...(words.length === 0 ? [] : [`${group(words)}(?!\\p{L})`]), ...beginnings];
  return new RegExp(`(?<!\\p{L})${group(pieces)}`, 'iu');
}
