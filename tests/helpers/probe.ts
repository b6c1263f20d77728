import { existsSync, renameSync, writeFileSync } from 'node:fs';
import * as v8 from 'node:v8';
import { BroadcastChannel, isMainThread } from 'node:worker_threads';
import { WebSocket } from 'ws';
import * as Y from 'yjs';

/**
 * Loaded into a server before its own program (`--import`), so that the program needs no hooks: at SIGUSR2 it collects
 * garbage and writes the process's memory figures to CONCORD_PROBE; and it may run the clock and the long intervals
 * faster. See `samples.ts`.
 */
const file = process.env.CONCORD_PROBE;
const haste = Number(process.env.CONCORD_HASTE ?? 1);
/** The intervals that run faster (slower where `haste` is below one): those at least as long as this, ms. */
const hasteFrom = Number(process.env.CONCORD_HASTE_FROM ?? 60_000);

/** Twice: objects that a finaliser releases in the first are collected in the second. */
function collect(): void {
  globalThis.gc?.();
  globalThis.gc?.();
}

// Each thread has a heap of its own, and all are part of the process.
const others = new BroadcastChannel('concord-probe');
others.unref();
if (!isMainThread)
  others.onmessage = () => {
    collect();
    others.postMessage(process.memoryUsage().heapUsed);
  };

if (isMainThread && file !== undefined) {
  let taken = 0;
  let asked: NodeJS.Timeout | null = null;
  process.on('SIGUSR2', () => {
    clearTimeout(asked ?? undefined);
    // A server without another thread doesn't answer.
    asked = setTimeout(() => {
      asked = null;
      take(0);
    }, 2000);
    others.postMessage('collect');
  });
  others.onmessage = ({ data }: { data: unknown }) => {
    if (asked === null) return;
    clearTimeout(asked);
    asked = null;
    take(Number(data));
  };

  const take = (otherHeaps: number): void => {
    collect();
    taken += 1;
    const { rss, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
    const resources = process.getActiveResourcesInfo();
    // Counting objects takes as much memory as the heap is large, and the process keeps it.
    const counting = existsSync(`${file}.count`);
    const found = {
      taken,
      rss,
      heap: heapUsed,
      committed: heapTotal,
      otherHeaps,
      external,
      buffers: arrayBuffers,
      ...(counting ? { documents: v8.queryObjects(Y.Doc), sockets: v8.queryObjects(WebSocket) } : {}),
      timers: resources.filter((name) => name === 'Timeout').length,
      lines: resources.filter((name) => name === 'TCPSocketWrap').length,
    };
    writeFileSync(`${file}.new`, JSON.stringify(found));
    renameSync(`${file}.new`, file);
  };
}

if (isMainThread && haste !== 1) {
  const begun = Date.now();
  const real = Date.now.bind(Date);
  Date.now = () => Math.round(begun + (real() - begun) * haste);
  // The monotonic clock runs as fast: it decides when rooms are closed.
  const steady = performance.now.bind(performance);
  Object.defineProperty(performance, 'now', { value: () => steady() * haste });
  const every = globalThis.setInterval;
  const hasty = (work: () => void, ms?: number): NodeJS.Timeout =>
    every(work, ms !== undefined && ms >= hasteFrom ? ms / haste : ms);
  globalThis.setInterval = Object.assign(hasty, every);
}
