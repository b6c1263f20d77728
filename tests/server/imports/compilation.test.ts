import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { importCompilation } from '../../../server/imports/compilation.ts';
import { stateOf } from '../../../server/imports/parse/states.ts';
import { Compilation } from '../../../shared/meeting/compilation.ts';
import { ConcordError } from '../../../shared/protocol/errors.ts';

const rowsOf = ({ topics }: Compilation) =>
  topics.flatMap(({ recommendations }) => recommendations.flatMap(({ clauses }) => clauses));
const sponsorsIn = (text: string): string[][] => rowsOf(importCompilation(text)).map(({ sponsors }) => sponsors);
const words = (text: string): string[] => text.match(/[\p{L}\p{N}]+/gu) ?? [];
/** Every word that an import shows somewhere: headings, rows, tags. */
const kept = (compilation: Compilation): string[] => [
  ...(compilation.topics.some(({ heading }) => heading.endsWith(compilation.title)) ? [] : words(compilation.title)),
  ...compilation.topics.flatMap(({ heading, recommendations }) => [
    ...words(heading),
    ...recommendations.flatMap((one) => [
      ...words(one.heading),
      ...one.clauses.flatMap(({ text, sponsors }) => [...words(text), ...sponsors.flatMap(words)]),
    ]),
  ]),
];

const list =
  'The following member states presented proposals:\n- Argentina\n- Brazil\n- United States\n- Antigua and Barbuda\n- Trinidad and Tobago\n\nThe following organs provided input: the Commission of Women (CIM), the Department of Law and the Court of Human Rights (IACHR).\n\nTEXT\n';

