import type { Log } from '../../server/storage/log.ts';
import { openMemoryLog } from '../../server/storage/memory.ts';
import { BatchRunner } from '../../server/storage/sqlite/batch.ts';
import { openFile } from '../../server/storage/sqlite/file.ts';
import type { Answers, Kind, RequestOf } from '../../server/storage/sqlite/protocol.ts';
import { LogName } from '../../shared/protocol/ids.ts';

/** The embedded log without its thread, to read a great many databases one after the other. It stores nothing. */
export function openThreadless(dataDir: string): { log: Log; close(): void } {
  const { database, close } = openFile(dataDir, { readOnly: false });
  const runner = new BatchRunner(database);
  const ask = async <K extends Kind>(request: RequestOf<K>): Promise<Answers[K]> => {
    const outcome = runner.run({ appends: [], requests: [{ id: 1, request }] })[0]?.outcome;
    if (outcome === undefined || !outcome.ok) throw new Error(outcome?.message ?? 'no answer');
    // As in `openSqlite`: each kind of request has its kind of answer.
    return outcome.answer as Answers[K];
  };
  const log: Log = {
    ...openMemoryLog(),
    read: (name, after, limit) => ask<'read'>({ kind: 'read', log: name, after, limit }),
    head: (name) => ask<'head'>({ kind: 'head', log: name }),
    names: async () => (await ask<'names'>({ kind: 'names' })).map((name) => LogName.parse(name)),
    checkpoint: (name) => ask<'checkpoint'>({ kind: 'checkpoint', log: name }),
  };
  return { log, close };
}
