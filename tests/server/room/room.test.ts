import { beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { verify } from '../../../server/audit/verify.ts';
import { Room } from '../../../server/room/room.ts';
import type { Log } from '../../../server/storage/log.ts';
import { openMemoryLog } from '../../../server/storage/memory.ts';
import type { Principal } from '../../../shared/meeting/principal.ts';
import { onWhatIsSeen, registry, type Wish } from '../../../shared/negotiation/registry.ts';
import { ConcordError } from '../../../shared/protocol/errors.ts';
import { newRecommendationId } from '../../../shared/protocol/ids.ts';
import type { Clause } from '../../../shared/text/clause.ts';
import { markKey, readText, textOf } from '../../../shared/text/document.ts';
import { bringIn } from '../../helpers/bringIn.ts';
import { chair, delegate, mark, op, party, show } from '../../helpers/texts.ts';

const id = newRecommendationId();
const argentina = delegate('ARG');
const canada = delegate('CAN');
let log: Log;
let room: Room;

/** The disk's treatment of the next appends: it stores them, or holds them until the test decides. */
let disk: 'quick' | Promise<'stored' | 'failed'> = 'quick';
const slow = (log: Log): Log => ({
  ...log,
  async append(entries) {
    if (disk !== 'quick' && (await disk) === 'failed') throw new ConcordError('not-stored');
    return log.append(entries);
  },
});
/** Holds all appends from now on, until the test decides. */
function holdTheDisk(): (end: 'stored' | 'failed') => void {
  let tell: (end: 'stored' | 'failed') => void = () => undefined;
  disk = new Promise((resolve) => {
    tell = resolve;
  });
  return (end) => {
    disk = 'quick';
    tell(end);
  };
}

async function open(...text: readonly Clause[]): Promise<void> {
  log = slow(openMemoryLog());
  room = await Room.open(id, log, () => 1000);
  await bringIn(room, text);
}

/** A delegate's screen: a document of its own, synced with the room. */
class Screen {
  readonly doc = new Y.Doc();
  constructor(readonly who: Principal) {
    this.sync();
  }
  sync(): void {
    Y.applyUpdate(this.doc, room.stateFor());
  }
  text(at: number): Y.XmlText {
    const clause = textOf(this.doc).get(at);
    const text = clause instanceof Y.XmlElement ? clause.get(0) : null;
    if (!(text instanceof Y.XmlText)) throw new Error('no text there');
    return text;
  }
  async send(change: () => void): Promise<{ sequence: number | null }> {
    const updates: Uint8Array[] = [];
    this.doc.on('update', (update: Uint8Array) => updates.push(update));
    this.doc.transact(change);
    const { who } = this;
    return room.submit({
      kind: 'edit',
      onBehalfOf: null,
      from: this,
      update: Y.mergeUpdates(updates),
      writer: {
        principal: who,
        capacity: () => ({ proposesFor: who.party ?? party('X') }),
        clients: new Set([this.doc.clientID]),
        mayBind: () => true,
      },
    });
  }
}

const order = (wish: Wish, by: Principal) => {
  const command = onWhatIsSeen({ text: room.text(), negotiation: room.negotiation }, wish);
  return room.submit({
    kind: 'command',
    by,
    onBehalfOf: null,
    command,
    commands: registry,
    terms: () => ({ principal: by, meeting: { parties: new Map(), drafting: true } }),
  });
};

describe('a room', () => {
  beforeEach(() => open(op('c1', 'Urge states to act'), op('c2', 'Invite organs to report')));

  const argentinaTypes = (screen: Screen, at: number): Promise<{ sequence: number | null }> =>
    screen.send(() =>
      screen.text(0).insert(at, 'all ', { [markKey('insertion', mark('arg1'))]: { id: mark('arg1') } }),
    );

  it('[ROOM5] gives nothing away that is not on disk, to whoever comes meanwhile', async () => {
    const screen = new Screen(argentina);
    const tell = holdTheDisk();
    const sent = argentinaTypes(screen, 5);
    let given = false;
    const asked = room.stateOnDisk().then((state) => {
      given = true;
      return state;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(given).toBe(false);
    expect(show(room.text())[0]).toBe('Urge states to act');
    expect(room.negotiation.marks.size).toBe(0);
    tell('stored');
    await sent;
    const doc = new Y.Doc();
    Y.applyUpdate(doc, (await asked).update);
    expect(show(readText(doc))).toEqual(show(room.text()));
  });

  it('[ROOM5] gives none of it away if it never gets there', async () => {
    const screen = new Screen(argentina);
    const before = room.stateFor();
    const tell = holdTheDisk();
    const sent = argentinaTypes(screen, 5);
    const asked = room.stateOnDisk();
    tell('failed');
    await expect(sent).rejects.toMatchObject({ code: 'not-stored' });
    expect(Buffer.from((await asked).update)).toEqual(Buffer.from(before));
    expect(show(room.text())[0]).toBe('Urge states to act');
    expect(await argentinaTypes(new Screen(argentina), 5)).toEqual({ sequence: 2 });
    expect((await verify(log)).faults).toEqual([]);
  });

  it('[ROOM6] sends an edit to everybody but its author, where the server added nothing to it', async () => {
    const screen = new Screen(argentina);
    const held: (object | null)[] = [];
    room.onShown(({ heldBy }) => held.push(heldBy));
    // A new mark is registered in the metadata: its author needs to receive that.
    await argentinaTypes(screen, 5);
    screen.sync();
    await argentinaTypes(screen, 9);
    await order({ type: 'adopt', amendments: [mark('arg1')] }, chair);
    expect(held).toEqual([null, screen, null]);
  });

  it('shows a proposal in the name of its party after it is stored', async () => {
    const screen = new Screen(argentina);
    const { sequence } = await screen.send(() =>
      screen.text(0).insert(5, 'all ', { [markKey('insertion', mark('arg1'))]: { id: mark('arg1') } }),
    );
    expect(sequence).toBe(2);
    expect(show(room.text())).toEqual(['Urge {+arg1 all }states to act', 'Invite organs to report']);
    expect(room.negotiation.marks.get(mark('arg1'))).toMatchObject({ kind: 'amendment', party: 'ARG', state: 'open' });
    expect((await verify(log)).faults).toEqual([]);
  });

  it('refuses an edit of the base text by a delegate, and goes on', async () => {
    const screen = new Screen(argentina);
    await expect(screen.send(() => screen.text(0).delete(0, 4))).rejects.toMatchObject({ code: 'not-your-words' });
    const other = new Screen(canada);
    await other.send(() => other.text(1).format(0, 6, { [markKey('deletion', mark('can1'))]: { id: mark('can1') } }));
    expect(show(room.text())).toEqual(['Urge states to act', '{-can1 Invite} organs to report']);
  });

  it('[AUTH1] takes words that fell into a stretch that another party strikes at that moment, and leaves them unstruck', async () => {
    const [one, other] = [new Screen(argentina), new Screen(canada)];
    await one.send(() => one.text(0).format(0, 18, { [markKey('deletion', mark('arg1'))]: { id: mark('arg1') } }));
    // Canada hasn't received it yet.
    await other.send(() =>
      other.text(0).insert(5, 'all ', { [markKey('insertion', mark('can1'))]: { id: mark('can1') } }),
    );
    expect(show(room.text())[0]).toBe('{-arg1 Urge }{+can1 all }{-arg1 states to act}');
    one.sync();
    other.sync();
    expect(show(readText(other.doc))).toEqual(show(room.text()));
    expect(Y.encodeStateAsUpdate(one.doc)).toEqual(room.stateFor());
    expect((await verify(log)).faults).toEqual([]);
  });

  it('[AUTH1] takes what two parties write at one place at the same moment, each in its own name', async () => {
    const [one, other] = [new Screen(argentina), new Screen(canada)];
    for (const [screen, id] of [
      [one, 'arg1'],
      [other, 'can1'],
    ] as const)
      await screen.send(() =>
        screen.text(0).insert(18, `, ${id}`, { [markKey('insertion', mark(id))]: { id: mark(id) } }),
      );
    expect(show(room.text())[0]).toMatch(
      /^Urge states to act({\+arg1 , arg1}{\+can1 , can1}|{\+can1 , can1}{\+arg1 , arg1})$/,
    );
  });

  it('[AUTH1] takes what is deleted between two stretches of a mark, while another types there, and moves no mark', async () => {
    const set = (id: string) => ({ [markKey('insertion', mark(id))]: { id: mark(id) } });
    const [one, other] = [new Screen(argentina), new Screen(canada)];
    // Canada's one amendment in two places, with a word of Argentina's between them.
    await one.send(() => one.text(0).insert(5, 'all ', set('arg1')));
    other.sync();
    await other.send(() => {
      other.text(0).insert(9, 'after ', { ...set('can1'), [markKey('insertion', mark('arg1'))]: null });
      other.text(0).insert(5, 'before ', { ...set('can1'), [markKey('insertion', mark('arg1'))]: null });
    });
    one.sync();
    const brazil = new Screen(delegate('BRA'));
    const before = show(room.text())[0];
    expect(before).toBe('Urge {+can1 before }{+arg1 all }{+can1 after }states to act');
    await one.send(() => one.text(0).delete(12, 4));
    await brazil.send(() =>
      brazil.text(0).insert(14, 'most ', { ...set('bra1'), [markKey('insertion', mark('arg1'))]: null }),
    );
    expect(show(room.text())[0]).toMatch(/^Urge {\+can1 before }{\+bra1 most }{\+can1 after }states to act$/);
    expect((await verify(log)).faults).toEqual([]);
  });

  it('[AUTH1] refuses an edit of which nothing is left once others’ marks are back', async () => {
    const [one, other] = [new Screen(argentina), new Screen(canada)];
    await one.send(() => one.text(0).format(0, 4, { [markKey('deletion', mark('arg1'))]: { id: mark('arg1') } }));
    other.sync();
    await expect(
      other.send(() => other.text(0).format(5, 6, { [markKey('deletion', mark('arg1'))]: { id: mark('arg1') } })),
    ).rejects.toMatchObject({ code: 'not-your-words' });
    const late = new Screen(canada);
    await expect(
      late.send(() => late.text(0).format(0, 4, { [markKey('deletion', mark('arg1'))]: null })),
    ).rejects.toMatchObject({ code: 'not-your-words' });
    expect(show(room.text())[0]).toBe('{-arg1 Urge} states to act');
  });

  it('adopts on the server, leaving the origin of the words, and locks what is agreed', async () => {
    const screen = new Screen(argentina);
    await screen.send(() =>
      screen.text(0).insert(5, 'all ', { [markKey('insertion', mark('arg1'))]: { id: mark('arg1') } }),
    );
    await order({ type: 'adopt', amendments: [mark('arg1')] }, chair);
    expect(show(room.text())[0]).toBe('Urge all states to act');
    expect(room.text()[0]?.runs[1]?.marks.origin).toEqual([mark('arg1')]);
    const [clause] = room.text();
    await order({ type: 'set-status', clauses: [clause?.id as never], status: 'agreed' }, chair);
    const _late = new Screen(argentina);
    const late = new Screen(canada);
    await expect(
      late.send(() => late.text(0).insert(0, 'x', { [markKey('insertion', mark('arg2'))]: { id: mark('arg2') } })),
    ).rejects.toMatchObject({ code: 'clause-locked' });
    expect((await verify(log)).faults).toEqual([]);
  });

  it('opens again from its log, and from a checkpoint, as it was', async () => {
    const screen = new Screen(argentina);
    await screen.send(() =>
      screen.text(0).insert(5, 'all ', { [markKey('insertion', mark('arg1'))]: { id: mark('arg1') } }),
    );
    const before = JSON.stringify(room.text());
    const again = await Room.open(id, log, () => 2000);
    expect(JSON.stringify(again.text())).toBe(before);
    await room.checkpoint();
    const third = await Room.open(id, log, () => 2000);
    expect(JSON.stringify(third.text())).toBe(before);
    expect(third.stateFor()).toEqual(room.stateFor());
    expect((await verify(log)).faults).toEqual([]);
  });

  it('judges again when another process appended first', async () => {
    const elsewhere = await Room.open(id, log, () => 2000);
    const screen = new Screen(argentina);
    await screen.send(() =>
      screen.text(0).insert(5, 'all ', { [markKey('insertion', mark('arg1'))]: { id: mark('arg1') } }),
    );
    const mine = room;
    room = elsewhere;
    const other = new Screen(canada);
    const { sequence } = await other.send(() =>
      other.text(1).insert(0, 'Also ', { [markKey('insertion', mark('can1'))]: { id: mark('can1') } }),
    );
    expect(sequence).toBe(3);
    expect(show(elsewhere.text())).toEqual(['Urge {+arg1 all }states to act', '{+can1 Also }Invite organs to report']);
    await mine.catchUp();
    expect(mine.stateFor()).toEqual(elsewhere.stateFor());
  });
});
