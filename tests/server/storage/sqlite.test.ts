import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import { BatchRunner } from '../../../server/storage/sqlite/batch.ts';
import { openFile } from '../../../server/storage/sqlite/file.ts';
import { openSqlite } from '../../../server/storage/sqlite/log.ts';
import { StoreRefused } from '../../../server/storage/store.ts';
import { entriesAfter, firstBroken, logName, readAll } from '../../helpers/entries.ts';
import { sqliteWorker } from '../../helpers/sqliteWorker.ts';
import { temporaryDirectory } from '../../helpers/temporary.ts';

const name = logName(1);
const open = async (dataDir: string, readOnly = false) =>
  (await openSqlite({ dataDir, readOnly, worker: await sqliteWorker() })).log;

/** A data directory with a hundred entries in it, closed. */
async function written(): Promise<{ dataDir: string; file: string }> {
  const dataDir = temporaryDirectory();
  const log = await open(dataDir);
  const contents = Array.from({ length: 100 }, (_, index) => `${index} `.repeat(200));
  await log.append(entriesAfter(name, null, ...contents));
  await log.close();
  return { dataDir, file: join(dataDir, 'concord.sqlite') };
}

async function refusal(dataDir: string, readOnly = false): Promise<StoreRefused> {
  const refused = await open(dataDir, readOnly).then(
    async (log) => {
      await log.close();
      throw new Error('it was opened');
    },
    (error: unknown) => error,
  );
  if (!(refused instanceof StoreRefused)) throw refused;
  return refused;
}

test('only one writer has the data directory, and the next may have it after', async () => {
  const { dataDir } = await written();
  const log = await open(dataDir);
  expect(await refusal(dataDir)).toMatchObject({ reason: 'in-use', message: expect.stringMatching(/in use/) });
  await log.close();
  await (await open(dataDir)).close();
});

test('a reader looks on while the server writes, and can write nothing itself', async () => {
  const { dataDir } = await written();
  const log = await open(dataDir);
  const reader = await open(dataDir, true);
  expect(await readAll(reader, name)).toHaveLength(100);
  await log.append(entriesAfter(name, await log.head(name), 'new'));
  expect(await readAll(reader, name)).toHaveLength(101);
  const more = entriesAfter(name, await reader.head(name), 'from the reader');
  await expect(reader.append(more)).rejects.toMatchObject({ code: 'not-stored' });
  await expect(reader.check()).rejects.toMatchObject({ code: 'not-stored' });
  await reader.close();
  await log.close();
});

test('a write after much reading waits for none of it', async () => {
  const { dataDir } = await written();
  const log = await open(dataDir);
  // Commits are spaced out by the clock; here it stands still, so that a commit that has to wait never comes.
  const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
  try {
    for (let reads = 0; reads < 300; reads++) await log.head(name);
    expect(await log.append(entriesAfter(name, await log.head(name), 'after'))).toBe(true);
  } finally {
    clock.mockRestore();
    await log.close();
  }
});

test('a reader needs no running server, and makes no database where there is none', async () => {
  const { dataDir } = await written();
  const reader = await open(dataDir, true);
  expect(firstBroken(await readAll(reader, name))).toBeNull();
  await reader.close();
  const empty = temporaryDirectory();
  expect((await refusal(empty, true)).reason).toBe('missing');
  expect(readdirSync(empty)).toEqual([]);
});

