import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { StoreRefused } from '../refused.ts';
import { BatchRunner } from './batch.ts';
import { type OpenFile, openFile } from './file.ts';
import type { Append, FromWorker, Numbered, NumberedOutcome, ToWorker, WorkerStart } from './protocol.ts';

/**
 * The thread that waits for the disk, so that the event loop needn't. It takes all requests that have arrived, commits
 * them together, and answers; requests that arrive meanwhile are the next batch.
 */
function serve(port: MessagePort, { dataDir, readOnly }: WorkerStart): void {
  const post = (message: FromWorker, transfer: readonly ArrayBuffer[] = []) => port.postMessage(message, [...transfer]);
  let file: OpenFile;
  try {
    file = openFile(dataDir, { readOnly });
  } catch (error) {
    if (!(error instanceof StoreRefused)) throw error;
    post({ kind: 'refused', reason: error.reason, message: error.message });
    port.close();
    return;
  }
  const runner = new BatchRunner(file.database, file.marker);

  port.on('message', (first: ToWorker) => {
    const appends: Append[] = [];
    const requests: Numbered[] = [];
    let closing = false;
    for (let message: ToWorker | undefined = first; message; message = receiveMessageOnPort(port)?.message) {
      if ('close' in message) closing = true;
      else {
        appends.push(...message.appends);
        requests.push(...message.requests);
      }
    }
    const stored: number[] = [];
    const outcomes: NumberedOutcome[] = [];
    for (const numbered of runner.run({ appends, requests })) {
      const { id, outcome } = numbered;
      if (outcome.ok && outcome.answer === true) stored.push(id);
      else outcomes.push(numbered);
    }
    post({ kind: 'outcomes', stored, outcomes }, largeBuffers(outcomes));
    if (closing) {
      file.close();
      post({ kind: 'closed' });
      port.close();
    }
  });
  post({ kind: 'opened' });
}

/** Arrays that are worth transferring instead of copying. Small arrays are copied faster than they are detached. */
function largeBuffers(outcomes: readonly NumberedOutcome[]): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  for (const { outcome } of outcomes) {
    if (!outcome.ok || outcome.answer === null || typeof outcome.answer !== 'object') continue;
    for (const row of Array.isArray(outcome.answer) ? outcome.answer : [outcome.answer]) {
      if (row === null || typeof row !== 'object') continue;
      for (const value of Object.values(row)) {
        if (!(value instanceof Uint8Array) || value.byteLength < 65_536) continue;
        if (value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength)
          found.add(value.buffer);
      }
    }
  }
  return [...found];
}

if (parentPort) serve(parentPort, workerData);
