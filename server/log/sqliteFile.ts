import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { migrationsTable, newestMigration, sqliteMigrations } from '../store/migrations.ts';
import { StoreRefused } from '../store/refused.ts';

/** "CNCD", in the file's header: what tells our database from anybody else's. */
export const applicationId = 0x434e4344;

export interface OpenFile {
  readonly database: Database.Database;
  close(): void;
}

/**
 * Opens `concord.sqlite` in a directory, and makes it if nothing is there.
 *
 * For writing, the directory is ours alone: the lock is one of SQLite's own, on a file beside the database, so that it
 * goes with the process however that ends. Reading needs no lock, and goes on while a server writes.
 *
 * @throws {StoreRefused} rather than write to a file that it doesn't understand.
 */
export function openFile(dataDir: string, { readOnly }: { readOnly: boolean }): OpenFile {
  const path = join(dataDir, 'concord.sqlite');
  if (readOnly) {
    if (!existsSync(path)) throw new StoreRefused('missing', `${path}: there is no database`);
    const database = open(path, { readOnly: true });
    return { database, close: () => database.close() };
  }
  const lock = takeLock(dataDir);
  try {
    if (!existsSync(path)) create(dataDir, path);
    const database = open(path, { readOnly: false });
    return {
      database,
      close() {
        database.close();
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
    // A server that is just going away gets a moment to go.
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
 * A database appears under its name only when it is whole. Whatever stands there empty or half written is therefore
 * damage, and never taken for a fresh start.
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

function open(path: string, { readOnly }: { readOnly: boolean }): Database.Database {
  let database: Database.Database | null = null;
  try {
    if (statSync(path).size === 0) throw new StoreRefused('damaged', `${path} is damaged: it is empty`);
    database = new Database(path, { readonly: readOnly, fileMustExist: true, timeout: 2_000 });
    // Reads the header first: a file that is no database at all fails here.
    if (database.pragma('application_id', { simple: true }) !== applicationId) {
      throw new StoreRefused('not-concord', `${path} is not a Concord database`);
    }
    const migrated = Number(database.prepare('SELECT max(number) FROM migrations').pluck().get() ?? 0);
    if (migrated > newestMigration) {
      throw new StoreRefused('newer', `${path} was written by a later version of Concord (step ${migrated})`);
    }
    if (readOnly && migrated < newestMigration) {
      throw new StoreRefused('older', `${path} is of an earlier version: start the server on it once`);
    }
    if (readOnly) return database;
    // Reads the whole file. It doesn't know our hashes (`concord verify` does), but it knows a broken tree.
    const found = database.pragma('quick_check(1)', { simple: true });
    if (found !== 'ok') throw new StoreRefused('damaged', `${path} is damaged: ${String(found)}`);
    database.pragma('journal_mode = WAL');
    // In WAL, anything less can lose the newest commits when the power fails.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    migrate(database, migrated);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof StoreRefused) throw error;
    throw refusalOf(path, error);
  }
}

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

/** SQLite's name for what went wrong; empty if it was something else. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
