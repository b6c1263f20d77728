import { setTimeout as pause } from 'node:timers/promises';
import * as encoding from 'lib0/encoding';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { type ErrorCode, errorCatalogue } from '../../../shared/protocol/errors.ts';
import { newClauseId, newMarkId, recommendationLog } from '../../../shared/protocol/ids.ts';
import { messageType, syncType } from '../../../shared/protocol/wire.ts';
import { noMarks } from '../../../shared/text/clause.ts';
import { clauseElement, markKey, recordOf } from '../../../shared/text/document.ts';
import { type Client, connect, propose } from '../../helpers/hostileClient.ts';
import { type Person, startMeeting, type TestMeeting } from '../../helpers/meeting.ts';

let meeting: TestMeeting;
const open: Client[] = [];

beforeAll(async () => {
  meeting = await startMeeting();
}, 60_000);
afterAll(async () => {
  await meeting.close();
});

const join = async (as: Person, options?: Parameters<typeof connect>[2]): Promise<Client> => {
  const client = await connect(meeting, as, options);
  open.push(client);
  return client;
};
const head = async (): Promise<number> =>
  (await meeting.store.log.head(recommendationLog(meeting.recommendation)))?.sequence ?? 0;

/** The attack is refused with its reason, reaches nobody, and leaves nothing on disk. */
async function refused(
  as: Person,
  attack: (client: Client) => Uint8Array | Promise<Uint8Array>,
  code: ErrorCode,
  options?: Parameters<typeof connect>[2],
): Promise<void> {
  const victim = await join('brazil');
  const client = await join(as, options);
  const bytes = await attack(client);
  const before = await head();
  // Readers get the updates of a moment together: nothing of the time before is under way any more.
  const room = await meeting.app.rooms.room(meeting.recommendation);
  const same = async (): Promise<boolean> =>
    Buffer.compare(Y.encodeStateAsUpdate(victim.doc), (await room.stateOnDisk()).update) === 0;
  for (let tries = 0; tries < 100 && !(await same()); tries++) await pause(20);
  // Updates that its first answer held already may still come.
  await pause(250);
  const heard = victim.updates.length;
  const verdict = await client.say(bytes);
  expect(verdict).toMatchObject({ verdict: 'refused', code });
  if (verdict.verdict === 'refused') expect(verdict.message.length).toBeGreaterThan(10);
  expect((await client.closed).code).toBe(errorCatalogue[code].close);
  expect(await head()).toBe(before);
  // The victim receives an honest word after it as the next update.
  const honest = await join('canada');
  await propose(honest, 2, 0, 'x');
  await victim.until(() => victim.updates.length > heard, 'the next honest update');
  expect(victim.updates.length).toBe(heard + 1);
  expect(await head()).toBe(before + 1);
  for (const one of [victim, honest]) one.leave();
}

const plain = (words: string) => ({ text: words, marks: noMarks });

