/** A paragraph of a compilation, put together from the lines that it was broken over. */
export interface Paragraph {
  /** The line where it begins, from 1. */
  readonly line: number;
  readonly text: string;
  /** `1.`, `a)`, `•`: what stood before it, or ''. */
  readonly marker: string;
  /** What a footnote mark left behind introduces it: it is the text of a footnote. */
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
/** `1.`, `1)`, `(a)`, `iv.`, `1.2`, `A.`; a bullet. What follows it is set off by a space. */
const marked = new RegExp(
  String.raw`^(${bullet}|\(${number}\)|${number}[.)]|\d{1,3}(?:\.\d{1,3}){1,3})(?:\s+|$)(.*)$`,
  'u',
);
const ends = /[.;:!?…]["”»’)\]]*$/u;
const closesWithParenthesis = /[)\]]\s*[.;:,]*$/u;
/** "/ (DMS, CIM)." and "/ and": what is left where a footnote's mark stood. */
const residue = /^\/\s*(.*)$/u;
const replacement = /^\ufffd[.)]?\s*/u;

export function markerOf(text: string): { readonly marker: string; readonly rest: string } {
  const found = marked.exec(text);
  // "A nation…" and "I believe…" open with a word, not with a number.
  if (found === null) return { marker: '', rest: text };
  return { marker: found[1] ?? '', rest: (found[2] ?? '').trim() };
}

/** A text whose lines were broken at a width: there, a line that doesn't end a sentence goes on in the next. */
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

/** Puts lines together to paragraphs. Not one word is left out; markers and the signs of footnotes are. */
export function paragraphs(source: string): readonly Paragraph[] {
  const lines = source
    .replace(/\r\n?|\u2028|\u2029|\f|\v/g, '\n')
    .split('\n')
    .map((text, at): Line => ({ number: at + 1, text: text.replace(/[\s\u00a0\u200b\ufeff]+/gu, ' ').trim() }));
  const wrapped = isWrapped(lines);
  const found: { line: number; text: string; marker: string; footnote: boolean; apart: boolean }[] = [];
  let blank = true;
  /** The last line stood alone as a marker, or its footnote mark broke the sentence: the next belongs to it. */
  let open = false;
  let previous = '';
  for (const line of lines) {
    if (line.text === '') {
      blank = true;
      // A bare marker waits for its words over a blank line.
      if (found.at(-1)?.text !== '') open = false;
      continue;
    }
    const last = found.at(-1);
    const left = residue.exec(line.text);
    if (left !== null) {
      const rest = (left[1] ?? '').trim();
      if (/[\p{L}\p{N}]/u.test(rest)) {
        if (last === undefined)
          found.push({ line: line.number, text: rest, marker: '', footnote: false, apart: blank });
        else last.text = `${last.text} ${rest}`.trim();
        open = open && !ends.test(rest);
      } else if (last !== undefined && /^[.;:,]$/u.test(rest)) last.text += rest;
      blank = false;
      previous = rest;
      continue;
    }
    const { marker, rest } = markerOf(line.text);
    const goesOn =
      last !== undefined &&
      marker === '' &&
      (last.text === '' ||
        // Only a tag, or only what closes the sentence.
        (!blank && /^[([]/u.test(rest) && closesWithParenthesis.test(rest) && rest.length < 200) ||
        (!blank && open && !ends.test(previous) && !closesWithParenthesis.test(previous)) ||
        (!blank && /^\p{Ll}/u.test(rest) && !ends.test(previous) && !closesWithParenthesis.test(previous)) ||
        (!blank && wrapped && !startsAnew(last.text, previous, rest)));
    if (goesOn && last !== undefined) {
      if (last.text === '') open = true;
      last.text = `${last.text} ${line.text}`.trim();
    } else {
      const footnote = replacement.test(line.text);
      const text = footnote ? line.text.replace(replacement, '') : rest;
      found.push({ line: line.number, text, marker, footnote, apart: blank });
      open = marker !== '' && rest === '';
    }
    previous = line.text;
    blank = false;
  }
  return found.filter(({ text }) => text !== '');
}

/** In a wrapped text, whether a line begins something new although no blank line says so. */
function startsAnew(paragraph: string, previous: string, next: string): boolean {
  if (isCapitals(next) !== isCapitals(paragraph)) return true;
  // A short line that ends a sentence ends its paragraph.
  return (ends.test(previous) || closesWithParenthesis.test(previous)) && previous.length < 55;
}

/** Written in capitals throughout, as headings are. */
export function isCapitals(text: string): boolean {
  const letters = text.replace(/[^\p{L}]/gu, '');
  if (letters.length < 3) return false;
  const capitals = letters.replace(/[^\p{Lu}]/gu, '').length;
  return capitals / letters.length > 0.85;
}

/** What sort of list a marker makes. */
export const sortOf = (marker: string): string =>
  marker === '' ? '' : /\d/u.test(marker) ? 'number' : /\p{L}/u.test(marker) ? 'letter' : 'bullet';

export const endsSentence = (text: string): boolean => ends.test(text);
