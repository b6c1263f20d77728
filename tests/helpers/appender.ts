import { openSqlite } from '../../server/storage/sqlite/log.ts';
import { appendAtHead, logName } from './entries.ts';

/**
 * Appends to several logs without end, and prints "log sequence" for each entry that was acknowledged. Run as a process
 * of its own, to be killed: `node appender.js DATA_DIR WORKER_URL`.
 */
const [dataDir = '', worker = ''] = process.argv.slice(2);
const { log } = await openSqlite({ dataDir, worker: new URL(worker) });
process.stdout.write('ready\n');
await Promise.all(
  Array.from({ length: 12 }, async (_, writer) => {
    for (let count = 0; ; count++) {
      const name = logName(writer % 4);
      const sequence = await appendAtHead(log, name, `${writer} ${count} `.repeat(1 + (count % 50)));
      process.stdout.write(`${name} ${sequence}\n`);
    }
  }),
);
