import { type Dialect, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import type pg from 'pg';
import { notStored, sqlState } from './pool.ts';

/**
 * Kysely over the pool that the log uses too. What fails because the database is away, full or read-only is told as the
 * embedded store tells it, `not-stored`, and not as a mistake of ours; and a connection that breaks while a query has it
 * breaks the query, and not the process.
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
      // Its errors are heard by the pool only while it is idle: nobody else hears them, and that would end the process.
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
        // Kysely's own promise of what a query's rows are; cursors are for streams, which nobody asks for.
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

/** Class 08: the connection; 53: no room; 57: the server goes or comes; 58 and XX: its disk; 25006: it takes no writing. */
function told(error: unknown): unknown {
  return /^(|08...|53...|57...|58...|XX...|25006)$/.test(sqlState(error)) ? notStored(error) : error;
}
