import { once } from 'node:events';
import { connect as dial } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startMeeting, type TestMeeting } from '../../helpers/meeting.ts';

let meeting: TestMeeting;
beforeAll(async () => {
  meeting = await startMeeting();
}, 60_000);
afterAll(async () => {
  await meeting.close();
});

interface Described {
  readonly paths: Record<string, Record<string, { readonly requestBody?: unknown }>>;
}
async function operations(): Promise<{ method: string; path: string; takesBody: boolean }[]> {
  const { paths } = (await (await fetch(`${meeting.url}/api/openapi.json`)).json()) as Described;
  const ids: Record<string, string> = { participant: meeting.participants.canada, token: 'no-such-token' };
  return Object.entries(paths).flatMap(([path, of]) =>
    Object.keys(of).map((method) => ({
      method: method.toUpperCase(),
      path: path.replace(/\{(\w+)\}/g, (_, name: string) =>
        name === 'id'
          ? path.startsWith('/api/recommendations')
            ? meeting.recommendation
            : meeting.id
          : (ids[name] ?? 'nothing1'),
      ),
      takesBody: method === 'post',
    })),
  );
}

/** Sends bytes to the server as they are, and collects the answer until the server closes. */
async function say(...parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = dial(Number(new URL(meeting.url).port), '127.0.0.1');
  let heard = '';
  socket.on('data', (data) => {
    heard += data.toString('latin1');
  });
  socket.on('error', () => undefined);
  for (const part of parts) socket.write(part);
  await once(socket, 'close');
  return heard;
}
const statuses = (heard: string): string[] => [...heard.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status = '']) => status);

/** One of each kind of answer: pages, API answers, refusals, failures, files, redirects, streams. */
const everywhere = (): readonly (readonly [as: 'chair' | null, method: string, path: string])[] => [
  [null, 'GET', '/'],
  [null, 'GET', '/sign-in'],
  [null, 'GET', '/invitations/some-token'],
  [null, 'GET', '/healthz'],
  [null, 'GET', '/reading.js'],
  [null, 'GET', '/reading.css'],
  [null, 'GET', '/assets/none.js'],
  [null, 'GET', '/api/openapi.json'],
  [null, 'GET', '/api/session'],
  [null, 'GET', '/api/invitations/some-token'],
  [null, 'GET', `/meetings/${meeting.id}/text`],
  [null, 'POST', '/api/session'],
  [null, 'PUT', '/api/session'],
  [null, 'OPTIONS', '/api/session'],
  ['chair', 'GET', '/api/session'],
  ['chair', 'GET', '/api/meetings'],
  ['chair', 'GET', `/api/meetings/${meeting.id}`],
  ['chair', 'GET', `/api/meetings/${meeting.id}/events`],
  ['chair', 'GET', `/api/recommendations/${meeting.recommendation}`],
  ['chair', 'GET', `/meetings/${meeting.id}/text`],
  ['chair', 'GET', `/meetings/${meeting.id}/text/events`],
  ['chair', 'POST', `/api/meetings/${meeting.id}/rename`],
  ['chair', 'GET', '/api/no-such-thing'],
];

