import { mkdirSync } from 'node:fs';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import { demoAccounts } from '../../server/demo/seed.ts';
import type { Entry } from '../../server/storage/log.ts';
import { migrationsTable, newestMigration, sqliteMigrations } from '../../server/storage/migrations.ts';
import { applicationId } from '../../server/storage/sqlite/inspect.ts';
import { bundle } from '../helpers/bundle.ts';
import { entriesAfter, logName } from '../helpers/entries.ts';
import { isLong, runs, seed } from '../helpers/extent.ts';
import { freePort, launchConcord } from '../helpers/process.ts';
import { randomFrom } from '../helpers/random.ts';
import { temporaryDirectory } from '../helpers/temporary.ts';
import { type Aim, aim, aimable, disarm } from './harness/aim.ts';
import { meetingOf, signIn } from './harness/members.ts';
import { verifyByCommand } from './harness/rounds.ts';

let trigger: URL;
let port: number;
beforeAll(async () => {
  trigger = await bundle('tests/fault/harness/trigger.ts');
  port = await freePort();
});

/** Starts on a directory until it is killed at the aim, or is ready; false where the aim was beyond the start. */
async function startAndKill(dataDir: string, at: Aim): Promise<boolean> {
  const file = `${dataDir}/aim`;
  mkdirSync(dataDir, { recursive: true });
  aim(file, at);
  const server = launchConcord({ dataDir, port, env: aimable(trigger, file) });
  const first = await Promise.race([server.ended, server.ready.catch(() => null)]);
  await server.kill('SIGKILL');
  disarm(file);
  expect(server.printed()).not.toMatch(/damaged|cannot|is not/);
  return first === 'SIGKILL';
}

/** The guarantee of a first start, after any interrupted one: a complete demo with accounts that can sign in. */
async function expectWholeDemo(dataDir: string): Promise<void> {
  const server = launchConcord({ dataDir, port });
  try {
    await server.ready;
    // The last account that is made, and one from the middle; in the long form all of them.
    for (const name of isLong ? demoAccounts : ['chair', 'dms', demoAccounts.at(-1) ?? '']) {
      const meeting = await meetingOf(server.url, await signIn(server.url, name));
      expect(meeting.recommendations.length).toBeGreaterThan(3);
      expect(meeting.me).not.toBeNull();
    }
    const { recommendations } = await meetingOf(server.url, await signIn(server.url, 'chair'));
    expect(recommendations.every(({ progress }) => (progress?.clauses ?? 0) > 0)).toBe(true);
    expect(recommendations.some(({ progress }) => (progress?.amendments ?? 0) > 0)).toBe(true);
    expect(recommendations.some(({ progress }) => (progress?.agreed ?? 0) > 0)).toBe(true);
  } finally {
    await server.kill('SIGKILL');
  }
  verifyByCommand(dataDir);
}

const when = ['before', 'during', 'after'] as const;

describe(`[LOG5] A first start that is killed (seed ${seed})`, () => {
  const count = runs(3, 60);
  const random = randomFrom(seed);
  // The later, the rarer: the first steps make the database, the next ones its schema, the rest fill it.
  const aims = Array.from(
    { length: count },
    (_, at): Aim => ({
      at: 'step',
      nth: Math.ceil(Math.exp(((at + random()) / count) * Math.log(400))),
      when: when[at % 3] ?? 'before',
      delay: random(),
    }),
  );
  it.each(aims)(
    'leaves nothing that the next one stumbles over ($when step $nth)',
    async (at) => {
      const dataDir = temporaryDirectory();
      await startAndKill(dataDir, at);
      await expectWholeDemo(dataDir);
    },
    60_000,
  );

  it.each(isLong ? [1, 2, 8, 15] : [8])(
    'with all of its accounts or none (killed at the making of number %i)',
    async (nth) => {
      const dataDir = temporaryDirectory();
      expect(await startAndKill(dataDir, { at: 'account', nth, when: 'before', delay: 0 })).toBe(true);
      await expectWholeDemo(dataDir);
    },
    60_000,
  );
});

describe(`[LOG5] A start on a database of an earlier version that is killed (seed ${seed})`, () => {
  const random = randomFrom(seed + 1);
  const steps = isLong ? Array.from({ length: 24 }, (_, at) => at + 1) : [8 + Math.floor(random() * 8)];
  it.each(steps)(
    'leaves what was there, to be brought to the newest shape by the next one (step %i)',
    async (nth) => {
      const dataDir = temporaryDirectory();
      const [entry] = entriesAfter(logName(1), null, 'as it was');
      if (entry === undefined) throw new Error('no entry');
      writeEarlierVersion(dataDir, entry);
      await startAndKill(dataDir, { at: 'step', nth, when: when[nth % 3] ?? 'before', delay: random() });
      const server = launchConcord({ dataDir, port, args: ['--empty'] });
      await server.ready;
      await server.kill('SIGKILL');
      const database = new Database(`${dataDir}/concord.sqlite`, { readonly: true });
      expect(database.prepare('SELECT max(number) FROM migrations').pluck().get()).toBe(newestMigration);
      expect(database.prepare('SELECT hash FROM entries WHERE log = ?').pluck().get(entry.log)).toEqual(
        Buffer.from(entry.hash),
      );
      database.close();
    },
    60_000,
  );
});

/** A database as the first version left it. */
function writeEarlierVersion(dataDir: string, { log, sequence, previous, hash, header, content }: Entry): void {
  const [first] = sqliteMigrations;
  if (first === undefined) throw new Error('there is no first version');
  const database = new Database(`${dataDir}/concord.sqlite`);
  database.pragma(`application_id = ${applicationId}`);
  database.pragma('journal_mode = WAL');
  for (const statement of [migrationsTable.sqlite, ...first.statements]) database.exec(statement);
  database.prepare('INSERT INTO migrations (number, name, applied_at) VALUES (?, ?, ?)').run(1, first.name, 1);
  database
    .prepare('INSERT INTO entries (log, sequence, previous, hash, header, content) VALUES (?, ?, ?, ?, ?, ?)')
    .run(log, sequence, previous, hash, header, content);
  database.close();
}
