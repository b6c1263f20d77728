import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { hashPassword } from '../../../server/access/passwords.ts';
import { connect } from '../../helpers/hostileClient.ts';
import { secret, startMeeting, type TestMeeting } from '../../helpers/meeting.ts';
import { openTestStore } from '../../helpers/store.ts';

let meeting: TestMeeting;
beforeAll(async () => {
  meeting = await startMeeting();
}, 60_000);
afterAll(async () => {
  await meeting.close();
});

const signIn = (
  name: string,
  password: string,
  headers: Record<string, string> = {},
  at = meeting,
): Promise<Response> =>
  fetch(`${at.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ name, password }),
  });
const code = async (response: Response): Promise<string> => {
  const body: unknown = await response.json();
  return JSON.stringify(body).replace(/^.*?"code":"([a-z-]+)".*$/, '$1');
};
const cookieOf = (response: Response): string => response.headers.get('set-cookie')?.split(';')[0] ?? '';
const invite = async (): Promise<string> => {
  const response = await meeting.request('rapporteur', 'POST', `/api/meetings/${meeting.id}/accredit`, {
    name: 'Somebody new',
    role: 'delegate',
    party: 'CAN',
  });
  const { participant } = (await response.json()) as { participant: string };
  const made = await meeting.request(
    'rapporteur',
    'POST',
    `/api/meetings/${meeting.id}/participants/${participant}/invitation`,
    {},
  );
  const { link } = (await made.json()) as { link: string };
  return new URL(link).pathname.split('/').at(-1) ?? '';
};
const takeUp = (token: string, name: string, password: string = secret): Promise<Response> =>
  fetch(`${meeting.url}/api/invitations/${token}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password }),
  });

describe('[ACC2] Signing in', () => {
  it('gives a cookie that scripts and other sites don’t get', async () => {
    const response = await signIn('chair', secret);
    expect(response.status).toBe(204);
    const cookie = response.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; SameSite=(Lax|Strict)/);
    expect(cookie).toMatch(/; Path=\//);
    expect(cookie).not.toMatch(/; Secure/);
  });

  it('behind TLS the cookie is for TLS alone, and browsers are told to stay with it', async () => {
    const own = await startMeeting({ env: { PUBLIC_ORIGIN: 'https://concord.example.org' } });
    try {
      const response = await signIn('chair', secret, { origin: 'https://concord.example.org' }, own);
      expect(response.status).toBe(204);
      expect(response.headers.get('set-cookie')).toMatch(/; Secure/);
      expect(response.headers.get('strict-transport-security')).toMatch(/max-age/);
      expect((await signIn('chair', secret, { origin: own.url }, own)).status).toBe(403);
    } finally {
      await own.close();
    }
  });

  it('says the same of a wrong name as of a wrong password', async () => {
    const answers = [await signIn('chair', 'nonsense'), await signIn('nobody-at-all', 'nonsense')];
    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
    expect(await answers[0]?.text()).toBe(await answers[1]?.text());
  });

  it('is slowed down after ten wrong tries, also with the right password, and says for how long', async () => {
    for (let tries = 0; tries < 10; tries++) expect((await signIn('brazil', 'nonsense')).status).toBe(401);
    const late = await signIn('brazil', secret);
    expect(late.status).toBe(429);
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await code(late)).toBe('too-many-requests');
    // Others sign in as usual.
    expect((await signIn('canada', secret)).status).toBe(204);
  });

  it('keeps no password and no session that could be used as it is', async () => {
    const cookie = cookieOf(await signIn('chair', secret)).split('=')[1] ?? '';
    const rows = [
      ...(await meeting.store.tables.selectFrom('accounts').selectAll().execute()),
      ...(await meeting.store.tables.selectFrom('sessions').selectAll().execute()),
    ];
    const stored = JSON.stringify(rows);
    expect(stored).toContain('$argon2id$');
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain(cookie);
  });
});

describe('[ACC3] Signing out', () => {
  it('ends one session, and no other', async () => {
    const [one, other] = [cookieOf(await signIn('canada', secret)), cookieOf(await signIn('canada', secret))];
    const ask = (cookie: string, method = 'GET') =>
      fetch(`${meeting.url}/api/session`, { method, headers: { cookie } });
    expect((await ask(one, 'DELETE')).status).toBe(204);
    expect((await ask(one)).status).toBe(401);
    expect((await ask(other)).status).toBe(200);
  });

  it('everywhere ends all of them, and cuts what is connected', async () => {
    const cookie = cookieOf(await signIn('argentina', secret));
    const client = await connect(meeting, 'argentina');
    const response = await fetch(`${meeting.url}/api/sessions`, { method: 'DELETE', headers: { cookie } });
    expect(response.status).toBe(204);
    expect((await client.closed).code).toBe(4401);
    expect((await meeting.request('argentina', 'GET', '/api/session')).status).toBe(401);
  });
});

