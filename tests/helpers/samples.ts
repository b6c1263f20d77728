import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type RunningServer, startServer } from './browser.ts';
import { bundle } from './bundle.ts';
import { temporaryDirectory } from './temporary.ts';

/** The resources of a server process, by its own count after a garbage collection and by the operating system's. */
const Weighed = z.object({
  taken: z.number(),
  rss: z.number(),
  heap: z.number(),
  /** The heap's size in the system, full or not. */
  committed: z.number(),
  /** The size of another thread's heap. */
  otherHeaps: z.number(),
  external: z.number(),
  buffers: z.number(),
  timers: z.number(),
  lines: z.number(),
});
const Counted = Weighed.extend({ documents: z.number(), sockets: z.number() });

interface BySystem {
  /** Open files of the process; null where the system doesn't tell. */
  readonly files: number | null;
  readonly threads: number | null;
}
export type Weight = z.infer<typeof Weighed> & BySystem;
export type Sample = z.infer<typeof Counted> & BySystem;

export interface ProbedServer extends RunningServer {
  weigh(): Promise<Weight>;
  /** Counts documents and sockets as well, which takes as much memory as the heap is large. */
  sample(): Promise<Sample>;
}

/**
 * A server that reports its resources. `haste`: the factor by which its clock runs faster, and its intervals from
 * `hasteFrom` ms on: every minute it closes idle rooms, every half it pings connections.
 */
export async function startProbed({
  haste = 1,
  hasteFrom = 60_000,
  ...options
}: { haste?: number; hasteFrom?: number } & Parameters<typeof startServer>[0] = {}): Promise<ProbedServer> {
  const probe = fileURLToPath(await bundle('tests/helpers/probe.ts'));
  const file = join(temporaryDirectory(), 'probe.json');
  const server = await startServer({
    ...options,
    env: {
      NODE_OPTIONS: `--expose-gc --import=${probe}`,
      CONCORD_PROBE: file,
      CONCORD_HASTE: String(haste),
      CONCORD_HASTE_FROM: String(hasteFrom),
      ...options.env,
    },
  });
  let asked = 0;
  async function ask<T extends { readonly taken: number }>(answer: z.ZodType<T>): Promise<T & BySystem> {
    asked += 1;
    process.kill(server.pid, 'SIGUSR2');
    for (;;) {
      const found = readOrNull(file);
      if (found !== null) {
        const probed = answer.safeParse(JSON.parse(found));
        if (probed.success && probed.data.taken >= asked) return { ...probed.data, ...bySystem(server.pid) };
      }
      await pause(20);
    }
  }
  return {
    ...server,
    weigh() {
      rmSync(`${file}.count`, { force: true });
      return ask(Weighed);
    },
    sample() {
      writeFileSync(`${file}.count`, '');
      return ask(Counted);
    },
  };
}

function bySystem(pid: number): BySystem {
  const threads = /^Threads:\s+(\d+)/m.exec(readOrNull(`/proc/${pid}/status`) ?? '')?.[1];
  try {
    return {
      files: readdirSync(`/proc/${pid}/fd`).length,
      threads: threads === undefined ? null : Number(threads),
    };
  } catch {
    return { files: null, threads: null };
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** The slope of the straight line that lies nearest to the points, by least squares. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, value]) => value))];
  const spread = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / spread;
}
