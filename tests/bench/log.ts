import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { seal, zeroHash } from '../../server/storage/chain.ts';
import { openStore } from '../../server/storage/store.ts';
import { newRecommendationId, recommendationLog } from '../../shared/protocol/ids.ts';

/**
 * The cost of the disk: entries of 300 bytes, each on disk when its append resolves. One writer waits for each; two
 * hundred, each on a log of its own, share commits. `DATABASE_URL` measures a PostgreSQL instead of the embedded store.
 */
const dataDir = mkdtempSync(join(tmpdir(), 'concord-bench-'));
const store = await openStore({
  dataDir,
  databaseUrl: process.env.DATABASE_URL,
  worker: new URL('../server/sqliteWorker.js', import.meta.url),
});

async function write(count: number): Promise<number[]> {
  const log = recommendationLog(newRecommendationId());
  const spent: number[] = [];
  let previous = zeroHash;
  for (let sequence = 1; sequence <= count; sequence++) {
    const entry = seal({ log, sequence, previous, header: new Uint8Array(200), content: new Uint8Array(100) });
    const begun = performance.now();
    if (!(await store.log.append([entry]))) throw new Error('somebody else wrote here');
    spent.push(performance.now() - begun);
    previous = entry.hash;
  }
  return spent;
}

try {
  await write(50);
  for (const [writers, each] of [
    [1, 1000],
    [200, 100],
  ] as const) {
    const begun = performance.now();
    const spent = (await Promise.all(Array.from({ length: writers }, () => write(each)))).flat().sort((a, b) => a - b);
    const seconds = (performance.now() - begun) / 1000;
    const at = (share: number): string => (spent[Math.floor(spent.length * share)] ?? 0).toFixed(2);
    console.log(
      `${writers} writers: ${Math.round(spent.length / seconds)} entries a second, median ${at(0.5)} ms, p99 ${at(0.99)} ms`,
    );
  }
} finally {
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
}
