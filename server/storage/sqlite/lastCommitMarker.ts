import { createHash } from 'node:crypto';
import { closeSync, constants, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { z } from 'zod';
import { StoreRefused } from '../refused.ts';

/** The outcome of the last commit: its last entry, or, where it appended none, the count of commits without entries. */
const Stored = z.object({
  entry: z.object({ log: z.string(), sequence: z.number(), hash: z.string() }).nullable(),
  checks: z.number(),
});
export type Stored = z.infer<typeof Stored>;

/** One disk sector: it is written whole or not at all. */
const size = 512;

/**
 * A file beside the database that names the last commit. SQLite silently drops the part at the end of its write-ahead
 * log that it can't read, so it can't tell a log that was cut, damaged or exchanged from a complete one; nor an older
 * copy of the file from the newest. The marker can: a transaction is atomic, so its last entry stands for all before
 * it.
 *
 * It is written after the commit without waiting for the disk, so that it costs next to nothing: it may be behind the
 * disk, never ahead of it.
 */
export class LastCommitMarker {
  readonly #file: number;
  #last: Stored;

  /** Starts from the contents of the database, which was inspected before. */
  constructor(dataDir: string, database: Database.Database) {
    this.#last = newest(database);
    this.#file = openSync(pathOf(dataDir), constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      writeSync(this.#file, encode(this.#last), 0, size, 0);
      fsyncSync(this.#file);
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
  }

  /** After a commit: its last entry, or the count of commits without an entry. */
  note(
    last: { readonly entry: { log: string; sequence: number; hash: Uint8Array } } | { readonly checks: number },
  ): void {
    if ('checks' in last) this.#last = { ...this.#last, checks: last.checks };
    else {
      const { log, sequence, hash } = last.entry;
      this.#last = { ...this.#last, entry: { log, sequence, hash: hexOf(hash) } };
    }
    try {
      writeSync(this.#file, encode(this.#last), 0, size, 0);
    } catch {
      // A marker that is behind is still true.
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

/**
 * The marker's contents, for `assertHolds`; null where there is none, or none that can be read. Read it before the
 * database.
 */
export function readLastCommitMarker(dataDir: string): Stored | null {
  try {
    const [text = '', digest] = readFileSync(pathOf(dataDir), 'utf8').trimEnd().split('\n');
    return digest === digestOf(text) ? Stored.parse(JSON.parse(text)) : null;
  } catch {
    return null;
  }
}

/** @throws {StoreRefused} `damaged` if the database lacks the marked commit. */
export function assertHolds(database: Database.Database, stored: Stored | null, dataDir: string): void {
  if (stored === null) return;
  const { entry, checks } = stored;
  const found =
    entry === null
      ? undefined
      : database
          .prepare<unknown[], Uint8Array>('SELECT hash FROM entries WHERE log = ? AND sequence = ?')
          .pluck()
          .get(entry.log, entry.sequence);
  const gone = entry !== null && (found === undefined || hexOf(found) !== entry.hash);
  if (!gone && checksOf(database) >= checks) return;
  const what = gone ? `entry ${entry.sequence} of ${entry.log}` : `commit ${checks}`;
  throw new StoreRefused(
    'damaged',
    `${join(dataDir, 'concord.sqlite')} is damaged: ${what} was stored and is not there. The newest commits are gone, ` +
      `or this is an older copy, or its write-ahead log is another's. To go on from an older copy on purpose, ` +
      `remove ${pathOf(dataDir)}`,
  );
}

const pathOf = (dataDir: string): string => join(dataDir, 'concord.last');

function newest(database: Database.Database): Stored {
  const entry = database
    .prepare<unknown[], { log: string; sequence: number; hash: Uint8Array }>(
      'SELECT log, sequence, hash FROM entries ORDER BY rowid DESC LIMIT 1',
    )
    .get();
  return {
    entry: entry === undefined ? null : { ...entry, hash: hexOf(entry.hash) },
    checks: checksOf(database),
  };
}

const checksOf = (database: Database.Database): number =>
  Number(database.prepare('SELECT checks FROM health WHERE id = 1').pluck().get() ?? 0);

function encode(stored: Stored): Buffer {
  const text = JSON.stringify(stored);
  const line = Buffer.alloc(size, ' ');
  line.write(`${text}\n${digestOf(text)}`);
  return line;
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
