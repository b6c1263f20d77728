import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { judge } from '../../../server/room/submit.ts';
import { Replica } from '../../../server/yjs/replica.ts';
import { markRegistered } from '../../../shared/negotiation/families/amendment/events.ts';
import { serverClient } from '../../../shared/negotiation/state.ts';
import { ConcordError } from '../../../shared/protocol/errors.ts';
import { recordOf, textOf } from '../../../shared/text/document.ts';
import { actOf, entered, operatorAct } from '../../helpers/acts.ts';
import { type Content, encodeUpdate, type Id, noUpdate, type Struct } from '../../helpers/fuzz/update.ts';
import { headOf, Screen } from '../../helpers/screen.ts';
import { chair, clauseId, delegate, ins, mark, op, party, proposed, rapporteur } from '../../helpers/texts.ts';

/** The effects of one struct, or one deletion, that names ids which anybody may write: all found by fuzzing. */
const me = 4711;

function head(): Replica {
  const replica = Replica.empty();
  const clauses = [op('c1', 'Act 😀 now'), op('c2', 'Urge ', ins('bra1', '😀'))];
  const registered = markRegistered.make({
    mark: mark('bra1'),
    kind: 'amendment',
    party: party('BRA'),
    clauses: [clauseId('c2')],
    parent: null,
  });
  judge(
    replica,
    { kind: 'text', by: operatorAct.actor, source: 'test', text: clauses, events: [...entered(clauses), registered] },
    actOf(delegate('BRA')),
  );
  return replica;
}

function send(replica: Replica, update: Uint8Array): string {
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
          clients: new Set([me]),
          mayBind: () => true,
        },
      },
      actOf(delegate('ARG')),
    );
    return staged === null ? 'nothing new' : 'accepted';
  } catch (error) {
    if (error instanceof ConcordError) return error.code;
    throw error;
  }
}

const linked = (origin: Id | null, rightOrigin: Id | null, content: Content, odd = 0): Uint8Array => {
  const struct: Struct = { origin, rightOrigin, parent: null, parentSub: null, content, odd };
  return encodeUpdate({ ...noUpdate, blocks: [{ client: me, clock: 0, structs: [struct], count: null }] });
};
const deleted = ({ client, clock }: Id): Uint8Array =>
  encodeUpdate({ ...noUpdate, deletes: [{ client, ranges: [{ clock, length: 1 }], count: null }] });

/** The struct of one item of the metadata. */
function recordItem(replica: Replica): Id {
  for (const item of recordOf(replica.doc)._map.values()) return { client: item.id.client, clock: item.id.clock };
  throw new Error('the record is empty');
}
/** The first letter of words in a clause. */
function letter(replica: Replica, clause: number, words: string): Id {
  const element = textOf(replica.doc).get(clause);
  const text = element instanceof Y.XmlElement ? element.get(0) : null;
  if (text instanceof Y.XmlText)
    for (let item = text._start; item !== null; item = item.right)
      if (item.content instanceof Y.ContentString && item.content.str.includes(words))
        return { client: item.id.client, clock: item.id.clock + item.content.str.indexOf(words) };
  throw new Error('no such words');
}
const behind = ({ client, clock }: Id, by = 1): Id => ({ client, clock: clock + by });
const hasParentSub = 0b0010_0000;

