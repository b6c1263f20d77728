import { ConcordError } from '../../../shared/protocol/errors.ts';
import { hasVisible, withoutForbidden } from '../../../shared/text/visible.ts';

/** A paragraph of a compilation, joined from its lines. */
export interface Paragraph {
  /** The number of its first line, from 1. */
  readonly line: number;
  readonly text: string;
  /** `1.`, `a)`, `•`: the marker before it, or ''. */
  readonly marker: string;
  /** A footnote mark stands before it: it is the text of a footnote. */
  readonly footnote: boolean;
  /** Blank lines stand before it. */
  readonly apart: boolean;
}

interface Line {
  readonly number: number;
  readonly text: string;
}

const bullet = '[-–—*•·▪◦●○■□➢►‣]';
const number = String.raw`(?:\d{1,3}(?:\.\d{1,3}){0,3}|[a-zA-Z]{1,2}|[ivxlcIVXLC]{1,7})`;
/** `1.`, `1)`, `(a)`, `iv.`, `1.2`, `A.`; a bullet. A space separates the marker from the words. */
const marked = new RegExp(
  String.raw`^(${bullet}|\(${number}\)|${number}[.)]|\d{1,3}(?:\.\d{1,3}){1,3})(?:\s+|$)(.*)$`,
  'u',
);
const ends = /[.;:!?…]["”»’)\]]*$/u;
const closesWithParenthesis = /[)\]]\s*[.;:,]*$/u;
/** "/ (DMS, CIM)." and "/ and": the remainder where a footnote's mark stood. */
const residue = /^\/\s*(.*)$/u;
const replacement = /^\ufffd[.)]?\s*/u;

export function markerOf(text: string): { readonly marker: string; readonly rest: string } {
  const found = marked.exec(text);
  // "A nation…" and "I believe…" begin with a word, not with a number.
  if (found === null) return { marker: '', rest: text };
  return { marker: found[1] ?? '', rest: (found[2] ?? '').trim() };
}

/** A text with hard line breaks at a fixed width: there, a line that doesn't end a sentence continues in the next. */
function isWrapped(lines: readonly Line[]): boolean {
  let long = 0;
  let goesOn = 0;
  let full = 0;
  lines.forEach(({ text }, at) => {
    if (text === '') return;
    full += 1;
    if (text.length > 110) long += 1;
    const next = lines[at + 1]?.text ?? '';
    const open = !ends.test(text) && !closesWithParenthesis.test(text);
    if (text.length > 45 && open && /^\p{Ll}/u.test(next) && markerOf(next).marker === '') goesOn += 1;
  });
  return full > 3 && long === 0 && goesOn >= Math.max(1, full / 12);
}

const mostLines = 100_000;

/** A paragraph while it is being read: its pieces are joined once, and its capitals are counted as they arrive. */
class Draft {
  readonly #pieces: string[] = [];
  #letters = { all: 0, capitals: 0 };

