import { describe, expect, it } from 'vitest';
import { hasForbidden, hasVisible, visibleName, visibleText, withoutForbidden } from '../../../shared/text/visible.ts';

const allowed: readonly [what: string, text: string][] = [
  ['Latin letters with accents, composed and not', 'José, Joe\u0301'],
  ['a no-break space and a narrow one', 'l\u00a0’accord\u202f:'],
  ['tab and line feed', 'a\tb\nc'],
  ['Persian with a zero-width non-joiner', '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645'],
  ['Devanagari with a joiner', '\u0915\u094d\u200d\u0937'],
  ['a family, joined', '👩‍👩‍👧‍👦'],
  ['a heart as an emoji, and as a text', '❤️ ❤︎'],
  ['Arabic, Hebrew, Chinese, Hangul', '\u0633\u0644\u0627\u0645 \u05e9\u05dc\u05d5\u05dd 中文 한국'],
  ['an ideographic space', '中\u3000文'],
  ['a private character', '\ue000'],
];
const forbidden: readonly [what: string, text: string][] = [
  ['a null', 'a\u0000'],
  ['an escape', 'a\u001b[2J'],
  ['a delete', 'a\u007f'],
  ['a next line', 'a\u0085'],
  ['a soft hyphen', 'co\u00adoperate'],
  ['a grapheme joiner', 'a\u034fb'],
  ['an Arabic letter mark', 'a\u061c'],
  ['Hangul fillers', '\u115f\u1160\u3164\uffa0'],
  ['a Mongolian vowel separator', '\u180e'],
  ['a zero-width space', 'a\u200bb'],
  ['a left-to-right mark', '\u200e'],
  ['a right-to-left mark', '\u200f'],
  ['a line separator', 'a\u2028b'],
  ['a paragraph separator', 'a\u2029b'],
  ['embeddings', '\u202aa\u202b\u202c'],
  ['a left-to-right override', '\u202d'],
  ['a right-to-left override', '\u202e'],
  ['a word joiner', '\u2060'],
  ['invisible operators', '\u2061\u2062\u2063\u2064'],
  ['isolates', '\u2066\u2067\u2068\u2069'],
  ['old format controls', '\u206a\u206f'],
  ['a blank Braille pattern', '\u2800'],
  ['a variation selector that no emoji has', '\ufe00'],
  ['a byte order mark', '\ufeff'],
  ['interlinear annotations', '\ufff9a\ufffab\ufffb'],
  ['noncharacters', '\ufdd0 \uffff \u{1ffff}'],
  ['a hieroglyph joiner', '\u{13430}'],
  ['a musical format control, and a note without a head', '\u{1d173} \u{1d159}'],
  ['tags', '\u{e0001}\u{e0041}\u{e007f}'],
  ['a selector of ideographs', '\u845b\u{e0100}'],
  ['half a letter', 'a\ud83d'],
  ['the other half', '\ude00b'],
];

describe('[AUTH2] The characters that may stand in a text', () => {
  it.each(allowed)('%s', (_what, text) => {
    expect(hasForbidden(text)).toBe(false);
    expect(withoutForbidden(text)).toBe(text);
  });
  it.each(forbidden)('not %s', (_what, text) => {
    expect(hasForbidden(text)).toBe(true);
    expect(hasForbidden(withoutForbidden(text))).toBe(false);
  });
  it('of what isn’t allowed, the rest is kept', () => {
    expect(withoutForbidden('co\u00adoper\u200bate \u202enow 👩‍👧')).toBe('cooperate now 👩‍👧');
  });

  it.each([
    '',
    ' ',
    '\t\n',
    '\u00a0\u2003\u3000',
    '\u200d',
    '\ufe0f',
    ' \u200c\u200d ',
    '\u2800',
    '\u3164',
    '\u200b\u202e',
  ])('nothing is seen of %j', (text) => expect(hasVisible(text)).toBe(false));
  it.each(['a', '1', '…', '-', '€', '中', '\u0301', '👩‍👧', ' \u200d. '])('something is seen of %j', (text) =>
    expect(hasVisible(text)).toBe(true),
  );

  it('names and headings lose what may not stand in them, and must have something to see', () => {
    expect(visibleText(10).parse(' \u202eAgenda\u200b ')).toBe('Agenda');
    expect(visibleText(10).parse('\u200b')).toBe('');
    expect(visibleText(3).safeParse('Agenda').success).toBe(false);
    expect(visibleName(10).parse('\ufeffChile')).toBe('Chile');
    for (const nothing of ['', ' ', '\u200b', '\u3164', '\u200d'])
      expect(visibleName(10).safeParse(nothing).success).toBe(false);
  });
});
