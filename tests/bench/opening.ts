import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Checkpoint, Log } from '../../server/log/log.ts';
import { Room } from '../../server/room/room.ts';
import { openStore, type Store } from '../../server/store/store.ts';
import { newRecommendationId, RecommendationId, recommendationLog } from '../../shared/ids.ts';
import { writeRecord } from './load/record.ts';
import { middle, printHead, printRow, rounds } from './load/report.ts';

/**
 * How long somebody waits for a recommendation with a long record that nobody has open: from its checkpoint, as a server
 * finds it after a kill and after an orderly stop, and from the log alone. Each opening is a process of its own, as after
 * a restart: nothing is compiled yet.
 */
const entries = Number(process.env.ENTRIES ?? 100_000);
/** Letters typed for one amendment before it is decided. The fewer, the more amendments the same log holds. */
const letters = Number(process.env.LETTERS ?? 100);

const storeIn = (dataDir: string): Promise<Store> =>
  openStore({
    dataDir,
    databaseUrl: process.env.DATABASE_URL,
    worker: new URL('../server/sqliteWorker.js', import.meta.url),
  });

/** Opens it, and makes what the first who comes is sent. */
async function open(log: Log, id: RecommendationId): Promise<{ ms: number; room: Room; bytes: number }> {
  const begun = performance.now();
  const room = await Room.open(id, log, () => Date.now());
  const { length } = room.stateFor();
  return { ms: performance.now() - begun, room, bytes: length };
}

/** A process of its own prints what it measured, and nothing else. */
async function openOnce(dataDir: string, id: RecommendationId, how: string): Promise<void> {
  const store = await storeIn(dataDir);
  const { log } = store;
  const { ms, room, bytes } = await open(how === 'replay' ? { ...log, checkpoint: async () => null } : log, id);
  if (room.sequence !== entries) throw new Error(`${room.sequence} entries instead of ${entries}`);
  console.log(JSON.stringify([ms, bytes]));
  await store.close();
}

async function measure(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'concord-opening-'));
  const id = newRecommendationId();
  const within = (how: string): number => {
    const program = new URL(import.meta.url).pathname;
    const nodeOptions = process.env.BENCH_NODE_OPTIONS?.split(' ') ?? [];
    const args = ['-c', '0', process.execPath, ...nodeOptions, program, dataDir, id, how];
    const [ms] = JSON.parse(execFileSync('taskset', args, { encoding: 'utf8' })) as [number, number];
    return ms;
  };
  const often = (how: string): number => middle(Array.from({ length: rounds }, () => within(how)));
  try {
    let store = await storeIn(dataDir);
    const begun = performance.now();
    await writeRecord(store.log, id, entries, letters);
    const writing = (performance.now() - begun) / 1000;
    // What a killed server leaves behind at the worst: the checkpoint before the last is due.
    const behind: Checkpoint | null = await store.log.checkpoint(recommendationLog(id));
    await store.close();
    printHead();
    const killed = often('checkpoint');
    store = await storeIn(dataDir);
    const { room, bytes } = await open(store.log, id);
    await room.checkpoint();
    await store.close();
    const stopped = often('checkpoint');
    const replayed = often('replay');
    printRow(
      'opening',
      `a text of 100 clauses with ${entries} entries in its log: about ${Math.round(entries / (letters + 1))} amendments of ` +
        `${letters} letters, all decided (${(bytes / 1024).toFixed(0)} KB of state)`,
      'ready in ≤ 100 ms from a checkpoint',
      `${stopped.toFixed(0)} ms after an orderly stop, ${killed.toFixed(0)} ms after a kill ` +
        `(${entries - (behind?.sequence ?? 0)} entries behind its checkpoint), ${(replayed / 1000).toFixed(1)} s from the log alone; ` +
        `written in ${writing.toFixed(0)} s`,
    );
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

const [dataDir, id, how] = process.argv.slice(2);
if (dataDir !== undefined && how !== undefined) await openOnce(dataDir, RecommendationId.parse(id), how);
else await measure();
