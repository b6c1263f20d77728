import * as Y from 'yjs';
import { Replica } from '../../server/room/replica.ts';
import { stageText, stageUpdate } from '../../server/room/stage.ts';
import { textOf } from '../../shared/document.ts';
import { ConcordError } from '../../shared/errors.ts';
import { MarkId } from '../../shared/ids.ts';
import { openStatus } from '../../shared/ledger.ts';
import { encodeUpdate, type Id, lengthOf, noUpdate, type Struct, type Update } from '../helpers/fuzz/update.ts';
import { delegate, op, party } from '../helpers/texts.ts';

/** How long the largest updates that the caps let through hold the event loop, whether they are taken or refused. */
const me = 4711;
const clauses = Array.from({ length: 200 }, (_, at) =>
  op(`c${1000 + at}`, `${'Urge all states to act without delay. '.repeat(10)}`),
);

function head(): Replica {
  const replica = Replica.empty();
  stageText(
    replica,
    clauses,
    clauses.map(({ id }) => ({ of: 'clause' as const, id, value: { sponsors: [], status: openStatus } })),
  );
  return replica;
}

const base = head();
const element = textOf(base.doc).get(0);
const text = element instanceof Y.XmlElement ? element.get(0) : null;
const first = text instanceof Y.XmlText ? text._start : null;
if (first === null) throw new Error('no words');
const letters = first.length;
const letter = (at: number): Id => ({ client: first.id.client, clock: first.id.clock + (at % (letters - 1)) });
const mark = (at: number): MarkId => MarkId.parse(`M${String(at).padStart(7, '0')}`);

/** Structs one behind the other, at one place in the first clause. */
function chain(count: number, content: (at: number) => Struct['content'], client = me, origin: Id = letter(5)): Update {
  const structs: Struct[] = [];
  let clock = 0;
  let left = origin;
  for (let at = 0; at < count; at++) {
    const struct: Struct = {
      origin: left,
      rightOrigin: null,
      parent: null,
      parentSub: null,
      content: content(at),
      odd: 0,
    };
    structs.push(struct);
    clock += lengthOf(struct);
    left = { client, clock: clock - 1 };
  }
  return { ...noUpdate, blocks: [{ client, clock: 0, structs, count: null }] };
}
/** The same, each at a place of its own, between two letters. */
const scattered = (count: number, content: (at: number) => Struct['content']): Update => ({
  ...noUpdate,
  blocks: [
    {
      client: me,
      clock: 0,
      count: null,
      structs: Array.from({ length: count }, (_, at) => ({
        origin: letter(at),
        rightOrigin: { client: first.id.client, clock: letter(at).clock + 1 },
        parent: null,
        parentSub: null,
        content: content(at),
        odd: 0,
      })),
    },
  ],
});
const begin = (name: 'insertion' | 'deletion', at: number): Struct['content'] => ({
  of: 'format',
  key: `${name}--${String(at).padStart(8, '0')}`,
  value: JSON.stringify({ id: mark(at) }),
});
const end = (name: 'insertion' | 'deletion', at: number): Struct['content'] => ({
  of: 'format',
  key: `${name}--${String(at).padStart(8, '0')}`,
  value: 'null',
});
const letterOf: Struct['content'] = { of: 'string', text: 'x' };

function attacks(count: number): readonly (readonly [what: string, update: Update])[] {
  const many = 16;
  return [
    [
      'marks that begin and end over nothing',
      chain(count, (at) => (at % 2 === 0 ? begin('deletion', at) : end('deletion', at - 1))),
    ],
    [
      'one mark toggled over and over',
      chain(count, (at) => (at % 2 === 0 ? begin('deletion', 0) : end('deletion', 0))),
    ],
    [
      'words of one letter, each with a mark of its own',
      chain(count, (at) => [begin('insertion', at), letterOf, end('insertion', at - 2)][at % 3] ?? letterOf),
    ],
    [
      'marks that never end, a letter in each',
      chain(count, (at) => (at % 2 === 0 ? begin('insertion', at) : letterOf)),
    ],
    [
      'marks that never end, and letters behind them',
      chain(count, (at) => (at < 3000 ? begin('insertion', at) : letterOf)),
    ],
    ['marks that never end, scattered', scattered(count, (at) => begin('deletion', at))],
    ['letters without a mark, scattered', scattered(count, () => letterOf)],
    ['words taken back again', chain(count, () => ({ of: 'deleted', length: 1 }))],
    [
      'many clients, each with many marks',
      {
        ...noUpdate,
        blocks: Array.from(
          { length: many },
          (_, client) =>
            chain(
              Math.floor(count / many),
              (at) =>
                at % 2 === 0 ? begin('deletion', at + client * count) : end('deletion', at - 1 + client * count),
              me + client,
            ).blocks,
        ).flat(),
      },
    ],
    [
      'deletions of every second letter, again and again',
      {
        ...noUpdate,
        deletes: [
          {
            client: first?.id.client ?? 1,
            ranges: Array.from({ length: count }, (_, at) => ({ clock: letter(at * 2).clock, length: 1 })),
            count: null,
          },
        ],
      },
    ],
  ];
}

const table: string[] = [];
for (const count of process.argv[2] === undefined ? [2_000, 10_000, 50_000] : [Number(process.argv[2])])
  for (const [what, update] of attacks(count)) {
    const bytes = encodeUpdate(update);
    const replica = Replica.copy(base);
    replica.text();
    const begun = performance.now();
    let outcome = 'accepted';
    try {
      stageUpdate(
        replica,
        bytes,
        {
          principal: delegate('ARG'),
          hand: () => ({ proposesFor: party('ARG') }),
          clients: new Set([me]),
          mayBind: () => true,
        },
        1,
      );
    } catch (error) {
      outcome = error instanceof ConcordError ? error.code : String(error);
    }
    const row = `| ${what} | ${count} | ${Math.round(bytes.length / 1024)} | ${(performance.now() - begun).toFixed(0)} | ${outcome} |`;
    table.push(row);
    process.stdout.write(`${row}\n`);
  }
