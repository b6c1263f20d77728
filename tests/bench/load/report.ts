import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const middle = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[values.length >> 1] ?? 0;

/** A percentile of sorted values. */
export const quantile = (sorted: ArrayLike<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

export const rounds = Number(process.env.ROUNDS ?? 3);

/** The machine and the versions, printed once above the rows of a program. */
export function printHead(): void {
  const { v8, uv } = process.versions;
  console.log(
    `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.version} (V8 ${v8}, libuv ${uv}); medians of ${rounds} rounds\n`,
  );
  console.log('| Load | What was asked | Aim | Measured |\n|---|---|---|---|');
}

export const printRow = (load: string, asked: string, aim: string, measured: string): void =>
  console.log(`| ${load} | ${asked} | ${aim} | ${measured} |`);

/**
 * The process's limit of open files: Node raises its own limit to the hard one, and a shell under it prints the result.
 * The server that is started here has the same limit.
 */
export const openFiles = (): number => {
  const limit = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit);
};
