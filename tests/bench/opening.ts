import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { Room } from '../../server/room/room.ts';
import type { Checkpoint, Log } from '../../server/storage/log.ts';
import { openStore, type Store } from '../../server/storage/store.ts';
import { newRecommendationId, RecommendationId, recommendationLog } from '../../shared/protocol/ids.ts';
import { writeRecord } from './load/record.ts';
import { middle, printHead, printRow, rounds } from './load/report.ts';

/**
 * The time to open a recommendation with a long log that nobody has open: from its checkpoint, after a kill and after
 * an orderly stop, and from the log alone; in a new process, where nothing is compiled yet, and in one that has been
 * running.
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

const Opened = z.object({ ms: z.number(), cpu: z.number(), bytes: z.number() });
type Opened = z.infer<typeof Opened>;
const OpenedOften = Opened.extend({ later: z.number(), laterCpu: z.number() });

/** Opens it, and makes the answer for the first client. */
async function open(log: Log, id: RecommendationId): Promise<Opened & { readonly room: Room }> {
  const cpuBefore = process.cpuUsage();
  const begun = performance.now();
  const room = await Room.open(id, log, () => Date.now());
  const { length } = room.stateFor();
  const ms = performance.now() - begun;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { room, ms, cpu: (user + system) / 1000, bytes: length };
}

/** A process of its own prints its measurements, and nothing else: the first opening, and the median of five more. */
async function openOften(dataDir: string, id: RecommendationId, how: string): Promise<void> {
  const store = await storeIn(dataDir);
  const log: Log = how === 'replay' ? { ...store.log, checkpoint: async () => null } : store.log;
  const all: Opened[] = [];
  for (let time = 0; time < (how === 'replay' ? 1 : 6); time++) {
    const { room, ...opened } = await open(log, id);
    if (room.sequence !== entries) throw new Error(`${room.sequence} entries instead of ${entries}`);
    room.destroy();
    all.push(opened);
  }
  const [first, ...more] = all;
  const later = middle(more.map(({ ms }) => ms));
  console.log(JSON.stringify({ ...first, later, laterCpu: middle(more.map(({ cpu }) => cpu)) }));
  await store.close();
}

async function measure(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'concord-opening-'));
  const id = newRecommendationId();
  const within = (how: string): z.infer<typeof OpenedOften> => {
    const program = new URL(import.meta.url).pathname;
    const nodeOptions = process.env.BENCH_NODE_OPTIONS?.split(' ') ?? [];
    const args = ['-c', '0', process.execPath, ...nodeOptions, program, dataDir, id, how];
    return OpenedOften.parse(JSON.parse(execFileSync('taskset', args, { encoding: 'utf8' })));
  };
  const often = (how: string): { first: string; later: string } => {
    const found = Array.from({ length: rounds }, () => within(how));
    const of = (pick: (one: z.infer<typeof OpenedOften>) => number): string => middle(found.map(pick)).toFixed(0);
    return {
      first: `${of(({ ms }) => ms)} ms (CPU ${of(({ cpu }) => cpu)})`,
      later: `${of(({ later }) => later)} ms (CPU ${of(({ laterCpu }) => laterCpu)})`,
    };
  };
  try {
    let store = await storeIn(dataDir);
    const begun = performance.now();
    await writeRecord(store.log, id, entries, letters);
    const writing = (performance.now() - begun) / 1000;
    // The worst state after a kill: the last checkpoint is as old as it can be.
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
      `in a running server ${stopped.later}, ${killed.later} where ${entries - (behind?.sequence ?? 0)} entries came ` +
        `after the checkpoint; first of all after a restart ${stopped.first}, after a kill ${killed.first}; ` +
        `from the log alone ${replayed.first}; ` +
        `written in ${writing.toFixed(0)} s`,
    );
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

const [dataDir, id, how] = process.argv.slice(2);
if (dataDir !== undefined && how !== undefined) await openOften(dataDir, RecommendationId.parse(id), how);
else await measure();
