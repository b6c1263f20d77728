import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createApp } from '../../server/app.ts';
import { readConfig } from '../../server/config.ts';
import { Persistent } from '../../server/runtime/persist.ts';
import { openStore } from '../../server/storage/store.ts';
import { MeetingList, MeetingView } from '../../shared/protocol/contract.ts';
import { newMarkId } from '../../shared/protocol/ids.ts';
import { markKey } from '../../shared/text/document.ts';
import { password, type RunningServer, startServer } from '../helpers/browser.ts';
import { Client, connect, propose } from '../helpers/hostileClient.ts';
import { type Person, startMeeting } from '../helpers/meeting.ts';
import { type Cluster, startPostgres } from '../helpers/postgres.ts';

let postgres: Cluster;
let nodes: RunningServer[] = [];
let place = '';

const signIn = async (server: RunningServer, name: string): Promise<string> => {
  const response = await fetch(`${server.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password }),
  });
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
};
const get = async (server: RunningServer, cookie: string, path: string): Promise<unknown> =>
  (await fetch(server.url + path, { headers: { cookie } })).json();

beforeAll(async () => {
  postgres = await startPostgres();
  const env = { DATABASE_URL: await postgres.database() };
  nodes = [await startServer({ env })];
  nodes.push(await startServer({ env }));
  const [first] = nodes;
  if (first === undefined) throw new Error('no server');
  const cookie = await signIn(first, 'chair');
  const [meeting] = MeetingList.parse(await get(first, cookie, '/api/meetings'));
  place = MeetingView.parse(await get(first, cookie, `/api/meetings/${meeting?.id}`)).recommendations[0]?.id ?? '';
}, 120_000);
afterAll(async () => {
  for (const node of nodes) await node.stop();
  await postgres.stop();
});

async function join(at: number, name: string): Promise<Client> {
  const node = nodes[at];
  if (node === undefined) throw new Error('no such node');
  const doc = new Y.Doc();
  const client = new Client(
    `${node.url.replace('http', 'ws')}/sync/${place}?client=${doc.clientID}&schema=1&verdicts=1`,
    { cookie: await signIn(node, name) },
    doc,
  );
  await new Promise((resolve) => client.socket.once('open', resolve));
  client.step1();
  await client.until(() => client.synced, 'the text');
  return client;
}
const type = (client: Client, words: string) => {
  const id = newMarkId();
  return client.say(client.change(() => client.words(0).insert(0, words, { [markKey('insertion', id)]: { id } })));
};

describe('[LOG4] Two servers on one PostgreSQL', () => {
  it('show what either accepts, each word once, in one order', async () => {
    const [argentina, canada] = [await join(0, 'argentina'), await join(1, 'canada')];
    const said = await Promise.all(
      Array.from({ length: 40 }, (_, at) => [type(argentina, `a${at} `), type(canada, `c${at} `)]).flat(),
    );
    expect(said.every(({ verdict }) => verdict === 'accepted')).toBe(true);
    const all = (client: Client): boolean =>
      Array.from({ length: 40 }, (_, at) => [`a${at} `, `c${at} `])
        .flat()
        .every((word) => client.words(0).toString().split(word).length >= 2);
    await argentina.until(() => all(argentina), 'everything at the first server');
    await canada.until(() => all(canada), 'everything at the second server');
    expect(argentina.words(0).toString()).toBe(canada.words(0).toString());
    for (const client of [argentina, canada]) client.leave();
  });

  it('a server that closed a text hears of edits on other servers: its readers, its counts, its programs', async () => {
    const env = { DATABASE_URL: await postgres.database() };
    const open = () => openStore({ dataDir: '', databaseUrl: env.DATABASE_URL });
    const meeting = await startMeeting({ env, store: await open() });
    const store = await open();
    const log = pino({ level: 'silent' });
    const other = await createApp({ store, config: readConfig(env), log, now: () => Date.now(), demo: () => null });
    const url = `http://127.0.0.1:${await other.listen(0, '127.0.0.1')}`;
    const stop = new AbortController();
    const ask = (as: Person, path: string): Promise<Response> =>
      fetch(url + path, { headers: { cookie: meeting.cookies[as] }, signal: stop.signal });
    const listen = async (as: Person, path: string) => {
      const heard = { bytes: '' };
      const { body } = await ask(as, path);
      const read = async (): Promise<void> => {
        for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) heard.bytes += part;
      };
      read().catch(() => undefined);
      return heard;
    };
    try {
      await meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/set-observer-view`, { view: 'bracketed' });
      const text = `/meetings/${meeting.id}/text`;
      await expect.poll(async () => (await ask('observer', text)).text()).toContain('Urge states');
      const version = /data-version="(\d+)"/.exec(await (await ask('observer', text)).text())?.[1];
      const reader = await listen('observer', `${text}/events?version=${version}`);
      const screen = await listen('chair', `/api/meetings/${meeting.id}/events`);
      await ask('chair', `/api/meetings/${meeting.id}`);
      expect(other.rooms.holds(meeting.recommendation)).toBe(true);
      other.rooms.letGo(0);
      expect(other.rooms.holds(meeting.recommendation)).toBe(false);

      const argentina = await connect(meeting, 'argentina');
      await propose(argentina, 0, 0, 'fromelsewhere ');
      argentina.leave();
      await expect.poll(() => reader.bytes, { timeout: 10_000 }).toContain('fromelsewhere');
      expect(await (await ask('observer', text)).text()).toContain('fromelsewhere');
      expect(await (await ask('chair', `/api/recommendations/${meeting.recommendation}`)).text()).toContain('fromelse');
      await expect.poll(() => screen.bytes, { timeout: 10_000 }).toContain('"amendments":1');
      const view = MeetingView.parse(await (await ask('chair', `/api/meetings/${meeting.id}`)).json());
      expect(view.recommendations[0]?.progress?.amendments).toBe(1);
    } finally {
      stop.abort();
      await other.close();
      await store.close();
      await meeting.close();
    }
  });

  it('a server whose database was away for a moment reads on when it is back', async () => {
    let [tries, done] = [0, 0];
    const failed: string[] = [];
    const reading = new Persistent<string>(
      async () => {
        tries += 1;
        if (tries < 3) throw new Error('away');
        await new Promise((resolve) => setTimeout(resolve, 20));
        done += 1;
      },
      (_error, name) => failed.push(name),
    );
    for (let times = 0; times < 5; times++) reading.ask('a text');
    await expect.poll(() => done, { timeout: 10_000 }).toBe(1);
    // It grew while it was read: it is read once more, and not five times.
    for (let times = 0; times < 5; times++) reading.ask('a text');
    await expect.poll(() => done).toBe(3);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([tries, done, failed]).toEqual([5, 3, ['a text', 'a text']]);
    reading.close();
  });

  it('a stopping server loses nothing; its clients connect to the other', async () => {
    const canada = await join(1, 'canada');
    await type(canada, 'lastword ');
    expect(await nodes[1]?.stop('SIGKILL')).toBe('SIGKILL');
    nodes = nodes.slice(0, 1);
    const again = await join(0, 'canada');
    expect(again.words(0).toString()).toContain('lastword ');
    again.leave();
  });
});
