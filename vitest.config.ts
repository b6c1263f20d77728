import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tests/helpers/sequencer.ts';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: {
    include: ['tests/**/*.test.ts', 'tests/**/*.test.tsx'],
    globalSetup: ['tests/helpers/build.ts'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // For two processors: a third test file is there for when one waits for a clock or for another process. The two of the
    // long form that are busy from end to end, hostile messages and hostile files, give way to the others.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './tests/helpers/summary.ts'],
  },
});
