import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { type App, createApp } from '../../../server/app.ts';
import { verify } from '../../../server/audit/verify.ts';
import { readConfig } from '../../../server/config.ts';
import type { Store } from '../../../server/storage/store.ts';
import { decodeHeader, ruleset as today } from '../../../shared/negotiation/entry.ts';
import { Accepted, RecommendationView } from '../../../shared/protocol/contract.ts';
import { newMarkId, type RecommendationId, recommendationLog } from '../../../shared/protocol/ids.ts';
import { markKey, textOf } from '../../../shared/text/document.ts';
import { Client } from '../../helpers/hostileClient.ts';
import { secret } from '../../helpers/meeting.ts';
import { seenOf } from '../../helpers/seen.ts';
import { openTestStore } from '../../helpers/store.ts';
import { temporaryDirectory } from '../../helpers/temporary.ts';

/** Data directories as earlier versions left them: with the ruleset of their entries, and their least number. */
const versions = [
  { version: '0.1.0', ruleset: 1, entries: 300 },
  { version: '0.2.0', ruleset: 2, entries: 50 },
] as const;

const dataOf = (version: string): string => {
  const from = fileURLToPath(new URL(`../../fixtures/record-${version}/`, import.meta.url));
  const to = temporaryDirectory();
  writeFileSync(join(to, 'concord.sqlite'), gunzipSync(readFileSync(join(from, 'concord.sqlite.gz'))), { mode: 0o600 });
  copyFileSync(join(from, 'concord.last'), join(to, 'concord.last'));
  return to;
};

let store: Store;
let app: App;
let url: string;
let place: RecommendationId;

const open = async (version: string): Promise<void> => {
  store = await openTestStore(dataOf(version));
  app = await createApp({
    store,
    config: readConfig({ LOG_LEVEL: 'silent' }),
    log: pino({ level: 'silent' }),
    now: () => Date.now(),
    demo: () => null,
  });
  url = `http://127.0.0.1:${await app.listen(0, '127.0.0.1')}`;
  const [first] = app.meetings.all().find(({ name }) => name === 'Test meeting, renamed')?.recommendations ?? [];
  if (first === undefined) throw new Error('the meeting is not there');
  place = first.id;
};

const cookieOf = async (name: string): Promise<string> =>
  (await app.access.signIn(name, secret, '127.0.0.1')).split(';')[0] ?? '';
const view = async (cookie: string) =>
  RecommendationView.parse(await (await fetch(`${url}/api/recommendations/${place}`, { headers: { cookie } })).json());
const order = async (cookie: string, type: string, body: object): Promise<number> => {
  const response = await fetch(`${url}/api/recommendations/${place}/${type}`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, seen: seenOf(await view(cookie)) }),
  });
  return Accepted.parse(await response.json()).sequence;
};

describe.each(versions)('[LOG6] A record of version $version', ({ version, ruleset, entries: least }) => {
  beforeAll(async () => {
    await open(version);
  });
  afterAll(async () => {
    await app.close();
    await store.close();
  });

  it('opens and verifies', async () => {
    const entries = await store.log.read(recommendationLog(place), 0, 10_000);
    expect(entries.length).toBeGreaterThan(least);
    expect(new Set(entries.map((entry) => decodeHeader(entry.header).ruleset))).toEqual(new Set([ruleset]));
    expect((await verify(store.log)).faults).toEqual([]);
  });

  it('is negotiated on: what it holds is decided, and what is written to it is judged by today’s rules', async () => {
    const chair = await cookieOf('chair');
    const canada = await cookieOf('canada');
    const doc = new Y.Doc();
    const client = new Client(
      `${url.replace('http', 'ws')}/sync/${place}?client=${doc.clientID}&schema=1&verdicts=1`,
      { cookie: canada },
      doc,
    );
    await new Promise((resolve) => client.socket.once('open', resolve));
    client.step1();
    await client.until(() => client.synced, 'the text');
    const open = [0, 1, 2].find((at) => client.isOpenAt(at)) ?? 0;
    const id = newMarkId();
    const verdict = await client.say(
      client.change(() => client.words(open).insert(0, 'Further ', { [markKey('insertion', id)]: { id } })),
    );
    expect(verdict.verdict).toBe('accepted');

    // Every open amendment is disposed of, in one way or another.
    for (let left = 40; ; left--) {
      const { amendments } = await view(chair);
      const [next] = amendments.filter(({ state, digest }) => state === 'open' && digest !== null);
      if (next === undefined) break;
      expect(left).toBeGreaterThan(0);
      const empty = next.struck === '' && next.inserted === '';
      await order(chair, left % 2 === 0 && !empty ? 'adopt' : 'not-adopt', { amendments: [next.id] });
    }
    for (const bracket of (await view(chair)).brackets) await order(chair, 'lift-bracket', { bracket: bracket.id });
    const { clauses } = await view(chair);
    expect(
      await order(chair, 'set-status', { clauses: clauses.map((one) => one.id), status: 'agreed' }),
    ).toBeGreaterThan(0);
    client.leave();

    const room = await app.rooms.room(place);
    expect(textOf(doc).length).toBeGreaterThan(0);
    expect(room.text().every(({ runs }) => runs.every(({ marks }) => marks.insertion.length === 0))).toBe(true);
    const last = (await store.log.read(recommendationLog(place), room.sequence - 1, 1))[0];
    expect(last === undefined ? 0 : decodeHeader(last.header).ruleset).toBe(today);
    expect((await verify(store.log)).faults).toEqual([]);
  });
});
