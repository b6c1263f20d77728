import { ConcordError } from '../../shared/protocol/errors.ts';
import type { LogName } from '../../shared/protocol/ids.ts';
import { assertLink } from '../storage/chain.ts';
import { openCheckpoint } from '../storage/checkpoint.ts';
import type { Checkpoint, Entry, Log } from '../storage/log.ts';
import type { ChainedEntry } from '../yjs/replica.ts';
import { Replica } from '../yjs/replica.ts';
import { StagingDocument } from '../yjs/staging.ts';

const pageOfEntries = 2000;
/** Entries that an opening replays at the most, if nothing failed. */
export const entriesBetweenCheckpoints = 500;

/**
 * The head of a recommendation from its newest checkpoint and the entries after it, and the checkpoint's sequence
 * number. A checkpoint that can't be trusted is ignored: the log is replayed, and `onDistrust` called. Throws
 * `internal`, with the reason, where the log is broken or ends before its checkpoint.
 */
export async function openHead(
  log: Log,
  name: LogName,
  onDistrust: (reason: unknown) => void,
): Promise<{ readonly head: StagingDocument; readonly checkpointAt: number }> {
  const stored = await log.checkpoint(name);
  const checkpoint = stored === null ? null : openCheckpoint(stored);
  const restored = checkpoint === null ? null : restoreOrNull(checkpoint);
  if (stored !== null && restored === null) onDistrust(new Error(`the checkpoint of ${name} was altered`));
  const replica = restored ?? Replica.empty();
  const base = restored === null ? null : checkpoint;
  let since: readonly ChainedEntry[] = [];
  await readOn(log, name, replica, (page) => {
    const taken = page.map((entry) => replica.apply(entry));
    // A long log isn't held: what comes of it is.
    if (replica.sequence - (base?.sequence ?? 0) <= entriesBetweenCheckpoints) since = [...since, ...taken];
  });
  await assertEnds(log, name, replica);
  const isLong = replica.sequence - (base?.sequence ?? 0) > entriesBetweenCheckpoints;
  const head = isLong ? StagingDocument.startingAt(name, replica) : new StagingDocument(name, replica, base, since);
  return { head, checkpointAt: base?.sequence ?? 0 };
}

function restoreOrNull(checkpoint: Checkpoint): Replica | null {
  try {
    return Replica.restore(checkpoint);
  } catch {
    return null;
  }
}

const unreadable = (what: string): ConcordError =>
  new ConcordError('internal', { field: what }, { cause: new Error(what) });

/** A log only grows, and never ends before its own checkpoint: everything shown must be in it. */
async function assertEnds(log: Log, name: LogName, { sequence, hash }: Replica): Promise<void> {
  if (sequence === 0) return;
  const head = await log.head(name);
  if (head === null || head.sequence < sequence) throw unreadable(`${name} ends before its checkpoint`);
  if (head.sequence === sequence && Buffer.compare(head.hash, hash) !== 0)
    throw unreadable(`${name} differs from its checkpoint`);
}

/**
 * Reads the entries after a sequence number, page by page, checking the chain. Throws `internal` where it is broken.
 */
export async function readOn(
  log: Log,
  name: LogName,
  after: { readonly sequence: number; readonly hash: Uint8Array },
  take: (page: readonly Entry[]) => void,
): Promise<void> {
  let { sequence, hash } = after;
  for (;;) {
    const page = await log.read(name, sequence, pageOfEntries);
    for (const entry of page) {
      assertLink(entry, hash, sequence);
      ({ sequence, hash } = entry);
    }
    take(page);
    if (page.length < pageOfEntries) return;
  }
}
