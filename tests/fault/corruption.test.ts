import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { verify } from '../../server/audit/verify.ts';
import { Room } from '../../server/room/room.ts';
import { StoreRefused } from '../../server/storage/refused.ts';
import { openFile } from '../../server/storage/sqlite/file.ts';
import { RecommendationId } from '../../shared/protocol/ids.ts';
import { type RunningServer, startServer } from '../helpers/browser.ts';
import { isLong, runs, seed } from '../helpers/extent.ts';
import { randomFrom } from '../helpers/random.ts';
import { cookieOf } from '../helpers/sign.ts';
import { temporaryDirectory } from '../helpers/temporary.ts';
import { openThreadless } from '../helpers/threadless.ts';

/** `CONCORD_SEED=… npx vitest run tests/fault/corruption.test.ts` changes the same bytes again. */
const flips = runs(60, 2000);
const random = randomFrom(seed);
const below = (limit: number): number => Math.floor(random() * limit);

const databaseOf = (dataDir: string): string => join(dataDir, 'concord.sqlite');
const walOf = (dataDir: string): string => `${databaseOf(dataDir)}-wal`;

function copyOf(dataDir: string): string {
  const copy = temporaryDirectory();
  cpSync(dataDir, copy, { recursive: true });
  return copy;
}

/** All data that is shown, and all that rights depend on: the tables' contents, and the state of the rooms. */
interface Content {
  readonly tables: string;
  readonly rooms: string;
}

type Outcome =
  | { readonly found: 'refused' | 'fault'; readonly message: string }
  | { readonly found: 'nothing'; readonly content: Content };

/** The verdict of a server and of `verify` on a data directory. */
async function look(dataDir: string): Promise<Outcome> {
  let tables: string;
  try {
    // As `verify` opens it, beside a server; then as a server does.
    tables = tablesOf(dataDir);
    const { log, close } = openThreadless(dataDir);
    try {
      const [fault] = (await verify(log)).faults;
      const rooms: unknown[] = [];
      for (const name of await log.names()) {
        const id = RecommendationId.safeParse(/^recommendation:(.*)$/.exec(name)?.[1]);
        if (!id.success) continue;
        const room = await Room.open(id.data, log, () => 1000).catch((error: unknown) => {
          if (fault === undefined) throw error;
          return null;
        });
        rooms.push([name, room?.sequence, room?.text()]);
        room?.destroy();
      }
      if (fault !== undefined)
        return { found: 'fault', message: `${fault.log} entry ${fault.sequence}: ${fault.reason}` };
      return { found: 'nothing', content: { tables, rooms: JSON.stringify(rooms) } };
    } finally {
      close();
    }
  } catch (error) {
    if (!(error instanceof StoreRefused)) throw error;
    return { found: 'refused', message: error.message };
  }
}

function tablesOf(dataDir: string): string {
  const { database, close } = openFile(dataDir, { readOnly: true });
  try {
    return JSON.stringify(
      ['entries', 'accounts', 'sessions', 'invitations', 'accreditations'].map((table) =>
        database
          .prepare<unknown[], Record<string, unknown>>(`SELECT * FROM ${table} ORDER BY 1, 2`)
          .all()
          .map((row) => Object.values(row)),
      ),
    );
  } finally {
    close();
  }
}

async function contentOf(dataDir: string): Promise<Content> {
  const outcome = await look(copyOf(dataDir));
  if (outcome.found !== 'nothing') throw new Error(`the record was not whole to begin with: ${outcome.message}`);
  return outcome.content;
}

/** Without a finding, all data that is read must be as it was. */
async function judge(dataDir: string, content: Content, what: string): Promise<Outcome['found']> {
  const outcome = await look(dataDir).catch((error: unknown) => {
    throw new Error(what, { cause: error });
  });
  if (outcome.found === 'nothing') {
    expect([what, outcome.content.tables === content.tables]).toEqual([what, true]);
    expect([what, outcome.content.rooms === content.rooms]).toEqual([what, true]);
  } else expect([what, outcome.message]).toEqual([what, expect.stringMatching(/^\S[^\n]{20,}$/)]);
  return outcome.found;
}

/**
 * The data of a server that was stopped in order, and of one that was killed: its newest commits are in the log beside
 * the file.
 */
let closed: string;
let killed: string;
let closedContent: Content;
let killedContent: Content;

