import { afterAll, beforeAll } from 'vitest';
import { openPostgres } from '../../server/storage/postgres/log.ts';
import { openStore } from '../../server/storage/store.ts';
import { type Cluster, startPostgres } from '../helpers/postgres.ts';
import { describeLog } from './log.ts';
import { describeStore } from './store.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startPostgres();
});
afterAll(() => cluster.stop());

describeLog('the log in PostgreSQL', async () => {
  const databaseUrl = await cluster.database();
  const open = async () => (await openPostgres({ databaseUrl })).log;
  return { open, rival: open, lasts: true };
});

describeStore('the tables in PostgreSQL', async () => {
  const databaseUrl = await cluster.database();
  return () => openStore({ dataDir: '', databaseUrl });
});
