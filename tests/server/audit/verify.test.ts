import { beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { verify } from '../../../server/audit/verify.ts';
import { Room } from '../../../server/room/room.ts';
import { seal } from '../../../server/storage/chain.ts';
import type { Entry, Log } from '../../../server/storage/log.ts';
import { openMemoryLog } from '../../../server/storage/memory.ts';
import type { Principal } from '../../../shared/meeting/principal.ts';
import type { Actor } from '../../../shared/negotiation/act.ts';
import { decodeHeader, type EntryAction, encodeHeader, type Header } from '../../../shared/negotiation/entry.ts';
import type { StoredEvent } from '../../../shared/negotiation/event.ts';
import { effectsOf } from '../../../shared/negotiation/events.ts';
import { amendmentsClosed } from '../../../shared/negotiation/families/amendment/events.ts';
import { clientBound } from '../../../shared/negotiation/families/authorship/events.ts';
import { sponsorAnswered } from '../../../shared/negotiation/families/sponsoring/events.ts';
import { clauseStatusSet } from '../../../shared/negotiation/families/status/events.ts';
import { mirrored as mirroredIn } from '../../../shared/negotiation/metadata.ts';
import { serverClient } from '../../../shared/negotiation/state.ts';
import {
  ClauseId,
  type MarkId,
  newMarkId,
  newRecommendationId,
  recommendationLog,
} from '../../../shared/protocol/ids.ts';
import { markKey, recordOf, textOf } from '../../../shared/text/document.ts';
import { bringIn } from '../../helpers/bringIn.ts';
import { chair, delegate, op, party, rapporteur } from '../../helpers/texts.ts';

const id = newRecommendationId();
const name = recommendationLog(id);
const argentina = delegate('ARG');
let log: Log;
let room: Room;

/** A person's edit in the words of the first clause, on the current state. */
async function write(by: Principal, work: (words: Y.XmlText) => void, doc = new Y.Doc()): Promise<void> {
  Y.applyUpdate(doc, room.stateFor());
  const before = Y.encodeStateVector(doc);
  const clause = textOf(doc).get(0);
  const words = clause instanceof Y.XmlElement ? clause.get(0) : null;
  // With its deletions, and no earlier ones.
  const updates: Uint8Array[] = [];
  doc.once('update', (update: Uint8Array) => updates.push(update));
  if (words instanceof Y.XmlText) doc.transact(() => work(words));
  const update = updates[0] ?? Y.encodeStateAsUpdate(doc, before);
  const { party: code } = by;
  await room.submit({
    kind: 'edit',
    onBehalfOf: null,
    update,
    writer: {
      principal: by,
      capacity: () => (code === null ? { edits: 'base' } : { proposesFor: code }),
      clients: new Set([doc.clientID]),
      mayBind: () => true,
    },
  });
}
const insertion = (id: MarkId) => ({ [markKey('insertion', id)]: { id } });

/** A record of six entries: a text, and five proposals. */
beforeEach(async () => {
  log = openMemoryLog();
  let now = 1000;
  room = await Room.open(id, log, () => now++);
  const text = [op('c1', 'Urge states to act')];
  await bringIn(room, text);
  const doc = new Y.Doc();
  for (let at = 0; at < 5; at++)
    await write(argentina, (words) => words.insert(0, `${at} `, insertion(newMarkId())), doc);
});

/** The same log, as an attacker with access to the disk would leave it. */
const tampered = (change: (entries: Entry[]) => Entry[]): Log => ({
  ...log,
  names: () => log.names(),
  checkpoint: (of) => log.checkpoint(of),
  head: async (of) => change([...(await log.read(of, 0, 1000))]).at(-1) ?? null,
  read: async (of, after, limit) =>
    change([...(await log.read(of, 0, 1000))])
      .filter(({ sequence }) => sequence > after)
      .slice(0, limit),
});
const faultsOf = async (change: (entries: Entry[]) => Entry[]) =>
  (await verify(tampered(change))).faults.map(({ sequence, reason }) => [sequence, reason]);
const at = (entries: Entry[], sequence: number, change: (entry: Entry) => Entry): Entry[] =>
  entries.map((entry) => (entry.sequence === sequence ? change(entry) : entry));
const flipped = (bytes: Uint8Array, place: number): Uint8Array => {
  const copy = bytes.slice();
  copy[place] = (copy[place] ?? 0) ^ 1;
  return copy;
};
/** A seventh entry, correctly chained, that nobody submitted. */
const forged = (
  entries: readonly Entry[],
  actor: Actor,
  command: EntryAction,
  content: Uint8Array,
  events: readonly StoredEvent[] = [],
): Entry =>
  seal({
    log: name,
    sequence: 7,
    previous: entries.at(-1)?.hash ?? new Uint8Array(32),
    header: encodeHeader({ at: 9000, actor, onBehalfOf: null, command, events }),
    content,
  });
/** An update with the effect of events mirrored in it, as the server does it. */
function mirrored(update: Uint8Array, events: readonly StoredEvent[], actor: Actor): Uint8Array {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, room.stateFor());
  Y.applyUpdate(doc, update);
  const before = Y.encodeStateVector(doc);
  doc.clientID = serverClient;
  for (const change of effectsOf(events, { actor, onBehalfOf: null, at: 9000 }, room.negotiation))
    for (const [key, value] of mirroredIn(change, room.negotiation)) recordOf(doc).set(key, value);
  return Y.mergeUpdates([update, Y.encodeStateAsUpdate(doc, before)]);
}
const eventsOf = ({ recorded }: Header): readonly StoredEvent[] => ('events' in recorded ? recorded.events : []);
/** An entry's header, changed and encoded again. */
const changed = (
  entry: Entry,
  how: (header: Header) => Partial<Header & { events: readonly StoredEvent[] }>,
): Entry => {
  const header = decodeHeader(entry.header);
  const { events = eventsOf(header), ...rest } = how(header);
  const now = { ...header, ...rest };
  return { ...entry, header: encodeHeader({ ...now, events }, now.ruleset) };
};

