import { defineConfig } from 'vite';

/** The server's half: plain ES modules in `dist/server`; packages stay in node_modules. */
export default defineConfig({
  publicDir: false,
  build: {
    ssr: true,
    outDir: 'dist/server',
    emptyOutDir: true,
    target: 'node20',
    sourcemap: true,
    rolldownOptions: {
      input: {
        main: 'server/main.ts',
        concord: 'server/concord.ts',
        sqliteWorker: 'server/log/sqliteWorker.ts',
        importThread: 'server/imports/importThread.ts',
      },
      output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
    },
  },
});