const attacks: readonly [what: string, make: (replica: Replica) => Uint8Array, code: string][] = [
  ['deletes from the record', (replica) => deleted(recordItem(replica)), 'unknown-content'],
  [
    'puts words in place of the record’s',
    (replica) => linked(recordItem(replica), null, { of: 'string', text: 'x' }),
    'unknown-content',
  ],
  [
    'puts a value in place of the record’s',
    (replica) => linked(recordItem(replica), null, { of: 'any', values: ['x'] }, hasParentSub),
    'unknown-content',
  ],
  [
    'puts a value between letters, which counts and isn’t read',
    (replica) => linked(letter(replica, 0, 'Act'), null, { of: 'any', values: [1] }, hasParentSub),
    'unknown-content',
  ],
  [
    'cuts a letter of the base text in two from its left',
    (replica) => linked(letter(replica, 0, '😀'), null, { of: 'format', key: 'comment', value: 'null' }),
    'malformed-update',
  ],
  [
    'cuts a letter of the base text in two from its right',
    (replica) => linked(null, behind(letter(replica, 0, '😀')), { of: 'format', key: 'comment', value: 'null' }),
    'malformed-update',
  ],
  [
    'cuts another party’s letter in two, and puts itself elsewhere',
    (replica) => linked(letter(replica, 1, '😀'), letter(replica, 0, 'Act'), { of: 'deleted', length: 1 }),
    'malformed-update',
  ],
  [
    'stands behind what it stands before',
    (replica) => linked(letter(replica, 0, 'now'), letter(replica, 0, 'Act'), { of: 'deleted', length: 1 }),
    'malformed-update',
  ],
  [
    'stands on both sides of one letter',
    (replica) => linked(letter(replica, 0, 'now'), letter(replica, 0, 'now'), { of: 'deleted', length: 1 }),
    'malformed-update',
  ],
  [
    'stands between two that were never neighbours',
    (replica) => linked(letter(replica, 0, 'Act'), letter(replica, 0, 'now'), { of: 'deleted', length: 1 }),
    'malformed-update',
  ],
  [
    'stands before what stands behind another',
    (replica) => linked(null, letter(replica, 0, 'now'), { of: 'deleted', length: 1 }),
    'malformed-update',
  ],
  [
    'stands round what its author wrote before',
    (replica) => {
      const left = letter(replica, 0, 'now');
      const struct = (): Struct => ({
        origin: left,
        rightOrigin: behind(left),
        parent: null,
        parentSub: null,
        content: { of: 'deleted', length: 1 },
        odd: 0,
      });
      return encodeUpdate({
        ...noUpdate,
        blocks: [{ client: me, clock: 0, structs: [struct(), struct()], count: null }],
      });
    },
    'malformed-update',
  ],
  [
    'stands between two clauses’ letters',
    (replica) => linked(letter(replica, 0, 'Act'), letter(replica, 1, 'Urge'), { of: 'deleted', length: 1 }),
    'malformed-update',
  ],
  [
    'begins marks and never ends them, of which each reader would carry all to each letter behind them',
    (replica) => {
      const structs = Array.from({ length: 4000 }, (_, at): Struct => {
        const id = mark(`m${at}`);
        return {
          origin: at === 0 ? letter(replica, 0, 'Act') : { client: me, clock: at - 1 },
          rightOrigin: null,
          parent: null,
          parentSub: null,
          content:
            at % 2 === 0
              ? { of: 'format', key: `insertion--${String(at).padStart(8, '0')}`, value: JSON.stringify({ id }) }
              : { of: 'string', text: 'x' },
          odd: 0,
        };
      });
      return encodeUpdate({ ...noUpdate, blocks: [{ client: me, clock: 0, structs, count: null }] });
    },
    'update-too-large',
  ],
  ['deletes half a letter', (replica) => deleted(letter(replica, 0, '😀')), 'malformed-update'],
];

