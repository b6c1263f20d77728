import { bundle } from './bundle.ts';

/** The SQLite thread's program for tests that run from source: `openSqlite({ dataDir, worker: await sqliteWorker() })`. */
export function sqliteWorker(): Promise<URL> {
  return bundle('server/storage/sqlite/worker.ts');
}
