import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { verify } from '../../server/audit/verify.ts';
import { Room } from '../../server/room/room.ts';
import type { Log } from '../../server/storage/log.ts';
import { openMemoryLog } from '../../server/storage/memory.ts';
import type { Principal } from '../../shared/meeting/principal.ts';
import { readMetadata } from '../../shared/negotiation/metadata.ts';
import { type Command, onWhatIsSeen, registry, type Wish } from '../../shared/negotiation/registry.ts';
import { LiveState } from '../../shared/negotiation/state.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import {
  MarkId,
  newClauseId,
  newMarkId,
  newRecommendationId,
  type PartyCode,
  type RecommendationId,
  recommendationLog,
} from '../../shared/protocol/ids.ts';
import type { Capacity } from '../../shared/text/authority.ts';
import { type Clause, noMarks } from '../../shared/text/clause.ts';
import { clauseElement, deltaOf, markKey, readMark, readText, recordOf, textOf } from '../../shared/text/document.ts';
import { bringIn } from '../helpers/bringIn.ts';
import { runs } from '../helpers/extent.ts';
import { endedAt, unsound, wrongWithEdit, wrongWithOrder } from '../helpers/oracle.ts';
import { chair, delegate, op, party, rapporteur } from '../helpers/texts.ts';

const codes = ['ARG', 'BRA', 'CAN'] as const;
/** Each at a screen of their own: one party has two, and the rapporteur also types in the name of another. */
const people: readonly { readonly who: Principal; readonly as: (typeof codes)[number] | null }[] = [
  ...codes.map((code) => ({ who: delegate(code), as: code })),
  { who: rapporteur, as: null },
  { who: rapporteur, as: 'BRA' },
  { who: delegate('ARG'), as: 'ARG' },
];

const actions = [
  'insert',
  'insert',
  'extend',
  'extend',
  'inside',
  'inside',
  'empty',
  'strike',
  'erase',
  'over',
  'split',
  'undo',
  'redo',
  'clause',
  'forge',
  'steal',
  'plain',
  'remove',
  'bracket',
  'marker',
  'marker',
  'unmake',
  'unmake',
  'hear',
  'send',
  'send',
  'order',
  'read',
] as const;
type EntryAction = (typeof actions)[number];
/** People who amend each other's amendments, and a chair who decides. */
const negotiating: readonly EntryAction[] = [
  'insert',
  'insert',
  'inside',
  'inside',
  'inside',
  'extend',
  'strike',
  'strike',
  'empty',
  'erase',
  'over',
  'over',
  'split',
  'undo',
  'undo',
  'redo',
  'hear',
  'clause',
  'steal',
  'remove',
  'bracket',
  'send',
  'order',
  'order',
  'order',
];
/** In a text of little more than beginnings and ends of marks, Yjs always finds something to tidy up. */
const markersAboveAll: readonly EntryAction[] = [
  'insert',
  'plain',
  'strike',
  'erase',
  'read',
  'marker',
  'marker',
  'unmake',
  'unmake',
  'hear',
  'hear',
  'send',
  'send',
  'send',
];

/** A step: its person, action, place and words. Numbers choose among the possibilities at that moment. */
const step = (among: readonly EntryAction[]) =>
  fc.record({
    who: fc.nat({ max: people.length - 1 }),
    what: fc.constantFrom(...among),
    a: fc.nat({ max: 1000 }),
    b: fc.nat({ max: 1000 }),
    words: fc.constantFrom('x', 'all ', 'aa', 'é', ' '),
    command: fc.constantFrom(
      'adopt',
      'adopt two',
      'not-adopt',
      'withdraw',
      'agree',
      'dispose-and-agree',
      'reopen',
      'sponsor',
      'lift',
    ),
  });
type Step = ReturnType<typeof step> extends fc.Arbitrary<infer T> ? T : never;

