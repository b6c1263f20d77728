import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { isErrorCode } from '../../shared/protocol/errors.ts';
import { runs, seed } from '../helpers/extent.ts';
import { Draw, evilStrings } from '../helpers/fuzz/draw.ts';
import { type Person, people, startMeeting, type TestMeeting } from '../helpers/meeting.ts';

/** `CONCORD_SEED=… npx vitest run tests/fault/fuzzHttp.test.ts` asks the same again. */
const requests = runs(300, 20_000);
const connections = runs(60, 5000);

let meeting: TestMeeting;
beforeAll(async () => {
  meeting = await startMeeting();
}, 120_000);
afterAll(async () => {
  await meeting.close();
});

const keys = [
  'name',
  'password',
  'meeting',
  'compilation',
  'title',
  'parties',
  'topics',
  'warnings',
  'code',
  'kind',
  'aliases',
  'heading',
  'level',
  'recommendations',
  'clauses',
  'text',
  'sponsors',
  'amendment',
  'amendments',
  'reason',
  'party',
  'names',
  'en',
  'members',
  'type',
  'status',
  'open',
  'view',
  'participant',
  'role',
  'id',
  'accept',
  '__proto__',
  'constructor',
  'toString',
  '0',
  '',
] as const;

/** A list of one repeated item, as large as a request may be and a little larger. */
const wide = (item: string, times: number): string =>
  `[${Array(Math.min(times, Math.ceil(10_000_000 / item.length)))
    .fill(item)
    .join()}]`;

/** Any JSON: deep, wide, and with the names of fields in the wrong places. */
function json(draw: Draw, depth = 0): string {
  const kind = draw.nat(depth > 5 ? 5 : 9);
  switch (kind) {
    case 0:
      return draw.of(['null', 'true', 'false', '1e999', '-0', '9007199254740993', '1e-400', '3']);
    case 1:
    case 2:
      return JSON.stringify(draw.of(evilStrings));
    case 3:
      return JSON.stringify(
        draw.of([
          meeting.id,
          meeting.recommendation,
          ...Object.values(meeting.participants),
          'ARG',
          'state',
          'agreed',
          'delegate',
        ]),
      );
    case 4:
      return JSON.stringify(draw.chance(0.05) ? 'x'.repeat(draw.of([301, 20_001, 300_000])) : 'a');
    case 5:
      return `[${Array.from({ length: draw.nat(4) }, () => json(draw, depth + 1)).join()}]`;
    case 6:
      return draw.chance(0.1)
        ? wide(json(draw, 6), draw.of([3000, 60_000]))
        : `{${JSON.stringify(draw.of(keys))}:${json(draw, depth + 1)}}`;
    default:
      return `{${Array.from({ length: draw.nat(7) }, () => `${JSON.stringify(draw.of(keys))}:${json(draw, depth + 1)}`).join()}}`;
  }
}

/** A body by the schema of an import, with one invalid value. */
function order(draw: Draw): string {
  const odd = draw.nat(8);
  const pick = (at: number, right: unknown): unknown =>
    at === odd ? JSON.parse(json(draw).replace('1e999', '1')) : right;
  return JSON.stringify({
    meeting: pick(0, 'A meeting'),
    compilation: pick(1, {
      title: pick(2, 'Title'),
      parties: pick(3, [{ code: pick(4, 'ARG'), name: 'Argentina', kind: 'state', aliases: [] }]),
      topics: pick(5, [
        {
          heading: 'Topic',
          level: pick(6, 1),
          recommendations: [
            { heading: '', clauses: [{ text: draw.of(evilStrings), level: 0, sponsors: pick(7, ['Argentina']) }] },
          ],
        },
      ]),
      warnings: [],
    }),
  });
}

function body(draw: Draw): string {
  const text = draw.chance(0.3) ? order(draw) : json(draw);
  switch (draw.nat(12)) {
    case 0:
      return text.slice(0, draw.nat(text.length + 1));
    case 1:
      return '['.repeat(50_000) + ']'.repeat(50_000);
    case 2:
      return '{"a":'.repeat(50_000);
    default:
      return text;
  }
}

const segment = (draw: Draw): string =>
  draw.chance(0.6)
    ? draw.of([meeting.id, meeting.recommendation, ...Object.values(meeting.participants)])
    : encodeURIComponent(draw.of(evilStrings)) || draw.of(['%', '%ff', '..', '%2e%2e%2f', 'a'.repeat(5000)]);

function path(draw: Draw): string {
  const asked = draw.of(['', '?lang=', '?lang=__proto__', '?language=%ff', `?${'a=b&'.repeat(500)}`]);
  const one = draw.of([
    'rename',
    'drafting',
    'set-party',
    'remove-party',
    'accredit',
    'end-accreditation',
    'set-topics',
    'set-recommendations',
    'set-current-clause',
    'set-observer-view',
    'events',
    '__proto__',
  ]);
  const act = draw.of([
    'adopt',
    'not-adopt',
    'withdraw',
    'set-status',
    'dispose-and-agree',
    'give-reason',
    'ask-to-sponsor',
    'answer-sponsoring',
    'bracket',
    'constructor',
    '',
  ]);
  return (
    draw.of([
      '/api/imports',
      '/api/imports',
      '/api/imports/preview',
      '/api/session',
      `/api/meetings/${segment(draw)}/${one}`,
      `/api/recommendations/${segment(draw)}/${act}`,
      `/api/recommendations/${segment(draw)}/clauses/${segment(draw)}/history`,
      `/api/meetings/${segment(draw)}/participants/${segment(draw)}/invitation`,
      `/invitations/${segment(draw)}`,
      `/meetings/${segment(draw)}/text`,
      `/meetings/${segment(draw)}/screen`,
      `/${segment(draw)}`,
      `/api/${segment(draw)}`,
    ]) + asked
  );
}

