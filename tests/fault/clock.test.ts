import { renameSync, writeFileSync } from 'node:fs';
import { join as path } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../server/app.ts';
import { readConfig } from '../../server/config.ts';
import { createMeeting } from '../../server/meetings/create.ts';
import { decodeHeader as decodeMeetingHeader } from '../../server/meetings/meetings.ts';
import { openFile } from '../../server/storage/sqlite/file.ts';
import { decodeHeader } from '../../shared/negotiation/entry.ts';
import { type RunningServer, startServer } from '../helpers/browser.ts';
import { bundle } from '../helpers/bundle.ts';
import { join, type, verifyOn, wordsOf } from '../helpers/cli.ts';
import { runs, seed } from '../helpers/extent.ts';
import { randomFrom } from '../helpers/random.ts';
import { cookieOf, placeOf } from '../helpers/sign.ts';
import { openTestStore } from '../helpers/store.ts';
import { temporaryDirectory } from '../helpers/temporary.ts';

const hour = 3_600_000;
const day = 24 * hour;
const year = 365 * day;
const random = randomFrom(seed);

type Clock = `shift ${number}` | `stand ${number}`;

const clocks: readonly [string, () => Clock][] = [
  ['goes back an hour', () => `shift ${-hour}`],
  ['goes forward ten years', () => `shift ${10 * year}`],
  ['shows 1970', () => `shift ${-Date.now() + 60_000}`],
  ['stands still', () => `stand ${Date.now()}`],
];

describe(`[CLOCK1] A wall clock that can't be trusted (seed ${seed})`, () => {
  const directory = temporaryDirectory();
  const file = path(directory, 'clock');
  const set = (clock: Clock): void => {
    writeFileSync(`${file}.new`, clock);
    renameSync(`${file}.new`, file);
  };
  let env: Record<string, string>;
  let server: RunningServer;
  let place = '';
  let meeting = '';
  /** Signed in while the clock was right. */
  const cookies: Record<string, string> = {};
  const saved: string[] = [];

  const get = (at: string, cookie?: string): Promise<Response> =>
    fetch(server.url + at, cookie === undefined ? {} : { headers: { cookie } });
  const post = (at: string, body: unknown, cookie?: string): Promise<Response> =>
    fetch(server.url + at, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(cookie === undefined ? {} : { cookie }) },
      body: JSON.stringify(body),
    });
  const invite = async (cookie: string): Promise<string> => {
    const accredited = await post(
      `/api/meetings/${meeting}/accredit`,
      { name: 'Somebody', role: 'delegate', party: 'CAN' },
      cookie,
    );
    const participant = /"participant":"([^"]+)"/.exec(await accredited.text())?.[1];
    const made = await post(`/api/meetings/${meeting}/participants/${participant}/invitation`, {}, cookie);
    return /invitations\/([^"]+)"/.exec(await made.text())?.[1] ?? '';
  };

  beforeAll(async () => {
    set('shift 0');
    env = { NODE_OPTIONS: `--import ${(await bundle('tests/helpers/falseClock.ts')).href}`, CONCORD_CLOCK: file };
    server = await startServer({ env });
    for (const name of ['argentina', 'canada', 'chair', 'rapporteur']) cookies[name] = await cookieOf(server, name);
    place = await placeOf(server, cookies.chair ?? '');
    meeting = /"id":"([^"]+)"/.exec(await (await get('/api/meetings', cookies.chair)).text())?.[1] ?? '';
  });
  afterAll(async () => {
    await server?.stop('SIGKILL');
  });

  it('drafting goes on while it jumps, and afterwards everybody is where they were', async () => {
    const argentina = await join(server, cookies.argentina ?? '', place);
    const canada = await join(server, cookies.canada ?? '', place);
    const links = new Map<string, string>();
    const jumps = [...clocks];
    for (let more = runs(0, 40); more > 0; more--) {
      const drawn = Math.floor((random() - 0.5) * 40 * year);
      // A clock that is months behind, and may be right for all the server knows, makes people sign in again when it is
      // set: not drawn here.
      const by = drawn < -day && drawn > Date.UTC(2026, 0) - Date.now() ? -drawn : drawn;
      jumps.push([`is off by ${by} ms`, () => `shift ${by}`]);
    }
    for (const [what, clock] of jumps) {
      set(clock());
      const word = `w${saved.length}. `;
      expect([what, await type(argentina, word)]).toEqual([what, 'accepted']);
      await canada.until(() => wordsOf(canada).includes(word), 'the words');
      saved.push(word);
      // A session that has expired by that clock requires a new sign-in, which works.
      const status = (await get('/api/meetings', cookies.rapporteur)).status;
      const cookie = status === 200 ? (cookies.rapporteur ?? '') : await cookieOf(server, 'rapporteur');
      expect([what, (await get(`/api/meetings/${meeting}`, cookie)).status]).toEqual([what, 200]);
      expect([what, (await get('/healthz')).status]).toEqual([what, 200]);
      const link = await invite(cookie);
      expect([what, (await get(`/api/invitations/${link}`)).status]).toEqual([what, 200]);
      links.set(what, link);
      cookies[what] = cookie;
    }
    set('shift 0');
    // Earlier sessions are still valid.
    for (const name of ['argentina', 'canada', 'chair', 'rapporteur'])
      expect([name, (await get('/api/meetings', cookies[name])).status]).toEqual([name, 200]);
    // Sessions made ten years ahead end with their week; those made an hour behind last.
    for (const cookie of Object.values(cookies)) expect((await get('/api/meetings', cookie)).status).toBe(200);
    expect((await get(`/api/invitations/${links.get('goes forward ten years')}`)).status).toBe(410);
    expect((await get(`/api/invitations/${links.get('goes back an hour')}`)).status).toBe(200);
    set(`shift ${9 * day}`);
    for (const name of Object.keys(cookies))
      expect([name, (await get('/api/meetings', cookies[name])).status]).toEqual([name, 401]);
    set('shift 0');
    argentina.leave();
    canada.leave();
  }, 300_000);

  it('signing out everywhere cuts sessions that the clock takes for ended', async () => {
    const brazil = await cookieOf(server, 'brazil');
    const client = await join(server, brazil, place);
    set(`shift ${10 * year}`);
    const again = await cookieOf(server, 'brazil');
    expect((await fetch(`${server.url}/api/sessions`, { method: 'DELETE', headers: { cookie: again } })).status).toBe(
      204,
    );
    expect((await client.closed).code).toBe(4401);
    set('shift 0');
  }, 60_000);

  it('too many guesses cost a wait of a quarter of an hour at most, by any clock', async () => {
    const guess = () => post('/api/session', { name: 'colombia', password: 'not the password' });
    let refused: Response | null = null;
    for (let tries = 0; tries < 12 && refused === null; tries++) {
      const answer = await guess();
      if (answer.status === 429) refused = answer;
    }
    expect(Number(refused?.headers.get('retry-after'))).toBeLessThanOrEqual(900);
    for (const [what, clock] of clocks) {
      set(clock());
      const answer = await guess();
      // By the clock that was ahead, the period was over, and the failures were counted anew.
      expect([what, answer.status]).toEqual([what, what === 'goes back an hour' ? 429 : 401]);
      const wait = answer.headers.get('retry-after');
      if (answer.status === 429) expect(Number(wait)).toBeGreaterThan(0);
      if (answer.status === 429) expect(Number(wait)).toBeLessThanOrEqual(900);
    }
    set('shift 0');
  }, 60_000);

  it('the record’s own time never runs backwards, over a restart too, and nothing is lost', async () => {
    await server.stop('SIGKILL');
    set(`shift ${-Date.now() + 60_000}`);
    server = await startServer({ env, dataDir: server.dataDir });
    const client = await join(server, await cookieOf(server, 'canada'), place);
    for (const word of saved) expect(wordsOf(client)).toContain(word);
    expect(await type(client, 'in 1970 ')).toBe('accepted');
    client.leave();
    await server.stop();
    const { database, close } = openFile(server.dataDir, { readOnly: true });
    const entries = database
      .prepare<unknown[], Parameters<typeof decodeMeetingHeader>[0]>('SELECT * FROM entries ORDER BY log, sequence')
      .all();
    close();
    const last = new Map<string, number>();
    for (const entry of entries) {
      const { at } = entry.log.startsWith('meeting:') ? decodeMeetingHeader(entry) : decodeHeader(entry.header);
      expect(at).toBeGreaterThanOrEqual(last.get(entry.log) ?? 0);
      last.set(entry.log, at);
    }
    expect(last.size).toBeGreaterThan(1);
    expect(Math.max(...last.values())).toBeGreaterThan(Date.now() + 9 * year);
    expect(verifyOn({ DATA_DIR: server.dataDir })).toEqual({
      status: 0,
      said: expect.stringContaining('The record is whole'),
    });
  }, 120_000);
});

