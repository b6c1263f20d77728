import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { migrationsTable, newestMigration, sqliteMigrations } from '../migrations.ts';
import { StoreRefused } from '../refused.ts';
import { applicationId, inspect } from './inspect.ts';
import { assertHolds, LastCommitMarker, readLastCommitMarker } from './lastCommitMarker.ts';
import { assertSealed, keepSeals } from './seals.ts';

export interface OpenFile {
  readonly database: Database.Database;
  /** Writes the last-commit marker; null for a store that is opened for reading. */
  readonly marker: LastCommitMarker | null;
  close(): void;
}

/**
 * Opens `concord.sqlite` in a directory, and makes it if nothing is there.
 *
 * For writing, the directory is locked: the lock is one of SQLite's own, on a file beside the database, so that it ends
 * with the process, however that ends. Reading needs no lock, and works while a server writes.
 *
 * @throws {StoreRefused} rather than write to a file that it doesn't understand.
 */
export function openFile(dataDir: string, { readOnly }: { readOnly: boolean }): OpenFile {
  const path = join(dataDir, 'concord.sqlite');
  if (readOnly) {
    if (!existsSync(path)) throw new StoreRefused('missing', `${path}: there is no database`);
    const database = look(dataDir, path);
    if (migratedTo(database) < newestMigration) {
      database.close();
      throw new StoreRefused('older', `${path} is of an earlier version: start the server on it once`);
    }
    return { database, marker: null, close: () => database.close() };
  }
  const lock = takeLock(dataDir);
  try {
    if (!existsSync(path)) create(dataDir, path);
    // On a read-only connection: a writable one would copy the write-ahead log into the file as it closes, whatever the
    // inspection found.
    look(dataDir, path).close();
    const database = openForWriting(path);
    const marker = markerOf(dataDir, database);
    return {
      database,
      marker,
      close() {
        database.close();
        marker.close();
        lock.close();
      },
    };
  } catch (error) {
    lock.close();
    throw error;
  }
}

function takeLock(dataDir: string): Database.Database {
  const path = join(dataDir, 'concord.lock');
  let lock: Database.Database;
  try {
    mkdirSync(dataDir, { recursive: true });
    // A server that is just stopping gets a moment to release the lock.
    lock = new Database(path, { timeout: 500 });
  } catch (error) {
    throw new StoreRefused('unreachable', `${dataDir} cannot be written: ${messageOf(error)}`, { cause: error });
  }
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (codeOf(error).startsWith('SQLITE_BUSY')) {
      throw new StoreRefused('in-use', `${dataDir} is in use: another Concord process has it open`, { cause: error });
    }
    throw new StoreRefused('unreachable', `${path} cannot be locked: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * A database gets its name only when it is complete. An empty or incomplete file under that name is therefore damage,
 * and never taken for a fresh start.
 */
function create(dataDir: string, path: string): void {
  if (existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0) {
    throw new StoreRefused('damaged', `${path} is missing, but its write-ahead log is still there`);
  }
  const unfinished = `${path}.new`;
  try {
    for (const left of [unfinished, `${unfinished}-wal`, `${unfinished}-shm`]) rmSync(left, { force: true });
    const database = new Database(unfinished);
    try {
      database.pragma(`application_id = ${applicationId}`);
      database.pragma('journal_mode = WAL');
      migrate(database, 0);
    } finally {
      database.close();
    }
    sync(unfinished);
    renameSync(unfinished, path);
    sync(dataDir);
  } catch (error) {
    throw new StoreRefused('unreachable', `${path} cannot be made: ${messageOf(error)}`, { cause: error });
  }
}

/** A read-only connection, on a database that passed inspection. */
function look(dataDir: string, path: string): Database.Database {
  let database: Database.Database | null = null;
  try {
    if (statSync(path).size === 0) throw new StoreRefused('damaged', `${path} is damaged: it is empty`);
    const stored = readLastCommitMarker(dataDir);
    database = new Database(path, { readonly: true, fileMustExist: true, timeout: 2_000 });
    // One transaction: a server may be writing meanwhile.
    database.exec('BEGIN');
    const migrated = inspect(database, path);
    if (migrated >= sealedSince) assertSealed(database, path);
    assertHolds(database, stored, dataDir);
    database.exec('COMMIT');
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof StoreRefused ? error : refusalOf(path, error);
  }
}

function openForWriting(path: string): Database.Database {
  const database = new Database(path, { fileMustExist: true, timeout: 2_000 });
  try {
    database.pragma('journal_mode = WAL');
    // In WAL mode, anything less can lose the newest commits in a power failure.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    settleLog(database, path);
    migrate(database, migratedTo(database));
    keepSeals(database);
    return database;
  } catch (error) {
    database.close();
    throw error instanceof StoreRefused ? error : refusalOf(path, error);
  }
}

/**
 * Copies all of the write-ahead log into the file, waits for the disk, and restarts the log.
 *
 * A process that ended after a failed `fsync` may leave commits in the log that are in the system's cache and not on
 * the disk: a reader can't tell them from others, later commits are chained to them, and a power failure would lose all
 * of them. After this copy they are on disk; if it fails, the server doesn't start.
 */
function settleLog(database: Database.Database, path: string): void {
  const [outcome] = z.array(z.object({ busy: z.number() })).parse(database.pragma('wal_checkpoint(TRUNCATE)'));
  if (outcome?.busy !== 0)
    throw new StoreRefused('in-use', `${path} is being read by another process: start again when it is done`);
}

function markerOf(dataDir: string, database: Database.Database): LastCommitMarker {
  try {
    const marker = new LastCommitMarker(dataDir, database);
    sync(dataDir);
    return marker;
  } catch (error) {
    database.close();
    throw new StoreRefused('unreachable', `${dataDir} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

/** The step from which on plain tables have seals. */
const sealedSince = 3;

const migratedTo = (database: Database.Database): number =>
  Number(database.prepare('SELECT max(number) FROM migrations').pluck().get() ?? 0);

function refusalOf(path: string, error: unknown): StoreRefused {
  const code = codeOf(error);
  const cause = { cause: error };
  if (code === 'SQLITE_NOTADB') return new StoreRefused('not-concord', `${path} is not a Concord database`, cause);
  if (code.startsWith('SQLITE_CORRUPT') || /no such table: migrations/.test(messageOf(error))) {
    return new StoreRefused('damaged', `${path} is damaged: ${messageOf(error)}`, cause);
  }
  return new StoreRefused('unreachable', `${path} cannot be opened: ${messageOf(error)}`, cause);
}

function migrate(database: Database.Database, from: number): void {
  database.exec(migrationsTable.sqlite);
  for (const { number, name, statements } of sqliteMigrations) {
    if (number <= from) continue;
    database.transaction(() => {
      for (const statement of statements) database.exec(statement);
      database
        .prepare('INSERT INTO migrations (number, name, applied_at) VALUES (?, ?, ?)')
        .run(number, name, Date.now());
    })();
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** SQLite's code for the failure; empty for other failures. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** In one line: SQLite quotes the statements that it can't parse. */
function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ');
}
