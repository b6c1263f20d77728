import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { newMarkId } from '../../shared/protocol/ids.ts';
import { markKey } from '../../shared/text/document.ts';
import { agenda, delegates, join, signIn, socketUrl } from '../helpers/demo.ts';
import { isLong, seed } from '../helpers/extent.ts';
import { Client } from '../helpers/hostileClient.ts';
import { Line } from '../helpers/line.ts';
import { randomFrom } from '../helpers/random.ts';
import { type ProbedServer, startProbed } from '../helpers/samples.ts';

const silent = isLong ? 3000 : 200;
const mostConnections = silent + 300;

let server: ProbedServer;
let place = '';
let cookies: string[] = [];
beforeAll(async () => {
  // Connections are pinged every second.
  server = await startProbed({ haste: 30, hasteFrom: 30_000, env: { MAX_CONNECTIONS: String(mostConnections) } });
  cookies = await Promise.all(delegates.map((name) => signIn(server, name)));
  place = (await agenda(server, cookies[0] ?? '')).places[0] ?? '';
}, 120_000);
afterAll(async () => {
  await server.stop('SIGKILL');
});

const port = (): number => Number(new URL(server.url).port);
const upgrade = (path: string, cookie = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: ${cookie}\r\n\r\n`;

/** A raw connection, and its end. */
function raw(said: string | Buffer = ''): { readonly socket: Socket; readonly ended: Promise<void>; over: boolean } {
  const socket = connect(port(), '127.0.0.1');
  const line = { socket, over: false, ended: Promise.resolve() };
  line.ended = new Promise((resolve) =>
    socket.on('close', () => {
      line.over = true;
      resolve();
    }),
  );
  socket.on('error', () => undefined);
  socket.resume();
  if (said.length > 0) socket.write(said);
  return line;
}

/** Sends one message byte after byte, and then repeats the last byte. */
async function drip(line: ReturnType<typeof raw>, said: string | Buffer): Promise<void> {
  const bytes = Buffer.from(said);
  for (let at = 0; !line.over; at++) {
    line.socket.write(bytes.subarray(Math.min(at, bytes.length - 1)).subarray(0, 1));
    await pause(200);
  }
}

/** An honest writer's edits are acknowledged. */
let words = 0;
async function goesOn(): Promise<void> {
  const client = await join(server, cookies[3] ?? '', place);
  const at = [0, 1, 2, 3, 4].find((clause) => client.isOpenAt(clause)) ?? 0;
  const id = newMarkId();
  words += 1;
  const verdict = await client.say(
    client.change(() => client.words(at).insert(0, `on${words} `, { [markKey('insertion', id)]: { id } })),
  );
  expect(verdict.verdict).toBe('accepted');
  client.leave();
}

describe('[LINE3] A client that never completes a request', () => {
  it('is disconnected: heads and frames byte after byte, silent connections, sockets that never answer', async () => {
    const cookie = cookies[0] ?? '';
    const opened = upgrade(`/sync/${place}?client=4711&schema=1&verdicts=1`, cookie);
    // A masked binary frame of 100,000 bytes, of which few will ever come.
    const frame = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0x86, 0xa0, 1, 2, 3, 4]);
    const slow = {
      head: raw(),
      upgradeHead: raw(),
      frame: raw(opened),
      refused: raw(upgrade('/sync/nothing')),
      mute: raw(opened.replace('4711', '4712')),
    };
    const dripping = [
      drip(slow.head, `GET /healthz HTTP/1.1\r\nX-Long: ${'x'.repeat(10_000)}`),
      drip(slow.upgradeHead, opened.slice(0, -4)),
      drip(slow.frame, Buffer.concat([frame, Buffer.alloc(10_000)])),
    ];
    const load = Array.from({ length: silent }, () => raw());
    await goesOn();
    await Promise.all(Object.values(slow).map(({ ended }) => ended));
    await Promise.all(dripping);
    await Promise.all(load.map(({ ended }) => ended));
    await goesOn();
    const sample = await server.sample();
    expect(sample.lines).toBeLessThan(10);
  }, 120_000);

  it.runIf(isLong)(
    'so is a body that comes byte after byte',
    async () => {
      const line = raw();
      await drip(
        line,
        `POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n${' '.repeat(90_000)}`.replace(
          / {80000}/,
          '',
        ),
      );
      await goesOn();
    },
    240_000,
  );

  it('a connection that fell silent in either direction is found, and ends alone', async () => {
    const random = randomFrom(seed);
    const line = await Line.to(server, random);
    const clients = await Promise.all(cookies.slice(0, 3).map((cookie) => join(line, cookie, place)));
    const there = await join(server, cookies[3] ?? '', place);
    const sockets = async (): Promise<number> => (await server.sample()).sockets;
    await expect.poll(sockets, { timeout: 20_000 }).toBe(4);
    line.fallSilent('up', 0.5);
    line.fallSilent('down');
    await expect.poll(sockets, { timeout: 40_000 }).toBe(1);
    expect(there.socket.readyState).toBe(there.socket.OPEN);
    await goesOn();
    there.leave();
    for (const client of clients) client.socket.terminate();
    await line.close();
  }, 60_000);

  it('a message without end is cut where it gets too long', async () => {
    const client = await join(server, cookies[0] ?? '', place);
    const piece = Buffer.alloc(64 * 1024);
    for (let sent = 0; sent < 40 && client.socket.readyState === client.socket.OPEN; sent++)
      await new Promise((resolve) => client.socket.send(piece, { binary: true, fin: false }, resolve));
    // Its further bytes may cross the answer, which is then lost.
    expect([1006, 1009]).toContain((await client.closed).code);
    expect(client.verdicts).toEqual([]);
    await goesOn();
  }, 60_000);

  it('[ROOM2] an invalid frame, after a refused upgrade, ends nothing but its own connection', async () => {
    const broken = Buffer.from([0xff, 0x00, 1, 2, 3]);
    const lines = [
      raw(Buffer.concat([Buffer.from(upgrade('/sync/nothing')), broken])),
      raw(Buffer.concat([Buffer.from(upgrade('//')), broken])),
      raw(Buffer.concat([Buffer.from(upgrade(`/sync/${place}?client=1`, cookies[0] ?? '')), broken])),
      raw(Buffer.concat([Buffer.from(upgrade(`/sync/${place}?client=4713`, cookies[0] ?? '')), broken])),
    ];
    await Promise.all(lines.map(({ ended }) => ended));
    await goesOn();
  }, 60_000);
});

describe('[LINE4] Too many connections', () => {
  it('of one participant: the oldest is closed with its reason; others are not touched', async () => {
    const other = await join(server, cookies[1] ?? '', place);
    const clients: Client[] = [];
    // A few at a time: of too many connections without a request, the quietest is closed.
    while (clients.length < 120) {
      const some = Array.from({ length: 20 }, () => {
        const doc = new Y.Doc();
        return new Client(socketUrl(server, place, doc), { cookie: cookies[0] ?? '' }, doc);
      });
      clients.push(...some);
      await Promise.all(some.map(({ socket }) => new Promise((resolve) => socket.once('open', resolve))));
    }
    const gone = clients.map(async (client) => client.closed);
    const codes: string[] = [];
    for (const closed of gone) void closed.then(({ code, reason }) => codes.push(`${code} ${reason}`));
    await expect.poll(() => codes.length, { timeout: 30_000 }).toBe(70);
    expect(new Set(codes)).toEqual(new Set(['4429 too-many-connections']));
    expect(clients.filter(({ socket }) => socket.readyState === socket.OPEN)).toHaveLength(50);
    expect(other.socket.readyState).toBe(other.socket.OPEN);
    for (const client of [...clients, other]) client.leave();
    await Promise.all(gone);
    await goesOn();
  }, 90_000);

  it('of everybody: further ones are closed at once, and the others continue', async () => {
    const there = await join(server, cookies[2] ?? '', place);
    const load = Array.from({ length: mostConnections + 50 }, () => raw());
    await Promise.race(load.map(({ ended }) => ended));
    const id = newMarkId();
    const at = [0, 1, 2, 3, 4].find((clause) => there.isOpenAt(clause)) ?? 0;
    const verdict = await there.say(
      there.change(() => there.words(at).insert(0, 'still ', { [markKey('insertion', id)]: { id } })),
    );
    expect(verdict.verdict).toBe('accepted');
    for (const { socket } of load) socket.destroy();
    await Promise.all(load.map(({ ended }) => ended));
    await goesOn();
    there.leave();
  }, 90_000);
});
