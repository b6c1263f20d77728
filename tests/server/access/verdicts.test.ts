import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { administrator, type MeetingCommand } from '../../../shared/meeting/meeting.ts';
import { MeetingList, MeetingView, RecommendationView } from '../../../shared/protocol/contract.ts';
import {
  newMarkId,
  newRecommendationId,
  newTopicId,
  type RecommendationId,
  type TopicId,
} from '../../../shared/protocol/ids.ts';
import { connect, propose } from '../../helpers/hostileClient.ts';
import { secret, startMeeting, type TestMeeting } from '../../helpers/meeting.ts';
import { seenOf } from '../../helpers/seen.ts';

/**
 * Every route with every person's verdict. `gone` is a delegate whose accreditation ended; `outsider` runs another
 * meeting on the same server; the administrator has no accreditation.
 */
const requesters = [
  'nobody',
  'outsider',
  'gone',
  'observer',
  'canada',
  'rapporteur',
  'chair',
  'administrator',
] as const;
type Requester = (typeof requesters)[number];

let meeting: TestMeeting;
const cookies: Partial<Record<Requester, string>> = {};
/** The meeting that the outsider runs. */
let elsewhere: { id: string; recommendation: string; clause: string; participant: string };

async function request(
  as: Requester,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const cookie = cookies[as];
  const response = await fetch(meeting.url + path, {
    method,
    redirect: 'manual',
    headers: { ...(cookie === undefined ? {} : { cookie }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return response;
}
const read = async (as: Requester, path: string): Promise<unknown> => (await request(as, 'GET', path)).json();

beforeAll(async () => {
  meeting = await startMeeting();
  Object.assign(cookies, meeting.cookies);
  const { access } = meeting.app;
  const seated = await meeting.request('rapporteur', 'POST', `/api/meetings/${meeting.id}/accredit`, {
    name: 'Gone',
    role: 'delegate',
    party: 'CAN',
  });
  const { participant } = (await seated.json()) as { participant: string };
  const made = await meeting.request(
    'rapporteur',
    'POST',
    `/api/meetings/${meeting.id}/participants/${participant}/invitation`,
    {},
  );
  const { link } = (await made.json()) as { link: string };
  const taken = await request('nobody', 'POST', `/api${new URL(link).pathname}`, { name: 'gone', password: secret });
  cookies.gone = taken.headers.get('set-cookie')?.split(';')[0] ?? '';
  await meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/end-accreditation`, { participant });
  const { token } = await access.inviteAdministrator();
  cookies.administrator =
    (await access.takeUp(token, { name: 'administrator', password: secret }))?.split(';')[0] ?? '';

  const [own] = MeetingList.parse(await read('outsider', '/api/meetings'));
  const view = MeetingView.parse(await read('outsider', `/api/meetings/${own?.id}`));
  const recommendation = view.recommendations[0]?.id ?? '';
  const text = RecommendationView.parse(await read('outsider', `/api/recommendations/${recommendation}`));
  elsewhere = {
    id: view.id,
    recommendation,
    clause: text.clauses[0]?.id ?? '',
    participant: view.me?.participant ?? '',
  };
}, 60_000);
afterAll(async () => {
  await meeting.close();
});

/** A fresh amendment of Argentina's, on the first clause. */
async function amendment(): Promise<string> {
  const client = await connect(meeting, 'argentina');
  const id = await propose(client, 0, 0, 'Strongly ');
  client.leave();
  return id;
}
/** Directly into the meeting: the table has more rows than the limit of commands in ten seconds. */
const put = (command: MeetingCommand): Promise<unknown> =>
  meeting.app.meetings.order(meeting.id, command, administrator, 'test');
async function freshTopic(): Promise<TopicId> {
  const id = newTopicId();
  await put({ type: 'add-topic', id, heading: 'Fresh topic', level: 1 });
  return id;
}
async function freshRecommendation(): Promise<RecommendationId> {
  const id = newRecommendationId();
  await put({ type: 'add-recommendation', id, topic: await freshTopic(), heading: 'Fresh text' });
  return id;
}
const clauseIds = async (): Promise<string[]> => (await meeting.text()).clauses.map(({ id }) => id);
const compilation = {
  title: 'T',
  parties: [{ code: 'ARG', name: 'Argentina', kind: 'state', aliases: [] }],
  topics: [{ heading: 'H', level: 1, recommendations: [{ heading: '', clauses: [] }] }],
  warnings: [],
};
const party = { code: 'PER', names: { en: 'Peru' }, kind: 'state', aliases: [], members: [] };

interface Row {
  readonly body?: () => unknown;
  /** Ends the session of the request: each requester gets a new one for it. */
  readonly ends?: true;
}

/**
 * Statuses in the order of `requesters`. 401 not signed in, 403 the role may not, 404 not found or not accessible, 410 no
 * such invitation.
 */
const table: readonly (readonly [route: string, verdicts: string, row?: Row])[] = [
  // No sign-in is needed.
  ['GET /healthz', '200 200 200 200 200 200 200 200'],
  ['GET /reading.css', '200 200 200 200 200 200 200 200'],
  ['GET /screen.css', '200 200 200 200 200 200 200 200'],
  ['GET /reading.js', '200 200 200 200 200 200 200 200'],
  ['GET /assets/{name}', '404 404 404 404 404 404 404 404'],
  ['GET /api/openapi.json', '200 200 200 200 200 200 200 200'],
  ['GET *', '200 200 200 200 200 200 200 200'],
  ['GET /api/demo', '404 404 404 404 404 404 404 404'],
  ['POST /api/session', '400 400 400 400 400 400 400 400', { body: () => ({}) }],
  ['GET /api/invitations/{token}', '410 410 410 410 410 410 410 410'],
  ['POST /api/invitations/{token}', '410 410 410 410 410 410 410 410', { body: () => ({}) }],
  // An account is enough.
  ['GET /api/session', '401 200 200 200 200 200 200 200'],
  ['GET /api/meetings', '401 200 200 200 200 200 200 200'],
  // An accreditation, or the administrator's rights.
  ['GET /api/meetings/{id}', '401 404 404 200 200 200 200 200'],
  ['GET /api/meetings/{id}/events', '401 404 404 403 200 200 200 200'],
  ['GET /meetings/{id}/text', '302 404 404 200 200 200 200 200'],
  ['GET /meetings/{id}/text/events', '401 404 404 200 200 200 200 200'],
  ['GET /meetings/{id}/screen', '302 404 404 200 200 200 200 200'],
  ['GET /meetings/{id}/screen/events', '401 404 404 200 200 200 200 200'],
  ['GET /api/recommendations/{id}', '401 404 404 403 200 200 200 200'],
  ['GET /api/recommendations/{id}/clauses/{clause}/history', '401 404 404 403 200 200 200 200'],
  // Chair, rapporteur and administrator.
  [
    'POST /api/meetings/{id}/participants/{participant}/invitation',
    '401 404 404 403 403 200 200 200',
    { body: () => ({}) },
  ],
  ['POST /api/meetings/{id}/rename', '401 404 404 403 403 204 204 204', { body: () => ({ name: 'Test meeting' }) }],
  ['POST /api/meetings/{id}/drafting', '401 404 404 403 403 403 204 403', { body: () => ({ open: true }) }],
  ['POST /api/meetings/{id}/set-party', '401 404 404 403 403 204 204 204', { body: () => ({ party }) }],
  [
    'POST /api/meetings/{id}/remove-party',
    '401 404 404 403 403 204 204 204',
    {
      body: async () => {
        await meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/set-party`, { party });
        return { code: 'PER' };
      },
    },
  ],
  [
    'POST /api/meetings/{id}/accredit',
    '401 404 404 403 403 200 200 200',
    { body: () => ({ name: 'X', role: 'observer', party: null }) },
  ],
  [
    'POST /api/meetings/{id}/end-accreditation',
    '401 404 404 403 403 204 204 204',
    {
      body: async () => {
        const path = `/api/meetings/${meeting.id}/accredit`;
        const made = await meeting.request('chair', 'POST', path, { name: 'Y', role: 'observer', party: null });
        return made.json();
      },
    },
  ],
  [
    'POST /api/meetings/{id}/set-topics',
    '401 404 404 403 403 204 204 204',
    { body: async () => ({ topics: (await meeting.view()).topics }) },
  ],
  [
    'POST /api/meetings/{id}/set-recommendations',
    '401 404 404 403 403 204 204 204',
    {
      body: async () => ({
        recommendations: (await meeting.view()).recommendations.map(({ progress: _, ...one }) => one),
      }),
    },
  ],
  [
    'POST /api/meetings/{id}/add-topic',
    '401 404 404 403 403 204 204 204',
    { body: () => ({ id: newTopicId(), heading: 'Another', level: 1 }) },
  ],
  [
    'POST /api/meetings/{id}/rename-topic',
    '401 404 404 403 403 204 204 204',
    { body: async () => ({ topic: await freshTopic(), heading: 'Renamed' }) },
  ],
  [
    'POST /api/meetings/{id}/set-topic-level',
    '401 404 404 403 403 204 204 204',
    { body: async () => ({ topic: await freshTopic(), level: 2 }) },
  ],
  [
    'POST /api/meetings/{id}/move-topic',
    '401 404 404 403 403 204 204 204',
    { body: async () => ({ topic: await freshTopic(), after: null }) },
  ],
  [
    'POST /api/meetings/{id}/remove-topic',
    '401 404 404 403 403 204 204 204',
    { body: async () => ({ topic: await freshTopic() }) },
  ],
  [
    'POST /api/meetings/{id}/add-recommendation',
    '401 404 404 403 403 204 204 204',
    { body: async () => ({ id: newRecommendationId(), topic: await freshTopic(), heading: '' }) },
  ],
  [
    'POST /api/meetings/{id}/rename-recommendation',
    '401 404 404 403 403 204 204 204',
    { body: async () => ({ recommendation: await freshRecommendation(), heading: 'Renamed' }) },
  ],
  [
    'POST /api/meetings/{id}/set-recommendation-topic',
    '401 404 404 403 403 204 204 204',
    { body: async () => ({ recommendation: await freshRecommendation(), topic: await freshTopic() }) },
  ],
  [
    'POST /api/meetings/{id}/move-recommendation',
    '401 404 404 403 403 204 204 204',
    { body: async () => ({ recommendation: await freshRecommendation(), after: null }) },
  ],
  [
    'POST /api/meetings/{id}/set-current-clause',
    '401 404 404 403 403 403 204 403',
    { body: () => ({ currentClause: null }) },
  ],
  [
    'POST /api/meetings/{id}/set-observer-view',
    '401 404 404 403 403 403 204 403',
    { body: () => ({ view: 'nothing' }) },
  ],
  [
    'POST /api/imports/preview',
    '401 200 403 403 403 200 200 200',
    { body: () => 'PREVENTION\n\nUrge states to train officials. (Argentina)\n\nInform the public. (Brazil)\n' },
  ],
  [
    'POST /api/imports',
    '401 201 403 403 403 201 201 201',
    { body: () => ({ meeting: 'Made by import', compilation }) },
  ],
  // The text: an administrator without an accreditation reads, and decides nothing. Canada isn't the amendment's owner.
  [
    'POST /api/recommendations/{id}/adopt',
    '401 404 404 403 403 403 200 403',
    { body: async () => ({ amendments: [await amendment()], seen: seenOf(await meeting.text()) }) },
  ],
  [
    'POST /api/recommendations/{id}/not-adopt',
    '401 404 404 403 403 403 200 403',
    { body: async () => ({ amendments: [await amendment()], seen: seenOf(await meeting.text()) }) },
  ],
  [
    'POST /api/recommendations/{id}/withdraw',
    '401 404 404 403 403 200 403 403',
    { body: async () => ({ amendment: await amendment() }) },
  ],
  [
    'POST /api/recommendations/{id}/give-reason',
    '401 404 404 403 403 200 403 403',
    { body: async () => ({ amendment: await amendment(), reason: 'Because.' }) },
  ],
  [
    'POST /api/recommendations/{id}/ask-to-sponsor',
    '401 404 404 403 403 200 403 403',
    { body: async () => ({ amendment: await amendment(), party: 'BRA' }) },
  ],
  [
    'POST /api/recommendations/{id}/answer-sponsoring',
    '401 404 404 403 200 200 403 403',
    {
      body: async () => {
        const id = await amendment();
        await meeting.order('argentina', 'ask-to-sponsor', { amendment: id, party: 'CAN' });
        return { amendment: id, party: 'CAN', accept: true, seen: seenOf(await meeting.text()) };
      },
    },
  ],
  // There is no such bracket; without the right to lift one, a requester doesn't learn that.
  [
    'POST /api/recommendations/{id}/lift-bracket',
    '401 404 404 403 404 404 404 403',
    { body: () => ({ bracket: newMarkId(), seen: {} }) },
  ],
  [
    'POST /api/recommendations/{id}/set-status',
    '401 404 404 403 403 403 200 403',
    {
      body: async () => ({
        clauses: [(await clauseIds()).at(-1)],
        status: 'agreed',
        seen: seenOf(await meeting.text()),
      }),
    },
  ],
  // It is agreed by then.
  [
    'POST /api/recommendations/{id}/dispose-and-agree',
    '401 404 404 403 403 403 409 403',
    {
      body: async () => ({
        clauses: [(await clauseIds()).at(-1)],
        adopt: [],
        status: 'agreed',
        seen: seenOf(await meeting.text()),
      }),
    },
  ],
  [
    'POST /api/recommendations/{id}/set-sponsors',
    '401 404 404 403 403 200 403 403',
    { body: async () => ({ clause: (await clauseIds())[1], sponsors: ['CIM'] }) },
  ],
  [
    'POST /api/recommendations/{id}/move-clause',
    '401 404 404 403 403 200 200 403',
    {
      body: async () => {
        const text = await meeting.text();
        const ids = text.clauses.map(({ id }) => id);
        const at = text.clauses.findIndex((clause) => clause.text.startsWith('Invite'));
        return { clause: ids[at], after: at === 0 ? ids[1] : null, seen: seenOf(text) };
      },
    },
  ],
  // It is open.
  [
    'POST /api/recommendations/{id}/take-back',
    '401 404 404 403 403 403 422 403',
    { body: async () => ({ amendment: await amendment() }) },
  ],
  [
    'POST /api/recommendations/{id}/freeze-numbering',
    '401 404 404 403 403 200 200 403',
    { body: async () => ({ frozen: !(await meeting.text()).numbersFrozen }) },
  ],
  ['DELETE /api/session', '401 204 204 204 204 204 204 204', { ends: true }],
  ['DELETE /api/sessions', '401 204 204 204 204 204 204 204', { ends: true }],
];

/** The rows that end the requester's session come last, with a session of their own. */
const rows = (ends: boolean) =>
  table
    .filter(([, , row]) => (row?.ends === true) === ends)
    .map(([route, verdicts, row = {}]): [string, string, Row] => [route, verdicts, row]);

const fill = (path: string, id: string, clause: string, participant: string): string =>
  path
    .replace('{id}', id)
    .replace('{clause}', clause)
    .replace('{participant}', participant)
    .replace('{token}', 'no-such-token')
    .replace('{name}', 'no-such-file.js')
    .replace('*', '/');

describe('[SAFE1] Every route has a verdict for everybody', () => {
  it('the table knows every route that the server has, and every one that it describes', async () => {
    const routes = meeting.app.http.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}').replace('/*', '*')}`);
    const { paths } = (await read('nobody', '/api/openapi.json')) as { paths: Record<string, object> };
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const known = table.map(([route]) => route);
    expect(new Set(known).size).toBe(known.length);
    expect([...known].sort()).toEqual([...new Set(routes)].sort());
    expect(described.filter((route) => !known.includes(route))).toEqual([]);
    expect(described.length).toBeGreaterThan(30);
  });

  it.each(rows(false))('%s: %s', judge);
});

async function judge(route: string, verdicts: string, row: Row): Promise<void> {
  const [method = '', path = ''] = route.split(' ');
  const [clause = ''] = await clauseIds();
  const id = path.startsWith('/api/recommendations') ? meeting.recommendation : meeting.id;
  const answered: number[] = [];
  for (const requester of requesters) {
    const body = await row.body?.();
    const headers: Record<string, string> = {};
    if (row.ends === true && requester !== 'nobody')
      headers.cookie = (await meeting.app.access.signIn(requester, secret, requester)).split(';')[0] ?? '';
    const response = await request(
      requester,
      method,
      fill(path, id, clause, meeting.participants.brazil),
      body,
      headers,
    );
    answered.push(response.status);
    await response.body?.cancel();
  }
  expect(answered.join(' ')).toBe(verdicts);
}

describe('[SAFE1] Another meeting’s ids lead nowhere', () => {
  const headsOf = async (): Promise<string> => {
    const { log } = meeting.store;
    const names = (await log.names()).filter(
      (name) => name.includes(elsewhere.id) || name.includes(elsewhere.recommendation),
    );
    expect(names).toHaveLength(2);
    const heads = await Promise.all(names.map(async (name) => (await log.head(name))?.sequence));
    return JSON.stringify(heads);
  };

  it('in the address: every route answers as if there were none', async () => {
    const before = await headsOf();
    let tried = 0;
    for (const [route, , row] of table) {
      const [method = '', path = ''] = route.split(' ');
      if (!path.includes('{id}')) continue;
      const ofText = path.startsWith('/api/recommendations');
      const body = ofText ? { clauses: [elsewhere.clause], amendments: [], status: 'open' } : await row?.body?.();
      for (const id of [
        ofText ? elsewhere.recommendation : elsewhere.id,
        // An id of the other kind, of the own meeting: the routes don't confuse them.
        ofText ? meeting.id : meeting.recommendation,
      ])
        for (const requester of ['chair', 'rapporteur', 'canada', 'observer', 'gone'] as const) {
          tried += 1;
          const response = await request(
            requester,
            method,
            fill(path, id, elsewhere.clause, elsewhere.participant),
            method === 'GET' ? undefined : body,
          );
          expect([requester, route, response.status]).toEqual([requester, route, 404]);
          await response.body?.cancel();
        }
    }
    expect(tried).toBeGreaterThan(150);
    expect(await headsOf()).toBe(before);
  }, 90_000);

  it('in the body: nothing of another meeting is taken, named or moved', async () => {
    const before = await headsOf();
    const here = `/api/meetings/${meeting.id}`;
    const view = await meeting.view();
    const mine = view.recommendations.map(({ progress: _, ...one }) => one);
    const topic = view.topics[0]?.id;
    const text = `/api/recommendations/${meeting.recommendation}`;
    const tries: readonly [path: string, body: unknown, status: number][] = [
      [
        `${here}/set-recommendations`,
        { recommendations: [...mine, { id: elsewhere.recommendation, topic, heading: 'Taken' }] },
        400,
      ],
      [`${here}/add-recommendation`, { id: elsewhere.recommendation, topic, heading: 'Taken' }, 400],
      [`${here}/rename-recommendation`, { recommendation: elsewhere.recommendation, heading: 'Taken' }, 404],
      [
        `${here}/set-current-clause`,
        { currentClause: { recommendation: elsewhere.recommendation, clause: null } },
        404,
      ],
      [
        `${here}/set-current-clause`,
        { currentClause: { recommendation: elsewhere.recommendation, clause: elsewhere.clause } },
        404,
      ],
      [
        `${here}/set-current-clause`,
        { currentClause: { recommendation: meeting.recommendation, clause: elsewhere.clause } },
        404,
      ],
      [`${here}/end-accreditation`, { participant: elsewhere.participant }, 404],
      [`${here}/accredit`, { id: elsewhere.participant, name: 'X', role: 'chair', party: null }, 404],
      [`${here}/participants/${elsewhere.participant}/invitation`, {}, 404],
      [`${text}/set-status`, { clauses: [elsewhere.clause], status: 'agreed' }, 404],
    ];
    for (const [path, body, status] of tries)
      expect([path, (await request('chair', 'POST', path, body)).status]).toEqual([path, status]);
    const history = await request('chair', 'GET', `${text}/clauses/${elsewhere.clause}/history`);
    expect(history.status).toBe(404);
    const sponsors = await request('rapporteur', 'POST', `${text}/set-sponsors`, {
      clause: elsewhere.clause,
      sponsors: [],
    });
    expect(sponsors.status).toBe(404);
    expect(await headsOf()).toBe(before);
  });

  it('on the socket: no accreditation, no text; an observer has an accreditation, and no text', async () => {
    const closeOf = async (as: Requester, recommendation: string): Promise<number> => {
      const cookie = cookies[as];
      const socket = new WebSocket(`${meeting.url.replace('http', 'ws')}/sync/${recommendation}?schema=1`, {
        headers: cookie === undefined ? {} : { cookie },
      });
      let heard = 0;
      socket.on('message', () => {
        heard += 1;
      });
      socket.on('error', () => undefined);
      const code = await new Promise<number>((resolve) => socket.on('close', resolve));
      expect(heard).toBe(0);
      return code;
    };
    for (const requester of ['chair', 'rapporteur', 'canada', 'observer', 'gone', 'administrator'] as const)
      expect([requester, await closeOf(requester, elsewhere.recommendation)]).toEqual([requester, 4404]);
    expect(await closeOf('nobody', meeting.recommendation)).toBe(4401);
    expect(await closeOf('outsider', meeting.recommendation)).toBe(4404);
    expect(await closeOf('gone', meeting.recommendation)).toBe(4404);
    expect(await closeOf('administrator', meeting.recommendation)).toBe(4404);
    expect(await closeOf('observer', meeting.recommendation)).toBe(4403);
    expect(await closeOf('chair', 'no-such-recommendation')).toBe(4404);
  });
});

describe('[SAFE1] Signing out is everybody’s own', () => {
  it.each(rows(true))('%s: %s', judge);
});