/** A person's screen: a document that receives late and sends late. A refusal gives it a new document. */
class Screen {
  doc = new Y.Doc();
  undo = new Y.UndoManager(textOf(this.doc));
  readonly inbox: Uint8Array[] = [];
  readonly outbox: Uint8Array[] = [];
  constructor(
    readonly who: Principal,
    readonly capacity: Capacity,
    readonly room: Room,
  ) {
    this.anew();
  }
  get party(): PartyCode | null {
    return 'proposesFor' in this.capacity ? this.capacity.proposesFor : null;
  }
  /** Whether an amendment is the party's, by the metadata on this screen. */
  owns(id: MarkId): boolean {
    const item = readMetadata(recordOf(this.doc), { of: 'mark', id });
    return item?.of === 'mark' && item.value.party === this.party && item.value.state === 'open';
  }
  anew(): void {
    this.undo.destroy();
    this.doc.destroy();
    this.doc = new Y.Doc();
    this.inbox.length = 0;
    this.outbox.length = 0;
    Y.applyUpdate(this.doc, this.room.stateFor(), 'server');
    this.undo = new Y.UndoManager(textOf(this.doc), { captureTimeout: 0 });
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'server') this.outbox.push(update);
    });
  }
  /** Updates that arrived together leave as one message, so their grouping differs from screen to screen. */
  hear(together: number): void {
    while (this.inbox.length > 0)
      Y.applyUpdate(this.doc, Y.mergeUpdates(this.inbox.splice(0, 1 + (together % 4))), 'server');
  }
  async send(): Promise<'accepted' | 'refused'> {
    if (this.outbox.length === 0) return 'accepted';
    const update = Y.mergeUpdates(this.outbox.splice(0));
    try {
      await this.room.submit({
        kind: 'edit',
        onBehalfOf: this.who.party === null ? this.party : null,
        update: update,
        writer: {
          principal: this.who,
          capacity: () => this.capacity,
          clients: new Set([this.doc.clientID]),
          mayBind: () => true,
        },
      });
      return 'accepted';
    } catch (error) {
      if (!(error instanceof ConcordError) || error.code === 'internal') throw error;
      this.anew();
      return 'refused';
    }
  }
}

/**
 * `often`: of four edits three are sent at once, on the current state; otherwise people send and receive at their own
 * pace.
 */
async function world(seed: readonly Clause[], steps: readonly Step[], often: boolean): Promise<void> {
  const log = openMemoryLog();
  const id = newRecommendationId();
  const room = await Room.open(id, log, () => 1000);
  await bringIn(room, seed);
  const screens = people.map(
    ({ who, as }) => new Screen(who, as === null ? { edits: 'base' } : { proposesFor: party(as) }, room),
  );
  room.onShown(({ update }) => {
    for (const screen of screens) if (update.length > 0) screen.inbox.push(update);
  });

  for (const one of steps) {
    const screen = screens[one.who];
    if (screen === undefined) continue;
    const before = { text: room.text(), negotiation: new LiveState(room.negotiation), sequence: room.sequence };
    const now = () => ({ text: room.text(), negotiation: room.negotiation });
    const says = async (): Promise<void> => {
      await screen.send();
      expect(wrongWithEdit(before, now(), screen.party)).toBeNull();
    };
    if (one.what === 'hear') screen.hear(one.a);
    else if (one.what === 'send') await says();
    else if (one.what === 'order') {
      const ordered = await order(room, one);
      if (room.sequence > before.sequence && ordered !== null)
        expect([ordered.type, wrongWithOrder(before, now(), ordered)]).toEqual([ordered.type, null]);
    } else if (one.what === 'read') await sameAsItsLog(room, id, log);
    else if (often && one.b % 4 > 0) {
      screen.hear(0);
      edit(screen, one);
      await says();
    } else edit(screen, one);
    if (room.sequence > before.sequence) expect([one.what, unsound(now())]).toEqual([one.what, null]);
  }
  // Until nobody has anything to send: an update may make Yjs tidy up formats, which is sent in turn.
  for (let rounds = 0; screens.some(({ inbox, outbox }) => inbox.length + outbox.length > 0); rounds++) {
    expect(rounds).toBeLessThan(10);
    for (const screen of screens) {
      screen.hear(rounds);
      await screen.send();
    }
  }
  for (const screen of screens) {
    expect(readText(screen.doc)).toEqual(room.text());
    expect(Y.encodeStateVector(screen.doc)).toEqual((await room.stateOnDisk()).stateVector);
  }
  await sameAsItsLog(room, id, log);
  expect((await verify(log)).faults).toEqual([]);
  expect((await log.head(recommendationLog(id)))?.sequence).toBe(room.sequence);
}