  constructor(
    readonly line: number,
    readonly marker: string,
    readonly footnote: boolean,
    readonly apart: boolean,
    text: string,
  ) {
    this.add(text);
  }
  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }
  get isCapitals(): boolean {
    return areCapitals(this.#letters);
  }
  add(text: string): void {
    if (text === '') return;
    this.#pieces.push(text);
    const { all, capitals } = lettersIn(text);
    this.#letters = { all: this.#letters.all + all, capitals: this.#letters.capitals + capitals };
  }
  /** A marker that stood on a line of its own. */
  close(sign: string): void {
    this.#pieces.push(`${this.#pieces.pop() ?? ''}${sign}`);
  }
  done(): Paragraph {
    const { line, marker, footnote, apart } = this;
    return { line, text: this.#pieces.join(' '), marker, footnote, apart };
  }
}

/** A line's words with single spaces, without characters that a text may not hold; '' where nothing is visible. */
function plain(line: string): string {
  const text = withoutForbidden(line.replace(/[\s\u00a0\u200b\ufeff]+/gu, ' ')).trim();
  return hasVisible(text) ? text : '';
}

/**
 * Joins lines to paragraphs. Every word is kept; markers and footnote signs are not.
 *
 * Throws `import-unreadable` for more lines than any meeting writes.
 */
export function paragraphs(source: string): readonly Paragraph[] {
  const lines = source
    .replace(/\r\n?|\u2028|\u2029|\f|\v/g, '\n')
    .split('\n', mostLines + 1)
    .map((text, at): Line => ({ number: at + 1, text: plain(text) }));
  if (lines.length > mostLines) throw new ConcordError('import-unreadable');
  const wrapped = isWrapped(lines);
  const found: Draft[] = [];
  let blank = true;
  /** The last line was only a marker, or its footnote mark interrupted the sentence: the next line belongs to it. */
  let open = false;
  let previous = '';
  for (const line of lines) {
    const last = found.at(-1);
    if (line.text === '') {
      blank = true;
      // A bare marker is joined to its words over a blank line.
      if (last?.isEmpty !== true) open = false;
      continue;
    }
    const left = residue.exec(line.text);
    if (left !== null) {
      const rest = (left[1] ?? '').trim();
      if (/[\p{L}\p{N}]/u.test(rest)) {
        if (last === undefined) found.push(new Draft(line.number, '', false, blank, rest));
        else last.add(rest);
        open = open && !ends.test(rest);
      } else if (last !== undefined && /^[.;:,]$/u.test(rest)) last.close(rest);
      blank = false;
      previous = rest;
      continue;
    }
    const { marker, rest } = markerOf(line.text);
    const goesOn =
      last !== undefined &&
      marker === '' &&
      (last.isEmpty ||
        // Only a tag, or only the end of the sentence.
        (!blank && /^[([]/u.test(rest) && closesWithParenthesis.test(rest) && rest.length < 200) ||
        (!blank && open && !ends.test(previous) && !closesWithParenthesis.test(previous)) ||
        (!blank && /^\p{Ll}/u.test(rest) && !ends.test(previous) && !closesWithParenthesis.test(previous)) ||
        (!blank && wrapped && !startsAnew(last.isCapitals, previous, rest)));
    if (goesOn && last !== undefined) {
      if (last.isEmpty) open = true;
      last.add(line.text);
    } else {
      const footnote = replacement.test(line.text);
      const text = footnote ? line.text.replace(replacement, '') : rest;
      found.push(new Draft(line.number, marker, footnote, blank, text));
      open = marker !== '' && rest === '';
    }
    previous = line.text;
    blank = false;
  }
  return found.filter((draft) => !draft.isEmpty).map((draft) => draft.done());
}

/** In a text with hard line breaks, whether a line begins a new paragraph without a blank line before it. */
function startsAnew(inCapitals: boolean, previous: string, next: string): boolean {
  if (isCapitals(next) !== inCapitals) return true;
  // A short line that ends a sentence ends its paragraph.
  return (ends.test(previous) || closesWithParenthesis.test(previous)) && previous.length < 55;
}

const lettersIn = (text: string): { readonly all: number; readonly capitals: number } => {
  const letters = text.replace(/[^\p{L}]/gu, '');
  return { all: letters.length, capitals: letters.replace(/[^\p{Lu}]/gu, '').length };
};
const areCapitals = ({ all, capitals }: { readonly all: number; readonly capitals: number }): boolean =>
  all >= 3 && capitals / all > 0.85;

/** Written in capitals throughout, as headings are. */
export const isCapitals = (text: string): boolean => areCapitals(lettersIn(text));

/** The kind of list to which a marker belongs. */
export const sortOf = (marker: string): string =>
  marker === '' ? '' : /\d/u.test(marker) ? 'number' : /\p{L}/u.test(marker) ? 'letter' : 'bullet';

export const endsSentence = (text: string): boolean => ends.test(text);
