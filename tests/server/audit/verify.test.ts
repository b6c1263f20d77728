import { beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { verify } from '../../../server/audit/verify.ts';
import { seal } from '../../../server/log/chain.ts';
import type { Entry, Log } from '../../../server/log/log.ts';
import { openMemoryLog } from '../../../server/log/memory.ts';
import { type Author, type Deed, decodeHeader, encodeHeader } from '../../../server/room/header.ts';
import { Room } from '../../../server/room/room.ts';
import { stageUpdate } from '../../../server/room/stage.ts';
import { markKey, textOf } from '../../../shared/document.ts';
import { newMarkId, newRecommendationId, recommendationLog } from '../../../shared/ids.ts';
import { bringIn } from '../../helpers/bringIn.ts';
import { chair, delegate, op, party, rapporteur } from '../../helpers/texts.ts';

const id = newRecommendationId();
const name = recommendationLog(id);
const argentina = delegate('ARG');
let log: Log;
let room: Room;

/** A record of six entries: a text, and five proposals. */
beforeEach(async () => {
  log = openMemoryLog();
  let now = 1000;
  room = await Room.open(id, log, () => now++);
  const text = [op('c1', 'Urge states to act')];
  await bringIn(room, text);
  const doc = new Y.Doc();
  for (let at = 0; at < 5; at++) {
    Y.applyUpdate(doc, room.stateFor());
    const before = Y.encodeStateVector(doc);
    const clause = textOf(doc).get(0);
    const words = clause instanceof Y.XmlElement ? clause.get(0) : null;
    const mark = newMarkId();
    if (words instanceof Y.XmlText) words.insert(0, `${at} `, { [markKey('insertion', mark)]: { id: mark } });
    const update = Y.encodeStateAsUpdate(doc, before);
    await room.submit({
      by: argentina,
      onBehalfOf: null,
      deed: { type: 'typing' },
      stage: (head, at) =>
        stageUpdate(
          head,
          update,
          {
            principal: argentina,
            hand: () => ({ proposesFor: party('ARG') }),
            clients: new Set([doc.clientID]),
            mayBind: () => true,
          },
          at,
        ),
    });
  }
});

/** The same log, as somebody with the disk in hand would leave it. */
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
/** A seventh entry, properly sealed, that nobody submitted. */
const forged = (entries: readonly Entry[], by: Author, command: Deed, content: Uint8Array): Entry =>
  seal({
    log: name,
    sequence: 7,
    previous: entries.at(-1)?.hash ?? new Uint8Array(32),
    header: encodeHeader({ version: 1, ruleset: 2, at: 9000, by, onBehalfOf: null, command, changes: [] }),
    content,
  });
/** Whoever changes an entry may seal all that follow anew: then the chain holds, and only what it says can tell. */
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

  it('words put into another’s mouth, with all seals made anew', async () => {
    const another = delegate('BRA');
    const faults = await faultsOf((entries) =>
      resealed(
        at(entries, 4, (entry) => ({
          ...entry,
          header: encodeHeader({ ...decodeHeader(entry.header), by: another }),
        })),
      ),
    );
    // Whoever signs must be whom the document's own marks and client ids name.
    expect(faults[0]?.[0]).toBe(4);
  });

  it('an edit of the text in force in a delegate’s name, properly sealed', async () => {
    const doc = new Y.Doc();
    Y.applyUpdate(doc, room.stateFor());
    const before = Y.encodeStateVector(doc);
    const clause = textOf(doc).get(0);
    const words = clause instanceof Y.XmlElement ? clause.get(0) : null;
    if (words instanceof Y.XmlText) words.insert(words.length, ', or not');
    const content = Y.encodeStateAsUpdate(doc, before);
    const forge = (by: Author) => faultsOf((entries) => [...entries, forged(entries, by, { type: 'typing' }, content)]);
    expect((await forge(argentina))[0]?.[0] ?? 'nothing').toBe(7);
    expect((await forge(chair))[0]?.[0]).toBe(7);
    expect(await forge(rapporteur)).toEqual([]);
  });

  it('a decision that the chair didn’t take', async () => {
    const [mark] = [...room.ledger.marks.keys()];
    for (const by of [chair, delegate('BRA')]) {
      // It says that the chair adopts, and leaves the amendment where it was.
      const command: Deed = { type: 'adopt', amendments: mark === undefined ? [] : [mark] };
      const faults = await faultsOf((entries) => [...entries, forged(entries, by, command, new Uint8Array())]);
      expect(faults[0]?.[0]).toBe(7);
    }
  });

  it('an entry’s words exchanged for others, with all seals made anew', async () => {
    const faults = await faultsOf((entries) =>
      resealed(at(entries, 4, (entry) => ({ ...entry, content: entries[2]?.content ?? entry.content }))),
    );
    expect(faults[0]?.[0]).toBeGreaterThanOrEqual(4);
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
