import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isReadable, looksLike } from '../../../shared/meeting/confusable.ts';

describe('[ACC12] Names that look alike', () => {
  it.each([
    ['chair', 'сhair', 'a Cyrillic с'],
    ['chair', 'ϲhair', 'a Greek lunate sigma'],
    ['chair', 'ｃｈａｉｒ', 'full width'],
    ['chair', '𝒄𝒉𝒂𝒊𝒓', 'mathematical letters'],
    ['chair', 'CHAIR', 'capitals'],
    ['chair', 'ＣНАІR', 'capitals of three scripts'],
    ['chair', 'cha\u200bir', 'a space of no width'],
    ['chair', '\u202echair\u202c', 'another direction'],
    ['chair', 'cha\u00adir', 'a soft hyphen'],
    ['chair', 'ch\u034fair', 'a joiner of graphemes'],
    ['chair', 'chaır', 'an i without its dot'],
    ['chair', 'cha1r', 'a digit'],
    ['chair', ' chair\u3000', 'spaces round it'],
    ['Brazil', 'Вrаzіl', 'Cyrillic letters'],
    ['Brazil', 'Βrazil', 'a Greek Beta'],
    ['Brazil', 'Bʀᴀzil', 'small capitals'],
    ['Brazil', 'ᏴᏒᎪᏃᎥᏞ', 'Cherokee'],
    ['Ian', 'lan', 'an l for a capital I'],
    ['Bernard', 'Bemard', 'an m for r and n'],
    ['Peru 10', 'Реru lО', 'letters for digits'],
    ['van Dijk', 'van  Dijk', 'two spaces'],
    ['Núñez', 'Nu\u0301n\u0303ez', 'accents of their own'],
    ['Saint-Cyr', 'Saint‑Cyr', 'another hyphen'],
    ['O’Hara', "O'Hara", 'another apostrophe'],
    ['Ararat', 'Аrаrаt', 'Cyrillic vowels'],
    ['Օslo', 'Oslo', 'an Armenian O'],
  ])('%s and %s: %s', (one, other) => {
    expect(looksLike(other)).toBe(looksLike(one));
  });
  it.each([
    ['chair', 'chairs'],
    ['Peña', 'Pena'],
    ['José', 'Josè'],
    ['delegate 1', 'delegate 2'],
    ['delegate 1', 'delegate 11'],
    ['Иванов', 'Иванова'],
    ['Παπαδόπουλος', 'Παπαδόπουλου'],
    ['Argentina', 'Armenia'],
    ['van Dijk', 'vanDijk'],
    ['李', '季'],
  ])('%s and %s are told apart', (one, other) => {
    expect(looksLike(other)).not.toBe(looksLike(one));
  });
  it('the look of a name looks like itself', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (name) => looksLike(looksLike(name)) === looksLike(name)));
  });
});

describe('[ACC12] A name', () => {
  it.each(['Núñez', 'Иванов', '李', 'O’Hara', 'Nguyễn Văn A', 'محمد', 'delegate 1', 'त्रिपाठी', 'Å'])(
    '%s can be read',
    (name) => {
      expect(isReadable(name)).toBe(true);
    },
  );
  it.each([
    '',
    '   ',
    '…',
    '\u200b',
    'cha\u200bir',
    '\u202echair',
    'chair\u2066',
    'ch\u00adair',
    'chair\u0000',
    'chair\n2',
    'chair\u2028',
    '\u3164',
    'ㅤchair',
    '\u2800chair',
    '\ue000chair',
    'chair\ufe0f',
    'c\u0301\u0301\u0301\u0301hair',
    '\u0301chair',
    'chair\u{e0041}',
    '\ud800chair',
    'chair\u{50000}',
  ])('%j can’t', (name) => {
    expect(isReadable(name)).toBe(false);
  });
});
