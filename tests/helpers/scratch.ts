import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isLong } from './extent.ts';

const memory = '/dev/shm';
/** Databases of a running test, bytes: some hundreds of megabytes, most of them PostgreSQL's. */
const room = 2 * 1024 ** 3;

/**
 * The directory in which tests make theirs. `npm test` uses memory where the system has enough, since each of its
 * thousands of small commits would wait for the disk: tests kill processes, and written files outlive them on both
 * alike. The long form writes to the disk. `TMPDIR` overrides both.
 */
export function scratch(): string {
  if (isLong || process.env.TMPDIR !== undefined) return tmpdir();
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize > room ? memory : tmpdir();
  } catch {
    return tmpdir();
  }
}
