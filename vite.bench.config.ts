import { defineConfig } from 'vite';

/** The programs under `tests/bench`, as plain modules in `dist/bench`. */
export default defineConfig({
  publicDir: false,
  build: {
    ssr: true,
    outDir: 'dist/bench',
    emptyOutDir: true,
    target: 'node20',
    rolldownOptions: {
      input: {
        edit: 'tests/bench/edit.ts',
        log: 'tests/bench/log.ts',
        load: 'tests/bench/load.ts',
        screen: 'tests/bench/screen.ts',
        writers: 'tests/bench/screen/writers.ts',
        relay: 'tests/bench/load/relay.ts',
        hocuspocus: 'tests/bench/load/hocuspocus.ts',
      },
      output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
    },
  },
});
