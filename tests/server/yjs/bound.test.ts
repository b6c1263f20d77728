import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { judge } from '../../../server/room/submit.ts';
import { Pace } from '../../../server/sync/pace.ts';
import { Replica } from '../../../server/yjs/replica.ts';
import { ConcordError } from '../../../shared/protocol/errors.ts';
import { AccountId, newClauseId, newMarkId } from '../../../shared/protocol/ids.ts';
import { noMarks } from '../../../shared/text/clause.ts';
import { clauseElement, markKey, textOf } from '../../../shared/text/document.ts';
import { actOf, entered, operatorAct } from '../../helpers/acts.ts';
import { type Content, encodeUpdate, type Id, noUpdate, type Struct } from '../../helpers/fuzz/update.ts';
import { changing, wordsAt } from '../../helpers/negotiated.ts';
import { delegate, op, party } from '../../helpers/texts.ts';

const me = 4711;

function head(): Replica {
  const replica = Replica.empty();
  const clauses = Array.from({ length: 20 }, (_, at) => op(`c${100 + at}`, 'word '.repeat(60)));
  judge(
    replica,
    { kind: 'text', by: operatorAct.actor, source: 'test', text: clauses, events: entered(clauses) },
    operatorAct,
  );
  return replica;
}

/** The outcome of an update, and whether Yjs was asked to apply it. */
function send(replica: Replica, update: Uint8Array, clients = [me, me + 1]): { outcome: string; applied: boolean } {
  let applied = false;
  const note = (): void => {
    applied = true;
  };
  replica.text();
  replica.doc.on('beforeTransaction', note);
  try {
    const staged = judge(
      replica,
      {
        kind: 'edit',
        onBehalfOf: null,
        update: update,
        writer: {
          principal: delegate('ARG'),
          capacity: () => ({ proposesFor: party('ARG') }),
          clients: new Set(clients),
          mayBind: () => true,
        },
      },
      actOf(delegate('ARG')),
    );
    return { outcome: staged === null ? 'nothing new' : 'accepted', applied };
  } catch (error) {
    if (error instanceof ConcordError) return { outcome: error.code, applied };
    throw error;
  } finally {
    replica.doc.off('beforeTransaction', note);
  }
}

const linked = (origin: Id | null, rightOrigin: Id | null, content: Content): Struct => ({
  origin,
  rightOrigin,
  parent: null,
  parentSub: null,
  content,
  odd: 0,
});
const update = (...blocks: readonly (readonly [client: number, structs: readonly Struct[]])[]): Uint8Array =>
  encodeUpdate({
    ...noUpdate,
    blocks: blocks.map(([client, structs]) => ({ client, clock: 0, structs, count: null })),
  });
const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
const letter: Content = { of: 'string', text: 'x' };
const element: Content = { of: 'type', ref: 3, name: 'clause' };

/** Two adjacent letters of the first clause, and the first two clauses. */
function places({ doc }: Replica): { left: Id; right: Id; one: Id; other: Id } {
  const first = wordsAt(doc, 0)._start?.id;
  const [one, other] = [0, 1].map((at) => textOf(doc).get(at)._item?.id);
  if (first === undefined || one === undefined || other === undefined) throw new Error('no words');
  return {
    left: { client: first.client, clock: first.clock + 5 },
    right: { client: first.client, clock: first.clock + 6 },
    one,
    other,
  };
}

const attacks: readonly [what: string, make: (replica: Replica) => Uint8Array][] = [
  [
    '5,000 letters behind one origin, with ever farther right origins',
    (replica) => {
      const { left, right } = places(replica);
      const aims = times(2500, (at) => linked(at === 0 ? left : { client: me + 1, clock: at - 1 }, right, letter));
      return update([me + 1, aims], [me, times(2500, (at) => linked(left, { client: me + 1, clock: at }, letter))]);
    },
  ],
  [
    'clauses with ever farther right origins',
    (replica) => {
      const { one, other } = places(replica);
      const aims = times(1500, (at) => linked(at === 0 ? one : { client: me + 1, clock: at - 1 }, other, element));
      return update([me + 1, aims], [me, times(1500, (at) => linked(one, { client: me + 1, clock: at }, element))]);
    },
  ],
  [
    'an attribute that is written thousands of times, each from its first value on',
    (replica) => {
      const { one, other } = places(replica);
      const write: Struct = {
        origin: null,
        rightOrigin: null,
        parent: { client: me, clock: 0 },
        parentSub: 'level',
        content: { of: 'any', values: [1] },
        odd: 0,
      };
      return update([me, [linked(one, other, element), ...times(4000, () => write)]]);
    },
  ],
  [
    'deletions that each go over everything',
    (replica) => {
      const { client } = places(replica).left;
      const length = Y.getState(replica.doc.store, client);
      const ranges = times(20_000, () => ({ clock: 0, length }));
      return encodeUpdate({ ...noUpdate, deletes: [{ client, ranges, count: null }] });
    },
  ],
  [
    'more letters of a struct each than are taken at once',
    (replica) => {
      const { left, right } = places(replica);
      return update([
        me,
        times(15_000, (at) => linked(at === 0 ? left : { client: me, clock: at - 1 }, right, letter)),
      ]);
    },
  ],
  [
    'more new marks than are registered at once',
    (replica) => {
      const { left, right } = places(replica);
      const begin = (at: number): Content => ({
        of: 'format',
        key: 'comment',
        value: JSON.stringify({ id: `M${String(at).padStart(7, '0')}` }),
      });
      return update([
        me,
        times(1100, (at) => linked(at === 0 ? left : { client: me, clock: at - 1 }, right, begin(at))),
      ]);
    },
  ],
];