function cookie(draw: Draw, who: Person): string {
  const right = meeting.cookies[who];
  return draw.weighed([
    [10, right],
    [1, right.slice(0, draw.nat(right.length))],
    [1, `${right}; ${right}`],
    [1, `a=${'b'.repeat(3000)}; ${right}`],
    [1, `concord_language=__proto__; ${right}`],
    [1, `=;;=; %ff=%ff; ${right}`],
  ]);
}

describe(`[ACC7] [ROOM2] Hostile requests (seed ${seed})`, () => {
  it(
    `are answered with a code, and never by a failure, ${requests} times`,
    async () => {
      const draw = new Draw(seed);
      const statuses = new Map<number, number>();
      for (let left = requests; left > 0; left--) {
        const method = draw.weighed([
          [8, 'POST'],
          [2, 'GET'],
          [1, 'PUT'],
          [1, 'DELETE'],
          [1, 'OPTIONS'],
        ]);
        const [where, sent, who] = [path(draw), body(draw), cookie(draw, draw.of(people))];
        // A stream of events doesn't end: it is only opened.
        const abort = new AbortController();
        const response = await fetch(`${meeting.url}${where}`, {
          method,
          signal: abort.signal,
          redirect: 'manual',
          headers: {
            cookie: cookie(draw, draw.of(people)),
            'content-type': draw.of([
              'application/json',
              'application/json',
              'text/plain',
              'multipart/form-data',
              'application/json; charset=utf-16',
            ]),
            'accept-language': draw.of(['en', 'es;q=x', '*', '__proto__', 'a'.repeat(2000)]),
          },
          ...(method === 'GET' ? {} : { body: sent }),
        });
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        const what = `${method} ${where} ${sent.slice(0, 300)}`;
        if (response.status === 500) throw new Error(`failed: ${what} with ${JSON.stringify(who)}`);
        expect(response.status, what).toBeLessThan(504);
        if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
          abort.abort();
          continue;
        }
        const text = await response.text();
        if (response.status >= 400 && response.headers.get('content-type')?.includes('json') === true) {
          const said: unknown = JSON.parse(text);
          const code =
            typeof said === 'object' && said !== null && 'error' in said
              ? (said.error as { code?: unknown }).code
              : null;
          expect([typeof code === 'string' && isErrorCode(code), what]).toEqual([true, what]);
        }
      }
      expect(statuses.get(400) ?? 0).toBeGreaterThan(0);
      expect((await fetch(`${meeting.url}/healthz`)).status).toBe(200);
      expect(Object.keys(Object.prototype)).toEqual([]);
    },
    24 * 3_600_000,
  );

  it(
    `so are hostile upgrades, ${connections} times`,
    async () => {
      // An account of its own: after so many commands the allowance of another is unknown.
      await meeting.close();
      meeting = await startMeeting();
      const draw = new Draw(seed);
      const codes = new Set<number>();
      for (let left = connections; left > 0; left--) {
        const client = draw.of([
          '',
          '1',
          '0',
          '-1',
          '1e9',
          'NaN',
          '5,7',
          Array(17).fill('9').join(),
          '9'.repeat(400),
          ...evilStrings,
        ]);
        const query = new URLSearchParams({
          client,
          schema: draw.of(['1', '1', '1', '2', '__proto__', '']),
          verdicts: draw.of(['1', '', 'x']),
          as: draw.of(['', 'base', 'ARG', 'arg', ...evilStrings]),
        });
        const who = cookie(draw, draw.of(people));
        const place = draw.chance(0.8) ? meeting.recommendation : segment(draw);
        const socket = new WebSocket(
          `${meeting.url.replace('http', 'ws')}/sync/${place}?${query}${draw.chance(0.1) ? '&client=%ff' : ''}`,
          {
            headers: { cookie: who },
          },
        );
        socket.on('error', () => undefined);
        const closed = new Promise<number>((resolve) => socket.on('close', resolve));
        socket.on('open', () => {
          // Proposes nothing, and leaves.
          socket.send(Uint8Array.from([0, 2, 2, 0, 0]));
          socket.close(1000);
        });
        const code = await closed;
        codes.add(code);
        if (code === 1011) throw new Error(`failed: ${place} ${query} with ${JSON.stringify(who)}`);
      }
      expect(codes.size).toBeGreaterThan(2);
      expect((await fetch(`${meeting.url}/healthz`)).status).toBe(200);
    },
    24 * 3_600_000,
  );
});