describe('[ACC6] The headers of every answer', () => {
  it('to other sites: nothing, to no frame, from nowhere else; and to search engines', async () => {
    for (const [as, method, path] of everywhere()) {
      const response = await meeting.request(as, method, path);
      const said = (name: string): string => response.headers.get(name) ?? '';
      const policy = new Map(
        said('content-security-policy')
          .split('; ')
          .map((part): [string, string] => [part.split(' ')[0] ?? '', part.split(' ').slice(1).join(' ')]),
      );
      const where = `${method} ${path}`;
      expect([where, policy.get('default-src')]).toEqual([where, "'none'"]);
      for (const [what, sources] of policy)
        if (what.endsWith('-src') && what !== 'default-src') expect([what, sources]).toEqual([what, "'self'"]);
      expect(policy.get('frame-ancestors')).toBe("'none'");
      expect(policy.get('base-uri')).toBe("'none'");
      expect(policy.get('form-action')).toBe("'self'");
      expect(policy.get('require-trusted-types-for')).toBe("'script'");
      expect(policy.get('trusted-types')).toBe('ProseMirrorClipboard concord-paste concord-reading');
      expect(said('x-content-type-options')).toBe('nosniff');
      expect(said('x-frame-options')).toBe('DENY');
      expect(said('referrer-policy')).toBe('no-referrer');
      expect(said('cross-origin-opener-policy')).toBe('same-origin');
      expect(said('cross-origin-resource-policy')).toBe('same-origin');
      expect(said('permissions-policy')).toContain('camera=()');
      expect(said('x-robots-tag')).toContain('noindex');
      expect(said('access-control-allow-origin')).toBe('');
      expect(said('x-powered-by') + said('server')).toBe('');
      await response.body?.cancel();
    }
  });

  it('to the computer that it is read on: keep nothing, but the program’s own files', async () => {
    const own = new Map([
      ['/', 'no-cache'],
      ['/sign-in', 'no-cache'],
      ['/invitations/some-token', 'no-cache'],
      ['/reading.js', 'no-cache'],
      ['/reading.css', 'no-cache'],
    ]);
    for (const [as, method, path] of everywhere()) {
      const headers: Record<string, string> = as === null ? {} : { cookie: meeting.cookies[as] };
      const response = await fetch(meeting.url + path, { method, headers, redirect: 'manual' });
      const kept = response.headers.get('cache-control');
      await response.body?.cancel();
      expect([method, path, kept]).toEqual([method, path, own.get(path) ?? 'no-store']);
    }
    const page = await (await fetch(meeting.url)).text();
    const file = /\/assets\/[^"]+\.js/.exec(page)?.[0] ?? '';
    expect((await fetch(meeting.url + file)).headers.get('cache-control')).toContain('immutable');
    // The page from which the client starts is the same for everybody.
    expect(await (await meeting.request('chair', 'GET', '/')).text()).toBe(page);
  });
});

describe('[ACC6] Requests that other sites can make a browser send', () => {
  const foreign: readonly Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ];
  const forms = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain', 'application/json', ''];

  it('give no commands, by any kind of form', async () => {
    const name = (await meeting.view()).name;
    for (const headers of foreign)
      for (const type of forms) {
        const response = await fetch(`${meeting.url}/api/meetings/${meeting.id}/rename`, {
          method: 'POST',
          headers: { cookie: meeting.cookies.chair, ...(type === '' ? {} : { 'content-type': type }), ...headers },
          body: '{"name":"Renamed by another site"}',
        });
        expect([type, headers, response.status]).toEqual([type, headers, 403]);
      }
    expect((await meeting.view()).name).toBe(name);
  });

  it('sign nobody in or out', async () => {
    for (const headers of foreign) {
      const body = JSON.stringify({ name: 'chair', password: 'whatever it is' });
      const into = await fetch(`${meeting.url}/api/session`, { method: 'POST', headers, body });
      const out = await fetch(`${meeting.url}/api/session`, {
        method: 'DELETE',
        headers: { cookie: meeting.cookies.canada, ...headers },
      });
      expect([into.status, out.status]).toEqual([403, 403]);
      expect(into.headers.get('set-cookie')).toBeNull();
    }
    expect((await meeting.request('canada', 'GET', '/api/session')).status).toBe(200);
  });

  it('are not turned into commands: a GET stays one, whatever it says of its method', async () => {
    const path = `/api/meetings/${meeting.id}/rename`;
    for (const headers of [{ 'x-http-method-override': 'POST' }, { 'x-method-override': 'POST' }])
      expect((await fetch(meeting.url + path, { headers: { cookie: meeting.cookies.chair, ...headers } })).status).toBe(
        404,
      );
    expect((await meeting.request('chair', 'GET', `${path}?_method=POST&name=Renamed`)).status).toBe(404);
    expect((await meeting.request('chair', 'HEAD', path)).status).toBe(404);
    expect((await meeting.view()).name).toBe('Test meeting');
  });

  it('open no socket', async () => {
    const url = `${meeting.url.replace('http', 'ws')}/sync/${meeting.recommendation}?schema=1`;
    for (const headers of foreign) {
      const socket = new WebSocket(url, { headers: { cookie: meeting.cookies.chair, ...headers } });
      let heard = 0;
      socket.on('message', () => {
        heard += 1;
      });
      const [code] = (await once(socket, 'close')) as [number];
      expect([headers, code, heard]).toEqual([headers, 4403, 0]);
    }
    const own = new WebSocket(url, { headers: { cookie: meeting.cookies.chair, origin: meeting.url } });
    await once(own, 'open');
    own.close();
    await once(own, 'close');
  });
});

