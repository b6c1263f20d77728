import { expect, test } from 'vitest';
import { openSqlite } from '../../server/storage/sqlite/log.ts';
import { openStore } from '../../server/storage/store.ts';
import { sqliteWorker } from '../helpers/sqliteWorker.ts';
import { temporaryDirectory } from '../helpers/temporary.ts';
import { describeLog } from './log.ts';
import { describeStore } from './store.ts';

describeLog('the log in SQLite', async () => {
  const dataDir = temporaryDirectory();
  const worker = await sqliteWorker();
  return { open: async () => (await openSqlite({ dataDir, worker })).log, rival: null, lasts: true };
});

describeStore('the tables in SQLite', async () => {
  const dataDir = temporaryDirectory();
  const worker = await sqliteWorker();
  return () => openStore({ dataDir, worker });
});

test('SQLite refuses a transaction that would stay open between two awaits', async () => {
  const store = await openStore({ dataDir: temporaryDirectory(), worker: await sqliteWorker() });
  await expect(store.tables.transaction().execute(async () => {})).rejects.toThrow(/atomically/);
  await store.close();
});
