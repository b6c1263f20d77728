import { parentPort } from 'node:worker_threads';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { importCompilation } from './compilation.ts';
import type { Read, ToRead } from './importer.ts';

/** The worker thread's program: reads each compilation that it is given, and answers with the result. */
function read({ source, language }: ToRead): Read {
  try {
    return { json: new TextEncoder().encode(JSON.stringify(importCompilation(source, language))) };
  } catch (error) {
    if (error instanceof ConcordError && error.code === 'import-unreadable') return { json: null };
    throw error;
  }
}

parentPort?.on('message', (given: ToRead) => {
  const answer = read(given);
  parentPort?.postMessage(answer, answer.json === null ? [] : [answer.json.buffer]);
});