describe('[AUTH1] A delegate does nothing but propose in the name of the delegate’s own party', () => {
  it('can’t type into the base text', () =>
    refused('argentina', (c) => c.change(() => c.words(0).insert(5, 'all ')), 'not-your-words'));
  it('can’t delete from the base text', () =>
    refused('argentina', (c) => c.change(() => c.words(0).delete(0, 4)), 'not-your-words'));
  it('can’t empty a clause', () =>
    refused('argentina', (c) => c.change((text) => (text.get(0) as Y.XmlElement).delete(0, 1)), 'not-your-words'));
  it('can’t remove a clause', () =>
    refused('argentina', (c) => c.change((text) => text.delete(0, 1)), 'not-your-words'));
  it('can’t move a clause', () =>
    refused(
      'argentina',
      (c) =>
        c.change((text) => {
          const clause = text.get(0);
          if (!(clause instanceof Y.XmlElement)) throw new Error('no clause');
          const copy = clause.clone();
          text.delete(0, 1);
          text.insert(1, [copy]);
        }),
      'not-your-words',
    ));
  it('can’t change a clause’s level or kind', () =>
    refused(
      'argentina',
      (c) => c.change((text) => (text.get(0) as Y.XmlElement).setAttribute('level', 1 as unknown as string)),
      'not-your-words',
    ));
  it('can’t bring in a clause as if it stood in the text', () =>
    refused(
      'argentina',
      (c) =>
        c.change((text) =>
          text.insert(1, [
            clauseElement({ id: newClauseId(), kind: 'operative', level: 0, insertion: null, runs: [plain('Act.')] }),
          ]),
        ),
      'not-your-words',
    ));
  it('can’t mark base words as its own proposal', () =>
    refused(
      'argentina',
      (c) => {
        const id = newMarkId();
        return c.change(() => c.words(0).format(0, 4, { [markKey('insertion', id)]: { id } }));
      },
      'not-your-words',
    ));
  it('can’t edit another party’s words', () =>
    refused(
      'argentina',
      async (c) => {
        await propose(await join('brazil'), 0, 5, 'all member ');
        await c.until(() => c.words(0).toString().includes('all member'), 'the amendment');
        return c.change(() => c.words(0).delete(c.words(0).toString().indexOf('>all') >= 0 ? 5 : 5, 3));
      },
      'not-your-words',
    ));
  it('can’t use another party’s mark', () =>
    refused(
      'argentina',
      async (c) => {
        const id = await propose(await join('brazil'), 0, 5, 'some ');
        return c.change(() => c.words(0).insert(0, 'Strongly ', { [markKey('insertion', id)]: { id } }));
      },
      'not-your-words',
    ));
  it('can’t take another party’s strike away', () =>
    refused(
      'argentina',
      async (c) => {
        const brazil = await join('brazil');
        const id = newMarkId();
        await brazil.say(brazil.change(() => brazil.words(1).format(0, 6, { [markKey('deletion', id)]: { id } })));
        await c.until(
          () =>
            c
              .words(1)
              .toDelta()
              .some(({ attributes }: { attributes?: object }) => attributes !== undefined),
          'the strike',
        );
        return c.change(() => c.words(1).format(0, 6, { [markKey('deletion', id)]: null }));
      },
      'not-your-words',
    ));
  it('can’t say where words come from', () =>
    refused(
      'argentina',
      (c) => {
        const id = newMarkId();
        return c.change(() => c.words(0).insert(0, 'Old ', { [markKey('origin', id)]: { id } }));
      },
      'mark-misused',
    ));
  it('can’t extend an amendment that was decided', () =>
    refused(
      'argentina',
      async (c) => {
        const id = await propose(c, 0, 0, 'Firmly ');
        expect((await meeting.order('chair', 'not-adopt', { amendments: [id] })).status).toBe(200);
        await c.until(() => !c.words(0).toString().includes('Firmly'), 'the decision');
        return c.change(() => c.words(0).insert(0, 'Firmly ', { [markKey('insertion', id)]: { id } }));
      },
      'mark-closed',
    ));
  it('the chair writes nothing', () =>
    refused(
      'chair',
      (c) => {
        const id = newMarkId();
        return c.change(() => c.words(0).insert(0, 'So ', { [markKey('insertion', id)]: { id } }));
      },
      'role-may-not',
    ));
  it('a delegate who asks for the rapporteur’s capacity doesn’t get it', () =>
    refused('argentina', (c) => c.change(() => c.words(0).insert(5, 'all ')), 'not-your-words', {
      query: { as: 'base' },
    }));
  it('nor another party’s', () =>
    refused(
      'argentina',
      async (c) => {
        const id = await propose(await join('brazil'), 0, 0, 'Truly ');
        await c.until(() => c.words(0).toString().includes('Truly'), 'the amendment');
        return c.change(() => c.words(0).insert(3, 'x', { [markKey('insertion', id)]: { id } }));
      },
      'not-your-words',
      { query: { as: 'BRA' } },
    ));
});

