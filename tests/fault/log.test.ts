import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openSqlite } from '../../server/storage/sqlite/log.ts';
import { LogName } from '../../shared/protocol/ids.ts';
import { bundle } from '../helpers/bundle.ts';
import { firstBroken, readAll } from '../helpers/entries.ts';
import { runs, seed } from '../helpers/extent.ts';
import { randomFrom } from '../helpers/random.ts';
import { sqliteWorker } from '../helpers/sqliteWorker.ts';
import { temporaryDirectory } from '../helpers/temporary.ts';

/** `CONCORD_SEED=… npx vitest run tests/fault/log.test.ts` kills at the same moments again. */
const rounds = runs(8, 200);

test(`a server killed in the middle of heavy writing keeps every acknowledged entry (seed ${seed})`, {
  timeout: 120_000 + rounds * 3000,
}, async () => {
  const random = randomFrom(seed);
  const dataDir = temporaryDirectory();
  const worker = await sqliteWorker();
  const program = fileURLToPath(await bundle('tests/helpers/appender.ts'));
  const acknowledged = new Map<LogName, number>();

  for (let round = 1; round <= rounds; round++) {
    const before = [...acknowledged.values()].reduce((sum, count) => sum + count, 0);
    for (const [name, sequence] of await runAndKill([program, dataDir, worker.href], 5 + random() * 150)) {
      acknowledged.set(name, Math.max(sequence, acknowledged.get(name) ?? 0));
    }
    const { log } = await openSqlite({ dataDir, worker });
    let kept = 0;
    for (const [name, sequence] of acknowledged) {
      const entries = await readAll(log, name);
      expect(firstBroken(entries), `seed ${seed}, round ${round}, ${name}`).toBeNull();
      expect(entries.length, `seed ${seed}, round ${round}, ${name}`).toBeGreaterThanOrEqual(sequence);
      kept += entries.length;
    }
    expect(kept).toBeGreaterThanOrEqual(before);
    await log.close();
  }
  const total = [...acknowledged.values()].reduce((sum, count) => sum + count, 0);
  expect(total).toBeGreaterThan(rounds);
});

/** The acknowledged entries of a process that was killed so many milliseconds after it began to write. */
async function runAndKill(args: readonly string[], after: number): Promise<[LogName, number][]> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8');
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the process ended before it was killed')));
    child.stdout.on('data', (text: string) => {
      if (printed === '') resolve();
      printed += text;
    });
  });
  await new Promise((resolve) => setTimeout(resolve, after));
  child.removeAllListeners('exit');
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
  // The last line may have been cut in the middle.
  const lines = printed.slice(0, printed.lastIndexOf('\n')).split('\n').slice(1);
  return lines.map((line) => {
    const [name, sequence] = line.split(' ');
    return [LogName.parse(name), Number(sequence)];
  });
}
