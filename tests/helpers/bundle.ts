import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('../../', import.meta.url));
const built = new Map<string, Promise<URL>>();

/**
 * One source file with all its imports as plain JavaScript, for a thread or a process that Node starts by itself. The
 * result is named after its own bytes, so that concurrent tests can share it and never meet a stale one.
 */
export function bundle(entry: string): Promise<URL> {
  const known = built.get(entry) ?? emit(entry);
  built.set(entry, known);
  return known;
}

async function emit(entry: string): Promise<URL> {
  const result = await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'error',
    build: {
      ssr: true,
      write: false,
      target: 'node20',
      rolldownOptions: { input: `${root}${entry}`, output: { codeSplitting: false } },
    },
  });
  const output = [result].flat().flatMap((part) => ('output' in part ? part.output : []));
  const chunk = output.find((part) => part.type === 'chunk');
  if (chunk?.type !== 'chunk') throw new Error(`${entry} gave no program`);
  const directory = `${root}node_modules/.cache/concord`;
  const digest = createHash('sha256').update(chunk.code).digest('hex').slice(0, 12);
  const path = `${directory}/${basename(entry, '.ts')}-${digest}.js`;
  mkdirSync(directory, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, chunk.code);
  renameSync(unfinished, path);
  return pathToFileURL(path);
}
