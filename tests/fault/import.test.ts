import { spawn } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Meetings } from '../../server/meetings/meetings.ts';
import { Replica } from '../../server/yjs/replica.ts';
import { recommendationLog } from '../../shared/protocol/ids.ts';
import { verified } from '../helpers/demo.ts';
import { runs, seed } from '../helpers/extent.ts';
import { randomFrom } from '../helpers/random.ts';
import { openTestStore } from '../helpers/store.ts';
import { temporaryDirectory } from '../helpers/temporary.ts';

const rounds = runs(3, 30);
const [topics, clauses] = [30, 12];

const compilation = Array.from({ length: topics }, (_, topic) =>
  [
    `${topic + 1}. LAKE NUMBER ${topic + 1}`,
    ...Array.from({ length: clauses }, (_, at) => `Measure the lake ${at + 1} times a year. (Chile)`),
  ].join('\n\n'),
).join('\n\n');

/**
 * Imports into a new store, and kills the process once so many bytes of it were written. Gives the directory and how much
 * there was at most.
 */
async function importUntil(bytes: number): Promise<{ dataDir: string; most: number; killed: boolean }> {
  const dataDir = temporaryDirectory();
  const file = join(temporaryDirectory(), 'compilation.txt');
  writeFileSync(file, compilation);
  const child = spawn(process.execPath, ['dist/server/concord.js', 'import', file, '--meeting', 'The lakes'], {
    env: { ...process.env, DATA_DIR: dataDir },
    stdio: 'ignore',
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const log = join(dataDir, 'concord.sqlite-wal');
  let most = 0;
  while (!over) {
    most = Math.max(most, statSync(log, { throwIfNoEntry: false })?.size ?? 0);
    if (most > bytes) child.kill('SIGKILL');
    // Often enough to meet it as it writes, and the processor is the program's.
    await pause(1);
  }
  return { dataDir, most, killed: (await ended) === 'SIGKILL' };
}

/** How many clauses each text of each meeting has. */
async function found(dataDir: string): Promise<number[][]> {
  const store = await openTestStore(dataDir);
  try {
    const meetings = await Meetings.open(store.log, () => Date.now());
    return await Promise.all(
      meetings.all().map(({ recommendations }) =>
        Promise.all(
          recommendations.map(async ({ id }) => {
            const replica = Replica.empty();
            for (const entry of await store.log.read(recommendationLog(id), 0, 500)) replica.apply(entry);
            return replica.text().length;
          }),
        ),
      ),
    );
  } finally {
    await store.close();
  }
}

it(
  `[IMP9] An import that is cut short leaves the meeting with all its texts, or no meeting, ${rounds} times (seed ${seed})`,
  async () => {
    const random = randomFrom(seed);
    const whole = await importUntil(Number.POSITIVE_INFINITY);
    const all = [Array<number>(topics).fill(clauses)];
    expect(whole.killed).toBe(false);
    expect(await found(whole.dataDir)).toEqual(all);
    let cut = 0;
    for (let round = 0; round < rounds; round++) {
      const { dataDir, killed } = await importUntil(Math.floor(random() * whole.most));
      if (killed) cut += 1;
      const meetings = await found(dataDir);
      expect(meetings).toEqual(meetings.length === 0 ? [] : all);
      expect(await verified(dataDir)).toContain('The record is whole');
    }
    expect(cut).toBeGreaterThan(0);
  },
  60_000 + rounds * 20_000,
);