beforeAll(async () => {
  const server = await startServer();
  closed = server.dataDir;
  await server.stop('SIGTERM');
  closedContent = await contentOf(closed);
  killed = copyOf(closed);
  // A sign-in: a commit without an entry, and the newest.
  const again = await startServer({ dataDir: killed });
  for (const name of ['chair', 'argentina', 'observer']) await cookieOf(again, name);
  await again.stop('SIGKILL');
  killedContent = await contentOf(killed);
  expect(killedContent.tables).not.toBe(closedContent.tables);
}, 120_000);

describe(`[DISK3] A byte that was changed (seed ${seed})`, () => {
  it(`in the database, at ${flips} places: refused, named, or one that nobody reads`, async () => {
    const whole = readFileSync(databaseOf(closed));
    const places = placesOf(databaseOf(closed));
    const dataDir = copyOf(closed);
    const found = { refused: 0, fault: 0, nothing: 0 };
    for (let flip = 0; flip < flips; flip++) {
      // Every kind of page gets its share, however rare it is.
      const kind = places[flip % places.length];
      const at = kind?.somewhere() ?? 0;
      renew(dataDir, flipped(whole, at));
      found[await judge(dataDir, closedContent, `seed ${seed}, byte ${at} of ${kind?.name}`)] += 1;
    }
    expect(found.refused).toBeGreaterThan(0);
    expect(found.fault).toBeGreaterThan(0);
    process.stdout.write(`database, ${flips} bytes: ${JSON.stringify(found)}\n`);
  }, 3_600_000);

  it('in the kind of an index’s first page: refused, whichever index it is', async () => {
    const whole = readFileSync(databaseOf(closed));
    const database = new Database(databaseOf(closed), { readonly: true });
    const indexes = database
      .prepare<unknown[], { name: string; page: number }>(
        `SELECT name, rootpage AS page FROM sqlite_schema WHERE type = 'index'`,
      )
      .all();
    const size = z.number().parse(database.pragma('page_size', { simple: true }));
    database.close();
    const dataDir = copyOf(closed);
    for (const { name, page } of indexes) {
      const bytes = Buffer.from(whole);
      // A leaf becomes an inner page, and the other way round.
      bytes[(page - 1) * size] = (bytes[(page - 1) * size] ?? 0) ^ 8;
      renew(dataDir, bytes);
      expect([name, (await look(dataDir)).found]).toEqual([name, 'refused']);
    }
    expect(indexes.length).toBeGreaterThan(5);
  }, 120_000);

  it('in the write-ahead log: refused, or one that nobody reads', async () => {
    const whole = readFileSync(walOf(killed));
    const found = { refused: 0, fault: 0, nothing: 0 };
    const times = Math.ceil(flips / 3);
    for (let flip = 0; flip < times; flip++) {
      const dataDir = copyOf(killed);
      const at = flip % 5 === 0 ? below(56) : below(whole.length);
      writeFileSync(walOf(dataDir), flipped(whole, at));
      found[await judge(dataDir, killedContent, `seed ${seed}, byte ${at} of the write-ahead log`)] += 1;
      rmSync(dataDir, { recursive: true });
    }
    expect(found.refused).toBeGreaterThan(0);
    process.stdout.write(`write-ahead log, ${times} bytes: ${JSON.stringify(found)}\n`);
  }, 3_600_000);
});

describe(`[DISK3] A file that was cut short (seed ${seed})`, () => {
  it.each([
    ['the database', databaseOf],
    ['the write-ahead log', walOf],
  ])(
    '%s: refused, wherever it was cut',
    async (_, fileOf) => {
      const found = { refused: 0, fault: 0, nothing: 0 };
      for (let cut = 0; cut < Math.ceil(flips / 10); cut++) {
        const dataDir = copyOf(killed);
        const { size } = statSync(fileOf(dataDir));
        const length = cut === 0 ? 0 : cut === 1 ? size - 1 : below(size);
        truncateSync(fileOf(dataDir), length);
        found[await judge(dataDir, killedContent, `seed ${seed}, cut to ${length}`)] += 1;
        rmSync(dataDir, { recursive: true });
      }
      // A last page may be cut if nothing, or only an entry's bytes, are lost.
      expect(found.refused).toBeGreaterThan(found.fault + found.nothing);
    },
    3_600_000,
  );
});