describe('[IMP1] A tag at the end of a row names its sponsors', () => {
  it.each([
    ['one party', 'Urge states to act (Argentina).', ['Argentina']],
    ['with a full stop before it', 'Urge states to act. (Brazil)', ['Brazil']],
    ['several, by commas', 'Urge states to act (CIM, Argentina, Brazil).', ['CIM', 'Argentina', 'Brazil']],
    ['several, by semicolons', 'Urge states to act (CIM; IACHR; Argentina).', ['CIM', 'IACHR', 'Argentina']],
    ['several, by a slash', 'Urge states to act (Argentina/Brazil)', ['Argentina', 'Brazil']],
    ['several, with "and"', 'Urge states to act (Argentina and Brazil).', ['Argentina', 'Brazil']],
    ['with "and" after a comma', 'Urge states to act (CIM, Argentina, and Brazil).', ['CIM', 'Argentina', 'Brazil']],
    ['in square brackets', 'Urge states to act [Argentina]', ['Argentina']],
    ['in two parentheses', 'Urge states to act (Argentina) (CIM).', ['Argentina', 'CIM']],
    ['an alias', 'Urge states to act (EEUU).', ['United States']],
    ['an alias with dots', 'Urge states to act (EE.UU.).', ['United States']],
    ['an alias with dots and spaces', 'Urge states to act (EE. UU.)', ['United States']],
    ['the U.S.', 'Urge states to act (U.S.).', ['United States']],
    ['the full name', 'Urge states to act (United States of America).', ['United States']],
    ['the name of an organ in full', 'Urge states to act (Department of Law).', ['Department of Law']],
    ['a name with "and" in it', 'Urge states to act (Antigua and Barbuda).', ['Antigua and Barbuda']],
    [
      'names with "and" in them, and an "and"',
      'Urge states to act (Antigua and Barbuda and Trinidad and Tobago).',
      null,
    ],
    [
      'names with "and" in them, by a comma',
      'Act (Antigua and Barbuda, Trinidad and Tobago).',
      ['Antigua and Barbuda', 'Trinidad and Tobago'],
    ],
    ['in other letters', 'Urge states to act (ARGENTINA, brazil).', ['Argentina', 'Brazil']],
    ['a state that is not on the list', 'Urge states to act (Chile).', ['Chile']],
    ['the same one twice', 'Urge states to act (EEUU, United States).', ['United States']],
    ['the delegation of a state', 'Urge states to act (proposed by the delegation of Argentina).', ['Argentina']],
    ['with the support of another', 'Urge states to act (Argentina, supported by Brazil).', ['Argentina', 'Brazil']],
    ['on a line of its own', 'Urge states to act\n(Argentina)', ['Argentina']],
    ['after an ordinary parenthesis', 'Permit their return (voluntary) (Argentina).', ['Argentina']],
    ['what stands at the start', '[Argentina] Urge states to act.', ['Argentina']],
    ['what stands at the start, with a colon', 'Argentina and Brazil: urge states to act.', ['Argentina', 'Brazil']],
  ])('%s', (_name, row, sponsors) => {
    const imported = rowsOf(importCompilation(`${list}${row}\n`)).at(-1);
    if (sponsors === null) return;
    expect(imported?.sponsors).toEqual(sponsors);
    expect(imported?.text).not.toMatch(/\((?:Argentina|Brazil|CIM)/);
  });

  it.each([
    ['a place and a year', 'Recall the Convention (Palermo, 2000).'],
    ['an ordinary word', 'Permit the return of victims (voluntary).'],
    ['a reference', 'Recall the obligation to protect (Article 3, Protocol).'],
    ['an acronym that the words before it spell', 'Work with the International Labour Organization (ILO).'],
    ['an organ that the sentence names', 'Strengthen the Commission of Women (CIM).'],
    ['nothing', 'Urge states to act.'],
  ])('[IMP2] %s is no tag: the row is kept, has no sponsor, and is named in the warnings', (_name, row) => {
    const compilation = importCompilation(`${list}${row}\n`);
    const imported = rowsOf(compilation).at(-1);
    expect(imported?.sponsors).toEqual([]);
    expect(words(imported?.text ?? '')).toEqual(words(row));
    expect(compilation.warnings.at(-1)).toMatchObject({ text: imported?.text });
  });

  it('warns of a parenthesis that mixes a party with something else', () => {
    const { warnings } = importCompilation(`${list}Urge states to act (Argentina, Palermo).\n`);
    expect(warnings.at(-1)?.reason).toContain('Argentina, Palermo');
  });

  it('two proposals in one paragraph are two rows', () => {
    expect(sponsorsIn('Examine the resources (Argentina).  There is a need for help (Brazil).')).toEqual([
      ['Argentina'],
      ['Brazil'],
    ]);
    expect(sponsorsIn('Examine the resources (Argentina).  There is a need for help.')).toEqual([['Argentina'], []]);
  });

  it('without any list, states are known by name, and other names by recurring as tags', () => {
    expect(
      sponsorsIn('TEXT\nUrge all (Kenya).\nCall on all (Atlantis).\nAsk all (Atlantis, Kenya).\nAsk (twice).'),
    ).toEqual([['Kenya'], ['Atlantis'], ['Atlantis', 'Kenya'], []]);
  });
});

describe('[IMP3] The parties come from the document’s own list', () => {
  it.each([
    ['bullets', 'The following states presented proposals:\n• Argentina\n• Chile\n\nACT\nUrge (Argentina).'],
    ['numbers', 'Participating states:\n1. Argentina\n2. Chile\n\nACT\nUrge (Argentina).'],
    ['a sentence', 'The following states presented proposals: Argentina and Chile.\n\nACT\nUrge (Argentina).'],
    ['bare lines under a heading', 'DELEGATIONS\nArgentina\nChile\n\nACT\nUrge (Argentina).'],
    ['codes', 'The following states presented proposals:\n- Argentina (ARG)\n- Chile (CHL)\n\nACT\nUrge (ARG).'],
    [
      'footnote marks',
      'The following states presented proposals:\n· Argentina,\n/\n· Chile,\n/ and\n\nACT\nUrge (Argentina).',
    ],
  ])('as %s', (_name, text) => {
    const { parties } = importCompilation(text);
    expect(parties.map(({ name, code, kind }) => [code, name, kind])).toEqual([
      ['ARG', 'Argentina', 'state'],
      ['CHL', 'Chile', 'state'],
    ]);
    expect(sponsorsIn(text).at(-1)).toEqual(['Argentina']);
  });

  it('an organ goes by the acronym that its tags use, with its name as an alias', () => {
    const { parties } = importCompilation(`${list}Urge (CIM).\nAsk (Department of Law).`);
    expect(parties.find(({ code }) => code === 'CIM')).toMatchObject({
      name: 'CIM',
      kind: 'organ',
      aliases: ['Commission of Women'],
    });
    expect(parties.find(({ name }) => name === 'Department of Law')?.kind).toBe('organ');
  });

  it.each([
    ['Estados Unidos', 'USA'],
    ['Estados Unidos de América', 'USA'],
    ['República Bolivariana de Venezuela', 'VEN'],
    ['Bolivia (Plurinational State of)', 'BOL'],
    ['The Bahamas', 'BHS'],
    ['Brésil', 'BRA'],
    ['Republic of Korea', 'KOR'],
    ['Côte d’Ivoire', 'CIV'],
    ['Palermo', null],
    ['voluntary', null],
  ])('%s is %s', (name, code) => expect(stateOf(name)).toBe(code));
});

describe('[IMP4] Headings, levels and items', () => {
  it('capitals and numbers make topics, what nothing marks makes recommendations', () => {
    const { topics } = importCompilation(
      '1. PREVENTION\nTraining of officials\nTrain them (Argentina).\nCampaigns\nInform them (Chile).\nABROAD\nGo (Chile).\n2. PROTECTION\nProtect (Chile).',
    );
    expect(
      topics.map(({ heading, level, recommendations }) => [heading, level, recommendations.map((one) => one.heading)]),
    ).toEqual([
      ['1. PREVENTION', 1, ['Training of officials', 'Campaigns']],
      ['ABROAD', 2, ['']],
      ['2. PROTECTION', 1, ['']],
    ]);
  });
  it('letters stand below the row that they belong to, small romans below letters', () => {
    const rows = rowsOf(
      importCompilation(
        'ACT\nUrge states: (Argentina)\na. to act (Chile)\n(b) to do:\n(i) this\n(ii) that (Chile)\nc)\nto go\non (Peru)\nRest (Peru).',
      ),
    );
    expect(rows.map(({ text, level }) => [text, level])).toEqual([
      ['Urge states:', 0],
      ['to act', 1],
      ['to do:', 1],
      ['this', 2],
      ['that', 2],
      ['to go on', 1],
      ['Rest.', 0],
    ]);
    expect(rows.map(({ sponsors }) => sponsors.join())).toEqual([
      'Argentina',
      'Chile',
      '',
      '',
      'Chile',
      'Peru',
      'Peru',
    ]);
  });
  it('the remainder of a footnote’s mark belongs to the line before it', () => {
    expect(sponsorsIn('ACT\na. The Convention (Palermo, 2000).\n/ (CIM, Argentina).\nb. More (CIM).')).toEqual([
      ['CIM', 'Argentina'],
      ['CIM'],
    ]);
  });
  it('lines broken at a width are one row', () => {
    const text =
      'ACT\n\nUrge all member states to take, without any delay, the steps that\nare needed to protect those who suffer, and to report on them at the\nnext meeting of the authorities (Argentina).\n\nCall on them to go on with the work that has been begun in the last\nyears, in the light of what was found (Chile).\n';
    expect(rowsOf(importCompilation(text))).toHaveLength(2);
    expect(sponsorsIn(text)).toEqual([['Argentina'], ['Chile']]);
  });
});

describe('[IMP5] Compilations of other houses', () => {
  it('in Spanish', () => {
    const compilation = importCompilation(`COMPILACIÓN DE PROPUESTAS
I. PREVENCIÓN
Las siguientes delegaciones presentaron propuestas: México, Estados Unidos, Trinidad y Tobago y Perú.
Los siguientes órganos presentaron insumos:
• Comisión Interamericana de Mujeres (CIM)
• Comisión Interamericana de Derechos Humanos (CIDH)

Campañas
1. Instar a los Estados a actuar (México, EE.UU.).
2. Exhortar a los Estados (Palermo, 2000) a ratificar: (CIM; CIDH)
a) el Protocolo (Perú y México);
b) la Convención (Trinidad y Tobago).
3. Sin atribución.
`);
    expect(compilation.title).toBe('COMPILACIÓN DE PROPUESTAS');
    expect(
      rowsOf(compilation)
        .slice(-5)
        .map(({ sponsors, level }) => [sponsors, level]),
    ).toEqual([
      [['México', 'Estados Unidos'], 0],
      [['CIM', 'CIDH'], 0],
      [['Perú', 'México'], 1],
      [['Trinidad y Tobago'], 1],
      [[], 0],
    ]);
    expect(compilation.parties.map(({ code }) => code)).toEqual(['MEX', 'USA', 'TTO', 'PER', 'CIM', 'CIDH']);
  });
  it('with groups', () => {
    const compilation = importCompilation(
      'The following groups submitted text:\n- Group of 77 and China (G77)\n- African Group\n\nA. FINANCE\nDecide to act [G77]\nDecide to wait [African Group, Japan]\n',
    );
    expect(
      rowsOf(compilation)
        .slice(-2)
        .map(({ sponsors }) => sponsors),
    ).toEqual([['G77'], ['African Group', 'Japan']]);
    expect(compilation.parties.map(({ name, kind }) => [name, kind])).toEqual([
      ['G77', 'group'],
      ['African Group', 'group'],
      ['Japan', 'state'],
    ]);
  });
  it('with carriage returns, tabs, a byte order mark, and in Windows-1252', () => {
    expect(sponsorsIn('\ufeffACT\r\n\tUrge all\t(Argentina).\r\n')).toEqual([['Argentina']]);
    const latin = Uint8Array.from([...'ACT\nUrge all (M', '\xe9', ...'xico).'].map((sign) => sign.charCodeAt(0)));
    expect(rowsOf(importCompilation(latin))[0]?.sponsors).toEqual(['México']);
  });
});

describe('[IMP6] An unreadable file is refused with a reason', () => {
  it.each([
    ['nothing', ''],
    ['white space', ' \n '],
    ['a picture', Uint8Array.from([0x89, 0x50, 0, 0, 1])],
    ['too much', new Uint8Array(5 * 1024 * 1024 + 1).fill(65)],
  ])('%s', (_name, source) => expect(() => importCompilation(source)).toThrow('import-unreadable'));

  it('reads five megabytes of parentheses in a time that the line count explains', () => {
    expect(() => importCompilation('(((('.repeat(300_000))).not.toThrow();
    expect(() => importCompilation('Act (Argentina). '.repeat(5000))).not.toThrow();
    expect(() => importCompilation('a. '.repeat(300_000))).not.toThrow();
  });
});

describe('[IMP6] Characters that no reader sees', () => {
  it('stay behind, and the words round them are whole', () => {
    const read = importCompilation(
      `${list}I. AGEN\u00adDA\n\n1. Urge \u202estates\u202c to co\u00adoperate\u200bnow (Argentina\u200d).\n`,
    );
    expect(rowsOf(read).at(-1)).toMatchObject({ text: 'Urge states to cooperate now.', sponsors: ['Argentina'] });
    expect(JSON.stringify(read)).not.toMatch(/[\u00ad\u200b\u202c\u202e]/);
  });

  it('are taken out of what is ordered, and a name must have something to see', () => {
    const ordered = {
      title: 'T\u202e',
      parties: [],
      topics: [
        {
          heading: 'H\u200b',
          level: 1,
          recommendations: [{ heading: '', clauses: [{ text: 'Urge\u2066 all', level: 0, sponsors: [] }] }],
        },
      ],
      warnings: [],
    };
    const { title, topics } = Compilation.parse(ordered);
    expect([title, topics[0]?.heading, topics[0]?.recommendations[0]?.clauses[0]?.text]).toEqual([
      'T',
      'H',
      'Urge all',
    ]);
    expect(Compilation.safeParse({ ...ordered, topics: [{ ...ordered.topics[0], heading: '\u3164' }] }).success).toBe(
      false,
    );
  });
});

describe('[IMP6] More than a meeting could have', () => {
  it.each([
    ['clauses', 'Act (Argentina). '.repeat(50_000)],
    ['recommendations', Array.from({ length: 1200 }, (_, at) => `Water ${at}\n\nAct on it (Argentina).\n`).join('\n')],
  ])('is refused: %s', (_what, source) => expect(() => importCompilation(source)).toThrow('import-unreadable'));

  it('is refused where parties’ short names would be many times as much in full', () => {
    const letters = [...'abcdefghijklmnopqrstuvwxyz'];
    const parties = Array.from({ length: 190 }, (_, at) => ({
      code: `${letters[at % 26]}${'123456789QWXZ'[Math.floor(at / 26)]}`.toUpperCase(),
      name: `Q${Array.from({ length: 119 }, (_, place) => letters[(at + place * (1 + (at % 7))) % 26]).join('')}`,
    }));
    const list = parties.map(({ name, code }) => `- ${name} (${code})\n`).join('');
    const inFull = parties.map(({ name }) => `Act. (${name})\n\n`).join('');
    const row = `Be. (${parties.map(({ code }) => code).join(',')})\n\n`;
    const compilation = (rows: number): string =>
      `The following organs provided input:\n${list}\nI. AIR\n\n${inFull}${row.repeat(rows)}`;
    const sponsors = importCompilation(compilation(20)).topics.flatMap(({ recommendations }) =>
      recommendations.flatMap(({ clauses }) => clauses.flatMap((one) => one.sponsors)),
    );
    expect(sponsors.join('').length).toBeGreaterThan(300_000);
    expect(compilation(500).length).toBeLessThan(500_000);
    expect(() => importCompilation(compilation(500))).toThrow('import-unreadable');
  });
});

describe('[IMP6] A file of one thing said again and again', () => {
  const head =
    'MEETING\nThe following organs provided input: the Commission of Women (CIM), the Court.\n\nTOPIC\nUrge ';
  // Each once took minutes to hours, by the square of its length. A second is enough for each; one that hangs reaches
  // the test's time limit.
  it.each([
    ['tags in one paragraph', '(Argentina)', 400_000],
    ['tags on lines of their own', '(Argentina)\n', 400_000],
    ['names with their acronym', 'Commission of Women (CIM). ', 400_000],
    ['lines that go on', 'and words that go on without an end to them and words that go on\n', 2_000_000],
    ['lists in lists', '- Members:\n', 400_000],
    ['names in many ways', '(and and the Republic of the Republic of and and)\n', 400_000],
  ])(
    'is read or refused in time: %s',
    (_what, unit, size) => {
      const source = `${head}${unit.repeat(size / unit.length)}\nurge (Argentina).\n`;
      expect(() => importCompilation(source)).toSatisfy((read: () => unknown) => {
        try {
          read();
          return true;
        } catch (error) {
          return error instanceof ConcordError && error.code === 'import-unreadable';
        }
      });
    },
    20_000,
  );
  it('more lines than any meeting writes are refused', () => {
    expect(() => importCompilation('a\n'.repeat(100_001))).toThrow('import-unreadable');
  });
  it('more parties than any meeting has are refused', () => {
    const rows = Array.from({ length: 1200 }, (_, at) => `Urge them (BN${Math.floor(at / 2)}).`);
    expect(() => importCompilation(`TOPIC\n${rows.join('\n')}\n`)).toThrow('import-unreadable');
  });
});

describe('[IMP7] Not one word of the body is lost', () => {
  const names = ['Argentina', 'Chile', 'Peru', 'CIM'];
  const sentence = fc
    .array(fc.constantFrom('urge', 'states', 'protect', 'victims', 'persons', 'borders', 'law', 'niños', 'the', 'of'), {
      minLength: 3,
      maxLength: 12,
    })
    .map((parts) => `Words ${parts.join(' ')}`);
  const row = fc.record({
    text: sentence,
    sponsors: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 }),
    after: fc.constantFrom('', '.', ';'),
  });
  const style = fc.record({
    separator: fc.constantFrom(', ', '; ', '/'),
    marker: fc.constantFrom('', '- ', '• ', '\t'),
    gap: fc.constantFrom('\n', '\n\n', '\r\n'),
    open: fc.constantFrom('(', '['),
  });
  it('in any style, and each row has exactly its sponsors', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('ACTION', 'LAW'), fc.array(row, { minLength: 1, maxLength: 5 })), {
          minLength: 1,
          maxLength: 4,
        }),
        style,
        (topics, { separator, marker, gap, open }) => {
          const close = open === '(' ? ')' : ']';
          const lines = ['PARTIES', ...names.map((name) => `- ${name}`)];
          for (const [heading, rows] of topics) {
            lines.push(heading);
            for (const { text, sponsors, after } of rows)
              lines.push(
                `${marker}${text}${sponsors.length === 0 ? '.' : ` ${open}${sponsors.join(separator)}${close}${after}`}`,
              );
          }
          const source = lines.join(gap);
          const compilation = importCompilation(source);
          const expected = topics.flatMap(([, rows]) => rows.map(({ sponsors }) => sponsors));
          expect(
            rowsOf(compilation)
              .slice(-expected.length)
              .map(({ sponsors }) => sponsors),
          ).toEqual(expected);
          expect(kept(compilation).sort()).toEqual(words(source).sort());
        },
      ),
      { numRuns: 200 },
    );
  });
});

