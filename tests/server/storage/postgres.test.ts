import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { payloads } from '../../../server/storage/postgres/append.ts';
import { openPostgres } from '../../../server/storage/postgres/log.ts';
import { StoreRefused } from '../../../server/storage/store.ts';
import { appendAtHead, entriesAfter, firstBroken, logName, readAll } from '../../helpers/entries.ts';
import { type Cluster, startPostgres } from '../../helpers/postgres.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startPostgres();
});
afterAll(() => cluster.stop());

const name = logName(1);

async function sql(databaseUrl: string, text: string): Promise<void> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await client.query(text);
  await client.end();
}

test('nodes that start together on an empty database all come up', async () => {
  const databaseUrl = await cluster.database();
  const nodes = await Promise.all(Array.from({ length: 4 }, () => openPostgres({ databaseUrl })));
  await Promise.all(nodes.map(({ log }) => log.check()));
  await Promise.all(nodes.map(({ log }) => log.close()));
});

test.each([
  ['written by a later version', "INSERT INTO migrations VALUES (99, 'what is to come', 0)", 'newer'],
  ['shaped by another program', 'DROP TABLE migrations; CREATE TABLE migrations (title text)', 'not-concord'],
])('a database that was %s is refused', async (_, spoil, reason) => {
  const databaseUrl = await cluster.database();
  await (await openPostgres({ databaseUrl })).log.close();
  await sql(databaseUrl, spoil);
  const refused = await openPostgres({ databaseUrl }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(StoreRefused);
  expect(refused).toMatchObject({ reason });
});

test('a server that is not there is said to be unreachable', async () => {
  const refused = openPostgres({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none' });
  await expect(refused).rejects.toMatchObject({ name: 'StoreRefused', reason: 'unreachable' });
});

test('a reader can write nothing', async () => {
  const databaseUrl = await cluster.database();
  const { log } = await openPostgres({ databaseUrl });
  await log.append(entriesAfter(name, null, 'a'));
  const { log: reader } = await openPostgres({ databaseUrl, readOnly: true });
  const more = entriesAfter(name, await reader.head(name), 'b');
  await expect(reader.append(more)).rejects.toMatchObject({ code: 'not-stored' });
  expect(await readAll(reader, name)).toHaveLength(1);
  await reader.close();
  await log.close();
});

test('connections cut again and again: what was acknowledged is stored, what was not is not', async () => {
  const databaseUrl = await cluster.database();
  const { log } = await openPostgres({ databaseUrl, lookEvery: 100 });
  const acknowledged = new Map<string, number>();
  const failed = new Set<string>();
  let cuts = 0;
  const names = Array.from({ length: 4 }, (_, index) => logName(index));
  const writers = names.map(async (name) => {
    for (let attempt = 0; cuts < 12; attempt++) {
      const content = `${name} attempt ${attempt}`;
      await appendAtHead(log, name, content).then(
        (number) => acknowledged.set(content, number),
        () => failed.add(content),
      );
    }
  });
  for (; cuts < 12; cuts++) {
    await new Promise((resolve) => setTimeout(resolve, 40));
    await cluster.cutConnections(databaseUrl);
  }
  await Promise.all(writers);
  const stored = new Map<string, number>();
  for (const name of names) {
    const entries = await readAll(log, name);
    expect(firstBroken(entries)).toBeNull();
    for (const { content, sequence } of entries) stored.set(Buffer.from(content).toString(), sequence);
  }
  expect(stored).toEqual(acknowledged);
  expect(failed.size).toBeGreaterThan(0);
  await log.close();
});

test.each([
  ['made', true],
  ['never made', false],
])('a commit without an answer is looked up: this one was %s', async (_, reaches) => {
  const databaseUrl = await cluster.database();
  const proxy = await startProxy(Number(new URL(databaseUrl).port));
  const { log } = await openPostgres({ databaseUrl: databaseUrl.replace(/:\d+\//, `:${proxy.port}/`) });
  await log.append(entriesAfter(name, null, 'before'));
  const entries = entriesAfter(name, await log.head(name), 'in doubt');
  proxy.cutCommit({ after: 1, reaches });
  // While the first commits, the others gather to a group; they share its doubt but not each other's outcome.
  const first = log.append(entriesAfter(logName(2), null, 'goes ahead'));
  const group = Promise.allSettled([log.append(entries), log.append(entriesAfter(name, null, 'lost anyway'))]);
  expect(await first).toBe(true);
  expect(await group).toMatchObject(
    reaches
      ? [{ value: true }, { value: false }]
      : [{ reason: { code: 'not-stored' } }, { reason: { code: 'not-stored' } }],
  );
  expect((await log.head(name))?.sequence).toBe(reaches ? 2 : 1);
  if (!reaches) expect(await log.append(entries)).toBe(true);
  await log.close();
  await proxy.stop();
});

test('a node whose listening connection was cut still hears of the others', async () => {
  const databaseUrl = await cluster.database();
  const { log } = await openPostgres({ databaseUrl });
  const { log: other } = await openPostgres({ databaseUrl, lookEvery: 50 });
  await cluster.cutConnections(databaseUrl);
  const heard = new Promise<string>((resolve) => other.subscribe(resolve));
  await appendUntilStored();
  expect(await heard).toBe(name);
  await log.close();
  await other.close();

  async function appendUntilStored(): Promise<void> {
    for (let tries = 0; tries < 50; tries++) {
      const stored = await appendAtHead(log, name, 'words').catch(() => 0);
      if (stored > 0) return;
    }
    throw new Error('never stored');
  }
});

test('notifications stay below what PostgreSQL allows, and leave no name out', () => {
  const names = Array.from({ length: 1_000 }, (_, index) => logName(index));
  const sent = payloads('node', names);
  for (const payload of sent) expect(Buffer.byteLength(payload)).toBeLessThan(8_000);
  expect(sent.flatMap((payload) => payload.split(',').slice(1))).toEqual(names);
});

/**
 * Stands between a node and PostgreSQL, and cuts the connection at a commit: before it arrives, or before its answer
 * does.
 */
async function startProxy(
  to: number,
): Promise<{ port: number; cutCommit(which: { after: number; reaches: boolean }): void; stop(): Promise<void> }> {
  let cut: { after: number; reaches: boolean } | null = null;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    let silent = false;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    near.on('data', (data) => {
      // As a message of its own, with its final zero byte: BEGIN … READ COMMITTED is none.
      if (cut && data.includes('COMMIT\0') && cut.after-- === 0) {
        silent = cut.reaches;
        if (!cut.reaches) near.destroy();
        cut = null;
        if (!silent) return;
      }
      far.write(data);
    });
    far.on('data', (data) => {
      if (silent) near.destroy();
      else near.write(data);
    });
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    cutCommit(which) {
      cut = { ...which };
    },
    stop() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
