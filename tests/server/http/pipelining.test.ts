import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Hono } from 'hono';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Bodies } from '../../../server/http/bodies.ts';
import { oneAtATime } from '../../../server/http/oneAtATime.ts';
import { Turns } from '../../../server/runtime/turns.ts';
import { AccountId } from '../../../shared/protocol/ids.ts';
import { startMeeting } from '../../helpers/meeting.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A connection to a server, and all received data. */
function dial(port: number): { readonly socket: Socket; readonly heard: () => string } {
  const socket = connect(port, '127.0.0.1');
  ends.push(() => socket.destroy());
  socket.on('error', () => undefined);
  let heard = '';
  socket.on('data', (bytes: Buffer) => {
    heard += bytes.toString('latin1');
  });
  return { socket, heard: () => heard };
}
const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: here\r\n${headers}\r\n`;

describe('[ROOM2] Requests that come in one packet', () => {
  it('are begun one after the other, and answered in order', async () => {
    const meeting = await startMeeting();
    ends.push(() => meeting.close());
    const { access } = meeting.app;
    const authenticate = access.authenticate.bind(access);
    let [under, most, begun] = [0, 0, 0];
    vi.spyOn(access, 'authenticate').mockImplementation(async (cookies) => {
      begun += 1;
      under += 1;
      most = Math.max(most, under);
      await pause(5);
      under -= 1;
      return authenticate(cookies);
    });
    const { socket, heard } = dial(Number(new URL(meeting.url).port));
    const cookie = `Cookie: ${meeting.cookies.argentina}\r\n`;
    const [first, second] = meeting.recommendations;
    const paths = Array.from({ length: 20 }, (_, at) => `/api/recommendations/${at % 2 === 0 ? first : second}`);
    socket.write(paths.map((path) => get(path, cookie)).join(''));
    await expect.poll(() => heard().split('HTTP/1.1 200').length, { timeout: 10_000 }).toBe(21);
    const answered = [...heard().matchAll(/\{"id":"([^"]+)","meeting"/g)].map(([, id]) => `/api/recommendations/${id}`);
    expect([answered, most, begun]).toEqual([paths, 1, 20]);
  });

  /** A server whose answers the test controls, one at a time. */
  async function serve() {
    const open: ServerResponse[] = [];
    const gate = oneAtATime((_request, response) => void open.push(response));
    const server = createServer(gate.listener);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(
      () => server.closeAllConnections(),
      () => server.close(),
    );
    return { open, ...dial((server.address() as AddressInfo).port) };
  }

  it('wait, and are forgotten with their connection', async () => {
    const { open, socket } = await serve();
    socket.write(get('/').repeat(10));
    await expect.poll(() => open.length).toBe(1);
    open[0]?.end('first');
    await expect.poll(() => open.length).toBe(2);
    socket.resetAndDestroy();
    await pause(100);
    expect(open.length).toBe(2);
  });

  it('are not taken in without end', async () => {
    const { open, socket } = await serve();
    socket.write(get('/').repeat(35_000));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(open.length).toBe(1);
  });
});

describe('[ROOM2] An answer that costs something', () => {
  const whose = AccountId.parse('somebody');
  function program() {
    const bodies = new Bodies(new Turns());
    let made = 0;
    let version = 1;
    const http = new Hono().get('/:name', (c) =>
      bodies.answer(c, whose, () => ({
        key: c.req.param('name'),
        of: [version],
        ...(c.req.query('as') === undefined ? {} : { own: { me: c.req.query('as') } }),
        make: () => {
          made += 1;
          return { version, filler: c.req.param('name').startsWith('large') ? 'x'.repeat(12 * 1024 * 1024) : '' };
        },
      })),
    );
    return {
      ask: async (name: string): Promise<string> => (await http.request(`/${name}`)).text(),
      made: () => made,
      change: () => {
        version += 1;
      },
    };
  }
  it('is made once while nothing changes, and anew when something did', async () => {
    const { ask, made, change } = program();
    for (let times = 0; times < 20; times++) expect(await ask('text')).toBe('{"version":1,"filler":""}');
    for (const name of ['one', 'two'])
      expect(JSON.parse(await ask(`text?as=${name}`))).toEqual({ me: name, version: 1, filler: '' });
    expect(made()).toBe(1);
    change();
    expect(await ask('text')).toBe('{"version":2,"filler":""}');
    await ask('another');
    await ask('text');
    expect(made()).toBe(3);
  });
  it('is kept in so much memory and no more: what was asked for last stays', async () => {
    const { ask, made } = program();
    for (const name of ['large1', 'large2', 'large1', 'large3']) await ask(name);
    expect(made()).toBe(3);
    await ask('large1');
    expect(made()).toBe(3);
    await ask('large2');
    expect(made()).toBe(4);
  });
});
