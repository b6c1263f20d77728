import { endsSentence, isCapitals, type Paragraph } from '../extract/lines.ts';

/** The style of a heading, from which its level is derived. */
export type HeadingStyle = 'roman' | 'letter' | 'number' | 'decimal' | 'capitals' | 'plain';

const longestHeading = 300;
const words = (text: string): number => text.split(/\s+/u).length;

function numbering(marker: string): HeadingStyle | null {
  const bare = marker.replace(/[().]+$|^\(/gu, '');
  if (/^[IVXLC]+$/u.test(bare)) return 'roman';
  if (/^[A-Z]$/u.test(bare)) return 'letter';
  if (/^\d+$/u.test(bare)) return 'number';
  if (/^\d+(\.\d+)+$/u.test(bare)) return 'decimal';
  return null;
}

/** The marker that follows another: `2.` after `1.`. A run of consecutive numbers is a list, not headings. */
function follows(marker: string, next: string): boolean {
  const one = /^\(?(\d+)[.)]?$/u.exec(marker)?.[1];
  const other = /^\(?(\d+)[.)]?$/u.exec(next)?.[1];
  return one !== undefined && other !== undefined && Number(other) === Number(one) + 1;
}

/**
 * Whether a paragraph without a tag is a heading, and in which style. Headings without a number or capitals are
 * recognised by being short, not ending a sentence, and having something below them.
 */
export function headingStyle(paragraph: Paragraph, next: Paragraph | undefined): HeadingStyle | null {
  const { text, marker } = paragraph;
  if (paragraph.footnote || text.length > longestHeading || next === undefined || /^\p{Ll}/u.test(text)) return null;
  const style = marker === '' ? null : numbering(marker);
  if (isCapitals(text) && !/[;,]$/u.test(text)) return marker === '' ? 'capitals' : style;
  if (endsSentence(text) || /,$/u.test(text)) {
    // "Prevention:" above untagged rows; above a list of items it is their opening line.
    const opens = /:$/u.test(text) && words(text) <= 10 && next.marker === '' && !/^\p{Ll}/u.test(next.text);
    return opens && (marker === '' || style === 'roman') ? 'plain' : null;
  }
  if (marker === '') return words(text) <= 40 ? 'plain' : null;
  if (style === null || words(text) > 15 || /[)\]]$/u.test(text) || follows(marker, next.marker)) return null;
  return style === 'letter' && !/^[A-Z]/u.test(marker) ? null : style;
}

/**
 * Levels of topics: numbered styles in the order of their first appearance; capitals without a number are one level
 * below them.
 */
export class Levels {
  readonly #numbered: HeadingStyle[] = [];
  #last = 0;

  of(style: HeadingStyle): number {
    if (style === 'capitals' || style === 'plain') return Math.min(6, this.#last + 1);
    if (!this.#numbered.includes(style)) this.#numbered.push(style);
    this.#last = Math.min(6, this.#numbered.indexOf(style) + 1);
    return this.#last;
  }
}
