import { Compilation } from '../../shared/meeting/compilation.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { type Language, message } from '../../shared/words/words.ts';
import { decode } from './extract/decode.ts';
import { type Paragraph, paragraphs } from './extract/lines.ts';
import { type HeadingStyle, headingStyle, Levels } from './parse/headings.ts';
import { ItemLevels } from './parse/items.ts';
import { findParties, type PartyBook } from './parse/parties.ts';
import { nameKey } from './parse/states.ts';
import { recurringNames, type Tagged, Tags } from './parse/tags.ts';

interface Row {
  readonly text: string;
  readonly level: number;
  readonly sponsors: string[];
}
interface Recommendation {
  readonly heading: string;
  readonly clauses: Row[];
}
interface Topic {
  readonly heading: string;
  readonly level: number;
  readonly recommendations: Recommendation[];
}
interface Piece {
  readonly paragraph: Paragraph;
  readonly rows: readonly Tagged[];
  readonly style: HeadingStyle | null;
}

const longestRow = 20_000;
const mostRows = 2000;
const mostTopics = 400;

/**
 * Reads a text compilation: the proposals, their sponsors and the headings above them. A paragraph without a tag has no
 * sponsor and is named in the warnings; the importer guesses nothing and leaves out no word of the body.
 *
 * The reasons of the warnings are sentences in `language`. Throws `import-unreadable` for a file that is not text, or
 * too long.
 */
export function importCompilation(source: Uint8Array | string, language: Language = 'en'): Compilation {
  const found = paragraphs(decode(source));
  const book = findParties(found);
  const tags = new Tags(
    book,
    recurringNames(
      found.map(({ text }) => text),
      book,
    ),
  );
  const pieces = found.map((paragraph, at): Piece => {
    const rows = book.listed.has(paragraph)
      ? [{ text: paragraph.text, names: [], doubtful: null }]
      : tags.split(paragraph.text);
    const tagged = rows.some(({ names }) => names.length > 0);
    const style = tagged || book.listed.has(paragraph) ? null : headingStyle(paragraph, found[at + 1]);
    return { paragraph, rows, style };
  });
  const used = new Set(pieces.flatMap(({ rows }) => rows.flatMap(({ names }) => names.map(nameKey))));
  for (const { rows } of pieces)
    for (const { names } of rows)
      for (const name of names) {
        const party = book.resolve(name);
        if (party === null) book.add(name, null, 'organ');
        else book.met(party, name);
      }
  book.nameByUse(used);

  const { title, topics, warnings } = assemble(pieces, book, language);
  const parties = book.parties.map(({ code, name, kind, aliases }) => ({ code, name, kind, aliases }));
  const compilation = Compilation.safeParse({ title, parties, topics, warnings });
  if (!compilation.success || topics.length === 0)
    throw new ConcordError('import-unreadable', {}, { cause: compilation.error });
  return compilation.data;
}

function assemble(pieces: readonly Piece[], book: PartyBook, language: Language) {
  const warnings: { line: number; text: string; reason: string }[] = [];
  const topics: Topic[] = [];
  const levels = new Levels();
  let items = new ItemLevels();
  let topic: Topic | null = null;
  let recommendation: Recommendation | null = null;
  const headings = pieces.filter(({ style }) => style !== null);
  // In a document without capitals or numbers, the plain headings are the topics.
  const plainAreTopics = headings.every(({ style }) => style === 'plain');
  const title = titleOf(pieces);

  const openTopic = (heading: string, level: number): Topic => {
    const opened: Topic = { heading, level, recommendations: [] };
    topics.push(opened);
    recommendation = null;
    items = new ItemLevels();
    return opened;
  };
  const openRecommendation = (heading: string): Recommendation => {
    topic ??= openTopic(heading === '' ? (title.alone ? title.text : '—') : heading, 1);
    const opened: Recommendation = { heading: topic.heading === heading ? '' : heading, clauses: [] };
    topic.recommendations.push(opened);
    items = new ItemLevels();
    return opened;
  };

  pieces.forEach(({ paragraph, rows, style }, at) => {
    if (at === title.at && title.alone) return;
    const numbered = /^[\p{L}\p{N}(]/u.test(paragraph.marker);
    const heading = numbered ? `${paragraph.marker} ${paragraph.text}` : paragraph.text;
    if (style !== null && (style !== 'plain' || plainAreTopics) && topics.length < mostTopics) {
      topic = openTopic(heading, levels.of(style));
      return;
    }
    if (style !== null) {
      // A plain heading directly above another one is its parent.
      const below = pieces[at + 1]?.style;
      if (below === 'plain' && topics.length < mostTopics) topic = openTopic(heading, levels.of('plain'));
      else recommendation = openRecommendation(heading);
      return;
    }
    for (const { text, names, doubtful } of rows) {
      if (recommendation === null || recommendation.clauses.length >= mostRows)
        recommendation = openRecommendation(recommendation?.heading ?? '');
      const sponsors = [...new Set(names.map((name) => book.resolve(name)?.name ?? name))];
      const above = recommendation.clauses.at(-1)?.text ?? null;
      const level = items.of(paragraph.marker, above);
      for (const part of inParts(text)) recommendation.clauses.push({ text: part, level, sponsors });
      if (sponsors.length > 0) continue;
      warnings.push({
        line: paragraph.line,
        text: text.slice(0, 500),
        reason: reasonFor(paragraph, doubtful, book, language),
      });
    }
  });
  return { title: title.text, topics, warnings };
}

function reasonFor(paragraph: Paragraph, doubtful: string | null, book: PartyBook, language: Language): string {
  if (doubtful !== null) return message(language, 'import.reason-doubtful', { tag: doubtful });
  if (paragraph.footnote) return message(language, 'import.reason-footnote');
  if (book.listed.has(paragraph)) return message(language, 'import.reason-party');
  return message(language, 'import.reason-untagged');
}

/** The document's title: a first heading directly above another, else the first heading, which is a topic too. */
function titleOf(pieces: readonly Piece[]): { text: string; at: number; alone: boolean } {
  const [first, second] = pieces;
  if (first?.style != null && second?.style != null && first.paragraph.marker === '' && !isAloneInKind(pieces))
    return { text: first.paragraph.text, at: 0, alone: true };
  const at = pieces.findIndex(({ style }) => style !== null);
  return { text: pieces[at]?.paragraph.text ?? '', at, alone: false };
}

/** A document of two headings and nothing else needs both as headings. */
const isAloneInKind = (pieces: readonly Piece[]): boolean => pieces.filter(({ style }) => style !== null).length < 2;

/** A row longer than a clause may be, split between words. */
function inParts(text: string): readonly string[] {
  const parts: string[] = [];
  let rest = text;
  while (rest.length > longestRow) {
    const space = rest.lastIndexOf(' ', longestRow);
    const cut = space > 0 ? space : longestRow;
    parts.push(rest.slice(0, cut));
    rest = rest.slice(cut).trimStart();
  }
  return [...parts, rest];
}