describe('[AUTH2] Nothing that the schema doesn’t know comes in', () => {
  it('writing to the record', () =>
    refused(
      'argentina',
      (c) => c.change((_text, doc) => recordOf(doc).set('clause:forged00', { status: 'agreed' })),
      'unknown-content',
    ));
  it('an unknown root', () =>
    refused('argentina', (c) => c.change((_text, doc) => doc.getMap('notes').set('a', 1)), 'unknown-content'));
  it('an unknown node', () =>
    refused('argentina', (c) => c.change((text) => text.insert(0, [new Y.XmlElement('script')])), 'unknown-content'));
  it('a node inside a clause', () =>
    refused(
      'argentina',
      (c) => c.change((text) => (text.get(0) as Y.XmlElement).insert(1, [new Y.XmlElement('clause')])),
      'unknown-content',
    ));
  it('text beside the clauses', () =>
    refused('argentina', (c) => c.change((text) => text.insert(0, [new Y.XmlText('loose')])), 'unknown-content'));
  it('an unknown mark', () =>
    refused(
      'argentina',
      (c) => c.change(() => c.words(0).insert(0, 'x', { bold: { id: newMarkId() } })),
      'unknown-content',
    ));
  it('a mark that carries more than an id', () =>
    refused(
      'argentina',
      (c) => {
        const id = newMarkId();
        return c.change(() => c.words(0).insert(0, 'x', { [markKey('insertion', id)]: { id, party: 'BRA' } }));
      },
      'unknown-content',
    ));
  it('an unknown attribute', () =>
    refused(
      'argentina',
      (c) => c.change((text) => (text.get(0) as Y.XmlElement).setAttribute('onclick', 'alert(1)')),
      'unknown-content',
    ));
  it('an embedded object', () =>
    refused('argentina', (c) => c.change(() => c.words(0).insertEmbed(0, { image: 'x' })), 'unknown-content'));
});

describe('[SUB2] An update is whole, and its author is its sender', () => {
  it('another client’s id', () =>
    refused(
      'argentina',
      async (c) => {
        const brazil = await join('brazil');
        await propose(brazil, 0, 0, 'Well, ');
        const forged = new Y.Doc();
        Y.applyUpdate(forged, Y.encodeStateAsUpdate(brazil.doc));
        forged.clientID = brazil.doc.clientID;
        const id = newMarkId();
        const before = Y.encodeStateVector(forged);
        const clause = forged.getXmlFragment('text').get(0);
        if (clause instanceof Y.XmlElement)
          (clause.get(0) as Y.XmlText).insert(0, 'Forged ', { [markKey('insertion', id)]: { id } });
        expect(c.doc.clientID).not.toBe(forged.clientID);
        return Y.encodeStateAsUpdate(forged, before);
      },
      'unknown-author',
    ));
  it('an absent participant’s id: the words that were typed offline come in under it', async () => {
    const brazil = await join('brazil');
    const { clientID } = brazil.doc;
    brazil.socket.terminate();
    await brazil.closed;
    const id = newMarkId();
    const offline = brazil.change(() => brazil.words(0).insert(0, 'Offline ', { [markKey('insertion', id)]: { id } }));
    // By naming it, and by writing with it.
    const named = await connect(meeting, 'argentina', { query: { client: String(clientID) }, sync: false });
    expect((await named.closed).reason).toBe('client-taken');
    const writer = await join('argentina');
    const forged = new Y.Doc();
    Y.applyUpdate(forged, Y.encodeStateAsUpdate(writer.doc));
    forged.clientID = clientID;
    const before = Y.encodeStateVector(forged);
    const clause = forged.getXmlFragment('text').get(0) as Y.XmlElement;
    const mine = newMarkId();
    (clause.get(0) as Y.XmlText).insert(0, 'Forged ', { [markKey('insertion', mine)]: { id: mine } });
    expect(await writer.say(Y.encodeStateAsUpdate(forged, before))).toMatchObject({ code: 'unknown-author' });
    const back = await join('brazil', { doc: brazil.doc });
    expect(await back.say(offline)).toMatchObject({ verdict: 'accepted' });
    back.leave();
  });
  it('the server’s own id', () =>
    refused(
      'argentina',
      (c) => {
        const forged = new Y.Doc();
        Y.applyUpdate(forged, Y.encodeStateAsUpdate(c.doc));
        forged.clientID = 1;
        const before = Y.encodeStateVector(forged);
        forged
          .getXmlFragment('text')
          .insert(0, [
            clauseElement({ id: newClauseId(), kind: 'operative', level: 0, insertion: newMarkId(), runs: [] }),
          ]);
        return Y.encodeStateAsUpdate(forged, before);
      },
      'unknown-author',
    ));
  it('a gap in the clock', () =>
    refused(
      'argentina',
      (c) => {
        c.change(() => c.words(0).insert(0, 'lost '));
        return c.change(() => c.words(0).insert(0, 'late '));
      },
      'update-incomplete',
    ));
  it('deleting what nobody has written yet', () =>
    refused(
      'argentina',
      () => {
        const encoder = encoding.createEncoder();
        encoding.writeVarUint(encoder, 0);
        encoding.writeVarUint(encoder, 1);
        encoding.writeVarUint(encoder, 77);
        encoding.writeVarUint(encoder, 1);
        encoding.writeVarUint(encoder, 0);
        encoding.writeVarUint(encoder, 5);
        return encoding.toUint8Array(encoder);
      },
      'update-incomplete',
    ));
  it('deleting the base text through the delete set alone', () =>
    refused(
      'argentina',
      (c) => {
        const bytes = c.change(() => c.words(2).delete(0, 2));
        // No structs in it: the delete set does it all.
        expect(bytes[0]).toBe(0);
        return bytes;
      },
      'not-your-words',
    ));
  it('an update that is no update', () =>
    refused('argentina', () => Uint8Array.from([1, 2, 3, 4, 5]), 'malformed-update'));
  it('an update of nothing but promises', () =>
    refused('argentina', () => Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x0f]), 'update-too-large'));
});

