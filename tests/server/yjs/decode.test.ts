import fc from 'fast-check';
import * as encoding from 'lib0/encoding';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { judge } from '../../../server/room/submit.ts';
import { decodeStructure } from '../../../server/yjs/decode.ts';
import { Replica } from '../../../server/yjs/replica.ts';
import { ConcordError, type ErrorCode } from '../../../shared/protocol/errors.ts';
import { newClauseId, newMarkId } from '../../../shared/protocol/ids.ts';
import { clauseElement, markKey, textOf } from '../../../shared/text/document.ts';
import { actOf, entered, operatorAct } from '../../helpers/acts.ts';
import { runs } from '../../helpers/extent.ts';
import { headOf, Screen } from '../../helpers/screen.ts';
import { delegate, mark, op, party } from '../../helpers/texts.ts';

/** Bytes of an update, written by hand: numbers are variable-length, strings have their length before them. */
type Part = number | string | { readonly byte: number } | { readonly bytes: readonly number[] };
const update = (...parts: readonly Part[]): Uint8Array => written(parts);
function written(parts: readonly Part[]): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const part of parts)
    if (typeof part === 'number') encoding.writeVarUint(encoder, part);
    else if (typeof part === 'string') encoding.writeVarString(encoder, part);
    else if ('bytes' in part) encoding.writeVarUint8Array(encoder, Uint8Array.from(part.bytes));
    else encoding.writeUint8(encoder, part.byte);
  return encoding.toUint8Array(encoder);
}
const info = (byte: number) => ({ byte });
const noDeletes = 0;

const client = 4711;
const element = 7;
const text = 4;
const format = 6;
const any = 8;

/** One block of one struct, by our client, at clock 0. */
const one = (...struct: readonly Part[]): Uint8Array => update(1, 1, client, 0, ...struct, noDeletes);

const hostile: readonly [what: string, bytes: Uint8Array, code: ErrorCode][] = [
  ['claims 30 million structs in a few bytes', update(1, 30_000_000, client, 0), 'update-too-large'],
  ['claims more structs than it has bytes', update(1, 15_000, client, 0), 'malformed-update'],
  ['claims clients that never come', update(60), 'malformed-update'],
  [
    'ends in the middle of the delete set after good structs',
    Y.encodeStateAsUpdate(docWith('good')).slice(0, -1),
    'malformed-update',
  ],
  ['has bytes behind its end', Uint8Array.from([...one(info(element), 1, 'text', 3, 'clause'), 0]), 'malformed-update'],
  ['has a GC struct without end', update(1, 1, client, 0, info(0), 2 ** 52, noDeletes), 'update-too-large'],
  ['starts at a clock without end', update(1, 1, client, 2 ** 52, info(0), 1, noDeletes), 'update-too-large'],
  ['has a struct of no length', update(1, 1, client, 0, info(0), 0, noDeletes), 'malformed-update'],
  [
    'has two blocks of one client, of which Yjs takes the last',
    update(2, 1, client, 0, info(0), 1, 1, client, 5, info(0), 1, noDeletes),
    'malformed-update',
  ],
  ['has a Skip struct', one(info(10), 5), 'malformed-update'],
  ['has a Skip struct with odd bits', one(info(10 | 0x80), client, 0, 5), 'unknown-content'],
  ['has a GC struct with odd bits', one(info(0x80), 5), 'malformed-update'],
  ['makes a root by a string for a parent', one(info(element), 1, 'evil', 3, 'clause'), 'unknown-content'],
  ['writes to the record', one(info(any | 0x20), 1, 'record', 'mark:x', 1, info(119), 'x'), 'unknown-content'],
  ['names a root __proto__', one(info(element), 1, '__proto__', 3, 'clause'), 'unknown-content'],
  ['sets an attribute __proto__', one(info(any | 0x20), 0, 9, 0, '__proto__', 1, info(119), 'x'), 'unknown-content'],
  [
    'sets an attribute to an object',
    one(info(any | 0x20), 0, 9, 0, 'id', 1, info(118), 1, 'a', info(126)),
    'unknown-content',
  ],
  ['sets an attribute to a list', one(info(any | 0x20), 0, 9, 0, 'id', 1, info(117), 1, info(126)), 'unknown-content'],
  ['embeds an object', one(info(5), 0, 9, 0, '{}'), 'unknown-content'],
  ['embeds a document', one(info(9), 0, 9, 0, 'guid', info(118), 0), 'unknown-content'],
  ['brings a map', one(info(element), 1, 'text', 1), 'unknown-content'],
  ['brings a hook', one(info(element), 1, 'text', 5, 'hook'), 'unknown-content'],
  ['brings another node', one(info(element), 1, 'text', 3, 'image'), 'unknown-content'],
  ['brings another format', one(info(format), 0, 9, 0, 'bold', 'true'), 'unknown-content'],
  [
    'brings a mark that carries more',
    one(info(format), 0, 9, 0, 'insertion--AAAAAAAA', '{"id":"AAAAAAAAAAAAAAAA","x":1}'),
    'unknown-content',
  ],
  ['brings a format that is no JSON', one(info(format), 0, 9, 0, 'insertion--AAAAAAAA', '{'), 'malformed-update'],
  ['writes a control character', one(info(text), 0, 9, 0, 'a\u0000b'), 'unknown-content'],
  ['turns the direction of a neighbour’s words', one(info(text), 0, 9, 0, 'a\u202eb'), 'unknown-content'],
  ['writes what no reader sees', one(info(text), 0, 9, 0, '\u200b'), 'unknown-content'],
  ['writes a line separator', one(info(text), 0, 9, 0, 'a\u2028b'), 'unknown-content'],
  ['writes half a letter', one(info(text), 0, 9, 0, { bytes: [0x61, 0xed, 0xa0, 0xbd] }), 'malformed-update'],
  ['writes letters beside the clauses', one(info(text), 1, 'text', 'words'), 'unknown-content'],
  ['writes a book', one(info(text), 0, 9, 0, 'x'.repeat(20_001)), 'update-too-large'],
  ['is a megabyte and one byte', new Uint8Array(1_000_001), 'update-too-large'],
  ['names a client that is none', update(1, 1, 2 ** 40, 0, info(0), 1, noDeletes), 'malformed-update'],
];

