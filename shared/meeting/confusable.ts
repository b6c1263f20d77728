/**
 * Names that look alike, after Unicode's UTS #39 (its table of confusables, version 13, © Unicode, Inc., under the
 * Unicode License): only signs that look like Latin letters and digits, and small letters whose capitals do. Arabic and
 * Hebrew signs are escaped, since they would reverse the direction of these lines.
 */
const lookalikes: Readonly<Record<string, string>> = {
  '2': 'ꝚƧϨꙄᒿꛯ',
  '3': '𝈆ꞫȜƷꝪⳌЗӠ𖼻𑣊',
  '4': 'Ꮞ𑢯',
  '5': 'Ƽ𑢻',
  '6': 'ⳒбᏮ𑣕',
  '7': '𝈒𐓒𑣆',
  '8': 'ଃ৪੪\u{1e8cb}ȣȢ𐌚',
  '9': '੧୨৭൭ꝮⳊ𑣌𑢬𑣖',
  a: '⍺ɑαаΑАᎪᗅꓮ𖽀𐊠ᴀ',
  aa: 'ꜳꜲ',
  ae: 'æӕÆӔ',
  ao: 'ꜵꜴ',
  au: 'ꜷꜶ',
  av: 'ꜹꜻꜸꜺ',
  ay: 'ꜽꜼ',
  b: 'ƄЬᏏᑲᖯꞴΒВᏴᗷꓐ𐊂𐊡𐌁вʙ',
  bl: 'Ы',
  c: '🝌ϲϹᴄⲥсꮯ𐐽𑣲𑣩ⲤСᏟꓚ𐊢𐌂𐐕𐔜',
  d: 'ԁᏧᑯꓒᎠᗞᗪꓓᴅ',
  dz: 'ʣ',
  e: '℮⋿ꬲеҽΕЕⴹᎬꓰ𑢦𑢮𐊆ᴇ',
  f: 'ſ𝈓ꬵꞙẝքꞘϜᖴꓝ𑣂𑢢𐊇𐊥𐔥ꜰ',
  g: 'ɡᶃƍցԌᏀᏳꓖɢ',
  h: 'һհᏂΗⲎНᎻᕼꓧ𐋏нʜ',
  i: '⍳ıɪɩιіꙇӏꭵᎥ𑣃',
  j: 'ϳјꞲͿЈᎫᒍꓙᴊ',
  k: 'ΚⲔКᏦᛕꓗ𐔘кκᴋ',
  l: '\u{5c0}∣⏽￨𝈪\u{661}\u{6f1}𐌠\u{1e8c7}ƖǀΙⲒІӀ\u{5d5}\u{5df}\u{627}\u{7ca}ⵏᛁꓲ𖼨𐊊𐌉ⳐᏞᒪꓡ𖼖𑢣𑢲𐐛𐔦ʟ',
  ll: '‖∥ǁ\u{5f0}',
  lo: 'Ю',
  ls: 'ʪ',
  lz: 'ʫ',
  m: 'ΜϺⲘМᎷᗰᛖꓟ𐊰𐌑мᴍ',
  n: 'ոռΝⲚꓠ𐔓пηɴ',
  o: 'ంಂംං०੦૦௦౦೦൦๐໐၀\u{665}\u{6f5}ᴏᴑꬽοσⲟоჿօ\u{5e1}\u{647}\u{6be}\u{6c1}\u{6d5}ഠဝ𐓪𑣈𑣗𐐬\u{7c0}০୦〇𑓐𑣠ΟⲞОՕⵔዐଠ𐓂ꓳ𑢵𐊒𐊫𐐄𐔖',
  oe: 'œŒ',
  oo: '∞ꝏꚙꝎꚘ',
  p: '⍴ρⲣрΡⲢРᏢᑭꓑ𐊕ᴘ',
  q: 'ԛգզⵕ',
  r: '𝈖ꭇꭈᴦⲅгꮁƦᎡᏒ𐒴ᖇꓣ𖼵ʀ',
  rn: '𑣣𑜀',
  s: 'ꜱƽѕꮪ𑣁𐑈ЅՏᏕᏚꓢ𖼺𐊖𐐠',
  t: '⊤⟙🝨ΤⲦТᎢꓔ𖼊𑢼𐊗𐊱𐌕тτᴛ',
  t3: 'Ꜩ',
  tf: 'ꝷ',
  ts: 'ʦ',
  u: '∪⋃ꞟᴜꭎꭒʋυս𐓶𑣘Սሀ𐓎ᑌꓴ𖽂𑢸',
  ue: 'ᵫ',
  uo: 'ꭣ',
  v: '∨⋁𝈍ᴠνѵ\u{5d8}𑜆ꮩ𑣀\u{667}\u{6f7}ѴⴸᏙᐯꛟꓦ𖼈𑢠𐔝',
  w: 'ɯᴡѡԝա𑜊𑜎𑜏ꮃ𑣯𑣦ԜᎳᏔꓪω',
  x: '᙮×⤫⤬⨯᙭╳хᕁᕽ𐌢𑣬ꞳΧⲬХⵝᚷꓫ𐊐𐊴𐌗𐔧χ',
  y: 'ɣᶌʏỿꭚγуүყ𑣜ΥⲨУҮᎩᎽꓬ𖽃𑢤𐊲',
  z: 'ᴢꮓ𑣄𐋵𑣥ΖᏃꓜ𑢩',
};

const latinFor = new Map(
  Object.entries(lookalikes).flatMap(([latin, signs]) => [...signs].map((sign) => [sign, latin] as const)),
);

/** Invisible signs: controls, formats and directions, fillers, private use, the blank Braille cell. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;
const unseenOrUnknown = new RegExp(`${unseen.source}|\\p{Cn}`, 'u');

const inLatin = (text: string): string => [...text].map((sign) => latinFor.get(sign) ?? sign).join('');

function lookedAt(name: string): string {
  // Some are mistaken for other signs than their compatible ones.
  const plain = inLatin(name.replace(/\s+/gu, ' ')).normalize('NFKD').replace(unseen, '');
  return (
    inLatin(plain)
      .toLowerCase()
      .normalize('NFKD')
      // The dot over an i is part of the letter.
      .replace(/(?<=[ij])\u0307/gu, '')
      // One sign, in one typeface or another.
      .replace(/[i1|]/gu, 'l')
      .replace(/0/gu, 'o')
      .replace(/rn/gu, 'm')
      .replace(/vv/gu, 'w')
      .replace(/\p{Pd}/gu, '-')
      .replace(/[\u2018\u2019\u201b\u02b9-\u02bc\u02c8\u00b4`]/gu, "'")
      .replace(/\s+/gu, ' ')
      .trim()
  );
}

/**
 * The look of a name: the same for two names that a reader would mistake for each other, whatever their letters, case,
 * spaces and invisible signs. For comparison, not for display.
 */
export function looksLike(name: string): string {
  let look = name;
  // The result of one round may look like something else in turn.
  for (let round = 0; round < 8; round++) {
    const next = lookedAt(look);
    if (next === look) return look;
    look = next;
  }
  return look;
}

/** Whether a name can be read: it has a letter or digit, nothing invisible, and no pile of accents. */
export const isReadable = (name: string): boolean =>
  /[\p{L}\p{N}]/u.test(name) && !unseenOrUnknown.test(name) && !/^\s*\p{M}|\p{M}{4}/u.test(name);
