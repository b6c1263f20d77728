import { type Draw, evilStrings } from './draw.ts';

/** A compilation of our own, with everything in it that the importer knows. */
export const compilationSeeds: readonly string[] = [
  'MEETING ON RIVERS\n\nThe following member states presented proposals:\n- Argentina\n- Brazil\n- United States\n- Antigua and Barbuda\n\nThe following organs provided input: the Commission of Women (CIM), the Department of Law and the Court of Human Rights (IACHR).\n\nI. PREVENTION\n1. Training\nUrge states to train officials (Argentina, CIM).\nInvite states to share experience (proposed by the delegation of Brazil).\na) first item (EEUU).\n(i) second item (Argentina and Brazil).\n• a bullet [Argentina]\nII. PROTECTION\nProtect victims (voluntary) (Antigua and Barbuda). Another (CIM).\nRecall the Convention (Palermo, 2000).\n',
  'DELEGACIONES\nArgentina\nChile\n\nPREÁMBULO\nConsiderando la situación (Argentina);\nTeniendo presente (Chile, EE.UU.).\n\nACCIÓN\n1.1 Instar a los estados (apoyado por Chile)\n1.2 Invitar\n/ (Argentina).\n\ufffd. Una nota al pie.\n',
  'Reunión\n\n[Argentina] Urge all.\nArgentina and Brazil: urge states to act.\nATLANTIS\nUrge (Atlantis).\nAsk (Atlantis, Kenya).\n',
];

const tags = [
  '(Argentina)',
  '(CIM)',
  '(Argentina, CIM)',
  '[Brazil]',
  '(the the Argentina)',
  '(Republic of Republic of Argentina)',
  '(Argentina; Palermo)',
  '(and and and)',
  '(',
  ')',
  '((Argentina))',
  '(voluntary)',
];
const markers = ['1. ', '(a) ', 'ii) ', '• ', '- ', '1.1.1 ', 'IV. ', '– ', 'zz) ', '/ ', '\ufffd. ', '(1', '999. '];
/** Patterns that are slow for a backtracking search when they occur a hundred thousand times. */
const units = [
  ...tags,
  ...markers,
  ...evilStrings,
  '(',
  ')',
  '( ',
  ' )',
  '()',
  '[(',
  '(Argentina) ',
  '(CIM). A',
  '). A',
  ') . ',
  ', ',
  '; ',
  ' and ',
  'and Argentina ',
  'Argentina and ',
  '. ',
  '.',
  '…',
  '"',
  '”)',
  ".'",
  ' - ',
  ' – ',
  'A - ',
  ': ',
  'x: ',
  'the ',
  'Republic of ',
  'é',
  'A',
  'Aa ',
  'AB ',
  'Argentina; ',
  'Argentina, ',
  'Argentina/',
  '/',
  '\t',
  ' ',
  '\u00a0',
  '\n',
  '\n\n',
  'a\n',
  'A\n',
  'words that go on and on without an end to them at all here\n',
  '(Argentina)\n',
  '- Argentina\n',
  '- Nobody (NBD)\n',
  'Parties:\n',
  'PARTIES\n',
  '1. A\n',
  'I. A\n',
  'Urge (Argentina).\n',
  'Commission of Women (CIM). ',
  'Q1 (Q2), ',
  ',(',
  '\r',
  '\u2028',
  '\f',
  '&',
  'a.b.',
  'U.S.',
  "l'",
  'supported by ',
] as const;

const letters = 'abcdefghijklmnopqrstuvwxyz';
/** Unique words: all of them in the source have to be in the result. */
export const canary = /(?<![\p{L}\p{N}])zq[a-z]{6}qz(?![\p{L}\p{N}])/gu;
const newCanary = (draw: Draw): string => `zq${Array.from({ length: 6 }, () => letters[draw.nat(26)]).join('')}qz`;

