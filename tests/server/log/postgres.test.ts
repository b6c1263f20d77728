import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPostgres } from '../../../server/log/postgres.ts';
import { payloads } from '../../../server/log/postgresAppend.ts';
import { StoreRefused } from '../../../server/store/store.ts';
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
