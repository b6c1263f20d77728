import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import pg from 'pg';
import { Aim } from './aim.ts';

/**
 * Loaded before Concord by `NODE_OPTIONS=--import`, in every thread: kills the process at the point in the file
 * `FAULT_AIM`, so that the server itself knows nothing of tests. Only the thread that holds the database does anything
 * here.
 */
const file = process.env.FAULT_AIM ?? '';
const die = (): void => void process.kill(process.pid, 'SIGKILL');

/** The killing thread's state: 0 nothing yet, 1 after the delay, 2 when the database file changes. */
interface Order {
  readonly executioner: Int32Array;
  readonly delay: Float64Array;
}

/** A thread that waits to kill the process while another one is inside a call of SQLite. */
function waitForOrder({ executioner, delay }: Order, watched: string): void {
  Atomics.store(executioner, 1, 1);
  Atomics.wait(executioner, 0, 0);
  const until = performance.now() + (delay[0] ?? 0);
  if (Atomics.load(executioner, 0) === 1) while (performance.now() < until);
  else {
    const changed = (): bigint => fs.statSync(watched, { bigint: true }).mtimeNs;
    for (const before = changed(); changed() === before; );
  }
  die();
}

/** The meaning of a call of SQLite for an aim. */
function kinds(sql: string): readonly Aim['at'][] {
  if (sql === 'COMMIT') return ['step', 'commit', 'wal'];
  if (/into "accounts"/.test(sql)) return ['step', 'account'];
  return /INTO checkpoints/.test(sql) ? ['step', 'checkpoint'] : ['step'];
}

function takeAim(): void {
  const order: Order = {
    executioner: new Int32Array(new SharedArrayBuffer(8)),
    delay: new Float64Array(new SharedArrayBuffer(8)),
  };
  let aimed: Aim | null = null;
  let count = 0;

  const ready = (): boolean => Atomics.load(order.executioner, 1) === 1;
  const send = (what: 1 | 2, delay: number): void => {
    if (!ready()) die();
    order.delay[0] = delay;
    Atomics.store(order.executioner, 0, what);
    Atomics.notify(order.executioner, 0);
  };

  const around = <T>(sql: string, work: () => T): T => {
    aimed ??= fs.existsSync(file) ? Aim.parse(JSON.parse(fs.readFileSync(file, 'utf8'))) : null;
    if (aimed === null || !kinds(sql).includes(aimed.at)) return work();
    count += 1;
    if (count !== aimed.nth) return work();
    if (aimed.at === 'wal') send(2, 0);
    else if (aimed.when === 'before') die();
    else if (aimed.when === 'during') send(1, aimed.delay);
    const result = work();
    if (aimed.when === 'after') die();
    return result;
  };

  const { prepare, exec, pragma, transaction } = Database.prototype;
  Database.prototype.exec = function (sql: string) {
    return around(sql, () => exec.call(this, sql));
  };
  Database.prototype.pragma = function (source: string, options?: Database.PragmaOptions) {
    if (source === 'synchronous = FULL') {
      // Small, so that SQLite often writes its log back.
      pragma.call(this, 'wal_autocheckpoint = 20');
      new Worker(new URL(import.meta.url), { workerData: { order, watched: this.name } }).unref();
    }
    return around(source, () => pragma.call(this, source, options));
  };
  Database.prototype.transaction = function (this: Database.Database, work: (...parameters: unknown[]) => unknown) {
    const whole = transaction.call(this, work);
    const wrapped = (...parameters: unknown[]): unknown => around('COMMIT', () => whole(...parameters));
    return Object.assign(wrapped, { default: wrapped, deferred: wrapped, immediate: wrapped, exclusive: wrapped });
  } as typeof transaction;
  Database.prototype.prepare = function (this: Database.Database, sql: string) {
    const statement = prepare.call(this, sql);
    for (const name of ['run', 'get', 'all'] as const) {
      const call: CallableFunction = statement[name];
      Object.assign(statement, {
        [name]: (...parameters: unknown[]): unknown => around(sql, () => Reflect.apply(call, statement, parameters)),
      });
    }
    return statement;
  } as typeof prepare;
  const { renameSync } = fs;
  fs.renameSync = (from, to) => around('rename', () => renameSync(from, to));
  syncBuiltinESMExports();
}

/**
 * On PostgreSQL, commits go out from the main thread: killed before one is sent, while it is under way, or after its
 * answer.
 */
function takeAimAtPostgres(): void {
  let count = 0;
  const query: CallableFunction = pg.Client.prototype.query;
  Object.assign(pg.Client.prototype, {
    query(this: pg.Client, ...parameters: unknown[]): unknown {
      const aimed = fs.existsSync(file) ? Aim.parse(JSON.parse(fs.readFileSync(file, 'utf8'))) : null;
      const counts = aimed !== null && (aimed.at === 'step' || (aimed.at === 'commit' && parameters[0] === 'COMMIT'));
      if (counts) count += 1;
      const due = counts && count === aimed.nth;
      if (due && aimed.when === 'before') die();
      const answer: unknown = Reflect.apply(query, this, parameters);
      if (due && aimed.when === 'during') setTimeout(die, aimed.delay);
      if (due && aimed.when === 'after' && answer instanceof Promise) answer.then(die, die);
      return answer;
    },
  });
}

if (isMainThread && file !== '' && process.env.DATABASE_URL) takeAimAtPostgres();
if (!isMainThread && file !== '') {
  if (workerData?.order === undefined) takeAim();
  else waitForOrder(workerData.order, workerData.watched);
}
