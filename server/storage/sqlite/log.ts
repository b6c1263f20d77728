import { Worker } from 'node:worker_threads';
import { ConcordError } from '../../../shared/protocol/errors.ts';
import { LogName } from '../../../shared/protocol/ids.ts';
import { builtProgram } from '../../runtime/built.ts';
import { assertRun } from '../chain.ts';
import type { Checkpoint, Entry, Log } from '../log.ts';
import { StoreRefused } from '../refused.ts';
import { subscribers } from '../subscribers.ts';
import type {
  Answers,
  Append,
  FromWorker,
  Kind,
  Numbered,
  RequestOf,
  Statement,
  StatementResult,
  ToWorker,
} from './protocol.ts';

export interface SqliteOptions {
  readonly dataDir: string;
  /**
   * Opens beside a running server, and writes nothing. `subscribe` never calls: only the writer knows of new entries.
   */
  readonly readOnly?: boolean;
  /** Address of the thread's program, if it is not where the build puts it. */
  readonly worker?: URL;
}

/** The embedded store: the log, and the plain tables' statements. */
export interface Sqlite {
  readonly log: Log;
  /**
   * Runs statements in one transaction; `null` if one that must change a row changed none, and then nothing was done.
   *
   * @throws {StatementFailed} when a statement breaks a rule of its table, or is invalid
   * @throws {ConcordError} `not-stored` when the disk fails
   */
  execute(statements: readonly Statement[]): Promise<readonly StatementResult[] | null>;
}

/** The statement's own failure, not the disk's. `code` is SQLite's name for it, such as `SQLITE_CONSTRAINT_UNIQUE`. */
export class StatementFailed extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'StatementFailed';
  }
}

/**
 * A commit costs as much as ten entries (waking the thread, syncing the file), so under load few large commits leave
 * more time for judging than many small ones: in the long run one commit of entries in so many ms, and so many at once
 * before that limit applies. A single writer and an import wait for nothing.
 */
const betweenCommits = 3;
const commitsAtOnce = 100;

interface Waiting {
  resolve(answer: Answers[Kind] | boolean): void;
  reject(error: Error): void;
  /** The log that has grown if the outcome is yes. */
  readonly grows: LogName | null;
}

/**
 * Opens `concord.sqlite` in the data directory, in a thread of its own.
 *
 * @throws {StoreRefused} if the directory is in use, or its contents can't be understood.
 */
