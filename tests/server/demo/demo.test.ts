import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, createApp } from '../../../server/app.ts';
import { verify } from '../../../server/audit/verify.ts';
import { readConfig } from '../../../server/config.ts';
import { demoAccounts, seedDemo } from '../../../server/demo/seed.ts';
import type { Store } from '../../../server/storage/store.ts';
import { hasVote, type MeetingState } from '../../../shared/meeting/meeting.ts';
import { standingAmendments } from '../../../shared/text/amendment.ts';
import { clauseText } from '../../../shared/text/clause.ts';
import { startServer } from '../../helpers/browser.ts';
import { freePort, launchConcord } from '../../helpers/process.ts';
import { openTestStore } from '../../helpers/store.ts';
import { temporaryDirectory } from '../../helpers/temporary.ts';

const run = promisify(execFile);
const sample = new URL('../../../../shared/samples/oas-rtp-2005-compilation.txt', import.meta.url);

let store: Store;
let app: App;
let meeting: MeetingState;
let texts: { words: string; amended: number; agreed: number }[];
beforeAll(async () => {
  store = await openTestStore();
  app = await createApp({
    store,
    config: readConfig({ LOG_LEVEL: 'silent' }),
    log: pino({ level: 'silent' }),
    now: () => Date.now(),
    demo: () => null,
  });
  await seedDemo(
    { access: app.access, meetings: app.meetings, rooms: app.rooms, now: () => Date.now() },
    'a-demo-password',
  );
  const [made] = app.meetings.all();
  if (made === undefined) throw new Error('no demo meeting');
  meeting = made;
  texts = [];
  for (const { id } of meeting.recommendations) {
    const room = await app.rooms.room(id);
    const amendments = standingAmendments(room.text(), room.negotiation);
    for (const clause of room.text())
      texts.push({
        words: clauseText(clause),
        amended: amendments.filter(({ clauses }) => clauses.includes(clause.id)).length,
        agreed: room.negotiation.clauses.get(clause.id)?.status.state === 'open' ? 0 : 1,
      });
  }
}, 60_000);
afterAll(async () => {
  await app.close();
  await store.close();
});

describe('[DEMO1] The demo meeting', () => {
  it('is a whole one: parties, topics, recommendations, clauses, amendments, agreed clauses', () => {
    const parties = [...meeting.parties.values()];
    expect(parties.length).toBeGreaterThanOrEqual(12);
    expect(parties.filter(hasVote)).toHaveLength(8);
    expect(parties.filter(({ kind }) => kind === 'organ')).toHaveLength(4);
    expect(meeting.topics.length).toBeGreaterThanOrEqual(5);
    expect(meeting.recommendations.length).toBeGreaterThanOrEqual(20);
    expect(texts.length).toBeGreaterThanOrEqual(60);
    expect(texts.filter(({ amended }) => amended > 0).length).toBeGreaterThanOrEqual(5);
    expect(texts.filter(({ agreed }) => agreed > 0).length).toBeGreaterThanOrEqual(5);
    for (const { names } of parties) expect(Object.values(names).every((name) => name !== '')).toBe(true);
  });

  it('has its officers and a delegate for each party', () => {
    expect(demoAccounts).toEqual(expect.arrayContaining(['chair', 'rapporteur', 'observer', 'argentina', 'cim']));
    const delegates = [...meeting.participants.values()].filter(({ role }) => role === 'delegate');
    expect(new Set(delegates.map(({ party }) => party))).toEqual(new Set(meeting.parties.keys()));
  });

  it('was made by the way that everybody takes: its record holds', async () => {
    expect((await verify(store.log)).faults).toEqual([]);
  });

  it.skipIf(!existsSync(sample))('says it in our own words: no six words in a row are the sample’s', () => {
    const words = (text: string): string[] => text.toLowerCase().match(/\p{L}+/gu) ?? [];
    const sixes = (list: string[]): string[] => list.slice(5).map((_, at) => list.slice(at, at + 6).join(' '));
    const theirs = new Set(sixes(words(readFileSync(sample, 'utf8'))));
    const own = [...texts.map((text) => text.words), ...meeting.recommendations.map(({ heading }) => heading)];
    expect(own.flatMap((text) => sixes(words(text))).filter((six) => theirs.has(six))).toEqual([]);
  });
});

describe('[DEMO2] A start does what it is told', () => {
  it.each([['--emtpy'], ['--empty=yes'], ['empty'], ['--empty', '--demo']])(
    'an argument that is not known ends the start before anything is made: %s',
    async (...args) => {
      const dataDir = join(temporaryDirectory(), 'none');
      const server = launchConcord({ dataDir, port: await freePort(), args });
      expect(await server.ended).toBe(2);
      expect(server.printed()).toMatch(/^[^\n]*'.+'[^\n]*--empty and nothing else[^\n]*\n$/);
      expect(existsSync(dataDir)).toBe(false);
    },
  );
});

describe('[LOG3] The operator’s commands', () => {
  it('import makes a meeting, whose rapporteur signs up by the link; verify finds it whole, and names what was changed', async () => {
    const dataDir = temporaryDirectory();
    const concord = (...args: string[]) =>
      run(process.execPath, ['dist/server/concord.js', ...args], { env: { ...process.env, DATA_DIR: dataDir } }).then(
        ({ stdout }) => ({ code: 0, stdout }),
        (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
      );
    const file = join(temporaryDirectory(), 'compilation.txt');
    await writeFile(file, 'I. WATER\n\nMeasure the lake. (Chile, Peru)\n\nShare what is measured. (Bolivia)\n');
    const dry = await concord('import', file, '--dry-run', '--json');
    expect(JSON.parse(dry.stdout)).toMatchObject({
      topics: [{ recommendations: [{ clauses: [{ sponsors: ['Chile', 'Peru'] }, { sponsors: ['Bolivia'] }] }] }],
    });
    const made = await concord('import', file, '--meeting', 'The lake');
    expect(made.code).toBe(0);
    const token = /\/invitations\/(\S+)/.exec(made.stdout)?.[1] ?? '';

    const server = await startServer({ dataDir, args: ['--empty'] });
    const takeUp = await fetch(`${server.url}/api/invitations/${token}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'rosa', password: 'a long password' }),
    });
    expect(takeUp.status).toBe(204);
    const cookie = takeUp.headers.get('set-cookie')?.split(';')[0] ?? '';
    const list = await (await fetch(`${server.url}/api/meetings`, { headers: { cookie } })).json();
    expect(list).toMatchObject([{ name: 'The lake', role: 'rapporteur' }]);
    // Also while the server runs.
    expect(await concord('verify')).toMatchObject({ code: 0, stdout: expect.stringMatching(/whole/) });
    expect((await concord('import', file, '--meeting', 'Again')).code).toBe(1);
    expect(await server.stop()).toBe(0);

    const database = new Database(join(dataDir, 'concord.sqlite'));
    const { rowid } = database
      .prepare("select rowid from entries where log like 'recommendation%' order by sequence desc limit 1")
      .get() as { rowid: number };
    const { content } = database.prepare('select content from entries where rowid = ?').get(rowid) as {
      content: Buffer;
    };
    content[content.length >> 1] = (content[content.length >> 1] ?? 0) ^ 1;
    database.prepare('update entries set content = ? where rowid = ?').run(content, rowid);
    database.close();
    const found = await concord('verify');
    expect(found.code).toBe(1);
    expect(found.stdout).toMatch(/recommendation\S* entry 1: altered/);
  }, 60_000);
});