/** Makes a hostile file of a compilation. */
export function hostileCompilation(draw: Draw, seeds: readonly string[]): Uint8Array {
  let lines = draw.of(seeds).split('\n');
  const line = (): number => draw.nat(lines.length + 1);
  for (let left = 1 + draw.nat(8); left > 0; left--) {
    const at = line();
    switch (draw.nat(11)) {
      case 0:
        lines.splice(at, 1);
        break;
      case 1:
        lines.splice(at, 0, ...Array.from({ length: 1 + draw.nat(20) }, () => lines[at] ?? ''));
        break;
      case 2:
        lines.splice(at, 2, `${lines[at] ?? ''} ${lines[at + 1] ?? ''}`);
        break;
      case 3: {
        const whole = lines[at] ?? '';
        const cut = draw.nat(whole.length + 1);
        lines.splice(at, 1, whole.slice(0, cut), whole.slice(cut));
        break;
      }
      case 4:
        lines[at] = `${draw.of(markers)}${lines[at] ?? ''}`;
        break;
      case 5:
        lines[at] = `${lines[at] ?? ''} ${draw.of(tags)}${draw.of(['', '.', ';'])}`;
        break;
      case 6: {
        const depth = draw.weighed([
          [4, 3],
          [2, 300],
          [1, 5000],
        ]);
        lines[at] =
          `${lines[at] ?? ''} ${'('.repeat(depth)}${draw.of(['Argentina', 'x', ''])}${')'.repeat(draw.chance(0.8) ? depth : depth - 1)}`;
        break;
      }
      case 7:
        lines.splice(
          at,
          0,
          draw.of([
            'PARTIES',
            'Participating states:',
            'LIST OF DELEGATIONS',
            'The following states presented proposals:',
            'TOPIC',
            'II. MORE',
            'Plain heading',
            '',
          ]),
        );
        break;
      case 8: {
        const length = draw.weighed([
          [12, 300],
          [6, 5000],
          [3, 60_000],
          [0.3, 1_000_000],
          [0.15, 5_200_000],
        ]);
        const unit = draw.of(units) || ' ';
        const run = unit.repeat(Math.ceil(length / unit.length));
        lines.splice(
          at,
          0,
          `${draw.of(['', 'Urge ', '(', 'PARTIES: ', 'a'])}${run}${draw.of(['', 'x', ')', ' (Argentina).', 'Argentina'])}`,
        );
        break;
      }
      case 9: {
        const whole = lines[at] ?? '';
        const cut = draw.nat(whole.length + 1);
        lines[at] = whole.slice(0, cut) + draw.of(evilStrings) + whole.slice(cut);
        break;
      }
      default: {
        // A text with hard line breaks.
        const words = lines.splice(at, 12).join(' ').split(' ');
        let row = '';
        const rows: string[] = [];
        for (const word of words) {
          if (row.length + word.length > 70) rows.push(row);
          row = row.length + word.length > 70 ? word : `${row} ${word}`;
        }
        // Too many to be arguments of `splice`.
        lines = [...lines.slice(0, at), ...rows, row, ...lines.slice(at)];
      }
    }
  }
  for (let left = 1 + draw.nat(6); left > 0; left--) {
    const at = line();
    const words = (lines[at] ?? '').slice(0, 5000).split(' ');
    words.splice(draw.nat(words.length + 1), 0, newCanary(draw));
    lines[at] = words.join(' ') + (lines[at] ?? '').slice(5000);
  }
  const ends = draw.weighed([
    [6, ['\n']],
    [2, ['\r\n']],
    [1, ['\r']],
    [1, ['\n', '\r\n', '\r', '\u2028', '\f', '\u0085']],
  ]);
  const source = lines.reduce((text, one) => text + one + draw.of(ends), '');
  return encoded(draw, source);
}

function encoded(draw: Draw, source: string): Uint8Array {
  const utf16 = Buffer.from(draw.chance(0.2) ? `${source}\ud800` : source, 'utf16le');
  const bytes = draw.weighed<() => Buffer>([
    [12, () => Buffer.from(source)],
    [2, () => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(source)])],
    [2, () => Buffer.concat([Buffer.from([0xff, 0xfe]), utf16])],
    [1, () => Buffer.concat([Buffer.from([0xfe, 0xff]), utf16.swap16()])],
    [1, () => utf16],
    [2, () => Buffer.from(source, 'latin1')],
    [0.2, () => Buffer.concat([Buffer.from(source), Buffer.alloc(6_000_000, 'a ')])],
  ])();
  if (draw.chance(0.1) && bytes.length > 0) bytes[draw.nat(bytes.length)] = draw.nat(256);
  return Uint8Array.from(draw.chance(0.05) ? bytes.subarray(0, draw.nat(bytes.length + 1)) : bytes);
}