function docWith(words: string): Y.Doc {
  const doc = new Y.Doc();
  textOf(doc).insert(0, [clauseElement(op('c1', words))]);
  return doc;
}

function nested(depth: number): Uint8Array {
  const doc = new Y.Doc();
  let parent: Y.XmlFragment | Y.XmlElement = textOf(doc);
  for (let at = 0; at < depth; at++) {
    const child = new Y.XmlElement('clause');
    parent.insert(0, [child]);
    parent = child;
  }
  return Y.encodeStateAsUpdate(doc);
}

/** A recommendation of two clauses, and an update from Argentina's screen. */
function head(): Replica {
  const replica = Replica.empty();
  const clauses = [op('c1', 'Urge states to act'), op('c2', 'Invite organs to report')];
  judge(
    replica,
    { kind: 'text', by: operatorAct.actor, source: 'test', text: clauses, events: entered(clauses) },
    operatorAct,
  );
  return replica;
}
const argentina = delegate('ARG');
const judgeEdit = (replica: Replica, bytes: Uint8Array, clients: readonly number[]): unknown =>
  judge(
    replica,
    {
      kind: 'edit',
      onBehalfOf: null,
      update: bytes,
      writer: {
        principal: argentina,
        capacity: () => ({ proposesFor: party('ARG') }),
        clients: new Set(clients),
        mayBind: () => true,
      },
    },
    actOf(argentina),
  );
const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'accepted';
  } catch (error) {
    if (error instanceof ConcordError) return error.code;
    throw error;
  }
};
const screen = (replica: Replica): Y.Doc => {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(replica.doc));
  return doc;
};
const withoutProposals = (replica: Replica): string[] =>
  replica.text().flatMap(({ insertion, runs }) => {
    const left = runs.filter(({ marks }) => marks.insertion.length === 0).map((run) => run.text);
    return insertion === null || left.length > 0 ? [left.join('')] : [];
  });
function proposal(doc: Y.Doc, words = 'all '): Uint8Array {
  const before = Y.encodeStateVector(doc);
  const clause = textOf(doc).get(0);
  const found = clause instanceof Y.XmlElement ? clause.get(0) : null;
  const id = newMarkId();
  if (found instanceof Y.XmlText) found.insert(5, words, { [markKey('insertion', id)]: { id } });
  return Y.encodeStateAsUpdate(doc, before);
}