describe('[AUTH2] Effects that no comparison of two texts can see', () => {
  it.each(attacks)('an update that %s is refused', (_what, make, code) => {
    const replica = head();
    expect(serverClient).toBe(recordItem(replica).client);
    expect(send(replica, make(replica))).toBe(code);
  });

  it('a mark that begins beside a letter of two halves cuts nothing', () => {
    const replica = head();
    const before = replica.text();
    const right = letter(replica, 0, '😀');
    expect(send(replica, linked(behind(right, -1), right, { of: 'format', key: 'comment', value: 'null' }))).not.toBe(
      'malformed-update',
    );
    expect(replica.text()).toEqual(before);
  });

  it('that Yjs shows later clients another text where two structs were never neighbours', () => {
    const doc = new Y.Doc();
    doc.clientID = 1;
    const text = doc.getText('text');
    for (const [at, word] of ['a', 'b', 'c', 'd'].entries()) text.insert(at, word);
    const between = (client: number, left: number, right: number | null, letter: string): Uint8Array =>
      encodeUpdate({
        ...noUpdate,
        blocks: [
          {
            client,
            clock: 0,
            structs: [
              {
                origin: { client: 1, clock: left },
                rightOrigin: right === null ? null : { client: 1, clock: right },
                parent: null,
                parentSub: null,
                content: { of: 'string', text: letter },
                odd: 0,
              },
            ],
            count: null,
          },
        ],
      });
    Y.applyUpdate(doc, between(2, 0, 3, 'X'));
    Y.applyUpdate(doc, between(3, 1, null, 'y'));
    const later = new Y.Doc();
    Y.applyUpdate(later, Y.encodeStateAsUpdate(doc));
    expect(later.getText('text').toString()).not.toBe(text.toString());
  });
});

describe('[AUTH3] Agreed text is the same to the last struct', () => {
  const agreed = clauseId('c1');
  const status = { state: 'agreed' as const, decided: { by: 'Chair', at: 1 } };
  const text = [op('c1', 'Agreed words'), op('c2', 'Open words')];
  const elementAt = (fragment: Y.XmlFragment, at: number): Y.XmlElement => {
    const element = fragment.get(at);
    if (!(element instanceof Y.XmlElement)) throw new Error('no clause');
    return element;
  };

  const invisible: readonly [what: string, work: Parameters<Screen['make']>[0]][] = [
    ['brings an empty text', (_, fragment) => elementAt(fragment, 0).insert(1, [new Y.XmlText()])],
    [
      'brings what was typed and deleted again',
      (words) => {
        words(0).insert(3, 'all');
        words(0).delete(3, 3);
      },
    ],
    ['writes an attribute as it was', (_, fragment) => elementAt(fragment, 0).setAttribute('kind', 'operative')],
    [
      'puts the same words in place of its words',
      (words) => {
        words(0).delete(0, 6);
        words(0).insert(0, 'Agreed');
      },
    ],
    [
      'puts the same clause in its place',
      (_, fragment) => {
        const copy = elementAt(fragment, 0).clone();
        fragment.delete(0, 1);
        fragment.insert(0, [copy]);
      },
    ],
    [
      'begins and ends a mark over nothing',
      (words) => {
        words(0).insert(3, 'x', { 'comment--AAAAAAAA': { id: mark('arg1') } });
        words(0).delete(3, 1);
      },
    ],
  ];
  it.each(invisible)('an update that %s is refused', (_what, work) => {
    for (const who of [delegate('ARG'), rapporteur])
      expect(new Screen(headOf(text, new Map([[agreed, status]])), who).change(work)).toBe('clause-locked');
  });

  it('Yjs’s tidying there on a screen is sent, and accepted', () => {
    const replica = headOf(text);
    const screen = new Screen(replica, delegate('ARG'));
    const client = screen.doc.clientID;
    const left = letter(replica, 0, 'words');
    const markers = (['{"id":"AAAAAAAA"}', 'null'] as const).map(
      (value, at): Struct => ({
        origin: at === 0 ? left : { client, clock: 0 },
        rightOrigin: behind(left),
        parent: null,
        parentSub: null,
        content: { of: 'format', key: 'comment', value },
        odd: 0,
      }),
    );
    const blocks = [{ client, clock: 0, structs: markers, count: null }];
    expect(screen.send(encodeUpdate({ ...noUpdate, blocks }))).toBe('accepted');
    replica.negotiation.apply({ of: 'clause', id: agreed, value: { sponsors: [], status } });
    const deletes = [{ client, ranges: [{ clock: 0, length: 2 }], count: null }];
    expect(new Screen(replica, chair).send(encodeUpdate({ ...noUpdate, deletes }))).toBe('accepted');
  });
});

