import type pg from 'pg';
import type { LogName } from '../../../shared/protocol/ids.ts';
import { buildsOn, zeroHash } from '../chain.ts';
import type { Entry, LogHead } from '../log.ts';
import { isAway } from './pool.ts';

/** The channel on which nodes notify each other. */
export const channel = 'concord_log';

/** PostgreSQL takes 65,535 parameters a statement; an entry has six. */
const rowsAStatement = 1_000;

const sql = {
  // Never less than `on`, which waits for the local disk; an administrator may have configured more.
  begin: `BEGIN ISOLATION LEVEL READ COMMITTED;
    SELECT set_config('synchronous_commit', 'on', true)
    WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')`,
  start: `INSERT INTO heads (log, sequence, hash)
    SELECT log, 0, $2 FROM unnest($1::text[]) AS log ORDER BY log
    ON CONFLICT (log) DO NOTHING`,
  lock: `SELECT log, sequence, hash FROM heads WHERE log = ANY ($1::text[]) ORDER BY log FOR UPDATE`,
  insert: 'INSERT INTO entries (log, sequence, previous, hash, header, content) VALUES ',
  advance: `UPDATE heads SET sequence = new.sequence, hash = new.hash
    FROM unnest($1::text[], $2::bigint[], $3::bytea[]) AS new (log, sequence, hash)
    WHERE heads.log = new.log`,
  notify: 'SELECT pg_notify($1, $2)',
  stored: 'SELECT hash FROM entries WHERE log = $1 AND sequence = $2',
};

/** The commit was sent, and no answer came: only the database knows the outcome. */
export class CommitInDoubt extends Error {
  constructor(
    /** The outcomes of the appends if the commit was made. */
    readonly fates: readonly boolean[],
    /** An entry that is stored if the commit was made; a transaction is atomic, so one entry shows it for all. */
    readonly marker: Entry,
    options: ErrorOptions,
  ) {
    super('the commit got no answer', options);
  }
}

/**
 * Commits a group of appends in one transaction, each with its own outcome: whether it built on its log's head.
 *
 * The row in `heads` serialises the nodes, log by log: the second waits for the first to commit, then sees the head
 * that the first left, and fails its condition. Rows are inserted, then locked, in order of name, so that two nodes
 * never wait for each other; and since the heads are locked, no insert can violate the primary key and abort the group.
 *
 * @throws {CommitInDoubt} if the connection broke during the commit; any other error means that nothing was stored.
 */
export async function commitGroup(
  client: pg.ClientBase,
  group: readonly (readonly Entry[])[],
  node: string,
): Promise<readonly boolean[]> {
  await client.query(sql.begin);
  try {
    const heads = await lockHeads(client, group);
    const accepted: Entry[] = [];
    const grown = new Map<LogName, LogHead>();
    const fates = group.map((entries) => {
      const [first] = entries;
      const last = entries.at(-1);
      if (!first || !last) return true;
      if (!buildsOn(first, heads.get(first.log) ?? null)) return false;
      heads.set(last.log, last);
      grown.set(last.log, last);
      accepted.push(...entries);
      return true;
    });
    const marker = accepted.at(-1);
    if (!marker) {
      await client.query('ROLLBACK');
      return fates;
    }
    await insert(client, accepted);
    await advance(client, grown);
    for (const payload of payloads(node, [...grown.keys()])) await client.query(sql.notify, [channel, payload]);
    await commit(client, fates, marker);
    return fates;
  } catch (error) {
    if (!(error instanceof CommitInDoubt)) await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

/**
 * Whether a commit in doubt was made, asked on a new connection. It locks the head of the marker's log, so the answer
 * waits until the old transaction has ended.
 */
export async function wasCommitted(client: pg.ClientBase, { marker }: CommitInDoubt): Promise<boolean> {
  await client.query(sql.begin);
  await lockHeads(client, [[marker]]);
  const { rows } = await client.query<{ hash: Buffer }>(sql.stored, [marker.log, marker.sequence]);
  await client.query('ROLLBACK');
  return rows[0]?.hash.equals(marker.hash) ?? false;
}

async function lockHeads(client: pg.ClientBase, group: readonly (readonly Entry[])[]): Promise<Map<string, LogHead>> {
  const names = new Set<LogName>();
  const fresh = new Set<LogName>();
  for (const [first] of group) {
    if (!first) continue;
    names.add(first.log);
    if (first.sequence === 1) fresh.add(first.log);
  }
  if (fresh.size > 0) await client.query(sql.start, [[...fresh], Buffer.from(zeroHash)]);
  const { rows } = await client.query<LogHead & { log: string }>(sql.lock, [[...names]]);
  return new Map(rows.map(({ log, sequence, hash }) => [log, { sequence, hash }]));
}

async function insert(client: pg.ClientBase, entries: readonly Entry[]): Promise<void> {
  for (let from = 0; from < entries.length; from += rowsAStatement) {
    const values: unknown[] = [];
    const rows = entries.slice(from, from + rowsAStatement).map((entry) => {
      const at = values.length;
      values.push(entry.log, entry.sequence, entry.previous, entry.hash, entry.header, entry.content);
      return `($${at + 1}, $${at + 2}, $${at + 3}, $${at + 4}, $${at + 5}, $${at + 6})`;
    });
    await client.query(sql.insert + rows.join(', '), values);
  }
}

async function advance(client: pg.ClientBase, grown: ReadonlyMap<LogName, LogHead>): Promise<void> {
  const heads = [...grown.values()];
  await client.query(sql.advance, [
    [...grown.keys()],
    heads.map(({ sequence }) => sequence),
    heads.map(({ hash }) => Buffer.from(hash)),
  ]);
}

async function commit(client: pg.ClientBase, fates: readonly boolean[], marker: Entry): Promise<void> {
  try {
    await client.query('COMMIT');
  } catch (error) {
    // Any other failure means that the commit was refused.
    if (isAway(error)) throw new CommitInDoubt(fates, marker, { cause: error });
    throw error;
  }
}

/** The writing node, then names, joined by commas; each payload is below the limit of 8,000 bytes a notification. */
export function payloads(node: string, names: readonly LogName[]): string[] {
  const found: string[] = [];
  let payload = node;
  for (const name of names) {
    if (payload.length + name.length + 1 > 7_900) {
      found.push(payload);
      payload = node;
    }
    payload += `,${name}`;
  }
  found.push(payload);
  return found;
}