describe('[AUTH2] An update is read before it is applied', () => {
  it.each(hostile)('one that %s is refused', (_what, bytes, code) => {
    expect(codeOf(() => decodeStructure(bytes))).toBe(code);
  });

  it('one of a hundred thousand deletions of what nobody wrote is refused, and nothing of it stays pending', () => {
    const parts: number[] = [0, 100_000];
    for (let at = 0; at < 100_000; at++) parts.push(1_000_000 + at, 1, 0, 1);
    expect(codeOf(() => decodeStructure(written(parts)))).toBe('update-too-large');
  });

  it('five thousand nested nodes are refused without a stack overflow', () => {
    const replica = head();
    const bytes = nested(5000);
    expect(['unknown-content', 'malformed-update', 'update-too-large']).toContain(
      codeOf(() => judgeEdit(replica, bytes, [...Y.decodeStateVector(Y.encodeStateVectorFromUpdate(bytes)).keys()])),
    );
  });

  it('joiners that languages and emoji need are read', () => {
    for (const words of ['می‌خواهم', '👩‍👧', '❤️'])
      expect(codeOf(() => decodeStructure(one(info(text), 0, 9, 0, words)))).toBe('accepted');
  });

  it('a text of earlier days that holds what is refused today opens, and is written in', () => {
    const old = headOf([op('c1', 'Urge \u202estates\u200b to act')]);
    const screen = new Screen(Replica.copy(old), argentina);
    expect(screen.change((at) => at(0).insert(5, 'all ', { 'insertion--AAAAAAAA': { id: mark('arg1') } }))).toBe(
      'accepted',
    );
    expect(screen.change((at) => at(0).format(9, 6, { 'deletion--AAAAAAAA': { id: mark('arg2') } }))).toBe('accepted');
  });

  it('a version 2 update is not taken for version 1', () => {
    expect(codeOf(() => decodeStructure(Y.encodeStateAsUpdateV2(docWith('words'))))).not.toBe('accepted');
  });

  it('honest offline work, with things that its author deleted again, is read', () => {
    const replica = head();
    const doc = screen(replica);
    const before = Y.encodeStateVector(doc);
    const clause = textOf(doc).get(0);
    const found = clause instanceof Y.XmlElement ? clause.get(0) : null;
    const id = mark('arg1');
    if (found instanceof Y.XmlText) {
      found.insert(5, 'all of the ', { [markKey('insertion', id)]: { id } });
      found.delete(8, 8);
    }
    textOf(doc).insert(2, [
      clauseElement({ id: newClauseId(), kind: 'operative', level: 0, insertion: mark('arg2'), runs: [] }),
    ]);
    textOf(doc).delete(2, 1);
    expect(codeOf(() => judgeEdit(replica, Y.encodeStateAsUpdate(doc, before), [doc.clientID]))).toBe('accepted');
    expect(
      replica
        .text()[0]
        ?.runs.map((run) => run.text)
        .join(''),
    ).toBe('Urge allstates to act');
  });
});

describe('[SUB2] An update is whole, and its author is its sender', () => {
  it('a sync step 2 that repeats what the server has brings nothing, and is nobody’s', () => {
    const replica = head();
    const doc = screen(replica);
    const first = proposal(doc);
    expect(judgeEdit(replica, first, [doc.clientID])).not.toBeNull();
    expect(judgeEdit(replica, first, [doc.clientID])).toBeNull();
  });

  it('bytes of one edit may change on the way: then they are refused, or do no more than a delegate may', () => {
    const replica = head();
    const doc = screen(replica);
    const bytes = proposal(doc);
    const base = withoutProposals(replica);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: 3 }),
        (changes, cut) => {
          const mutated = bytes.slice(0, bytes.length - cut);
          for (const [at, value] of changes) if (at < mutated.length) mutated[at] = value;
          const copy = Replica.copy(replica);
          const code = codeOf(() => judgeEdit(copy, mutated, [doc.clientID]));
          expect(code).not.toBe('internal');
          if (code !== 'accepted') return;
          // Its only possible effect is a proposal, whatever the changed bytes mean.
          expect(withoutProposals(copy)).toEqual(base);
          expect(copy.doc.store.pendingStructs).toBeNull();
          expect(copy.doc.store.pendingDs).toBeNull();
          expect([...copy.doc.share.keys()].sort()).toEqual(['record', 'text']);
        },
      ),
      { numRuns: runs(500, 2000) },
    );
  });

  it('any bytes at all are refused, or bring nothing', () => {
    const replica = head();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const copy = Replica.copy(replica);
        if (codeOf(() => judgeEdit(copy, bytes, [client])) === 'accepted') expect(copy.text()).toEqual(replica.text());
      }),
      { numRuns: runs(500, 2000) },
    );
  });
});