/**
 * An attacker who changes an entry may chain all later ones anew: then the chain holds, and only the content can show
 * it.
 */
function resealed(entries: Entry[]): Entry[] {
  const done: Entry[] = [];
  for (const entry of entries)
    done.push(seal({ ...entry, sequence: done.length + 1, previous: done.at(-1)?.hash ?? new Uint8Array(32) }));
  return done;
}

describe('[LOG3] verify names the first entry that is wrong', () => {
  it('a whole record has none', async () => {
    expect(await verify(log)).toEqual({ logs: 1, entries: 6, faults: [] });
  });

  it('any byte of any entry', async () => {
    for (let sequence = 1; sequence <= 6; sequence++)
      for (const field of ['header', 'content', 'hash', 'previous'] as const)
        expect([
          sequence,
          field,
          await faultsOf((entries) =>
            at(entries, sequence, (entry) => ({ ...entry, [field]: flipped(entry[field], entry[field].length >> 1) })),
          ),
        ]).toEqual([sequence, field, [[sequence, field === 'previous' ? 'not-chained' : 'altered']]]);
  });

  it('an entry that is gone', async () => {
    expect(await faultsOf((entries) => entries.filter(({ sequence }) => sequence !== 3))).toEqual([
      [4, 'out-of-sequence'],
    ]);
  });

  it('two entries that were exchanged', async () => {
    const faults = await faultsOf((entries) => {
      const [first, second, third, ...rest] = entries;
      return first !== undefined && second !== undefined && third !== undefined
        ? [first, { ...third, sequence: 2 }, { ...second, sequence: 3 }, ...rest]
        : entries;
    });
    expect(faults[0]?.[0]).toBe(2);
  });

  it('words attributed to another author, with all hashes made anew', async () => {
    const another = delegate('BRA');
    const faults = await faultsOf((entries) =>
      resealed(at(entries, 4, (entry) => changed(entry, () => ({ actor: another })))),
    );
    // The author in the header must be the one of the document's own marks and client ids.
    expect(faults[0]?.[0]).toBe(4);
  });

  it('an edit of the text in force in a delegate’s name, properly sealed', async () => {
    const doc = new Y.Doc();
    Y.applyUpdate(doc, room.stateFor());
    const before = Y.encodeStateVector(doc);
    const clause = textOf(doc).get(0);
    const words = clause instanceof Y.XmlElement ? clause.get(0) : null;
    if (words instanceof Y.XmlText) words.insert(words.length, ', or not');
    const written = Y.encodeStateAsUpdate(doc, before);
    const forge = (by: Principal) => {
      const bound = clientBound.make({ client: doc.clientID, participant: by.participant, party: by.party });
      const content = mirrored(written, [bound], by);
      return faultsOf((entries) => [...entries, forged(entries, by, { type: 'typing' }, content, [bound])]);
    };
    expect((await forge(argentina))[0]?.[0] ?? 'nothing').toBe(7);
    expect((await forge(chair))[0]?.[0]).toBe(7);
    expect(await forge(rapporteur)).toEqual([]);
  });

  it('a decision that the chair didn’t take', async () => {
    const [mark] = [...room.negotiation.marks.keys()];
    for (const by of [chair, delegate('BRA')]) {
      // It says that the chair adopts, and leaves the amendment where it was.
      const command: EntryAction = { type: 'adopt', amendments: mark === undefined ? [] : [mark] };
      const faults = await faultsOf((entries) => [...entries, forged(entries, by, command, new Uint8Array())]);
      expect(faults[0]?.[0]).toBe(7);
    }
  });

  it('an entry’s words exchanged for others, with all hashes made anew', async () => {
    const faults = await faultsOf((entries) =>
      resealed(at(entries, 4, (entry) => ({ ...entry, content: entries[2]?.content ?? entry.content }))),
    );
    expect(faults[0]?.[0]).toBeGreaterThanOrEqual(4);
  });

  describe('false consequences of an edit, with all hashes made anew', () => {
    const [canada, uruguay] = [delegate('CAN'), delegate('URU')];
    const outer = newMarkId();
    const inner = newMarkId();
    const struck = newMarkId();
    /**
     * Argentina adds (7), Canada adds inside it (8), Uruguay strikes words in force (9), Argentina deletes its own
     * (10).
     */
    beforeEach(async () => {
      await write(argentina, (words) => words.insert(words.length, ' at once', insertion(outer)));
      await write(canada, (words) => words.insert(words.length - 4, 'xyz', insertion(inner)));
      await write(uruguay, (words) => words.format(10, 4, { [markKey('deletion', struck)]: { id: struck } }));
      await write(argentina, (words) => {
        words.delete(words.length - 4, 4);
        words.delete(words.length - 7, 4);
      });
      expect(room.negotiation.marks.get(inner)).toMatchObject({ state: 'fallen' });
      expect((await verify(log)).faults).toEqual([]);
    });
    type Forged = (header: Header) => Partial<Header & { events: readonly StoredEvent[] }>;
    const changing =
      (type: string, how: object): Forged =>
      (header) => ({ events: eventsOf(header).map((event) => (event.type === type ? { ...event, ...how } : event)) });
    const adding =
      (event: (header: Header) => StoredEvent): Forged =>
      (header) => ({ events: [...eventsOf(header), event(header)] });
    const c1 = ClauseId.parse('c1000000');
    it.each<[string, number, Forged]>([
      ['another parent', 8, changing('mark registered', { parent: null })],
      ['other clauses', 8, changing('mark registered', { clauses: ['elsewhere'] })],
      [
        'a sponsor nobody asked',
        8,
        adding(() => sponsorAnswered.make({ amendment: inner, party: party('BRA'), accept: true })),
      ],
      [
        'other words than those that fell',
        10,
        changing('amendments closed', { amendments: [{ amendment: inner, struck: '', inserted: 'x' }] }),
      ],
      ['a withdrawal of what fell', 10, changing('amendments closed', { state: 'withdrawn' })],
      ['nothing of what fell', 10, (header) => ({ events: eventsOf(header).slice(0, 1) })],
      ['events that nobody knows', 10, (header) => ({ events: [...eventsOf(header), { type: 'rained', v: 1 }] })],
      [
        'the fall of what stands',
        10,
        adding(() =>
          amendmentsClosed.make({ state: 'fallen', amendments: [{ amendment: struck, struck: 'o ac', inserted: '' }] }),
        ),
      ],
      [
        'sponsors of an amendment that did not change',
        10,
        adding(() => sponsorAnswered.make({ amendment: struck, party: party('BRA'), accept: true })),
      ],
      ['that a clause is agreed', 10, adding(() => clauseStatusSet.make({ clauses: [c1], status: 'agreed' }))],
      [
        'the client of another',
        10,
        adding(() =>
          clientBound.make({
            client: [...room.negotiation.clients.keys()][0] ?? 0,
            participant: argentina.participant,
            party: party('ARG'),
          }),
        ),
      ],
      ['a party that its author does not speak for', 10, () => ({ onBehalfOf: party('BRA') })],
      ['the rules of earlier days', 8, () => ({ ruleset: 1 })],
    ])('%s', async (_name, sequence, how) => {
      const faults = await faultsOf((entries) => resealed(at(entries, sequence, (entry) => changed(entry, how))));
      expect(faults[0]?.[0]).toBe(sequence);
    });

    it('the fall of a strike, with the strike taken off', async () => {
      const doc = new Y.Doc();
      Y.applyUpdate(doc, room.stateFor());
      const before = Y.encodeStateVector(doc);
      doc.clientID = [...room.negotiation.clients.keys()][0] ?? 0;
      const clause = textOf(doc).get(0);
      const words = clause instanceof Y.XmlElement ? clause.get(0) : null;
      if (words instanceof Y.XmlText) words.format(10, 4, { [markKey('deletion', struck)]: null });
      const fall = amendmentsClosed.make({
        state: 'fallen',
        amendments: [{ amendment: struck, struck: 'o ac', inserted: '' }],
      });
      const content = mirrored(Y.encodeStateAsUpdate(doc, before), [fall], argentina);
      const entry = (entries: readonly Entry[]): Entry =>
        seal({ ...forged(entries, argentina, { type: 'typing' }, content, [fall]), sequence: 11 });
      expect((await faultsOf((entries) => [...entries, entry(entries)]))[0]?.[0]).toBe(11);
    });
  });

  it('a checkpoint that says something else than the log', async () => {
    await room.checkpoint();
    expect((await verify(log)).faults).toEqual([]);
    const kept = await log.checkpoint(name);
    if (kept === null) throw new Error('no checkpoint');
    const lying: Log = {
      ...tampered((entries) => entries),
      checkpoint: async () => ({ ...kept, hash: flipped(kept.hash, 0) }),
    };
    expect((await verify(lying)).faults).toHaveLength(1);
    const cut: Log = { ...tampered((entries) => entries.slice(0, 4)), checkpoint: async () => kept };
    expect((await verify(cut)).faults).toMatchObject([{ sequence: 5, reason: 'the log ends before its checkpoint' }]);
  });
});