describe('[AUTH1] An edit that leaves the words as they are may still not touch those of others', () => {
  const text = [op('c1', 'Urge states'), op('c2'), proposed('c3', 'bra1', ins('bra1', 'Invite'))];
  const heads = (): Replica => {
    const replica = headOf(text);
    const screen = new Screen(replica, delegate('BRA'));
    // So that the mark is Brazil's.
    replica.negotiation.marks.set(mark('bra1'), {
      kind: 'amendment',
      party: party('BRA'),
      typedBy: screen.who.name,
      participant: screen.who.participant,
      at: 1,
      clause: clauseId('c3'),
      state: 'open',
      sponsors: [],
      reason: '',
    });
    return replica;
  };
  const elementAt = (fragment: Y.XmlFragment, at: number): Y.XmlElement => fragment.get(at) as Y.XmlElement;
  const again = (at: number) => (_: unknown, fragment: Y.XmlFragment) => {
    const copy = elementAt(fragment, at).clone();
    fragment.delete(at, 1);
    fragment.insert(at, [copy]);
  };
  const writes = (at: number) => (_: unknown, fragment: Y.XmlFragment) =>
    elementAt(fragment, at).setAttribute('kind', 'operative');
  const empties = (at: number) => (_: unknown, fragment: Y.XmlFragment) => elementAt(fragment, at).delete(0, 1);

  it('a clause that is put in the place of another’s', () => {
    expect(new Screen(heads(), delegate('ARG')).change(again(0))).toBe('not-your-words');
    expect(new Screen(heads(), delegate('ARG')).change(again(2))).toBe('not-your-words');
    expect(new Screen(heads(), rapporteur).change(again(2))).toBe('not-your-words');
    expect(new Screen(heads(), delegate('BRA')).change(again(2))).toBe('accepted');
  });

  it('an attribute that is written as it was', () => {
    expect(new Screen(heads(), delegate('ARG')).change(writes(0))).toBe('not-your-words');
    expect(new Screen(heads(), rapporteur).change(writes(2))).toBe('not-your-words');
    expect(new Screen(heads(), rapporteur).change(writes(0))).toBe('accepted');
    expect(new Screen(heads(), delegate('BRA')).change(writes(2))).toBe('accepted');
  });

  it('the only text of an empty clause, in which others may be writing', () => {
    expect(new Screen(heads(), delegate('ARG')).change(empties(1))).toBe('not-your-words');
    expect(new Screen(heads(), rapporteur).change(empties(1))).toBe('accepted');
  });

  it('texts without number, and an attribute written without end', () => {
    const texts = (count: number) => (_: unknown, fragment: Y.XmlFragment) => {
      for (let at = 0; at < count; at++) elementAt(fragment, 1).insert(0, [new Y.XmlText()]);
    };
    const replica = heads();
    for (const code of ['ARG', 'BRA', 'CAN'])
      expect(new Screen(replica, delegate(code)).change(texts(2))).toBe('accepted');
    for (const code of ['ARG', 'BRA'])
      expect(new Screen(replica, delegate(code)).change(texts(1))).toBe('update-too-large');
    expect(new Screen(replica, delegate('CHL')).change(texts(3))).toBe('update-too-large');
    const shifts = (count: number) => (_: unknown, fragment: Y.XmlFragment) => {
      for (let at = 0; at < count; at++) {
        elementAt(fragment, 2).setAttribute('level', (at % 2) as unknown as string);
        elementAt(fragment, 2).setAttribute('kind', 'operative');
      }
    };
    expect(new Screen(replica, delegate('BRA')).change(shifts(40))).toBe('accepted');
    expect(new Screen(replica, delegate('BRA')).change(shifts(200))).toBe('update-too-large');
  });
});