/** The sentences of a real server, and of the real `verify`. */
async function startOn(dataDir: string): Promise<string> {
  const refusal = await startServer({ dataDir }).then(
    async (server: RunningServer) => {
      await server.stop('SIGKILL');
      return 'it started';
    },
    (error: unknown) => String(error),
  );
  return refusal;
}
const verifyOn = (dataDir: string): { status: number | null; said: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/server/concord.js', 'verify'], {
    env: { ...process.env, DATA_DIR: dataDir },
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
};

describe('[DISK3] A file that is another than it was', () => {
  it.each<[string, (dataDir: string) => void, RegExp, 'real'?]>([
    [
      'a write-ahead log that is gone',
      (dataDir) => rmSync(walOf(dataDir)),
      /commit \d+ was stored and is not there/,
      'real',
    ],
    [
      'an older copy of the database',
      (dataDir) => {
        rmSync(walOf(dataDir));
        const database = new Database(databaseOf(dataDir));
        // As it was before the last entry.
        database.exec('DELETE FROM entries WHERE rowid = (SELECT max(rowid) FROM entries)');
        database.close();
      },
      /entry \d+ of \S+ was stored and is not there/,
    ],
    ['nothing at all', (dataDir) => truncateSync(databaseOf(dataDir), 0), /is damaged: it is empty/],
    ['a text', (dataDir) => writeFileSync(databaseOf(dataDir), 'Recommendations\n'.repeat(400)), /not a Concord/],
    [
      'another program’s database',
      (dataDir) => {
        for (const file of [databaseOf(dataDir), walOf(dataDir)]) rmSync(file);
        const other = new Database(databaseOf(dataDir));
        other.exec('CREATE TABLE songs (title TEXT)');
        other.close();
      },
      /not a Concord database/,
    ],
    [
      'another record’s write-ahead log',
      (dataDir) => {
        const other = openFile(temporaryDirectory(), { readOnly: false });
        other.database.exec("INSERT INTO entries VALUES ('meeting:another1', 1, x'00', x'00', x'00', x'00')");
        cpSync(`${other.database.name}-wal`, walOf(dataDir));
        other.close();
      },
      /is damaged/,
    ],
    [
      'an administrator made by hand',
      (dataDir) => {
        const database = new Database(databaseOf(dataDir));
        database.exec("UPDATE accounts SET administrator = 1 WHERE name = 'argentina'");
        database.close();
      },
      /the rows of accounts are not those that Concord wrote/,
    ],
  ])(
    '%s is refused in a sentence, and left as it is',
    async (_, spoil, sentence, real) => {
      const dataDir = copyOf(killed);
      spoil(dataDir);
      const left = () => [databaseOf(dataDir), walOf(dataDir)].map((file) => digestOf(file));
      const before = left();
      const outcome = await look(dataDir);
      expect(outcome).toEqual({ found: 'refused', message: expect.stringMatching(sentence) });
      // The operator's messages; in the short form of one case.
      if (isLong || real) {
        const { status, said } = verifyOn(dataDir);
        const refusal = await startOn(dataDir);
        for (const text of [said, refusal]) {
          expect(text).toMatch(sentence);
          expect(text).not.toMatch(/\n\s+at /);
        }
        expect(status).toBe(1);
      }
      expect(left()).toEqual(before);
    },
    120_000,
  );

  it('an entry of which one byte is another: verify names it, and its history is told to nobody', async () => {
    const dataDir = copyOf(closed);
    const database = new Database(databaseOf(dataDir), { readonly: true });
    const entry = database
      .prepare<unknown[], { log: string; sequence: number; content: Buffer }>(
        `SELECT log, sequence, content FROM entries WHERE log LIKE 'recommendation:%' AND sequence = 3 LIMIT 1`,
      )
      .get();
    database.close();
    if (entry === undefined) throw new Error('the demo has no such entry');
    const bytes = readFileSync(databaseOf(dataDir));
    const at = bytes.indexOf(entry.content.subarray(0, 40));
    expect(at).toBeGreaterThan(0);
    writeFileSync(databaseOf(dataDir), flipped(bytes, at + 20));
    const { status, said } = verifyOn(dataDir);
    expect([status, said]).toEqual([1, expect.stringContaining(`${entry.log} entry 3: altered`)]);
    // The text comes from a checkpoint with a valid digest, and is right; the history is not derived from it.
    const server = await startServer({ dataDir });
    const cookie = await cookieOf(server, 'chair');
    const path = `/api/recommendations/${entry.log.replace('recommendation:', '')}`;
    const view = await fetch(server.url + path, { headers: { cookie } });
    expect(view.status).toBe(200);
    const clause = /"id":"([^"]+)","kind"/.exec(await view.text())?.[1];
    const history = await fetch(`${server.url}${path}/clauses/${clause}/history`, { headers: { cookie } });
    expect(history.status).toBe(500);
    await server.stop();
    expect(server.printed()).toContain(`entry 3 of ${entry.log} is altered`);
  }, 120_000);

  it('a checkpoint of which one byte is another is not opened from, and verify tells of it', async () => {
    const dataDir = copyOf(closed);
    const database = new Database(databaseOf(dataDir));
    const { log, state } = database
      .prepare<unknown[], { log: string; state: Buffer }>('SELECT log, state FROM checkpoints LIMIT 1')
      .get() ?? { log: '', state: Buffer.alloc(0) };
    const letter = state.lastIndexOf('e');
    expect(letter).toBeGreaterThan(0);
    database.prepare('UPDATE checkpoints SET state = ? WHERE log = ?').run(flipped(state, letter), log);
    database.close();
    expect(verifyOn(dataDir)).toEqual({
      status: 1,
      said: expect.stringContaining(`${log}: the checkpoint cannot be read`),
    });
    const { log: opened, close } = openThreadless(dataDir);
    const distrusted: unknown[] = [];
    const room = await Room.open(
      RecommendationId.parse(log.replace('recommendation:', '')),
      opened,
      () => 1000,
      (reason) => distrusted.push(reason),
    );
    expect(JSON.parse(closedContent.rooms)).toContainEqual([
      log,
      room.sequence,
      JSON.parse(JSON.stringify(room.text())),
    ]);
    expect(distrusted).toHaveLength(1);
    room.destroy();
    close();
  });
});

