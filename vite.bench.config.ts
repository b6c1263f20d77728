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
      // All beside each other: programs find the server, and each other, by where they are.
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
});
