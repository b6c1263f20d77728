import { hash as digest } from 'node:crypto';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { LogName } from '../../shared/protocol/ids.ts';
import type { Entry } from './log.ts';

/** The `previous` of a log's first entry. Never written to: every chain starts from it. */
export const zeroHash: Uint8Array = new Uint8Array(32);

/** The first bytes that are hashed. A later encoding takes another name, so that no bytes can be read in two ways. */
const encoding = new TextEncoder().encode('concord-entry-1');

const utf8 = new TextEncoder();

/**
 * SHA-256 over every field but the hash, each preceded by its length in 8 bytes: without the lengths, the last byte of a
 * header could be taken for the first of its content.
 */
function hashOf(entry: Omit<Entry, 'hash'>): Uint8Array {
  const { log, sequence, previous, header, content } = entry;
  const name = utf8.encode(log);
  const size = 6 * 8 + encoding.length + name.length + 8 + previous.length + header.length + content.length;
  // One buffer and one call: each call of a hash costs more than hashing an entry.
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  const put = (field: Uint8Array): void => {
    at = bytes.writeBigUInt64BE(BigInt(field.length), at);
    bytes.set(field, at);
    at += field.length;
  };
  put(encoding);
  put(name);
  at = bytes.writeBigUInt64BE(8n, at);
  at = bytes.writeBigUInt64BE(BigInt(sequence), at);
  put(previous);
  put(header);
  put(content);
  return new Uint8Array(digest('sha256', bytes, 'buffer'));
}

/** An entry with its hash. Readers get exactly the bytes that were hashed: don't change the arrays afterwards. */
export function seal(entry: {
  readonly log: LogName;
  readonly sequence: number;
  readonly header: Uint8Array;
  readonly content: Uint8Array;
  readonly previous: Uint8Array;
}): Entry {
  const { log, sequence, header, content, previous } = entry;
  return { log, sequence, header, content, previous, hash: hashOf({ log, sequence, header, content, previous }) };
}

/** The fault of an entry: it isn't the next one, it was chained to another, or its bytes were changed. */
export type BrokenLink = 'out-of-sequence' | 'not-chained' | 'altered';

/**
 * Compares an entry with the one before it (`zeroHash` and 0 before the first); null if it follows.
 *
 * A chain proves order and completeness up to the newest entry that is known from elsewhere: no chain can show that
 * entries are missing at its very end.
 */
export function verifyLink(entry: Entry, previousHash: Uint8Array, previousSequence: number): BrokenLink | null {
  if (entry.sequence !== previousSequence + 1) return 'out-of-sequence';
  if (!sameBytes(entry.previous, previousHash)) return 'not-chained';
  if (!sameBytes(entry.hash, hashOf(entry))) return 'altered';
  return null;
}

/** Throws `internal`, naming entry and reason, where an entry doesn't follow: a broken log is shown to nobody. */
export function assertLink(entry: Entry, previousHash: Uint8Array, previousSequence: number): void {
  const broken = verifyLink(entry, previousHash, previousSequence);
  if (broken === null) return;
  const field = `entry ${entry.sequence} of ${entry.log} is ${broken}`;
  throw new ConcordError('internal', { field }, { cause: new Error(`${field}: run \`concord verify\``) });
}

/**
 * Checks the entries of one append: one log, consecutive, each chained to the one before.
 *
 * @throws {RangeError} if they aren't: the caller has a fault, and no store may write it to the log.
 */
export function assertRun(entries: readonly Entry[]): void {
  for (const [index, entry] of entries.entries()) {
    const before = entries[index - 1];
    const follows = before
      ? entry.log === before.log && entry.sequence === before.sequence + 1 && sameBytes(entry.previous, before.hash)
      : Number.isSafeInteger(entry.sequence) && entry.sequence > 0;
    if (!follows || entry.previous.length !== 32 || entry.hash.length !== 32) {
      throw new RangeError(`entry ${entry.sequence} of ${entry.log} does not follow in its own append`);
    }
  }
}

/** Whether the first entry of an append builds on exactly this head. */
export function buildsOn(
  first: Pick<Entry, 'sequence' | 'previous'>,
  head: { sequence: number; hash: Uint8Array } | null,
): boolean {
  return first.sequence === (head?.sequence ?? 0) + 1 && sameBytes(first.previous, head?.hash ?? zeroHash);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