describe('[ACC7] An acceptable request', () => {
  it('no more than it may hold, on every operation', async () => {
    const cookie = meeting.cookies.chair;
    const long = 6 * 1024 * 1024 + 1;
    let tried = 0;
    for (const { method, path, takesBody } of await operations()) {
      if (!takesBody) continue;
      tried += 1;
      const head = `${method} ${path} HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\nConnection: close\r\n`;
      // Announced, but not sent; and sent without being announced.
      expect([path, ...statuses(await say(`${head}Content-Length: ${long}\r\n\r\n`))]).toEqual([path, '413']);
      expect([path, ...statuses(await say(`${head}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`))]).toEqual([
        path,
        '413',
      ]);
    }
    expect(tried).toBeGreaterThan(20);
  });

  it('deep, odd or poisoned JSON is refused with a reason, on every operation', async () => {
    const deep = (open: string, close: string, times = 20_000): string => open.repeat(times) + close.repeat(times);
    const bodies = [
      deep('[', ']'),
      deep('{"a":', '}').replace('{}', '{"a":1}'),
      `{"name":${deep('[', ']')}}`,
      '{"__proto__":{"administrator":true},"constructor":{"prototype":{"x":1}}}',
      '[]',
      '"text"',
      'null',
      '\u0000',
      '{"name":"\\ud800"}',
    ];
    for (const { method, path, takesBody } of await operations()) {
      if (!takesBody || path.includes('/invitation') || path.includes('preview')) continue;
      for (const body of bodies) {
        // From a session each, or the limit on commands would answer.
        const response = await meeting.request('observer', method, path, body);
        expect([path, body.slice(0, 20), response.status >= 400 && response.status < 500]).toEqual([
          path,
          body.slice(0, 20),
          true,
        ]);
        expect(await response.text()).not.toMatch(/\bat .*:\d+:\d+|node_modules|Zod|SyntaxError/);
      }
    }
    expect(({} as Record<string, unknown>).administrator).toBeUndefined();
    expect((await fetch(`${meeting.url}/healthz`)).status).toBe(200);
  });

  it('two readings of one request are none: what is smuggled is not heard', async () => {
    const smuggled = `GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n`;
    const post = 'POST /api/session HTTP/1.1\r\nHost: x\r\n';
    const tries = [
      `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      `${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\nxxxxx${smuggled}`,
      `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
      `${post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      `${post}Content-Length: +5\r\n\r\nxxxxx${smuggled}`,
      `GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n`,
      `GET / HTTP/1.1\r\n Host: x\r\n\r\n${smuggled}`,
    ];
    for (const request of tries) {
      const heard = await say(request);
      expect([request.slice(0, 80), ...statuses(heard)]).toEqual([request.slice(0, 80), '400']);
      expect(heard).not.toContain('openapi');
    }
  });

  it('a requester can write no line of a header, and no address leads elsewhere', async () => {
    const odd = ['/%0d%0aSet-Cookie:%20a=b', '//evil.example/', '/\\evil.example', '/?next=//evil.example'];
    for (const path of [...odd, `/meetings/${meeting.id}/text?next=https://evil.example`, '/meetings/x%0d%0ay/text']) {
      const heard = await say(`GET ${path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`);
      expect(heard).not.toMatch(/^set-cookie: a=b/im);
      expect([path, statuses(heard).length]).toEqual([path, 1]);
      const location = /^location: (.*)\r$/im.exec(heard)?.[1];
      if (location !== undefined) expect(location).toMatch(/^\/(?!\/)\?next=%2F/);
    }
  });

  it('no file but the program’s own is read', async () => {
    const secrets = /"dependencies"|SQLite format|root:x|import type/;
    for (const path of [
      '/assets/../../../package.json',
      '/assets/..%2f..%2f..%2fpackage.json',
      '/assets/%2e%2e/%2e%2e/%2e%2e/package.json',
      '/assets/..\\..\\..\\package.json',
      '/assets/....//....//package.json',
      '/assets/%00',
      '/assets//etc/passwd',
      '/assets/%2fetc%2fpasswd',
      '/../package.json',
      '/%2e%2e/package.json',
      '/data/concord.sqlite',
      '/.git/config',
      '/server/main.ts',
    ]) {
      const heard = await say(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect([path, secrets.test(heard)]).toEqual([path, false]);
      // The address resolves to a page of the client's, or to nothing.
      expect([path, /<!doctype html>/i.test(heard) || /^40[04]$/.test(statuses(heard)[0] ?? '')]).toEqual([path, true]);
    }
  });

  it('[ROOM2] a client with a refused socket may send anything, and the server survives', async () => {
    const handshake = [
      `GET /sync/${meeting.recommendation} HTTP/1.1`,
      'Host: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      '\r\n',
    ].join('\r\n');
    const garbage = ['ffffffffff', '8affffffff', '82ff7fffffffffffffff', '81850000000080808080', '88'];
    const lines = ['GET // HTTP/1.1', 'GET /sync/%ff HTTP/1.1', 'GET http://[ HTTP/1.1'];
    await Promise.all([
      ...garbage.map((bytes) => say(handshake, Buffer.from(bytes, 'hex'))),
      ...lines.map((line) => say(handshake.replace(/^.*/, line), Buffer.from('ffffff', 'hex'))),
    ]);
    expect((await fetch(`${meeting.url}/healthz`)).status).toBe(200);
  });
});
