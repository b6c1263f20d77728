/// <reference types="vitest/config" />
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { defineConfig, type Plugin, type UserConfig } from 'vite';

/** Writes each script, style and page a second time, compressed, for the server to send. */
const compressed: Plugin = {
  name: 'compressed',
  apply: 'build',
  async writeBundle({ dir }, bundle) {
    if (dir === undefined) return;
    await Promise.all(
      Object.entries(bundle).map(async ([name, file]) => {
        if (!/\.(js|css|html|svg)$/.test(name)) return;
        const bytes = Buffer.from(file.type === 'chunk' ? file.code : file.source);
        await writeFile(join(dir, `${name}.br`), await promisify(brotliCompress)(bytes));
        await writeFile(join(dir, `${name}.gz`), await promisify(gzip)(bytes, { level: 9 }));
      }),
    );
  },
};

const jsx: UserConfig['oxc'] = { jsx: { runtime: 'automatic', importSource: 'preact' } };

/** The browser's part: one page in `dist/client`, served with immutable asset names. */
const client: UserConfig = {
  root: 'client',
  publicDir: 'public',
  plugins: [compressed],
  oxc: jsx,
  build: {
    outDir: '../dist/client',
    emptyOutDir: true,
    target: 'es2022',
    // Inlined assets would need data: in the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
    // Compressing takes longer than everything else, and is meant to.
    rolldownOptions: {
      checks: { pluginTimings: false },
      output: {
        codeSplitting: {
          groups: [
            // In one file, so that the setting precedes every schema, in whichever file that one is.
            { name: 'parsing', test: /client\/parsing\.ts$|node_modules\/zod\//, priority: 2 },
            // In one file: a browser opens six connections, and the session is asked for at the same time.
            { name: 'parts', test: /client\/parts\//, priority: 1 },
          ],
        },
      },
    },
  },
};

/** Programs for Node: plain ES modules in `outDir`; packages stay in `node_modules`. */
const programs = (outDir: string, input: Record<string, string>, chunks: string): UserConfig => ({
  publicDir: false,
  build: {
    ssr: true,
    outDir,
    emptyOutDir: true,
    target: 'node20',
    sourcemap: true,
    rolldownOptions: { input, output: { entryFileNames: '[name].js', chunkFileNames: `${chunks}[name]-[hash].js` } },
  },
});

const server = programs(
  'dist/server',
  {
    main: 'server/main.ts',
    concord: 'server/concord.ts',
    sqliteWorker: 'server/storage/sqlite/worker.ts',
    importThread: 'server/imports/importThread.ts',
  },
  'chunks/',
);

/** Benchmarks find the server, and each other, by relative paths, so all lie in one folder. */
const bench = programs(
  'dist/bench',
  {
    edit: 'tests/bench/edit.ts',
    log: 'tests/bench/log.ts',
    history: 'tests/bench/history.ts',
    hostile: 'tests/bench/hostile.ts',
    load: 'tests/bench/load.ts',
    all: 'tests/bench/all.ts',
    lost: 'tests/bench/lost.ts',
    gallery: 'tests/bench/gallery.ts',
    storm: 'tests/bench/storm.ts',
    opening: 'tests/bench/opening.ts',
    import: 'tests/bench/import.ts',
    screen: 'tests/bench/screen.ts',
    writers: 'tests/bench/screen/writers.ts',
    relay: 'tests/bench/load/relay.ts',
    hocuspocus: 'tests/bench/load/hocuspocus.ts',
  },
  '',
);

const test = async (): Promise<UserConfig> => ({
  oxc: jsx,
  test: {
    include: ['tests/**/*.test.ts', 'tests/**/*.test.tsx'],
    globalSetup: ['tests/helpers/build.ts'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Vitest makes stylesheets empty; the server sends these.
    css: { include: [/server\/reading\/assets\//] },
    // For two processors: a third file runs while one waits for a timer or another process.
    maxWorkers: 3,
    sequence: { sequencer: (await import('./tests/helpers/sequencer.ts')).LongestFirst },
    reporters: ['default', './tests/helpers/summary.ts'],
  },
});

/** `vite build` makes the client; `--mode server` and `--mode bench` the programs; Vitest reads the mode `test`. */
export default defineConfig(({ mode }) => {
  switch (mode) {
    case 'server':
      return server;
    case 'bench':
      return bench;
    case 'test':
      return test();
    default:
      return client;
  }
});