describe('[AUTH3] Agreed text can’t be touched', () => {
  it('nor from an offline copy that was made before it was agreed', async () => {
    // A clause without amendments is agreed while a delegate is away.
    const away = await join('argentina');
    const state = Y.encodeStateAsUpdate(away.doc);
    const clause = (await meeting.text()).clauses[1];
    if (clause === undefined) throw new Error('no clause');
    for (const amendment of (await meeting.text()).amendments.filter(
      (one) => one.state === 'open' && one.clause === clause.id,
    ))
      await meeting.order('chair', 'not-adopt', { amendments: [amendment.id] });
    const fresh = await join('argentina');
    const copy = Y.encodeStateAsUpdate(fresh.doc);
    fresh.leave();
    away.leave();
    expect(state.length).toBeGreaterThan(0);
    expect((await meeting.order('chair', 'set-status', { clauses: [clause.id], status: 'agreed' })).status).toBe(200);
    const offline = new Y.Doc();
    Y.applyUpdate(offline, copy);
    await refused(
      'argentina',
      (c) => {
        const id = newMarkId();
        return c.change(() => c.words(1).insert(0, 'Also ', { [markKey('insertion', id)]: { id } }));
      },
      'clause-locked',
      { doc: offline },
    );
    await refused('rapporteur', (c) => c.change(() => c.words(1).insert(0, 'Also ')), 'clause-locked');
    expect((await meeting.text()).clauses[1]?.text).toBe('Invite states to share experience.');
  });
});

