import pg from 'pg';
import { ConcordError } from '../../../shared/protocol/errors.ts';
import { migrationsTable, newestMigration, postgresMigrations } from '../migrations.ts';
import { StoreRefused } from '../refused.ts';

/** An arbitrary number that all nodes use, and nothing else in this database. */
const migrationLock = 4_351_204_936;

/** Sequence numbers and times stay below 2^53, so they are read as numbers, as in SQLite. */
const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, Number);

export function connectionOptions(databaseUrl: string, { readOnly }: { readOnly: boolean }): pg.ClientConfig {
  return {
    connectionString: databaseUrl,
    types,
    application_name: 'concord',
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    // A database that stopped answering must not block a room for ever.
    query_timeout: 30_000,
    ...(readOnly && { options: '-c default_transaction_read_only=on' }),
  };
}

/**
 * A pool on a database with the newest schema.
 *
 * @throws {StoreRefused} if it can't be reached, isn't Concord's, or has a later schema.
 */
export async function openPool(databaseUrl: string, { readOnly }: { readOnly: boolean }): Promise<pg.Pool> {
  const pool = new pg.Pool({ ...connectionOptions(databaseUrl, { readOnly }), max: 10 });
  // A connection that breaks while idle is replaced at its next use, which then reports the failure.
  pool.on('error', () => {});
  // A connection that breaks during a query rejects the query and must not end the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  try {
    const client = await pool.connect();
    try {
      if (readOnly) await assertNewest(client);
      else await migrate(client);
    } finally {
      client.release();
    }
    return pool;
  } catch (error) {
    await pool.end();
    throw error instanceof StoreRefused ? error : refusalOf(error);
  }
}

async function assertNewest(client: pg.PoolClient): Promise<void> {
  const migrated = await migratedTo(client);
  if (migrated < newestMigration) {
    throw new StoreRefused('older', 'the database is of an earlier version: start the server on it once');
  }
}

async function migratedTo(client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query<{ number: number | null }>('SELECT max(number) AS number FROM migrations');
  const migrated = rows[0]?.number ?? 0;
  if (migrated > newestMigration) {
    throw new StoreRefused('newer', `the database was written by a later version of Concord (step ${migrated})`);
  }
  return migrated;
}

/** Nodes that start together migrate one after the other. */
async function migrate(client: pg.PoolClient): Promise<void> {
  await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
  try {
    await client.query(migrationsTable.postgres);
    const migrated = await migratedTo(client);
    for (const { number, name, statements } of postgresMigrations) {
      if (number <= migrated) continue;
      await client.query('BEGIN');
      try {
        for (const statement of statements) await client.query(statement);
        await client.query('INSERT INTO migrations (number, name, applied_at) VALUES ($1, $2, $3)', [
          number,
          name,
          Date.now(),
        ]);
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      }
    }
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [migrationLock]);
  }
}

function refusalOf(error: unknown): StoreRefused {
  const message = error instanceof Error ? error.message : String(error);
  // A table or column of that name exists, or is missing, where our own steps would have made it otherwise.
  if (/^42P0[17]$|^42703$/.test(sqlState(error))) {
    return new StoreRefused('not-concord', `the database holds something else: ${message}`, { cause: error });
  }
  return new StoreRefused('unreachable', `the database cannot be opened: ${message}`, { cause: error });
}

/** PostgreSQL's five-character error code; empty if the connection failed. */
export function sqlState(error: unknown): string {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : '';
}

/** Whether the connection failed, or the server went away (classes 57 and 08), and not the statement. */
export const isAway = (error: unknown): boolean => /^(|57...|08...)$/.test(sqlState(error));

/** The error for callers of the log, for any failure of the database. */
export function notStored(cause: unknown): ConcordError {
  return cause instanceof ConcordError ? cause : new ConcordError('not-stored', {}, { cause });
}