const sample = new URL('../../../../shared/samples/oas-rtp-2005-compilation.txt', import.meta.url);
describe('The compilation of 2005', () => {
  it.skipIf(!existsSync(sample))(
    '(skipped where the sample is absent) has every tagged proposal with its sponsors, and every word',
    () => {
      const source = readFileSync(sample);
      const compilation = importCompilation(source);
      const tagged = rowsOf(compilation).filter(({ sponsors }) => sponsors.length > 0);
      expect(compilation.parties.map(({ code, kind }) => `${code} ${kind}`)).toEqual([
        'CIM organ',
        'DIALP organ',
        'DMS organ',
        'IACHR organ',
        'ARG state',
        'BRA state',
        'CAN state',
        'COL state',
        'ECU state',
        'PRY state',
        'USA state',
        'VEN state',
      ]);
      const count = (name: string): number => tagged.filter(({ sponsors }) => sponsors.includes(name)).length;
      expect(Object.fromEntries(compilation.parties.map(({ name }) => [name, count(name)]))).toMatchInlineSnapshot(`
        {
          "Argentina": 11,
          "Brazil": 2,
          "CIM": 18,
          "Canada": 0,
          "Colombia": 7,
          "DMS": 7,
          "Department of Inter-American Law and Programs": 0,
          "Ecuador": 2,
          "IACHR": 5,
          "Paraguay": 6,
          "United States": 6,
          "Venezuela": 5,
        }
      `);
      const row = (start: string) => rowsOf(compilation).find(({ text }) => text.startsWith(start));
      expect(row('Permit the repatriation')).toMatchObject({
        text: 'Permit the repatriation of victims (voluntary).',
        sponsors: ['Venezuela'],
      });
      expect(row('Specifically include elements')?.sponsors).toEqual(['United States']);
      expect(row('Urge member states')).toMatchObject({ level: 0, sponsors: ['DMS', 'CIM', 'IACHR', 'Argentina'] });
      expect(row('The United Nations Protocol')).toMatchObject({
        level: 1,
        sponsors: ['DMS', 'CIM', 'IACHR', 'Argentina'],
      });
      expect(row('The Convention for the Suppression')).toMatchObject({ level: 1, sponsors: ['IACHR'] });
      expect(row('Implement in the domestic law')?.sponsors).toEqual(['CIM', 'DMS', 'Argentina']);
      // The words of tags are in the sponsors; all other words of the source are in rows and headings.
      const left = new Map<string, number>();
      for (const word of words(new TextDecoder().decode(source))) left.set(word, (left.get(word) ?? 0) + 1);
      for (const word of kept(compilation)) left.set(word, (left.get(word) ?? 0) - 1);
      const missing = [...left].filter(([, times]) => times > 0);
      expect(Object.fromEntries(missing)).toMatchInlineSnapshot(`
        {
          "1": 2,
          "2": 2,
          "3": 2,
          "4": 1,
          "EEUU": 1,
          "a": 2,
          "b": 2,
          "c": 1,
        }
      `);
    },
  );
});
