import type { PartyKind } from '../../../shared/meeting/principal.ts';

/**
 * How one language says what an import looks for: one file a language. Each entry is a piece of a regular expression that
 * stands between others, so an alternative in it needs a group. Letters' case makes no difference.
 */
export interface Lexicon {
  /** What joins the last name of a list to those before it. */
  readonly and: readonly string[];
  /** What else may open a name that others stand before. */
  readonly asWellAs: readonly string[];
  /** What stands before a name in a list. */
  readonly articles: readonly string[];
  /** What stands before a name in a tag. */
  readonly tagArticles: readonly string[];
  /** An "and" with an article: a new name begins behind it, and not the second half of one. */
  readonly andThe: readonly string[];
  /** The article that may stand between an "and" and a state or an acronym. */
  readonly articlesBehindAnd: readonly string[];

  /** Words by which a sentence or heading says what it lists: beginnings of words, and whole words. */
  readonly kindBeginnings: Readonly<Partial<Record<PartyKind, readonly string[]>>>;
  readonly kindWords: Readonly<Partial<Record<PartyKind, readonly string[]>>>;
  /** Words of a sentence that introduces a list of those who take part. */
  readonly introduces: readonly string[];
  /** The heading of such a list: what may come before the noun, the nouns, and what may come behind. */
  readonly listOf: readonly string[];
  readonly listArticles: readonly string[];
  readonly listQualifiers: readonly string[];
  readonly listNouns: readonly string[];
  readonly listMore: readonly string[];

  /** What stands in a tag before the names: that they propose, and that they are delegations. */
  readonly proposedBy: readonly string[];
  readonly delegationOf: readonly string[];

  /** What stands before a state's name where it is written out, in the form of `nameKey`. */
  readonly stateArticles: readonly string[];
  readonly stateForms: readonly string[];
  /** How states are written beside their common names. */
  readonly states: Readonly<Record<string, readonly string[]>>;
}