describe('[ACC4] Invitations', () => {
  it('show their purpose, and are accepted once', async () => {
    const token = await invite();
    const view = await fetch(`${meeting.url}/api/invitations/${token}`);
    expect(await view.json()).toMatchObject({
      kind: 'participant',
      meeting: 'Test meeting',
      participant: 'Somebody new',
    });
    const first = await takeUp(token, 'newcomer');
    expect(first.status).toBe(204);
    expect(cookieOf(first)).not.toBe('');
    expect((await takeUp(token, 'latecomer')).status).toBe(410);
    expect((await signIn('latecomer', secret)).status).toBe(401);
  });

  it('of many who come at once, one gets in', async () => {
    const token = await invite();
    const answers = await Promise.all(Array.from({ length: 8 }, (_, at) => takeUp(token, `racer ${at}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 410, 410, 410, 410, 410, 410, 410]);
  });

  it('a name that is taken, or a password that is short, doesn’t use them up', async () => {
    const token = await invite();
    expect(await code(await takeUp(token, 'CHAIR'))).toBe('name-taken');
    expect(await code(await takeUp(token, 'patient', 'short'))).toBe('password-too-short');
    expect((await takeUp(token, 'patient')).status).toBe(204);
  });

  it('[ACC12] make no account that looks like another’s, or can’t be read, and don’t lose one that was there before', async () => {
    const store = await openTestStore();
    const row = { password_hash: await hashPassword(secret), administrator: 0, created_at: 1 };
    for (const [id, name] of [
      ['account0', 'Ian'],
      ['account1', 'lan'],
    ] as const)
      await store.tables
        .insertInto('accounts')
        .values({ id, name, name_key: name.toLowerCase(), ...row })
        .execute();
    const own = await startMeeting({ store });
    try {
      const seat = { meeting: own.id, participant: own.participants.canada, createdBy: null };
      const { token } = await own.app.access.inviteParticipant(seat);
      const post = (path: string, body: unknown) =>
        fetch(own.url + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
      const take = (name: string) => post(`/api/invitations/${token}`, { name, password: secret });
      for (const name of ['сhair', 'Ｃｈａｉｒ', 'chaır', 'Іan', 'LAN', '1an'])
        expect([name, await code(await take(name))]).toEqual([name, 'name-taken']);
      for (const name of ['cha\u200bir', '\u202eriahc', '…'])
        expect([name, await code(await take(name))]).toEqual([name, 'name-unreadable']);
      expect((await take('Somebody else')).status).toBe(204);
      for (const [typed, account] of [
        ['Ian', 'Ian'],
        ['lan', 'lan'],
        ['SOMEBODY  ELSE', 'Somebody else'],
      ]) {
        const signed = await post('/api/session', { name: typed, password: secret });
        const who = await fetch(`${own.url}/api/session`, { headers: { cookie: cookieOf(signed) } });
        expect(await who.json()).toMatchObject({ account: { name: account } });
      }
    } finally {
      await own.close();
    }
  });

  it('end after a week', async () => {
    let now = Date.now();
    const own = await startMeeting({ now: () => now });
    try {
      const { token } = await own.app.access.inviteParticipant({
        meeting: own.id,
        participant: own.participants.canada,
        createdBy: null,
      });
      now += 8 * 24 * 3600 * 1000;
      const late = await fetch(`${own.url}/api/invitations/${token}`);
      expect(late.status).toBe(410);
    } finally {
      await own.close();
    }
  });

  it('are made by the chair, the rapporteur and the administrator, by nobody else', async () => {
    const path = `/api/meetings/${meeting.id}/participants/${meeting.participants.canada}/invitation`;
    for (const person of ['brazil', 'canada', 'observer'] as const)
      expect((await meeting.request(person, 'POST', path, {})).status, person).toBe(403);
    expect((await meeting.request('outsider', 'POST', path, {})).status).toBe(404);
    expect((await meeting.request(null, 'POST', path, {})).status).toBe(401);
    expect((await meeting.request('chair', 'POST', path, {})).status).toBe(200);
  });
});

describe('[ACC5] An accreditation that ends', () => {
  it('cuts whoever sits there at once: the document, the pages, the programs', async () => {
    const own = await startMeeting();
    try {
      const client = await connect(own, 'canada');
      const events = await own.request('canada', 'GET', `/api/meetings/${own.id}/events`);
      const reader = events.body?.getReader();
      const answer = await own.request('chair', 'POST', `/api/meetings/${own.id}/end-accreditation`, {
        participant: own.participants.canada,
      });
      expect(answer.status).toBe(204);
      expect((await client.closed).code).toBe(4403);
      // The stream ends.
      for (;;) if ((await reader?.read())?.done !== false) break;
      expect((await own.request('canada', 'GET', `/api/recommendations/${own.recommendation}`)).status).toBe(404);
      const again = new WebSocket(`${own.url.replace('http', 'ws')}/sync/${own.recommendation}?client=5&schema=1`, {
        headers: { cookie: own.cookies.canada },
      });
      again.on('error', () => undefined);
      const closed = await new Promise<number>((resolve) => again.on('close', resolve));
      expect(closed).toBeGreaterThanOrEqual(4400);
    } finally {
      await own.close();
    }
  });
});

describe('[ACC6] Other sites', () => {
  it('can give no commands: every operation that changes something checks its origin', async () => {
    const { paths } = (await (await fetch(`${meeting.url}/api/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    let tried = 0;
    for (const [path, operations] of Object.entries(paths))
      for (const method of Object.keys(operations)) {
        if (method === 'get') continue;
        tried += 1;
        for (const headers of [
          { origin: 'https://evil.example' },
          { origin: 'null' },
          { 'sec-fetch-site': 'cross-site' },
        ]) {
          const response = await fetch(meeting.url + path.replace(/\{\w+\}/g, meeting.id), {
            method: method.toUpperCase(),
            headers: { cookie: meeting.cookies.chair, 'content-type': 'text/plain', ...headers },
            ...(method === 'delete' ? {} : { body: '{}' }),
          });
          expect([path, response.status]).toEqual([path, 403]);
          expect(await code(response)).toBe('foreign-origin');
        }
      }
    expect(tried).toBeGreaterThan(20);
  });

  it('can’t frame our pages, nor bring scripts into them', async () => {
    for (const path of [
      '/',
      '/sign-in',
      `/meetings/${meeting.id}/text`,
      '/api/meetings',
      '/no-such-page',
      '/healthz',
    ]) {
      const response = await meeting.request('chair', 'GET', path);
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy, path).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('and our own pages hold no inline script, style or handler', async () => {
    for (const path of ['/', `/meetings/${meeting.id}/text`]) {
      const page = await (await meeting.request('chair', 'GET', path)).text();
      expect(page).not.toMatch(/<script(?![^>]*\ssrc=)/);
      expect(page).not.toMatch(/<style|\sstyle=|\son[a-z]+=/);
    }
  });
});

describe('[ACC7] An acceptable request', () => {
  it('other programs’ cookies on the same host may hold anything', async () => {
    const cookie = `discount=100%; %ff=%ff; ${meeting.cookies.chair}`;
    expect((await fetch(`${meeting.url}/api/meetings`, { headers: { cookie } })).status).toBe(200);
    expect((await fetch(`${meeting.url}/api/meetings`, { headers: { cookie: 'concord_session=%ff' } })).status).toBe(
      401,
    );
  });
  it('too large, not JSON, not a command: an error with a code, and the server stands', async () => {
    const path = `/api/meetings/${meeting.id}/rename`;
    const answers = [
      await meeting.request('rapporteur', 'POST', path, 'x'.repeat(600_000)),
      await meeting.request('rapporteur', 'POST', path, '{"name":'),
      await meeting.request('rapporteur', 'POST', path, { name: '' }),
      await meeting.request('rapporteur', 'POST', path, { name: 5 }),
      await meeting.request('rapporteur', 'POST', '/api/no-such-thing', {}),
      await meeting.request('rapporteur', 'POST', '/api/recommendations/nonsense/adopt', {}),
    ];
    expect(answers.map(({ status }) => status)).toEqual([413, 400, 400, 400, 404, 404]);
    for (const answer of answers) {
      const { error } = (await answer.json()) as { error: { code: string; message: string } };
      expect(error.message.length).toBeGreaterThan(10);
      expect(error.code).toMatch(/^[a-z-]+$/);
    }
    expect((await fetch(`${meeting.url}/healthz`)).status).toBe(200);
  });

  it('a refusal speaks the requester’s language', async () => {
    for (const [language, word] of [
      ['es', 'contraseña'],
      ['fr', 'mot de passe'],
      ['pt', 'senha|palavra-passe'],
      ['en', 'password'],
    ] as const) {
      const response = await signIn('nobody', 'x', { 'accept-language': language });
      expect(await response.text()).toMatch(new RegExp(word, 'i'));
    }
  });
});