it('[DISK3] the write-ahead log of a killed server is in the file, and on disk, before anything is served', () => {
  const dataDir = copyOf(killed);
  const { database, close } = openFile(dataDir, { readOnly: false });
  expect(statSync(walOf(dataDir)).size).toBeLessThan(statSync(walOf(killed)).size);
  expect(database.pragma('wal_checkpoint', { simple: false })).toEqual([{ busy: 0, log: 0, checkpointed: 0 }]);
  close();
});

/** The stored data with other bytes in its database. The last server's other files are removed too. */
function renew(dataDir: string, bytes: Uint8Array): void {
  cpSync(closed, dataDir, { recursive: true });
  for (const left of ['-wal', '-shm']) rmSync(`${databaseOf(dataDir)}${left}`, { force: true });
  writeFileSync(databaseOf(dataDir), bytes);
}

function flipped(bytes: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << below(8));
  return copy;
}

/** Opening a database without a write-ahead log leaves an empty one. */
function digestOf(file: string): string {
  const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  return createHash('sha256').update(bytes).digest('hex');
}

/** The tables and indexes of a database, each with a way to draw one of its bytes: mostly bytes with contents. */
function placesOf(path: string): { name: string; somewhere(): number }[] {
  const database = new Database(path, { readonly: true });
  try {
    const pages = database
      .prepare<unknown[], { name: string; page: number; size: number; unused: number; cells: number }>(
        'SELECT name, pageno AS page, pgsize AS size, unused, ncell AS cells FROM dbstat',
      )
      .all();
    const kinds = new Map<string, typeof pages>();
    for (const page of pages) kinds.set(page.name, [...(kinds.get(page.name) ?? []), page]);
    return [...kinds].map(([name, own]) => ({
      name,
      somewhere() {
        const { page, size, unused, cells } = own[below(own.length)] ?? { page: 1, size: 4096, unused: 0, cells: 0 };
        // Headers and pointers stand at the beginning of a page, the cells at its end.
        const front = (page === 1 ? 100 : 0) + 12 + 2 * cells;
        const within = below(10) === 0 ? below(size) : below(size - unused);
        return (page - 1) * size + (within < front ? within : Math.max(front, size - 1 - (within - front)));
      },
    }));
  } finally {
    database.close();
  }
}