export async function openSqlite({
  dataDir,
  readOnly = false,
  worker = builtProgram('sqliteWorker'),
}: SqliteOptions): Promise<Sqlite> {
  const thread = new Worker(worker, { workerData: { dataDir, readOnly } });
  const waiting = new Map<number, Waiting>();
  /** Requests that arrived while the thread was at work: sent as one message, committed as one. */
  const requests: Numbered[] = [];
  const appends: Append[] = [];
  let atWork = false;
  /** Commits available at once, as of a moment. */
  let commits = commitsAtOnce;
  let countedAt = performance.now();
  let sparing = false;
  const { subscribe, announce } = subscribers();
  let lastId = 0;
  let ended: Error | null = null;
  let closing: Promise<void> | null = null;
  let closed: () => void = () => {};

  await new Promise<void>((resolve, reject) => {
    thread.on('message', (message: FromWorker) => {
      switch (message.kind) {
        case 'opened':
          return resolve();
        case 'refused':
          return reject(new StoreRefused(message.reason, message.message));
        case 'outcomes':
          return settle(message);
        case 'closed':
          return;
      }
    });
    const end = (error: Error) => {
      ended ??= error;
      for (const { reject } of waiting.values()) reject(ended);
      waiting.clear();
      requests.length = 0;
      appends.length = 0;
      reject(error);
      closed();
    };
    thread.on('error', (cause) => end(new ConcordError('not-stored', {}, { cause })));
    thread.on('exit', () => end(new ConcordError('not-stored', {}, { cause: new Error('the thread has ended') })));
  });

  /** One message brings the outcomes of a whole commit: listeners hear once of each log that it made grow. */
  function settle({ stored, outcomes }: Extract<FromWorker, { kind: 'outcomes' }>): void {
    const grown = new Set<LogName>();
    for (const id of stored) {
      const request = waiting.get(id);
      waiting.delete(id);
      if (request?.grows) grown.add(request.grows);
      request?.resolve(true);
    }
    for (const { id, outcome } of outcomes) {
      const request = waiting.get(id);
      if (!request) continue;
      waiting.delete(id);
      if (!outcome.ok) {
        const failed = new StatementFailed(outcome.code, outcome.message);
        request.reject(outcome.storage ? new ConcordError('not-stored', {}, { cause: failed }) : failed);
        continue;
      }
      request.resolve(outcome.answer);
    }
    announce(grown);
    atWork = false;
    send();
  }

  /**
   * Requests that arrived while the thread was at work, or while commits are spaced out, are one message and one
   * commit.
   */
  function send(): void {
    if (atWork || (requests.length === 0 && appends.length === 0)) return;
    const now = performance.now();
    commits = Math.min(commitsAtOnce, commits + (now - countedAt) / betweenCommits);
    countedAt = now;
    if (requests.length === 0 && commits < 1) {
      if (sparing) return;
      sparing = true;
      setTimeout(() => {
        sparing = false;
        send();
      }, betweenCommits);
      return;
    }
    // Reading costs no commit.
    if (appends.length > 0) commits = Math.max(0, commits - 1);
    atWork = true;
    post();
  }

  function post(): void {
    thread.postMessage({ appends: appends.splice(0), requests: requests.splice(0) } satisfies ToWorker);
  }

  function wait<T extends Answers[Kind] | boolean>(grows: LogName | null, put: (id: number) => void): Promise<T> {
    if (closing !== null) return Promise.reject(new ConcordError('shutting-down'));
    if (ended) return Promise.reject(ended);
    return new Promise<T>((resolve, reject) => {
      const id = ++lastId;
      // The thread answers each kind of request with its kind of answer: `BatchRunner` is checked against the same
      // table.
      waiting.set(id, { resolve: (answer) => resolve(answer as T), reject, grows });
      put(id);
      send();
    });
  }

  const ask = <K extends Kind>(request: RequestOf<K>): Promise<Answers[K]> =>
    wait<Answers[K]>(null, (id) => requests.push({ id, request }));

  const log: Log = {
    async append(entries) {
      assertRun(entries);
      const first = entries[0];
      if (!first) return true;
      return wait<boolean>(first.log, (id) => appends.push({ id, entries: entries.map(tightEntry) }));
    },
    read: (name, after, limit) => ask<'read'>({ kind: 'read', log: name, after, limit }),
    head: (name) => ask<'head'>({ kind: 'head', log: name }),
    async names() {
      const names = await ask<'names'>({ kind: 'names' });
      return names.map((name) => LogName.parse(name));
    },
    subscribe,
    async saveCheckpoint(checkpoint) {
      await ask<'saveCheckpoint'>({ kind: 'saveCheckpoint', checkpoint: tightCheckpoint(checkpoint) });
    },
    checkpoint: (name) => ask<'checkpoint'>({ kind: 'checkpoint', log: name }),
    async check() {
      await ask<'check'>({ kind: 'check' });
    },
    close() {
      // The thread takes messages in order: earlier requests are committed before it ends.
      closing ??= new Promise<void>((resolve) => {
        if (ended) return resolve();
        closed = resolve;
        if (requests.length > 0 || appends.length > 0) post();
        thread.postMessage({ close: true } satisfies ToWorker);
      });
      return closing;
    },
  };
  return { log, execute: (statements) => ask<'execute'>({ kind: 'execute', statements }) };
}

/** A message copies the whole buffer behind a view, which may be a network frame. */
function tight(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

function tightCheckpoint({ log, sequence, hash, state }: Checkpoint): Checkpoint {
  return { log, sequence, hash: tight(hash), state: tight(state) };
}

const tightEntry = ({ log, sequence, previous, hash, header, content }: Entry): Entry => ({
  log,
  sequence,
  previous: tight(previous),
  hash: tight(hash),
  header: tight(header),
  content: tight(content),
});