test.each<[string, (file: string) => void, string]>([
  ['cut short', (file) => truncateSync(file, 20_480), 'damaged'],
  ['empty', (file) => truncateSync(file, 0), 'damaged'],
  ['overwritten in the middle', (file) => overwrite(file, 8_192, 65_536), 'damaged'],
  ['a text file', (file) => writeFileSync(file, 'Recommendations\n'.repeat(100)), 'not-concord'],
  [
    'gone, with its write-ahead log left behind',
    (file) => {
      writeFileSync(`${file}-wal`, readFileSync(file));
      rmSync(file);
    },
    'damaged',
  ],
  [
    'of another program',
    (file) => {
      rmSync(file);
      const other = new Database(file);
      other.exec('CREATE TABLE songs (title TEXT)');
      other.close();
    },
    'not-concord',
  ],
  [
    'of a later version',
    (file) => {
      const later = new Database(file);
      later.exec("INSERT INTO migrations VALUES (99, 'what is to come', 0)");
      later.close();
    },
    'newer',
  ],
])('a database that is %s is refused, and left as it is', async (_, spoil, reason) => {
  const { dataDir, file } = await written();
  spoil(file);
  const before = existsSync(file) ? readFileSync(file) : null;
  expect(await refusal(dataDir)).toMatchObject({ reason, message: expect.stringContaining(file) });
  expect(existsSync(file) ? readFileSync(file) : null).toEqual(before);
});

test('a database that was half made is made afresh', async () => {
  const dataDir = temporaryDirectory();
  writeFileSync(join(dataDir, 'concord.sqlite.new'), 'half');
  const log = await open(dataDir);
  expect(await log.names()).toEqual([]);
  await log.close();
});

test('while somebody holds the database, appends are not stored; then they are', async () => {
  const { dataDir, file } = await written();
  const log = await open(dataDir);
  const outsider = new Database(file);
  outsider.exec('BEGIN IMMEDIATE');
  const entries = entriesAfter(name, await log.head(name), 'later');
  await expect(log.append(entries)).rejects.toMatchObject({ code: 'not-stored' });
  await expect(log.check()).rejects.toMatchObject({ code: 'not-stored' });
  expect(await readAll(log, name)).toHaveLength(100);
  outsider.exec('ROLLBACK');
  outsider.close();
  expect(await log.append(entries)).toBe(true);
  await log.close();
});

test('a commit waits until the disk has it, and keys between tables hold', () => {
  const { database, close } = openFile(temporaryDirectory(), { readOnly: false });
  const setting = (name: string) => database.pragma(name, { simple: true });
  expect([setting('journal_mode'), setting('synchronous'), setting('foreign_keys')]).toEqual(['wal', 2, 1]);
  close();
});

test('a full disk fails the whole batch, stores nothing of it, and the next append works', () => {
  const { database, close } = openFile(temporaryDirectory(), { readOnly: false });
  const runner = new BatchRunner(database);
  const small = entriesAfter(name, null, 'small');
  const large = entriesAfter(logName(2), null, 'x'.repeat(1_000_000));
  const batch = { appends: [small, large].map((entries, id) => ({ id, entries })), requests: [] };
  const pages = Number(database.pragma('page_count', { simple: true }));
  database.pragma(`max_page_count = ${pages + 10}`);
  expect(runner.run(batch).map(({ outcome }) => outcome)).toEqual([
    expect.objectContaining({ ok: false, storage: true, code: 'SQLITE_FULL' }),
    expect.objectContaining({ ok: false, storage: true, code: 'SQLITE_FULL' }),
  ]);
  expect(runner.run({ appends: [], requests: [{ id: 9, request: { kind: 'names' } }] })[0]?.outcome).toEqual({
    ok: true,
    answer: [],
  });
  database.pragma('max_page_count = 1000000');
  expect(runner.run(batch).map(({ outcome }) => outcome)).toEqual([
    { ok: true, answer: true },
    { ok: true, answer: true },
  ]);
  close();
});

test('the event loop turns while the disk is waited for', async () => {
  const log = await open(temporaryDirectory());
  let turns = 0;
  const turn = setInterval(() => turns++, 1);
  const head = entriesAfter(name, null, 'x'.repeat(3_000_000));
  await log.append(head);
  clearInterval(turn);
  expect(turns).toBeGreaterThan(0);
  await log.close();
});

function overwrite(file: string, from: number, length: number): void {
  const content = readFileSync(file);
  content.fill(0x5a, from, from + length);
  writeFileSync(file, content);
}
