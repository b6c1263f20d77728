import { openStore, type Store } from '../../server/storage/store.ts';
import { sqliteWorker } from './sqliteWorker.ts';
import { temporaryDirectory } from './temporary.ts';

/** The embedded store, from source, in a directory of its own unless one is named. Close it when done. */
export async function openTestStore(dataDir: string = temporaryDirectory()): Promise<Store> {
  return openStore({ dataDir, worker: await sqliteWorker() });
}
