import type pg from 'pg';
import { ConcordError } from '../../../shared/protocol/errors.ts';
import { LogName, randomId } from '../../../shared/protocol/ids.ts';
import { assertRun } from '../chain.ts';
import type { Checkpoint, Entry, Log, LogHead } from '../log.ts';
import { subscribers } from '../subscribers.ts';
import { CommitInDoubt, commitGroup, wasCommitted } from './append.ts';
import { notStored, openPool } from './pool.ts';
import { watchHeads } from './watch.ts';

export interface PostgresOptions {
  readonly databaseUrl: string;
  readonly readOnly?: boolean;
  /** Interval, in milliseconds, of the search for entries whose notification got lost. */
  readonly lookEvery?: number;
}

/** The store that several nodes share: the log, and the connections that the plain tables use too. */
export interface Postgres {
  readonly log: Log;
  readonly pool: pg.Pool;
}

interface Waiting {
  readonly entries: readonly Entry[];
  resolve(stored: boolean): void;
  reject(error: Error): void;
}

const sql = {
  read: `SELECT log, sequence, previous, hash, header, content FROM entries
    WHERE log = $1 AND sequence > $2 ORDER BY sequence LIMIT $3`,
  head: 'SELECT sequence, hash FROM heads WHERE log = $1 AND sequence > 0',
  names: 'SELECT log FROM heads WHERE sequence > 0 ORDER BY log',
  saveCheckpoint: `INSERT INTO checkpoints (log, sequence, hash, state) VALUES ($1, $2, $3, $4)
    ON CONFLICT (log) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash, state = excluded.state
    WHERE excluded.sequence >= checkpoints.sequence`,
  checkpoint: 'SELECT log, sequence, hash, state FROM checkpoints WHERE log = $1',
  check: 'INSERT INTO health (id, checks) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET checks = health.checks + 1',
};

/** A group is all that arrived during the last commit, up to this many bytes, so that one transaction stays small. */
const groupBytes = 16 * 1024 * 1024;

/**
 * Opens the log on a PostgreSQL database, and migrates the database to its newest schema.
 *
 * An append whose commit got no answer is looked up on a new connection. Only if the database stays out of reach is it
 * rejected as `not-stored` with an unknown outcome: read the log before trying again, as after any failure.
 *
 * @throws {StoreRefused} if the database can't be used.
 */
export async function openPostgres({
  databaseUrl,
  readOnly = false,
  lookEvery = 2_000,
}: PostgresOptions): Promise<Postgres> {
  const pool = await openPool(databaseUrl, { readOnly });
  const node = randomId();
  const { subscribe, announce } = subscribers();
  const watch = await watchHeads(databaseUrl, pool, announce, { node, interval: lookEvery });
  let queue: Waiting[] = [];
  let committing: Promise<void> | null = null;
  let closing: Promise<void> | null = null;

  async function commitAll(): Promise<void> {
    while (queue.length > 0) {
      const group = takeGroup();
      try {
        settle(group, await commitOne(group.map(({ entries }) => entries)));
      } catch (error) {
        for (const { reject } of group) reject(notStored(error));
      }
    }
  }

  function takeGroup(): Waiting[] {
    let bytes = 0;
    const end = queue.findIndex(({ entries }, index) => {
      for (const { header, content } of entries) bytes += header.length + content.length;
      return index > 0 && bytes > groupBytes;
    });
    const group = end < 0 ? queue : queue.slice(0, end);
    queue = end < 0 ? [] : queue.slice(end);
    return group;
  }

  function settle(group: readonly Waiting[], fates: readonly boolean[]): void {
    const grown = new Set<LogName>();
    for (const [index, { entries, resolve }] of group.entries()) {
      const stored = fates[index] ?? false;
      const last = entries.at(-1);
      if (stored && last) {
        grown.add(last.log);
        watch.seen(last.log, last.sequence);
      }
      resolve(stored);
    }
    announce(grown);
  }

  async function commitOne(group: readonly (readonly Entry[])[]): Promise<readonly boolean[]> {
    try {
      return await withClient((client) => commitGroup(client, group, node));
    } catch (error) {
      if (!(error instanceof CommitInDoubt)) throw error;
      const committed = await retried(5, 500, () => withClient((client) => wasCommitted(client, error)));
      if (!committed) throw error;
      return error.fates;
    }
  }

  /** A connection on which something failed isn't used again. */
  async function withClient<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    let failed = true;
    try {
      const result = await use(client);
      failed = false;
      return result;
    } finally {
      client.release(failed);
    }
  }

  async function query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    if (closing !== null) throw new ConcordError('shutting-down');
    try {
      const { rows } = await pool.query<Row>(text, [...values]);
      return rows;
    } catch (error) {
      throw notStored(error);
    }
  }

  const log: Log = {
    async append(entries) {
      assertRun(entries);
      if (entries.length === 0) return true;
      if (closing !== null) throw new ConcordError('shutting-down');
      // A copy, since the append may be queued while its caller changes the arrays.
      const kept = entries.map(copied);
      return new Promise<boolean>((resolve, reject) => {
        queue.push({ entries: kept, resolve, reject });
        committing ??= commitAll().finally(() => {
          committing = null;
        });
      });
    },
    async read(name, after, limit) {
      const rows = await query<Entry>(sql.read, [name, after, limit]);
      return rows.map(({ log, sequence, previous, hash, header, content }) => ({
        log,
        sequence,
        previous: plain(previous),
        hash: plain(hash),
        header: plain(header),
        content: plain(content),
      }));
    },
    async head(name) {
      const [head] = await query<LogHead & pg.QueryResultRow>(sql.head, [name]);
      return head ? { sequence: head.sequence, hash: plain(head.hash) } : null;
    },
    async names() {
      const rows = await query<{ log: string }>(sql.names);
      return rows.map((row) => LogName.parse(row.log));
    },
    subscribe,
    async saveCheckpoint({ log: name, sequence, hash, state }) {
      await query(sql.saveCheckpoint, [name, sequence, hash, state]);
    },
    async checkpoint(name) {
      const [checkpoint] = await query<Checkpoint & pg.QueryResultRow>(sql.checkpoint, [name]);
      if (!checkpoint) return null;
      const { log, sequence, hash, state } = checkpoint;
      return { log, sequence, hash: plain(hash), state: plain(state) };
    },
    async check() {
      await query(sql.check);
    },
    close() {
      closing ??= (async () => {
        await committing;
        await watch.close();
        await pool.end();
      })();
      return closing;
    },
  };
  return { log, pool };
}

function copied({ log, sequence, previous, hash, header, content }: Entry): Entry {
  return {
    log,
    sequence,
    previous: new Uint8Array(previous),
    hash: new Uint8Array(hash),
    header: new Uint8Array(header),
    content: new Uint8Array(content),
  };
}

/** The driver gives Buffers, whose `slice` shares memory where that of a Uint8Array copies. */
function plain({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

async function retried<T>(times: number, pause: number, attempt: () => Promise<T>): Promise<T> {
  for (let left = times; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left <= 1) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
