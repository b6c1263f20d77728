import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { scratch } from './scratch.ts';

const made: string[] = [];

afterAll(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

/** A new directory in `parent`, deleted at the end of the test file. */
export function temporaryDirectory(parent: string = scratch()): string {
  const directory = mkdtempSync(join(parent, 'concord-test-'));
  made.push(directory);
  return directory;
}