describe('[ACC1] Rights are looked up at every update', () => {
  it('drafting that is closed stops the next keystroke', async () => {
    const client = await join('argentina');
    await propose(client, 0, 0, 'a');
    const command = (open: boolean) =>
      meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/drafting`, { open });
    expect((await command(false)).status).toBe(204);
    const id = newMarkId();
    expect(
      await client.say(client.change(() => client.words(0).insert(0, 'b', { [markKey('insertion', id)]: { id } }))),
    ).toMatchObject({
      verdict: 'refused',
      code: 'drafting-closed',
    });
    expect((await command(true)).status).toBe(204);
  });
  it('a role that is taken away in mid-session stops the next keystroke', async () => {
    const client = await join('canada');
    await propose(client, 0, 0, 'a');
    const accredit = (role: string, party: string | null) =>
      meeting.request('rapporteur', 'POST', `/api/meetings/${meeting.id}/accredit`, {
        id: meeting.participants.canada,
        name: 'canada',
        role,
        party,
      });
    expect((await accredit('chair', null)).status).toBe(200);
    const id = newMarkId();
    expect(
      await client.say(client.change(() => client.words(0).insert(0, 'b', { [markKey('insertion', id)]: { id } }))),
    ).toMatchObject({
      verdict: 'refused',
      code: 'role-may-not',
    });
    expect((await accredit('delegate', 'CAN')).status).toBe(200);
  });
  it('a participant who becomes an observer is disconnected, and can’t come back', async () => {
    const client = await join('canada');
    const accredit = (role: string, party: string | null) =>
      meeting.request('rapporteur', 'POST', `/api/meetings/${meeting.id}/accredit`, {
        id: meeting.participants.canada,
        name: 'canada',
        role,
        party,
      });
    expect((await accredit('observer', null)).status).toBe(200);
    expect((await client.closed).reason).toBe('role-may-not');
    const again = await join('canada', { sync: false });
    expect((await again.closed).reason).toBe('role-may-not');
    expect(again.updates).toEqual([]);
    expect((await accredit('delegate', 'CAN')).status).toBe(200);
  });
  it('a socket without a session, of a stranger, for what doesn’t exist, or from another site is closed before a word', async () => {
    const ws = meeting.url.replace('http', 'ws');
    const tries: [string, Record<string, string>, string][] = [
      [`${ws}/sync/${meeting.recommendation}`, {}, 'not-signed-in'],
      [`${ws}/sync/${meeting.recommendation}`, { cookie: 'concord_session=forged' }, 'not-signed-in'],
      [`${ws}/sync/${meeting.recommendation}`, { cookie: meeting.cookies.outsider }, 'not-found'],
      [`${ws}/sync/aaaaaaaaaaaaaaaa`, { cookie: meeting.cookies.argentina }, 'not-found'],
      [`${ws}/sync/${meeting.recommendation}/x`, { cookie: meeting.cookies.argentina }, 'not-found'],
      [
        `${ws}/sync/${meeting.recommendation}`,
        { cookie: meeting.cookies.argentina, origin: 'https://evil.example' },
        'foreign-origin',
      ],
      [`${ws}/sync/${meeting.recommendation}`, { cookie: meeting.cookies.observer }, 'role-may-not'],
      [`${ws}/sync/${meeting.recommendation}?schema=99`, { cookie: meeting.cookies.argentina }, 'schema-outdated'],
    ];
    for (const [url, headers, reason] of tries) {
      const socket = new WebSocket(url, { headers });
      const heard: unknown[] = [];
      socket.on('message', (data) => heard.push(data));
      const closed = await new Promise<string>((resolve) =>
        socket.on('close', (_code, why) => resolve(why.toString())),
      );
      expect([url, closed]).toEqual([url, reason]);
      expect(heard).toEqual([]);
    }
  });
});

describe('[ROOM1] Presence identifies participants in the server’s words', () => {
  const awareness = (client: number, clock: number, state: unknown): Uint8Array => {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock);
    encoding.writeVarString(encoder, JSON.stringify(state));
    return encoding.toUint8Array(encoder);
  };
  it('a forged name or party is dropped, and so is what a client says of another', async () => {
    const victim = await join('brazil');
    const liar = await join('argentina');
    const forged = { user: { name: 'Chair', party: 'BRA', role: 'chair' }, cursor: null, script: '<script>' };
    liar.message(messageType.awareness, awareness(liar.doc.clientID, 3, forged));
    liar.message(messageType.awareness, awareness(victim.doc.clientID, 999, forged));
    await victim.until(() => victim.presence.some(({ client }) => client === liar.doc.clientID), 'the presence');
    const said = victim.presence
      .filter(({ client }) => client === liar.doc.clientID)
      .map(({ state }) => JSON.parse(state));
    expect(said[0]).toEqual({
      user: { participant: meeting.participants.argentina, name: 'argentina', party: 'ARG', role: 'delegate' },
      cursor: null,
    });
    expect(victim.presence.some(({ client }) => client === victim.doc.clientID)).toBe(false);
  });
  it.each([
    ['a negative clock', (client: number) => ({ client, clock: -1 })],
    ['a fractional clock', (client: number) => ({ client, clock: 0.5 })],
    ['a clock above all that may come in', (client: number) => ({ client, clock: 2 ** 40 })],
    ['a struct that nobody wrote', (client: number) => ({ client, clock: 5000 })],
    ['a client that nobody is', () => ({ client: 2 ** 40, clock: 0 })],
  ])('a cursor with %s reaches nobody', async (_what, struct) => {
    const victim = await join('brazil');
    const liar = await join('argentina');
    const at = (item: unknown) => ({ cursor: { anchor: { item }, head: { item } } });
    const { client } = victim.words(0)._start?.id ?? { client: 0 };
    liar.message(messageType.awareness, awareness(liar.doc.clientID, 3, at(struct(client))));
    // Simultaneous edits are sent at the same time.
    const honest = await join('canada');
    honest.message(messageType.awareness, awareness(honest.doc.clientID, 1, at({ client, clock: 0 })));
    const said = (of: Client) =>
      victim.presence.flatMap((one) => (one.client === of.doc.clientID ? [JSON.parse(one.state).cursor] : []));
    await victim.until(() => said(honest).length > 0, 'the honest cursor');
    expect(said(honest)).toEqual([at({ client, clock: 0 }).cursor]);
    expect(said(liar).filter((cursor) => cursor !== null)).toEqual([]);
  });
  it('an unreadable message closes its connection, and nobody else notices', async () => {
    const victim = await join('brazil');
    const liar = await join('argentina');
    liar.message(messageType.awareness, Uint8Array.from([200, 200]));
    expect((await liar.closed).reason).toBe('malformed-message');
    expect(victim.socket.readyState).toBe(WebSocket.OPEN);
  });
});

describe('[ROOM2] The server survives any message', () => {
  it('messages of every kind that are none', async () => {
    const watcher = await join('brazil');
    for (let type = 0; type < 256; type++) {
      if (type === messageType.queryAwareness) continue;
      const client = await join('argentina', { sync: false });
      await new Promise((resolve) => client.socket.once('open', resolve));
      client.raw(Uint8Array.from([type]));
      client.raw(Uint8Array.from([type, 255, 255, 255, 255, 255, 255]));
      expect((await client.closed).code).toBeGreaterThanOrEqual(1000);
    }
    expect(watcher.socket.readyState).toBe(WebSocket.OPEN);
  }, 60_000);
  it('a frame that is too large ends its connection, no other', async () => {
    const watcher = await join('brazil');
    const client = await join('argentina');
    client.raw(new Uint8Array(2_000_000));
    expect((await client.closed).code).toBe(1009);
    expect(watcher.socket.readyState).toBe(WebSocket.OPEN);
  });
  it('a text frame is malformed', async () => {
    const client = await join('argentina');
    client.socket.send('hello');
    expect((await client.closed).code).toBeGreaterThanOrEqual(4400);
  });
  it('a flood is read slowly, and others go on', async () => {
    const flood = await join('argentina');
    const honest = await join('canada');
    flood.synced = false;
    for (let at = 0; at < 5000; at++) flood.message(messageType.queryAwareness);
    // Answered in its turn, after all of the flood.
    flood.step1();
    await propose(honest, 0, 0, 'calmly ');
    // Reading it takes ten seconds and more; without the limit, it would take a moment.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(flood.synced).toBe(false);
    expect(flood.socket.readyState).toBe(WebSocket.OPEN);
    flood.socket.terminate();
  });
  it('[SUB3] offline edits come in by sync step 2, and come in once', async () => {
    const client = await join('argentina', { sync: false });
    await new Promise((resolve) => client.socket.once('open', resolve));
    client.step1();
    await client.until(() => client.synced, 'the text');
    const id = newMarkId();
    const known = Y.encodeStateVector(client.doc);
    client.change(() => client.words(0).insert(0, 'offline ', { [markKey('insertion', id)]: { id } }));
    const whole = Y.encodeStateAsUpdate(client.doc, known);
    const verdicts = client.verdicts.length;
    client.message(messageType.sync, syncType.step2, whole);
    client.message(messageType.sync, syncType.step2, whole);
    await client.until(() => client.verdicts.length === verdicts + 2, 'two verdicts');
    const [one, other] = client.verdicts.slice(-2);
    expect(one).toMatchObject({ verdict: 'accepted', sequence: expect.any(Number) });
    expect(other).toEqual({ verdict: 'accepted', sequence: null });
  });
});
