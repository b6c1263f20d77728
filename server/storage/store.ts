import { type CompiledQuery, Kysely, type QueryResult } from 'kysely';
import type { Log } from './log.ts';
import { postgresDialect } from './postgres/dialect.ts';
import { openPostgres } from './postgres/log.ts';
import { sqlState } from './postgres/pool.ts';
import { sqliteDialect, ThreadConnection } from './sqlite/dialect.ts';
import { openSqlite, StatementFailed } from './sqlite/log.ts';
import type { Tables } from './tables.ts';

export { StoreRefused } from './refused.ts';
export type { Tables } from './tables.ts';

/** All durable data: the log, and the plain tables beside it in the same database. */
export interface Store {
  readonly log: Log;
  readonly tables: Kysely<Tables>;
  /** Waits for the work under way, then closes files and connections. */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** The directory of the embedded database. Not used with `databaseUrl`. */
  readonly dataDir: string;
  /** `postgres://…`: the database that several nodes share. */
  readonly databaseUrl?: string | undefined;
  /** Opens for reading, and writes nothing; also while a server runs. */
  readonly readOnly?: boolean;
  /** See `SqliteOptions.worker`. */
  readonly worker?: URL;
}

/**
 * Opens the store, making or migrating it as needed.
 *
 * @throws {StoreRefused} with a reason and a sentence for the operator; nothing was changed then.
 */
export async function openStore({ dataDir, databaseUrl, readOnly = false, worker }: StoreOptions): Promise<Store> {
  if (databaseUrl) {
    const { log, pool } = await openPostgres({ databaseUrl, readOnly });
    return storeOf(log, new Kysely<Tables>({ dialect: postgresDialect(pool) }));
  }
  const sqlite = await openSqlite({ dataDir, readOnly, ...(worker && { worker }) });
  return storeOf(sqlite.log, new Kysely<Tables>({ dialect: sqliteDialect(sqlite) }));
}

/** The log owns the thread or the connections, and ends them: `Kysely.destroy` would end the pool a second time. */
function storeOf(log: Log, tables: Kysely<Tables>): Store {
  return { log, tables, close: () => log.close() };
}

/** A query, or one that must change at least one row, or else the whole transaction is undone. */
export type Step = CompiledQuery | { readonly mustChange: CompiledQuery };

/**
 * Runs queries in one transaction. `null` if a step that must change a row changed none: then nothing was done. "If it
 * is still unused, use it and …" is expressed in this way, without a transaction that stays open between awaits.
 *
 * Any failure undoes all, and is rethrown; see `isUniqueViolation`.
 */
export async function atomically(
  { tables }: Pick<Store, 'tables'>,
  steps: readonly Step[],
): Promise<readonly QueryResult<unknown>[] | null> {
  const queries = steps.map((step) =>
    'mustChange' in step ? { query: step.mustChange, mustChange: true } : { query: step, mustChange: false },
  );
  const onThread = await tables
    .getExecutor()
    .provideConnection(async (connection) =>
      connection instanceof ThreadConnection ? { results: await connection.executeAll(queries) } : null,
    );
  if (onThread) return onThread.results;
  try {
    return await tables.transaction().execute(async (transaction) => {
      const results: QueryResult<unknown>[] = [];
      for (const { query, mustChange } of queries) {
        const result = await transaction.executeQuery(query);
        if (mustChange && !result.numAffectedRows) throw new NothingChanged();
        results.push(result);
      }
      return results;
    });
  } catch (error) {
    if (error instanceof NothingChanged) return null;
    throw error;
  }
}

class NothingChanged extends Error {}

/** Whether a query failed because a row has that name or id already. */
export function isUniqueViolation(error: unknown): boolean {
  if (error instanceof StatementFailed) return /^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY)$/.test(error.code);
  return sqlState(error) === '23505';
}
