import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Sqlite } from './log.ts';
import type { Statement, StatementResult } from './protocol.ts';

/**
 * Kysely over the thread that holds the database. It has no transactions that stay open between two awaits: they would
 * block every append of every room. Use `atomically`.
 */
export function sqliteDialect(sqlite: Sqlite): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ThreadDriver(sqlite),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (tables) => new SqliteIntrospector(tables),
  };
}

/** A connection that takes a whole transaction at once. */
export class ThreadConnection implements DatabaseConnection {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const results = await this.executeAll([{ query, mustChange: false }]);
    const result = results?.[0];
    if (!result) throw new Error('a statement gave no result');
    // Kysely's own contract: it derived the type of the rows from the tables.
    return result as QueryResult<R>;
  }

  async executeAll(
    steps: readonly { query: CompiledQuery; mustChange: boolean }[],
  ): Promise<readonly QueryResult<unknown>[] | null> {
    const statements = steps.map(
      ({ query: { sql, parameters }, mustChange }): Statement => ({ sql, parameters, mustChange }),
    );
    const results = await this.#sqlite.execute(statements);
    return results?.map(toQueryResult) ?? null;
  }

  // biome-ignore lint/correctness/useYield: it exists to refuse.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('the SQLite store does not stream: select with a limit');
  }
}

function toQueryResult({ rows, changes }: StatementResult): QueryResult<unknown> {
  return { rows: [...rows], numAffectedRows: BigInt(changes) };
}

class ThreadDriver implements Driver {
  readonly #connection: ThreadConnection;

  constructor(sqlite: Sqlite) {
    this.#connection = new ThreadConnection(sqlite);
  }

  async init(): Promise<void> {}

  /** One connection for all: the thread keeps the order. */
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async beginTransaction(): Promise<never> {
    throw new Error('the SQLite store has no interactive transactions: use atomically()');
  }

  async commitTransaction(): Promise<never> {
    return this.beginTransaction();
  }

  async rollbackTransaction(): Promise<never> {
    return this.beginTransaction();
  }

  async releaseConnection(): Promise<void> {}

  /** The log's `close` ends the thread. */
  async destroy(): Promise<void> {}
}
