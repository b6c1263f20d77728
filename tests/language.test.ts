import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'vite';
import { describe, expect, it } from 'vitest';

const root = join(new URL('.', import.meta.url).pathname, '..');

const files = (folder: string, extension: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && extension.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replace(/^\//, ''));

/** Prose of one comment or one document, with the line of its first word. */
interface Prose {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

const lineAt = (source: string, offset: number): number => source.slice(0, offset).split('\n').length;

/** The comments of a source; `//` comments on consecutive lines are one text. */
function commentsOf(file: string, source: string): Prose[] {
  const spans = file.endsWith('.css')
    ? [...source.matchAll(/\/\*[\s\S]*?\*\//g)].map((found) => ({
        start: found.index,
        end: found.index + found[0].length,
      }))
    : parseSync(file, source, { lang: file.endsWith('x') ? 'tsx' : 'ts' }).comments;
  const prose: Prose[] = [];
  let joined: { prose: Prose; next: number } | undefined;
  for (const { start, end } of spans) {
    const line = lineAt(source, start);
    const raw = source.slice(start, end);
    if (!raw.startsWith('//')) {
      const text = raw
        .replace(/^\/\*+/, '')
        .replace(/\*+\/$/, '')
        .replace(/\n\s*\*/g, '\n');
      prose.push({ file, line, text });
      joined = undefined;
      continue;
    }
    const text = raw.slice(2);
    if (joined?.next === line) joined.prose = { ...joined.prose, text: `${joined.prose.text}\n${text}` };
    else joined = { prose: { file, line, text }, next: line };
    joined.next = line + 1;
    if (prose.at(-1)?.line === joined.prose.line) prose.pop();
    prose.push(joined.prose);
  }
  return prose;
}

/** A document without its blocks of code, which are not prose. */
const documentOf = (file: string, source: string): Prose => ({
  file,
  line: 1,
  text: source.replace(/^( *)```[\s\S]*?^\1```/gm, (block) => block.replace(/[^\n]/g, '')),
});

/**
 * The sentences of a text, with their lines. A blank line, a heading, an item of a list and a cell of a table each begin
 * a sentence; the marks before them (`-`, `1.`, `#`, `|`, `*`) belong to none.
 */
function sentencesOf({ file, line, text }: Prose): { readonly at: string; readonly sentence: string }[] {
  const found: { at: string; sentence: string }[] = [];
  const begins =
    /(?:^|\n[ \t]*\n|\n(?=[ \t]*(?:[-*#|]|\d+\.)[ \t#*|])|\|[ \t]|[.!?][*_"”’')\]]*\s)[-\s*_#|"“‘(]*(?:\d+\.\s+)?[*_"“‘(]*/g;
  const starts = [...text.matchAll(begins)].map((one) => one.index + one[0].length);
  for (const [index, start] of starts.entries()) {
    const sentence = text
      .slice(start, starts[index + 1])
      .trim()
      .replace(/\s+/g, ' ');
    if (sentence !== '') found.push({ at: `${file}:${line + lineAt(text, start) - 1}`, sentence });
  }
  return found;
}

/** The titles of tests, without the rules that they name. */
const titlesOf = (file: string, source: string): Prose[] =>
  [
    ...source.matchAll(
      /\b(?:describe|it|test)(?:\.\w+)*\(\s*(['`])(?:\[[A-Z\d, ]+\] )?(.*?)\1,|\]\)\((['`])(?:\[[A-Z\d, ]+\] )?(.*?)\3,/g,
    ),
  ].map((found) => ({ file, line: lineAt(source, found.index), text: found[2] ?? found[4] ?? '' }));

const sources = [
  ...['client', 'server', 'shared', 'tests'].flatMap((folder) => files(folder, /\.(?:tsx?|css)$/)),
  'vite.config.ts',
];
const documents = ['README.md', ...files('docs', /\.md$/)];
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const prose = [
  ...sources.flatMap((file) => commentsOf(file, read(file))),
  ...documents.map((file) => documentOf(file, read(file))),
  ...sources.filter((file) => file.startsWith('tests/')).flatMap((file) => titlesOf(file, read(file))),
];
/** Each entry of the English words is a text of its own. */
const words = [...read('shared/words/en.ts').matchAll(/(?<=^ {2}'[\w.-]+':\s+)(['"])(.*)\1,$/gm)].map(
  (found): Prose => ({
    file: 'shared/words/en.ts',
    line: lineAt(read('shared/words/en.ts'), found.index),
    text: found[2] ?? '',
  }),
);

const headless = /^(?:who|whoever|what|whatever|whose|whichever)\b/i;
const isQuestion = (sentence: string): boolean => /\?[*_"”’')\]|\s]*$/.test(sentence);
const wrongIn = (texts: readonly Prose[]): string[] =>
  texts
    .flatMap(sentencesOf)
    .filter(({ sentence }) => headless.test(sentence) && !isQuestion(sentence))
    .map(({ at, sentence }) => `${at}: ${sentence}`);

/** Figures of speech for technical things, each with the term to use instead. */
const figures: readonly (readonly [figure: RegExp, term: string])[] = [
  [/\bledgers?\b/i, 'negotiation state'],
  [/\bworkbench\b|\bon (?:a|the|somebody's) desk\b/i, 'drafting session'],
  [/\b(?:the|a|base|one's|rapporteur's) hand\b|\bhand's\b/i, 'capacity'],
  [/\b(?:a|the|this|that|several) seats?\b/i, 'accreditation'],
  [/\bdead line\b|\bthe line is (?:back|down|up)\b|\bloses? the line\b/i, 'connection'],
  [/\bspoil(?:t|s|ed)\b/i, 'invalid'],
  [/\bblurred\b/i, 'diverged'],
  [/\bknock(?:s|ed)?\b/i, 'connection attempt'],
  [/\benem(?:y|ies)\b/i, 'hostile client'],
  [/\braids?\b|\barena\b/i, 'run'],
  [/\bat the door\b|\bhall door\b/i, 'the parser or check by its name'],
];
const figuresIn = (texts: readonly Prose[]): string[] =>
  texts
    // Names of files and values may keep an old word.
    .flatMap((one) =>
      sentencesOf({ ...one, text: one.text.replace(/`[^`]*`/g, (code) => code.replace(/[^\n]/g, '·')) }),
    )
    .flatMap(({ at, sentence }) =>
      figures.filter(([figure]) => figure.test(sentence)).map(([, term]) => `${at}: ${sentence} (${term})`),
    );

describe('[HOUSE6] Sentences name their subject', () => {
  it.each([
    ['Who types is refused.', 1],
    ['It opens. What is left is closed.', 1],
    ['Steps:\n- Who asks waits.\n- The server answers.', 1],
    ['| Rule | Meaning |\n| A1 | Whoever asks waits. |', 1],
    ['**What was decided** is closed.', 1],
    ['## What is at stake', 1],
    ['Who decides? The chair.', 0],
    ['The chair knows who types. Sentences say what holds.', 0],
    ['A line that ends before\nwhat follows.', 0],
  ])('%j', (text, wrong) => {
    expect(wrongIn([{ file: 'sample', line: 1, text }])).toHaveLength(wrong);
  });

  it('in comments, documents and titles of tests', () => {
    expect(prose.length).toBeGreaterThan(500);
    expect(wrongIn(prose)).toEqual([]);
  });

  it('and call technical things by their terms', () => {
    expect(figuresIn([{ file: 'sample', line: 1, text: 'The hand is spoilt; `ledger` is a name.' }])).toHaveLength(2);
    expect(figuresIn(prose.filter(({ file }) => file !== 'tests/language.test.ts'))).toEqual([]);
  });

  it('in the interface', () => {
    expect(words.length).toBeGreaterThan(200);
    expect(wrongIn(words)).toEqual([]);
  });
});