/** The bytes that the room sends now equal, to the byte, a replay of its log, and are tidy. */
async function sameAsItsLog(room: Room, id: RecommendationId, log: Log): Promise<void> {
  const reopened = await Room.open(id, log, () => 1000);
  expect(reopened.text()).toEqual(room.text());
  expect(reopened.negotiation).toEqual(room.negotiation);
  expect(Buffer.from(reopened.stateFor())).toEqual(Buffer.from(room.stateFor()));
  reopened.destroy();
  // And tidy: Yjs would find nothing to delete on any screen that loads it.
  const joining = new Y.Doc();
  Y.applyUpdate(joining, room.stateFor());
  for (const clause of textOf(joining).toArray())
    for (const words of clause instanceof Y.XmlElement ? clause.toArray() : [])
      if (words instanceof Y.XmlText) expect(Y.cleanupYTextFormatting(words)).toBe(0);
  joining.destroy();
}

/** One edit on a screen's own document: an honest one, or one that should be refused. */
function edit(screen: Screen, { what, a, b, words }: Step): void {
  const { doc } = screen;
  if (what === 'undo') screen.undo.undo();
  if (what === 'redo') screen.undo.redo();
  const fragment = textOf(doc);
  const clauses = fragment.toArray().filter((one) => one instanceof Y.XmlElement);
  const clause = clauses[a % Math.max(1, clauses.length)];
  const found = clause?.toArray().find((child) => child instanceof Y.XmlText);
  const text = found instanceof Y.XmlText ? found : null;
  const length = text?.length ?? 0;
  const at = length === 0 ? 0 : b % (length + 1);
  const id = newMarkId();
  const ids = [
    ...(clauses.flatMap((one) =>
      one.toArray().flatMap((child) => (child instanceof Y.XmlText ? child.toDelta() : [])),
    ) as { attributes?: Record<string, { id: string }> }[]),
  ]
    .flatMap(({ attributes }) => Object.values(attributes ?? {}))
    .map((value) => MarkId.parse(value.id));
  const other = ids[b % Math.max(1, ids.length)] ?? id;
  doc.transact((transaction) => {
    switch (what) {
      case 'insert':
        if (screen.party === null) text?.insert(at, words);
        else text?.insert(at, words, { ...endedAt(text, at), [markKey('insertion', id)]: { id } });
        break;
      case 'extend': {
        // Places of the writer's own words, with their mark: inside them, or at one of their ends.
        const own = stretches(text).filter(({ ids: under }) => under.some((one) => mine(doc).includes(one)));
        const stretch = own[a % Math.max(1, own.length)];
        const mark = stretch?.ids.find((one) => mine(doc).includes(one));
        if (stretch !== undefined && mark !== undefined)
          text?.insert(stretch.from + (b % (stretch.length + 1)), words, {
            ...endedAt(text, stretch.from),
            [markKey('insertion', mark)]: { id: mark },
          });
        break;
      }
      case 'inside': {
        // Between two letters of another party's pending words.
        const wide = stretches(text).filter(({ length: letters }) => letters > 1);
        const stretch = wide[a % Math.max(1, wide.length)];
        if (stretch !== undefined && text !== null) {
          const place = stretch.from + 1 + (b % (stretch.length - 1));
          if (screen.party === null) text.insert(place, words, endedAt(text, place));
          else text.insert(place, words, { ...endedAt(text, place), [markKey('insertion', id)]: { id } });
        }
        break;
      }
      case 'empty':
        // Deletes all of the writer's own pending words in a clause.
        for (const { from, length: letters, ids: under } of stretches(text).reverse())
          if (under.some((one) => mine(doc).includes(one))) text?.delete(from, letters);
        break;
      case 'strike':
        if (text !== null && length > at)
          text.format(at, Math.min(3, length - at), { [markKey('deletion', id)]: { id } });
        break;
      case 'bracket':
        if (text !== null && length > at)
          text.format(at, Math.min(3, length - at), { [markKey('bracket', id)]: { id } });
        break;
      case 'over':
        // As an editor types over a selection: own words go, the others' are struck, and the new ones stand after them.
        if (text !== null && screen.party !== null)
          over(screen, text, at, Math.min(length, at + 1 + (a % 8)), words, id);
        break;
      case 'split':
        if (text !== null && clause !== undefined && screen.party !== null && at < length) {
          const kept = [...text.toString()].length > 0 ? text.toString().slice(at) : '';
          over(screen, text, at, length, '', id);
          fragment.insert(clauses.indexOf(clause) + 1, [
            clauseElement({
              id: newClauseId(),
              kind: 'operative',
              level: 0,
              insertion: id,
              runs: [{ text: kept, marks: { ...noMarks, insertion: [id] } }],
            }),
          ]);
        }
        break;
      case 'erase':
        if (text !== null && length > at) text.delete(at, 1);
        break;
      case 'clause':
        fragment.insert(a % (clauses.length + 1), [
          clauseElement({
            id: newClauseId(),
            kind: 'operative',
            level: 0,
            insertion: screen.party === null ? null : id,
            runs: [],
          }),
        ]);
        break;
      case 'forge':
        text?.insert(at, words, { [markKey('insertion', other)]: { id: other } });
        break;
      case 'steal':
        if (text !== null && length > at)
          text.format(at, Math.min(2, length - at), {
            [markKey('insertion', other)]: null,
            [markKey('insertion', id)]: { id },
          });
        break;
      case 'plain':
        text?.insert(at, words, text === null ? {} : endedAt(text, at));
        break;
      case 'marker':
        // As no editor does: a beginning or an end of the writer's own mark, anywhere.
        if (text !== null) {
          const [left, right] = placeIn(text, b);
          const mark = mine(doc)[a % Math.max(1, mine(doc).length)] ?? id;
          new Y.Item(
            Y.createID(doc.clientID, Y.getState(doc.store, doc.clientID)),
            left,
            left?.lastId ?? null,
            right,
            right?.id ?? null,
            text,
            null,
            new Y.ContentFormat(markKey('insertion', mark), (words.length > 1 ? null : { id: mark }) as object),
          ).integrate(transaction, 0);
        }
        break;
      case 'unmake':
        // Deletes a struct of the writer's own and tidies up nothing, as undo does.
        for (const struct of doc.store.clients.get(doc.clientID)?.slice(a % 20, (a % 20) + 1) ?? [])
          if (struct instanceof Y.Item && !struct.deleted) struct.delete(transaction);
        break;
      case 'remove':
        if (clauses.length > 0) fragment.delete(a % clauses.length, 1);
        break;
    }
  });
}

