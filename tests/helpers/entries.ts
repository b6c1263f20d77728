import { seal, verifyLink, zeroHash } from '../../server/storage/chain.ts';
import type { Entry, Log, LogHead } from '../../server/storage/log.ts';
import { LogName } from '../../shared/protocol/ids.ts';

export const logName = (number: number): LogName =>
  LogName.parse(`recommendation:test${String(number).padStart(6, '0')}`);

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The next entries of a log: one a content, each chained to the one before. */
export function entriesAfter(log: LogName, head: LogHead | null, ...contents: (string | Uint8Array)[]): Entry[] {
  const made: Entry[] = [];
  let { sequence, hash } = head ?? { sequence: 0, hash: zeroHash };
  for (const content of contents) {
    sequence += 1;
    const entry = seal({
      log,
      sequence,
      header: bytes('{"by":"ARG"}'),
      content: typeof content === 'string' ? bytes(content) : content,
      previous: hash,
    });
    made.push(entry);
    hash = entry.hash;
  }
  return made;
}

/** Appends at the head, again and again until no other writer came first, as every writer does. */
export async function appendAtHead(log: Log, name: LogName, content: string): Promise<number> {
  for (;;) {
    const entries = entriesAfter(name, await log.head(name), content);
    if (await log.append(entries)) return entries[0]?.sequence ?? 0;
  }
}

/** The whole log, read in small pieces. */
export async function readAll(log: Log, name: LogName): Promise<Entry[]> {
  const found: Entry[] = [];
  for (;;) {
    const piece = await log.read(name, found.length, 100);
    if (piece.length === 0) return found;
    found.push(...piece);
  }
}

/** The first entry that doesn't follow the one before; null if the chain holds. */
export function firstBroken(entries: readonly Entry[]): { at: number; why: string } | null {
  let head: LogHead = { sequence: 0, hash: zeroHash };
  for (const [at, entry] of entries.entries()) {
    const why = verifyLink(entry, head.hash, head.sequence);
    if (why) return { at, why };
    head = entry;
  }
  return null;
}
