import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { MeetingList, MeetingView } from '../../shared/contract.ts';
import { markKey } from '../../shared/document.ts';
import { newMarkId } from '../../shared/ids.ts';
import { password, type RunningServer, startServer } from '../helpers/browser.ts';
import { Client } from '../helpers/enemy.ts';
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

  it('a server that goes takes nothing along; who sat at it comes to the other', async () => {
    const canada = await join(1, 'canada');
    await type(canada, 'lastword ');
    expect(await nodes[1]?.stop('SIGKILL')).toBe('SIGKILL');
    nodes = nodes.slice(0, 1);
    const again = await join(0, 'canada');
    expect(again.words(0).toString()).toContain('lastword ');
    again.leave();
  });
});