function over(screen: Screen, text: Y.XmlText, from: number, to: number, words: string, id: MarkId): void {
  const under = stretches(text);
  if (words !== '') text.insert(to, words, { ...endedAt(text, to), [markKey('insertion', id)]: { id } });
  for (let at = to - 1; at >= from; at--) {
    const found = under.find((one) => one.from <= at && at < one.from + one.length);
    if (found?.ids.some((one) => screen.owns(one))) text.delete(at, 1);
    else text.format(at, 1, { [markKey('deletion', id)]: { id } });
  }
}

/** Stretches of a text that are pending words of a party. */
function stretches(text: Y.XmlText | null): { from: number; length: number; ids: readonly MarkId[] }[] {
  const found: { from: number; length: number; ids: readonly MarkId[] }[] = [];
  let from = 0;
  for (const { insert, attributes } of text === null ? [] : deltaOf(text)) {
    const ids = Object.entries(attributes ?? {}).flatMap(([key, value]) => {
      const { name, id } = readMark(key, value);
      return name === 'insertion' ? [id] : [];
    });
    if (ids.length > 0) found.push({ from, length: insert.length, ids });
    from += insert.length;
  }
  return found;
}

/** Marks that this screen made, as far as its document holds them. */
function mine(doc: Y.Doc): readonly MarkId[] {
  return [...(doc.store.clients.get(doc.clientID) ?? [])].flatMap((struct) =>
    struct instanceof Y.Item && struct.content instanceof Y.ContentFormat && struct.content.value !== null
      ? [MarkId.parse((struct.content.value as unknown as { id: string }).id)]
      : [],
  );
}

function placeIn(text: Y.XmlText, at: number): readonly [Y.Item | null, Y.Item | null] {
  const items: (Y.Item | null)[] = [null];
  for (let item = text._start; item !== null; item = item.right) items.push(item);
  const left = items[at % items.length] ?? null;
  return [left, left === null ? text._start : left.right];
}

