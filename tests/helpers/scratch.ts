import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isLong } from './extent.ts';

const memory = '/dev/shm';
/** Databases of a run that is under way, bytes: some hundreds of megabytes, most of them PostgreSQL's. */
const room = 2 * 1024 ** 3;

/**
 * The directory in which tests make theirs. `npm test` takes memory where the system has some to give, since each of its
 * thousands of small commits would wait for the disk: what it kills is processes, and what they had written outlives them on
 * both alike. The long form writes to the disk. `TMPDIR` is obeyed by both.
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
