import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bundle } from '../helpers/bundle.ts';
import { givesWay, isLong, seed } from '../helpers/extent.ts';

/** `CONCORD_SEED=… npx vitest run tests/fault/fuzzImport.test.ts` begins with the same file again. */
const seconds = isLong ? 60 * Number(process.env.CONCORD_FUZZ_MINUTES ?? 60) : 3;
const enough = 10;
/**
 * A file that takes longer than this hangs, ms: the slowest take five seconds of a process that has a core for itself.
 */
const patience = 120_000;

const sample = new URL('../../../shared/samples/oas-rtp-2005-compilation.txt', import.meta.url);
const Line = z.union([
  z.object({ seed: z.number(), outcome: z.string(), ms: z.number() }),
  z.object({ seed: z.number(), size: z.number() }),
  z.object({ seed: z.number(), heap: z.number() }),
]);

interface Report {
  readonly count: number;
  readonly read: number;
  readonly refused: number;
  readonly wrong: readonly string[];
  readonly slowest: { readonly ms: number; readonly size: number; readonly seed: number };
  readonly heaps: readonly number[];
}

/** Lets a process read hostile files for a while. If it hangs or ends, the file is reported. */
async function watch(first: number): Promise<Report> {
  const program = fileURLToPath(await bundle('tests/helpers/fuzz/importer.ts'));
  const text = existsSync(sample) ? readFileSync(sample, 'utf8') : '';
  const child = spawn(process.execPath, ['--expose-gc', program, String(first), text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const heaps: number[] = [];
  const wrong: string[] = [];
  let [count, read, refused, size, at] = [0, 0, 0, 0, first];
  let slowest = { ms: 0, size: 0, seed: 0 };
  let over = false;
  const hang = (): void => {
    wrong.push(`seed ${at} hangs, ${size} bytes`);
    child.kill('SIGKILL');
  };
  let watchdog = setTimeout(hang, patience);
  const end = performance.now() + seconds * 1000;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for await (const line of createInterface({ input: child.stdout })) {
    const said = Line.parse(JSON.parse(line));
    at = said.seed;
    clearTimeout(watchdog);
    watchdog = setTimeout(hang, patience);
    if ('size' in said) size = said.size;
    else if ('heap' in said) heaps.push(said.heap);
    else {
      count += 1;
      if (said.outcome === 'read') read += 1;
      else if (said.outcome === 'refused') refused += 1;
      else wrong.push(`seed ${said.seed}: ${said.outcome}`);
      if (said.ms > slowest.ms) slowest = { ms: said.ms, size, seed: said.seed };
      // On a slow machine it continues until enough files were read.
      if (performance.now() > end && read > enough) {
        over = true;
        child.kill('SIGKILL');
      }
    }
  }
  await exited;
  clearTimeout(watchdog);
  if (!over && wrong.length === 0) wrong.push(`the process died at seed ${at}`);
  return { count, read, refused, wrong, slowest, heaps };
}

describe(`[IMP6] [IMP7] Hostile compilations (seed ${seed})`, () => {
  it(
    `are refused with a reason, or read without losing a word, for ${seconds} s`,
    async () => {
      givesWay();
      const { count, read, refused, wrong, slowest, heaps } = await watch(seed);
      process.stdout.write(
        `${count} hostile compilations: ${read} read, ${refused} refused; the slowest ${slowest.ms.toFixed(0)} ms of CPU for ${slowest.size} bytes (seed ${slowest.seed})\n`,
      );
      expect(wrong).toEqual([]);
      expect(read).toBeGreaterThan(enough);
      // Memory comes back: the process ends with as much as in the middle, with room for noise.
      const later = heaps.slice(Math.floor(heaps.length / 2));
      if (later.length > 20)
        expect(Math.min(...later.slice(-10))).toBeLessThan(Math.min(...later.slice(0, 10)) + 32 * 1024 * 1024);
    },
    24 * 3_600_000,
  );
});