it('[CLOCK1] a room is closed when nobody used it for a while, and not when the clock says so', async () => {
  // The test triggers the rooms' sweep; it sets both clocks.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const wall = Date.now.bind(Date);
  const steady = performance.now.bind(performance);
  let [off, gone] = [0, 0];
  vi.spyOn(Date, 'now').mockImplementation(() => wall() + off);
  vi.spyOn(performance, 'now').mockImplementation(() => steady() + gone);
  const store = await openTestStore();
  const app = await createApp({
    store,
    config: readConfig({ LOG_LEVEL: 'silent' }),
    log: pino({ level: 'silent' }),
    now: () => Date.now(),
    demo: () => null,
  });
  try {
    const compilation = {
      title: 'Test',
      parties: [],
      topics: [
        {
          heading: 'One',
          level: 1,
          recommendations: [{ heading: 'A', clauses: [{ text: 'Urge.', level: 0, sponsors: [] }] }],
        },
      ],
      warnings: [],
    };
    const { meetings, rooms } = app;
    const { meeting } = await createMeeting(
      { meetings, rooms, now: () => Date.now() },
      { meeting: 'Test', compilation },
      { name: 'rapporteur', role: 'rapporteur' },
    );
    const id = meetings.get(meeting)?.recommendations[0]?.id;
    if (id === undefined) throw new Error('no recommendation');
    await rooms.room(id);
    for (const years of [10, -50]) {
      off = years * year;
      vi.advanceTimersByTime(61_000);
      expect([years, rooms.holds(id)]).toEqual([years, true]);
    }
    gone = 300_000;
    vi.advanceTimersByTime(61_000);
    expect(rooms.holds(id)).toBe(false);
  } finally {
    vi.useRealTimers();
    vi.restoreAllMocks();
    await app.close();
    await store.close();
  }
}, 60_000);
