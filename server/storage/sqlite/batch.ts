import type Database from 'better-sqlite3';
import type { LogName } from '../../../shared/protocol/ids.ts';
import { buildsOn } from '../chain.ts';
import type { Checkpoint, Entry, LogHead } from '../log.ts';
import { codeOf } from './file.ts';
import type { LastCommitMarker } from './lastCommitMarker.ts';
import type {
  Answers,
  Append,
  Batch,
  Kind,
  Numbered,
  NumberedOutcome,
  Outcome,
  Request,
  Statement,
} from './protocol.ts';

const sql = {
  head: 'SELECT sequence, hash FROM entries WHERE log = ? ORDER BY sequence DESC LIMIT 1',
  insert: 'INSERT INTO entries (log, sequence, previous, hash, header, content) VALUES (?, ?, ?, ?, ?, ?)',
  read: `SELECT log, sequence, previous, hash, header, content FROM entries
    WHERE log = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
  // Steps from name to name in the index; DISTINCT would read every entry.
  names: `WITH RECURSIVE names (log) AS (
      SELECT min(log) FROM entries
      UNION ALL
      SELECT (SELECT min(log) FROM entries WHERE log > names.log) FROM names WHERE names.log IS NOT NULL
    ) SELECT log FROM names WHERE log IS NOT NULL`,
  saveCheckpoint: `INSERT INTO checkpoints (log, sequence, hash, state) VALUES (?, ?, ?, ?)
    ON CONFLICT (log) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash, state = excluded.state
    WHERE excluded.sequence >= checkpoints.sequence`,
  checkpoint: 'SELECT log, sequence, hash, state FROM checkpoints WHERE log = ?',
  check: 'INSERT INTO health (id, checks) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET checks = checks + 1',
  checks: 'SELECT checks FROM health WHERE id = 1',
};

/** The number of logs whose newest entries are remembered. */
const mostHeads = 10_000;

/** A failure that undoes one request and leaves the others of its batch. */
class NothingChanged extends Error {}

/**
 * All requests that arrived during the last commit, as one: all writes share a transaction, and so a single wait for
 * the disk. Each request has a savepoint in it: a failed one is undone alone. No request is answered before the commit;
 * if that fails, nothing of the batch was stored. Reads follow, and see the committed data.
 */
export class BatchRunner {
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  /** The newest entries of logs that were appended to. */
  readonly #heads = new Map<LogName, LogHead>();

  readonly #marker: Pick<LastCommitMarker, 'note'> | null;
  /** The last commit failed: its pages may still stand at the end of the write-ahead log. */
  #suspect = false;

  constructor(database: Database.Database, marker: Pick<LastCommitMarker, 'note'> | null = null) {
    this.#database = database;
    this.#marker = marker;
  }

  run({ appends, requests }: Batch): NumberedOutcome[] {
    const outcomes: NumberedOutcome[] = [];
    const writes: Numbered[] = [];
    const reads: Numbered[] = [];
    for (const numbered of requests) {
      try {
        (this.#writes(numbered.request) ? writes : reads).push(numbered);
      } catch (error) {
        outcomes.push({ id: numbered.id, outcome: failure(error) });
      }
    }
    outcomes.push(...this.#commit(appends, writes));
    for (const { id, request } of reads) outcomes.push({ id, outcome: attempt(() => this.#perform(request)) });
    return outcomes;
  }

  #commit(appends: readonly Append[], writes: readonly Numbered[]): NumberedOutcome[] {
    if (appends.length + writes.length === 0) return [];
    try {
      this.#rollBack();
      if (this.#suspect) this.#restartLog();
      this.#prepare('BEGIN IMMEDIATE').run();
      const outcomes = [
        ...appends.map(({ id, entries }) => ({ id, outcome: this.#appendAlone(entries) })),
        ...writes.map(({ id, request }) => ({ id, outcome: this.#alone(() => this.#perform(request)) })),
      ];
      const entry = lastStored(appends, outcomes);
      const left = entry === null ? { checks: this.#count() } : { entry };
      this.#prepare('COMMIT').run();
      this.#marker?.note(left);
      return outcomes;
    } catch (error) {
      // Its appends are gone, so the remembered heads are dropped.
      this.#heads.clear();
      // A transaction that failed to get a lock wrote nothing.
      if (!codeOf(error).startsWith('SQLITE_BUSY')) this.#suspect = true;
      this.#rollBack();
      const failed = failure(error);
      return [...appends, ...writes].map(({ id }) => ({ id, outcome: failed }));
    }
  }

  /**
   * After a failed `fsync` nobody knows which pages are on disk, and a second `fsync` that succeeds proves nothing
   * about them. So the next commit takes nothing over from a failed one: it writes its own pages, and waits for those.
   * Here the earlier commits are written into the file and the log is restarted, so that a restart finds nothing of the
   * failed commit. If that fails too, the next commit reports it.
   */
  #restartLog(): void {
    try {
      this.#database.pragma('wal_checkpoint(TRUNCATE)');
      this.#suspect = false;
    } catch (error) {
      if (!isStorage(error)) throw error;
    }
  }

  /** Counts a commit without an entry, so that the loss of it is noticed too. */
  #count(): number {
    this.#prepare(sql.check).run();
    return this.#prepare<number>(sql.checks).pluck().get() ?? 0;
  }

  /**
   * SQLite itself ends the transaction when the disk fails or is full; a failed rollback is tried again with the next
   * batch.
   */
  #rollBack(): void {
    try {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
    } catch (error) {
      if (!isStorage(error)) throw error;
    }
  }

  /** A single entry needs no savepoint: its one statement is atomic. */
  #appendAlone(entries: readonly Entry[]): Outcome {
    const first = entries[0];
    if (first === undefined) return { ok: true, answer: true };
    if (!buildsOn(first, this.#head(first.log))) return { ok: true, answer: false };
    const outcome = entries.length === 1 ? this.#insertOne(first) : this.#alone(() => this.#insert(entries));
    const last = entries.at(-1) ?? first;
    // A copy: the entry's bytes are views of a whole batch's buffer.
    if (outcome.ok) this.#heads.set(first.log, { sequence: last.sequence, hash: new Uint8Array(last.hash) });
    return outcome;
  }

  #insertOne(entry: Entry): Outcome {
    try {
      return { ok: true, answer: this.#insert([entry]) };
    } catch (error) {
      if (!this.#database.inTransaction || isStorage(error)) throw error;
      return failure(error);
    }
  }

  /** @throws for failures that end the whole transaction; a failure of this request alone is its outcome. */
  #alone(perform: () => Answers[Kind] | boolean): Outcome {
    this.#prepare('SAVEPOINT one').run();
    try {
      const answer = perform();
      this.#prepare('RELEASE one').run();
      return { ok: true, answer };
    } catch (error) {
      if (!this.#database.inTransaction || isStorage(error)) throw error;
      this.#prepare('ROLLBACK TO one').run();
      this.#prepare('RELEASE one').run();
      return error instanceof NothingChanged ? { ok: true, answer: null } : failure(error);
    }
  }

  #writes(request: Request): boolean {
    if (request.kind === 'execute') return request.statements.some(({ sql }) => !this.#prepare(sql).readonly);
    return request.kind === 'saveCheckpoint' || request.kind === 'check';
  }

  #perform(request: Request): Answers[Kind] {
    switch (request.kind) {
      case 'read':
        return this.#prepare<Entry>(sql.read).all(request.log, request.after, request.limit);
      case 'head':
        return this.#prepare<LogHead>(sql.head).get(request.log) ?? null;
      case 'names':
        return this.#prepare<{ log: string }>(sql.names)
          .all()
          .map(({ log }) => log);
      case 'saveCheckpoint': {
        const { log, sequence, hash, state } = request.checkpoint;
        this.#prepare(sql.saveCheckpoint).run(log, sequence, hash, state);
        return null;
      }
      case 'checkpoint':
        return this.#prepare<Checkpoint>(sql.checkpoint).get(request.log) ?? null;
      case 'check':
        this.#prepare(sql.check).run();
        return null;
      case 'execute':
        return request.statements.map((statement) => this.#execute(statement));
    }
  }

  #insert(entries: readonly Entry[]): true {
    const insert = this.#prepare(sql.insert);
    for (const { log, sequence, previous, hash, header, content } of entries) {
      insert.run(log, sequence, previous, hash, header, content);
    }
    return true;
  }

  /** The newest entry of a log, remembered: the data directory is locked, so nobody else appends. */
  #head(log: LogName): LogHead | null {
    const known = this.#heads.get(log);
    if (known !== undefined) return known;
    const head = this.#prepare<LogHead>(sql.head).get(log) ?? null;
    if (head !== null) {
      if (this.#heads.size >= mostHeads) this.#heads.clear();
      this.#heads.set(log, head);
    }
    return head;
  }

  #execute({ sql, parameters, mustChange }: Statement): { rows: Record<string, unknown>[]; changes: number } {
    const statement = this.#prepare<Record<string, unknown>>(sql);
    const rows = statement.reader ? statement.all(...parameters) : [];
    const changes = statement.reader ? (statement.readonly ? 0 : rows.length) : statement.run(...parameters).changes;
    if (mustChange && changes === 0) throw new NothingChanged();
    return { rows, changes };
  }

  /** The number of statements is small, since values are bound; the cap is for lists of changing length. */
  #prepare<Row = unknown>(text: string): Database.Statement<unknown[], Row> {
    const known = this.#statements.get(text);
    // The caller wrote both the statement and the type of its row.
    if (known) return known as Database.Statement<unknown[], Row>;
    const prepared = this.#database.prepare<unknown[], Row>(text);
    if (this.#statements.size >= 500) this.#statements.clear();
    this.#statements.set(text, prepared as Database.Statement);
    return prepared;
  }
}

/** The last entry of a batch that was taken; null if none was. */
function lastStored(appends: readonly Append[], outcomes: readonly NumberedOutcome[]): Entry | null {
  const at = appends.findLastIndex(({ entries }, index) => {
    const outcome = outcomes[index]?.outcome;
    return entries.length > 0 && outcome?.ok === true && outcome.answer === true;
  });
  return appends[at]?.entries.at(-1) ?? null;
}

function attempt(perform: () => Answers[Kind]): Outcome {
  try {
    return { ok: true, answer: perform() };
  } catch (error) {
    return error instanceof NothingChanged ? { ok: true, answer: null } : failure(error);
  }
}

function failure(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  return { ok: false, code: codeOf(error), message, storage: isStorage(error) };
}

/** Failures of the disk, as opposed to a statement that breaks a rule of its table or is wrong in itself. */
function isStorage(error: unknown): boolean {
  const code = codeOf(error);
  const ownFault = ['SQLITE_CONSTRAINT', 'SQLITE_ERROR', 'SQLITE_MISMATCH', 'SQLITE_TOOBIG', 'SQLITE_RANGE'];
  return code.startsWith('SQLITE_') && !ownFault.some((own) => code.startsWith(own));
}
