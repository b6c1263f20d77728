import Database from 'better-sqlite3';
import { migrationsTable, newestMigration, sqliteMigrations } from '../migrations.ts';
import { StoreRefused } from '../refused.ts';

/** "CNCD", in the file's header: it identifies a database of Concord. */
export const applicationId = 0x434e4344;

/**
 * Inspects a database before anything is done with it, and returns its migration.
 *
 * @throws {StoreRefused} if it isn't Concord's, or isn't whole. The entries' contents are covered by their chain, which
 * their readers check.
 */
export function inspect(database: Database.Database, path: string): number {
  // Reads the header first: a file that is no database fails here.
  if (database.pragma('application_id', { simple: true }) !== applicationId)
    throw new StoreRefused('not-concord', `${path} is not a Concord database`);
  const migrated = migratedTo(database, path);
  // Compares tables with indexes in the whole file: no query would find a row that an index leaves out.
  const found = database.pragma('integrity_check(1)', { simple: true });
  if (found !== 'ok') throw new StoreRefused('damaged', `${path} is damaged: ${String(found).replaceAll('\n', ' ')}`);
  assertShape(database, migrated, path);
  assertIndexed(database, path);
  return migrated;
}

/**
 * `integrity_check` passes an index whose root page belongs to no index and is empty: only reading it tells. The query
 * is a sum, since SQLite counts rows by the smallest index, even with INDEXED BY.
 */
function assertIndexed(database: Database.Database, path: string): void {
  const indexes = database
    .prepare<unknown[], { name: string; tbl_name: string }>(
      `SELECT name, tbl_name FROM main.sqlite_schema WHERE type = 'index'`,
    )
    .all();
  for (const { name, tbl_name: table } of indexes) {
    const count = (how: string): unknown => database.prepare(`SELECT sum(1) FROM "${table}" ${how}`).pluck().get();
    if (count(`INDEXED BY "${name}"`) !== count('NOT INDEXED'))
      throw new StoreRefused('damaged', `${path} is damaged: an index of ${table} is not what the table says`);
  }
}

function migratedTo(database: Database.Database, path: string): number {
  const steps = database
    .prepare<unknown[], { number: number; name: string }>('SELECT number, name FROM migrations ORDER BY number')
    .all();
  const last = steps.at(-1)?.number ?? 0;
  if (last > newestMigration)
    throw new StoreRefused('newer', `${path} was written by a later version of Concord (step ${last})`);
  const whole = steps.every(({ number, name }, at) => number === at + 1 && name === sqliteMigrations[at]?.name);
  if (!whole || last === 0) throw new StoreRefused('damaged', `${path} is damaged: its migrations are not ours`);
  return last;
}

/** The table definitions must equal those of the migrations: SQLite accepts a changed definition as it stands. */
function assertShape(database: Database.Database, migrated: number, path: string): void {
  const model = new Database(':memory:');
  try {
    model.exec(migrationsTable.sqlite);
    for (const { number, statements } of sqliteMigrations)
      if (number <= migrated) for (const statement of statements) model.exec(statement);
    const made = new Set(shapesOf(database));
    const missing = shapesOf(model).find((shape) => !made.has(shape));
    if (missing !== undefined)
      throw new StoreRefused('damaged', `${path} is damaged: its tables are not those that Concord made`);
  } finally {
    model.close();
  }
}

const shapesOf = (database: Database.Database): string[] =>
  database
    .prepare<unknown[], Record<string, unknown>>('SELECT type, name, tbl_name, sql FROM main.sqlite_schema')
    .all()
    .map((row) => JSON.stringify(row));
