import { type Dialect, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import type pg from 'pg';
import { notStored, sqlState } from './pool.ts';

/**
 * Kysely over the pool that the log uses too. Failures of the database (away, full, read-only) become `not-stored`, as
 * in the embedded store, and not `internal`; a connection that breaks during a query fails the query, and not the
 * process.
 */
export function postgresDialect(pool: pg.Pool): Dialect {
  return new PostgresDialect({ pool: guarded(pool) });
}

function guarded(pool: pg.Pool): PostgresPool {
  return {
    async connect() {
      const client = await pool.connect().catch((error: unknown) => {
        throw told(error);
      });
      // The pool handles a client's errors only while the client is idle; unhandled at other times, they would end the
      // process.
      const ignore = (): void => undefined;
      client.on('error', ignore);
      let broken = false;
      const query = async (text: string, values: readonly unknown[]): Promise<unknown> => {
        try {
          return await client.query(text, [...values]);
        } catch (error) {
          broken ||= sqlState(error) === '';
          throw told(error);
        }
      };
      return {
        // Kysely's own contract for the types of rows; cursors are for streams, which are not used here.
        query: query as PostgresPoolClient['query'],
        release() {
          client.off('error', ignore);
          client.release(broken);
        },
      };
    },
    end: () => pool.end(),
  };
}

/**
 * Class 08: connection; 53: no resources; 57: the server stops or starts; 58 and XX: its disk; 25006: it is read-only.
 */
function told(error: unknown): unknown {
  return /^(|08...|53...|57...|58...|XX...|25006)$/.test(sqlState(error)) ? notStored(error) : error;
}