describe('[ROOM2] The cost of an update is counted before it is applied', () => {
  it.each(attacks)('%s: refused, and Yjs is never asked', (_what, make) => {
    const replica = head();
    expect(send(replica, make(replica))).toEqual({ outcome: 'update-too-large', applied: false });
  });

  it('a struct that contradicts itself is refused before Yjs would put it elsewhere', () => {
    const replica = head();
    const { left } = places(replica);
    expect(send(replica, update([me, [linked(left, left, letter)]]))).toEqual({
      outcome: 'malformed-update',
      applied: false,
    });
  });

  it('a day’s honest work offline comes in: hundreds of amendments, thousands of letters, half of them deleted again', () => {
    const replica = head();
    const doc = new Y.Doc();
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(replica.doc));
    const work = changing(doc, () => {
      for (let at = 0; at < 300; at++) {
        const id = newMarkId();
        const words = wordsAt(doc, at % 20);
        const place = (7 * at) % 250;
        words.format(place, 5, { [markKey('deletion', id)]: { id } });
        for (let typed = 0; typed < 60; typed++)
          words.insert(place + 5 + typed, 'x', { [markKey('insertion', id)]: { id } });
        if (at % 2 === 0) words.delete(place + 5, 60);
      }
      for (let at = 0; at < 20; at++) {
        const id = newMarkId();
        const runs = [{ text: 'A clause of some length. '.repeat(20), marks: { ...noMarks, insertion: [id] } }];
        const clause = { id: newClauseId(), kind: 'operative' as const, level: 0, insertion: id, runs };
        textOf(doc).insert(at, [clauseElement(clause)]);
      }
    });
    expect(send(replica, work, [doc.clientID]).outcome).toBe('accepted');
  });

  it('concurrent insertions at the same place are walked past', () => {
    const replica = head();
    const [mine, theirs] = [new Y.Doc(), new Y.Doc()];
    for (const doc of [mine, theirs]) Y.applyUpdate(doc, Y.encodeStateAsUpdate(replica.doc));
    for (const doc of [theirs, mine]) {
      const id = newMarkId();
      const work = changing(doc, () => {
        // From the last letter to the first, so that no two of its structs merge.
        for (let typed = 0; typed < 500; typed++)
          wordsAt(doc, 0).insert(10, 'x', { [markKey('insertion', id)]: { id } });
      });
      expect(send(replica, work, [doc.clientID]).outcome).toBe('accepted');
    }
  });
});

describe('[ROOM2] An account with repeated refusals waits', () => {
  it('for a multiple of what it cost, by whichever connection, and never for long', () => {
    let now = 0;
    const pace = new Pace(() => now);
    const [argentina, brazil] = [AccountId.parse('argentina'), AccountId.parse('brazilian')];
    pace.note(argentina, 50, true);
    expect(pace.wait(argentina)).toBe(0);
    pace.note(argentina, 60, true);
    expect(pace.wait(argentina)).toBe(100);
    expect(pace.wait(brazil)).toBe(0);
    for (let again = 0; again < 100; again++) pace.note(argentina, 100, true);
    expect(pace.wait(argentina)).toBe(10_000);
    now += 200_000;
    expect(pace.wait(argentina)).toBe(0);
  });

  it('and a fast writer never waits, while a flood by many connections does', () => {
    let now = 0;
    const pace = new Pace(() => now);
    const [argentina, brazil] = [AccountId.parse('argentina'), AccountId.parse('brazilian')];
    for (let at = 0; at < 10_000; at++) {
      now += 4;
      pace.note(argentina, 2, false);
      for (let connection = 0; connection < 2; connection++) pace.note(brazil, 2, false);
    }
    expect(pace.wait(argentina)).toBe(0);
    expect(pace.wait(brazil)).toBe(10_000);
  });
});
