import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { MeetingList, MeetingView } from '../../shared/contract.ts';
import { markKey, textOf } from '../../shared/document.ts';
import { newMarkId } from '../../shared/ids.ts';
import { password, type RunningServer, startServer } from '../helpers/browser.ts';
import { Client } from '../helpers/enemy.ts';
import { runs, seed } from '../helpers/extent.ts';
import { randomFrom } from '../helpers/random.ts';
import { temporaryDirectory } from '../helpers/temporary.ts';

/** `CONCORD_SEED=… npx vitest run tests/fault/kill.test.ts` kills at the same moments again. */
const rounds = runs(10, 500);

const delegates = ['argentina', 'brazil', 'canada', 'colombia'] as const;

async function cookieOf(server: RunningServer, name: string): Promise<string> {
  const response = await fetch(`${server.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password }),
  });
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

/** The demo's recommendation with the most clauses. */
async function placeOf(server: RunningServer, cookie: string): Promise<string> {
  const get = async (path: string): Promise<unknown> =>
    (await fetch(`${server.url}${path}`, { headers: { cookie } })).json();
  const [meeting] = MeetingList.parse(await get('/api/meetings'));
  const { recommendations } = MeetingView.parse(await get(`/api/meetings/${meeting?.id}`));
  const [most] = [...recommendations].sort((one, other) => other.progress.open - one.progress.open);
  return most?.id ?? '';
}

async function join(server: RunningServer, cookie: string, place: string): Promise<Client> {
  const doc = new Y.Doc();
  const client = new Client(
    `${server.url.replace('http', 'ws')}/sync/${place}?client=${doc.clientID}&schema=1&verdicts=1`,
    { cookie },
    doc,
  );
  await new Promise((resolve) => client.socket.once('open', resolve));
  client.step1();
  await client.until(() => client.synced, 'the text');
  return client;
}

/** Types without pause, as ten delegates would; remembers which words the server said were saved. */
async function edit(client: Client, random: () => number, saved: Set<string>, stop: () => boolean): Promise<void> {
  const sent: string[] = [];
  let heard = client.verdicts.length;
  const note = (): void => {
    for (; heard < client.verdicts.length; heard++) {
      const words = sent.shift();
      const verdict = client.verdicts[heard];
      expect(verdict).toMatchObject({ verdict: 'accepted' });
      if (words !== undefined) saved.add(words);
    }
  };
  while (!stop() && client.socket.readyState === WebSocket.OPEN) {
    const clauses = textOf(client.doc).toArray();
    const at = Math.floor(random() * clauses.length);
    const clause = clauses[at];
    const text = clause instanceof Y.XmlElement ? clause.get(0) : null;
    if (text instanceof Y.XmlText && client.ledgerOpen(at)) {
      const id = newMarkId();
      const words = `w${id}`;
      client.update(client.change(() => text.insert(0, words, { [markKey('insertion', id)]: { id } })));
      sent.push(words);
    }
    note();
    await new Promise((resolve) => setTimeout(resolve, random() * 4));
  }
  note();
}

describe(`[LOG2] Killing the process in the middle of heavy editing (seed ${seed})`, () => {
  it(`loses nothing that anybody was shown or told was saved, ${rounds} times`, async () => {
    const random = randomFrom(seed);
    const dataDir = temporaryDirectory();
    const saved = new Set<string>();
    /** Everything that any client was shown, in all rounds. */
    const shown = new Y.Doc();
    let place = '';
    for (let round = 0; round < rounds; round++) {
      const server = await startServer({ dataDir });
      const cookies = await Promise.all(delegates.map((name) => cookieOf(server, name)));
      if (place === '') place = await placeOf(server, cookies[0] ?? '');
      const clients = await Promise.all(cookies.map((cookie) => join(server, cookie, place)));

      // What was shown before the last kill is there: applying it brings nothing new.
      const [first] = clients;
      if (first === undefined) throw new Error('nobody came');
      const now = new Y.Doc();
      Y.applyUpdate(now, Y.encodeStateAsUpdate(first.doc));
      let fresh = 0;
      now.on('update', () => {
        fresh += 1;
      });
      Y.applyUpdate(now, Y.encodeStateAsUpdate(shown));
      expect([round, fresh]).toEqual([round, 0]);
      const text = textOf(now).toString();
      for (const words of saved) expect(text).toContain(words);

      let over = false;
      const working = clients.map((client) => edit(client, random, saved, () => over));
      await new Promise((resolve) => setTimeout(resolve, 150 + random() * 500));
      await server.stop('SIGKILL');
      over = true;
      await Promise.all(working);
      for (const client of clients) for (const update of client.updates) Y.applyUpdate(shown, update);
      expect(shown.store.pendingStructs).toBeNull();
    }
    expect(saved.size).toBeGreaterThan(rounds * 10);
    const verified = execFileSync(process.execPath, ['dist/server/concord.js', 'verify'], {
      env: { ...process.env, DATA_DIR: dataDir },
      encoding: 'utf8',
    });
    expect(verified).toContain('The record is whole');
  }, 120_000);

  it('[ROOM3] SIGTERM finishes what is under way, tells clients to come back, and exits 0 within five seconds', async () => {
    const random = randomFrom(seed + 1);
    const server = await startServer();
    const cookies = await Promise.all(delegates.map((name) => cookieOf(server, name)));
    const place = await placeOf(server, cookies[0] ?? '');
    const clients = await Promise.all(cookies.map((cookie) => join(server, cookie, place)));
    const saved = new Set<string>();
    let over = false;
    const working = clients.map((client) => edit(client, random, saved, () => over));
    await new Promise((resolve) => setTimeout(resolve, 400));
    const begun = performance.now();
    expect(await server.stop('SIGTERM')).toBe(0);
    expect(performance.now() - begun).toBeLessThan(5000);
    over = true;
    await Promise.all(working);
    for (const client of clients) expect((await client.closed).code).toBe(1012);
    const again = await startServer({ dataDir: server.dataDir });
    const reader = await join(again, await cookieOf(again, 'argentina'), place);
    const text = textOf(reader.doc).toString();
    for (const words of saved) expect(text).toContain(words);
    reader.leave();
    await again.stop();
  }, 60_000);
});
