import { type Draw, evilStrings } from './draw.ts';
import { type Content, tenBytes } from './update.ts';
import type { UpdateGenerator } from './updateGenerator.ts';

/** Numbers at the edges of ranges. */
export const oddNumbers = [0, 1, 2, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, tenBytes];
const encoder = new TextEncoder();

/** Content of any kind, most of which must be refused. */
export function hostileContent(draw: Draw, generator: UpdateGenerator): Content {
  const mark = draw.weighed<string>([
    [3, generator.marks.length === 0 ? 'AAAAAAAAAAAAAAAA' : draw.of(generator.marks)],
    [1, `Forged${draw.nat(90) + 10}`],
    [1, draw.of(evilStrings)],
  ]);
  switch (draw.nat(13)) {
    case 0:
      return { of: draw.of(['gc', 'skip', 'deleted'] as const), length: draw.of([...oddNumbers, 1, 2, 3, 50]) };
    case 1:
    case 2:
      return {
        of: 'string',
        text: draw.chance(0.03) ? draw.of(['x'.repeat(19_990), 'y'.repeat(20_001)]) : draw.of([...evilStrings, 'ok ']),
      };
    case 3:
      // Half of a surrogate pair alone, and invalid UTF-8.
      return {
        of: 'string',
        text: draw.of(
          [[0xed, 0xa0, 0xbd], [0xc0, 0x80], [0xff], [0xf4, 0x90, 0x80, 0x80]].map((bytes) => Uint8Array.from(bytes)),
        ),
      };
    case 4:
    case 5:
    case 6: {
      const name = draw.of(['insertion', 'deletion', 'bracket', 'comment', 'origin', 'bold', '__proto__']);
      const key = draw.of([
        name,
        `${name}--AAAAAAAA`,
        `${name}--${mark.slice(0, 8)}`,
        `${name}--`,
        `${name}--AAAAAAAAA`,
      ]);
      const value = draw.of([
        'null',
        JSON.stringify({ id: mark }),
        JSON.stringify({ id: mark }),
        JSON.stringify({ id: mark, party: 'BRA' }),
        `{"id":${JSON.stringify(mark)},"__proto__":{"x":1}}`,
        '{"__proto__":{"id":"AAAAAAAAAAAAAAAA"}}',
        '[]',
        '1',
        '"AAAAAAAAAAAAAAAA"',
        '{',
        '{"id":"\\ud800AAAAAAAA"}',
        draw.chance(0.05) ? `${'['.repeat(9000)}${']'.repeat(9000)}` : 'null',
      ]);
      return { of: 'format', key, value };
    }
    case 7:
      return { of: 'type', ref: draw.nat(12), name: draw.of(['clause', 'script', '__proto__', null]) };
    case 8:
      return {
        of: 'any',
        values: [
          draw.of<unknown>([
            null,
            undefined,
            true,
            1e300,
            -0,
            2 ** 31,
            5n,
            mark,
            'chapeau',
            1,
            [1, [2]],
            JSON.parse('{"__proto__":{"x":1}}'),
            new Uint8Array(3),
          ]),
        ],
      };
    case 9:
      // A value nested as deep as there are bytes.
      return {
        of: 'rawAny',
        bytes: new Uint8Array(
          draw.weighed([
            [8, 10],
            [2, 5000],
            [0.1, 400_000],
          ]),
        ).map((_, at) => (at % 2 === 0 ? 117 : 1)),
      };
    case 10:
      return draw.of<Content>([
        { of: 'embed', json: '{"image":"x"}' },
        { of: 'json', values: ['1', '{', 'undefined'] },
        { of: 'binary', bytes: draw.bytes(20) },
        { of: 'binary', bytes: encoder.encode('clause') },
        { of: 'any', values: [] },
        { of: 'any', values: [1, 2, 3] },
      ]);
    case 11:
      return { of: 'doc', guid: mark, options: draw.of<unknown>([{}, { gc: false }, { autoLoad: true }, null, 'x']) };
    default:
      return { of: 'unknown', ref: draw.nat(32) };
  }
}