/** One of the commands that people give; null where none is possible. */
async function order(room: Room, { command, a, b }: Step): Promise<Command | null> {
  const open = [...room.negotiation.marks].filter(([, mark]) => mark.state === 'open');
  const amendments = open.flatMap(([id, mark]) => (mark.kind === 'amendment' ? [{ id, mark }] : []));
  const brackets = open.flatMap(([id, mark]) => (mark.kind === 'bracket' ? [id] : []));
  const amendment = amendments[a % Math.max(1, amendments.length)];
  const other = amendments[b % Math.max(1, amendments.length)];
  const bracket = brackets[a % Math.max(1, brackets.length)];
  const clause = room.text()[a % Math.max(1, room.text().length)];
  const wish = ((): Wish | null => {
    switch (command) {
      case 'agree':
      case 'reopen':
        if (clause === undefined) return null;
        return { type: 'set-status', clauses: [clause.id], status: command === 'agree' ? 'agreed' : 'open' };
      case 'dispose-and-agree':
        if (clause === undefined) return null;
        return {
          type: command,
          clauses: [clause.id],
          adopt: amendment === undefined || b % 2 === 0 ? [] : [amendment.id],
          status: 'agreed',
        };
      case 'lift':
        return bracket === undefined ? null : { type: 'lift-bracket', bracket };
    }
    if (amendment === undefined || other === undefined) return null;
    if (command === 'withdraw') return { type: 'withdraw', amendment: amendment.id };
    if (command === 'adopt two') return { type: 'adopt', amendments: [amendment.id, other.id] };
    if (command !== 'sponsor') return { type: command, amendments: [amendment.id] };
    const asked = amendment.mark.sponsors.find(({ accepted }) => !accepted);
    return asked === undefined
      ? { type: 'ask-to-sponsor', amendment: amendment.id, party: party(codes[b % codes.length] ?? 'ARG') }
      : { type: 'answer-sponsoring', amendment: amendment.id, party: asked.party, accept: true };
  })();
  if (wish === null) return null;
  const ordered = onWhatIsSeen({ text: room.text(), negotiation: room.negotiation }, wish);
  const owner = amendment?.mark.party ?? null;
  const by =
    wish.type === 'withdraw' && owner !== null && b % 2 === 0
      ? delegate(owner)
      : wish.type === 'withdraw' || command === 'sponsor'
        ? rapporteur
        : chair;
  const meeting = {
    drafting: true,
    parties: new Map(
      codes.map((code) => [
        party(code),
        { code: party(code), names: { en: code }, kind: 'state' as const, aliases: [], members: [] },
      ]),
    ),
  };
  try {
    await room.submit({
      kind: 'command',
      by,
      onBehalfOf: null,
      command: ordered,
      commands: registry,
      terms: () => ({ principal: by, meeting }),
    });
  } catch (error) {
    if (!(error instanceof ConcordError) || error.code === 'internal') throw error;
  }
  return ordered;
}

const numRuns = runs(80, 2000);

const worlds = {
  'any edits': {
    among: actions,
    seed: [op('c1', 'Urge states'), op('c2', 'Act'), op('c3', '')],
    steps: { minLength: 10, maxLength: 60 },
  },
  'edits and commands': {
    among: negotiating,
    seed: [op('c1', 'Urge states'), op('c2', 'Act')],
    steps: { minLength: 20, maxLength: 80 },
    often: true,
  },
  'edits that put beginnings and ends of marks anywhere': {
    among: markersAboveAll,
    seed: [op('c1', 'Urge')],
    steps: { minLength: 30, maxLength: 80 },
  },
  'edits that put them where there are no words yet': {
    among: markersAboveAll,
    seed: [op('c1', '')],
    steps: { minLength: 10, maxLength: 60 },
  },
};

describe('[AUTH7] [SUB1] [LOG1] Any interleaving', () => {
  it.each(Object.entries(worlds))(
    'of %s leaves others’ words, the base and agreed text as they were, all replicas equal, and the log replays to the same bytes',
    async (_name, { among, seed, steps: length, ...how }) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step(among), length), (steps) => world(seed, steps, 'often' in how)),
        { numRuns },
      );
    },
    120_000 + numRuns * 200,
  );
});
