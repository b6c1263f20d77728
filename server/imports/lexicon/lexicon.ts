import type { PartyKind } from '../../../shared/meeting/principal.ts';

/**
 * The words of one language that an import looks for: one file for each language. Each entry is a piece of a regular
 * expression that stands between others, so an alternative in it needs a group. Matching ignores case.
 */
export interface Lexicon {
  /** Words that join the last name of a list to those before it. */
  readonly and: readonly string[];
  /** Other words that may begin a name after others. */
  readonly asWellAs: readonly string[];
  /** Articles before a name in a list. */
  readonly articles: readonly string[];
  /** Articles before a name in a tag. */
  readonly tagArticles: readonly string[];
  /** An "and" with an article: another name begins after it, and not the second half of one. */
  readonly andThe: readonly string[];
  /** Articles that may stand between an "and" and a state or an acronym. */
  readonly articlesBehindAnd: readonly string[];

  /** Words by which a sentence or heading names the kind of parties in its list: beginnings of words, and whole words. */
  readonly kindBeginnings: Readonly<Partial<Record<PartyKind, readonly string[]>>>;
  readonly kindWords: Readonly<Partial<Record<PartyKind, readonly string[]>>>;
  /** Words of a sentence that introduces a list of participants. */
  readonly introduces: readonly string[];
  /** The heading of such a list: the words before the noun, the nouns, and the words after it. */
  readonly listOf: readonly string[];
  readonly listArticles: readonly string[];
  readonly listQualifiers: readonly string[];
  readonly listNouns: readonly string[];
  readonly listMore: readonly string[];

  /** Words before the names in a tag: "proposed by", and "the delegation of". */
  readonly proposedBy: readonly string[];
  readonly delegationOf: readonly string[];

  /** Words before the name of a state in its full form, as `nameKey` writes them. */
  readonly stateArticles: readonly string[];
  readonly stateForms: readonly string[];
  /** Names of states beside their common ones. */
  readonly states: Readonly<Record<string, readonly string[]>>;
}
