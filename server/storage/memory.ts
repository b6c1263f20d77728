import { ConcordError } from '../../shared/protocol/errors.ts';
import type { LogName } from '../../shared/protocol/ids.ts';
import { assertRun, buildsOn } from './chain.ts';
import type { Checkpoint, Entry, Log } from './log.ts';
import { subscribers } from './subscribers.ts';

/**
 * A log in memory, which ends with the process: for tests and trials. It keeps every rule of `Log` except durability.
 * Bytes are copied on the way in, as the other logs do.
 */
export function openMemoryLog(): Log {
  const logs = new Map<LogName, Entry[]>();
  const checkpoints = new Map<LogName, Checkpoint>();
  const { subscribe, announce } = subscribers();
  let closed = false;

  /** Every call takes a turn of the event loop, as with a disk, so that callers meet the same interleavings. */
  async function turn(): Promise<void> {
    if (closed) throw new ConcordError('shutting-down');
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  return {
    async append(entries) {
      assertRun(entries);
      const kept = entries.map(copyEntry);
      await turn();
      const first = kept[0];
      if (!first) return true;
      const log = logs.get(first.log) ?? [];
      if (!buildsOn(first, log.at(-1) ?? null)) return false;
      log.push(...kept);
      logs.set(first.log, log);
      announce([first.log]);
      return true;
    },
    async read(log, after, limit) {
      await turn();
      return (logs.get(log) ?? []).slice(after, after + limit);
    },
    async head(log) {
      await turn();
      const last = logs.get(log)?.at(-1);
      return last ? { sequence: last.sequence, hash: last.hash } : null;
    },
    async names() {
      await turn();
      return [...logs.keys()].sort();
    },
    subscribe,
    async saveCheckpoint(checkpoint) {
      const kept = { ...checkpoint, hash: new Uint8Array(checkpoint.hash), state: new Uint8Array(checkpoint.state) };
      await turn();
      const old = checkpoints.get(kept.log);
      if (!old || old.sequence <= kept.sequence) checkpoints.set(kept.log, kept);
    },
    async checkpoint(log) {
      await turn();
      return checkpoints.get(log) ?? null;
    },
    check: turn,
    async close() {
      closed = true;
      await new Promise<void>((resolve) => setImmediate(resolve));
    },
  };
}

function copyEntry(entry: Entry): Entry {
  return {
    ...entry,
    header: new Uint8Array(entry.header),
    content: new Uint8Array(entry.content),
    previous: new Uint8Array(entry.previous),
    hash: new Uint8Array(entry.hash),
  };
}
