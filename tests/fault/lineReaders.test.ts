import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { demoAccounts } from '../../server/demo/seed.ts';
import { type MeetingId, newMarkId } from '../../shared/protocol/ids.ts';
import { markKey, textOf } from '../../shared/text/document.ts';
import { agenda, join, signIn } from '../helpers/demo.ts';
import { isLong } from '../helpers/extent.ts';
import type { Client } from '../helpers/hostileClient.ts';
import { type ProbedServer, startProbed } from '../helpers/samples.ts';

const sleepers = isLong ? 500 : 4;
const sleepingStreams = isLong ? 100 : 3;
const megabyte = 1024 * 1024;

const delegates = demoAccounts
  .filter((name) => !['chair', 'rapporteur', 'observer'].includes(name))
  .slice(0, isLong ? 12 : 4);

let server: ProbedServer;
let meeting: MeetingId;
let place = '';
const cookies: string[] = [];
let chair = '';
beforeAll(async () => {
  // It sends no pings: a disconnection here is for not reading.
  server = await startProbed({ haste: 0.01, hasteFrom: 25_000 });
  chair = await signIn(server, 'chair');
  for (const name of delegates) cookies.push(await signIn(server, name));
  const found = await agenda(server, chair);
  ({ meeting } = found);
  place = found.places[0] ?? '';
}, 120_000);
afterAll(async () => {
  await server.stop('SIGKILL');
});

const someone = (at: number): string => cookies[at % cookies.length] ?? '';
const openPlaces = (client: Client): number[] =>
  textOf(client.doc)
    .toArray()
    .flatMap((_, at) => (client.isOpenAt(at) ? [at] : []));
const state = (client: Client): Buffer => Buffer.from(Y.encodeStateAsUpdate(client.doc));

/**
 * Proposes long words and deletes them, and waits until both are stored: many bytes to send, and a text that stays
 * short.
 */
async function storm(client: Client, at: number, times: number): Promise<void> {
  const before = client.verdicts.length;
  // One amendment, again and again: the number of a participant's marks in a text is limited.
  const id = newMarkId();
  for (let time = 0; time < times; time++) {
    // As long as a party's share of a clause allows, in letters of three bytes: a participant's number of letters is
    // limited, and the buffers to fill are counted in bytes.
    const long = `${'條約'.repeat(10)} `.repeat(370);
    client.update(client.change(() => client.words(at).insert(0, long, { [markKey('insertion', id)]: { id } })));
    client.update(client.change(() => client.words(at).delete(0, long.length)));
  }
  await client.until(() => client.verdicts.length >= before + 2 * times, 'all verdicts', 60_000);
  expect(client.verdicts.slice(before).every(({ verdict }) => verdict === 'accepted')).toBe(true);
}

describe('[LINE2] A client that doesn’t read', () => {
  it(`is disconnected, all ${sleepers} of them: a megabyte or so waits for each, and the others get everything`, async () => {
    const writers = [await join(server, someone(0), place), await join(server, someone(1), place)];
    const readers = [await join(server, someone(2), place), await join(server, someone(3), place)];
    const asleep: Client[] = [];
    for (let at = 0; at < sleepers; at++) {
      const client = await join(server, someone(at), place);
      client.socket.pause();
      asleep.push(client);
    }
    const heard = readers.map(({ updates }) => updates.length);
    const [first] = writers;
    if (first === undefined) throw new Error('nobody writes');
    const open = openPlaces(first);
    const before = await server.sample();
    expect(before.sockets).toBe(sleepers + 4);
    let most = before;
    let stored = 0;
    for (let left = before.sockets; left > 4; ) {
      expect(stored).toBeLessThan(6000);
      await Promise.all(writers.map(async (writer, at) => storm(writer, open[at] ?? 0, 20)));
      stored += 2 * writers.length * 20;
      const sample = await server.sample();
      if (sample.rss > most.rss) most = sample;
      left = sample.sockets;
    }
    console.log(
      `${sleepers} who don't read: let go after ${stored} edits; RSS ${before.rss / megabyte} → ${most.rss / megabyte} MB, buffers ${before.buffers / megabyte} → ${most.buffers / megabyte} MB, heap ${before.heap / megabyte} → ${most.heap / megabyte} MB`,
    );
    expect((most.rss - before.rss) / megabyte).toBeLessThan(128 + 1.5 * sleepers);

    // The others were sent every message, and have the current text.
    const text = await join(server, chair, place);
    for (const reader of [...readers, ...writers]) {
      await reader.until(() => state(reader).equals(state(text)), 'the same text', 30_000);
      expect(reader.socket.readyState).toBe(WebSocket.OPEN);
    }
    const since = readers.map(({ updates }, at) => updates.length - (heard[at] ?? 0));
    expect(since[0]).toBe(since[1]);
    expect(since[0]).toBeGreaterThan(10);

    // The disconnected client gets the close, or finds the connection dead, and reconnects to everything at once.
    for (const [at, client] of asleep.entries()) {
      client.socket.resume();
      const { code } = await client.closed;
      expect([1006, 1013]).toContain(code);
      if (at % 10 > 0) continue;
      const back = await join(server, someone(at), place, { doc: client.doc });
      expect(state(back).equals(state(text))).toBe(true);
      back.leave();
    }
    for (const client of [...readers, ...writers, text]) client.leave();
  }, 600_000);

  it(`of ${sleepingStreams} observers’ streams, too`, async () => {
    const opened = await fetch(`${server.url}/api/meetings/${meeting}/set-observer-view`, {
      method: 'POST',
      headers: { cookie: chair, 'content-type': 'application/json' },
      body: JSON.stringify({ view: 'attributed' }),
    });
    expect(opened.status).toBe(204);
    const sessions: string[] = [];
    for (let at = 0; at <= sleepingStreams / 25; at++) sessions.push(await signIn(server, 'observer'));
    const writer = await join(server, someone(4), place);
    const open = openPlaces(writer);
    // A clause of its own amendment in each, long enough that a patch is long.
    const ids = open.map((at) => [at, newMarkId()] as const);
    const put = async (words: string): Promise<void> => {
      const before = writer.verdicts.length;
      for (const [at, mark] of ids)
        writer.update(
          writer.change(() => writer.words(at).insert(0, words, { [markKey('insertion', mark)]: { id: mark } })),
        );
      await writer.until(() => writer.verdicts.length >= before + open.length, 'all verdicts', 30_000);
      expect(writer.verdicts.slice(before).every(({ verdict }) => verdict === 'accepted')).toBe(true);
    };
    await put('條約 '.repeat(1500));

    const path = `/meetings/${meeting}/text`;
    const page = await (await fetch(server.url + path, { headers: { cookie: sessions[0] ?? '' } })).text();
    const version = /data-version="(\d+)"/.exec(page)?.[1] ?? '';
    const gone = new AbortController();
    const stream = await fetch(`${server.url}${path}/events?version=${version}`, {
      headers: { cookie: sessions[0] ?? '' },
      signal: gone.signal,
    });
    let read = '';
    let pieces = 0;
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const piece of stream.body ?? []) {
        read = read.slice(-400_000) + decoder.decode(piece, { stream: true });
        pieces += 1;
      }
    })().catch(() => undefined);

    const asleep: Socket[] = [];
    for (let at = 0; at < sleepingStreams; at++) {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      const cookie = sessions[1 + Math.floor(at / 25)] ?? sessions[0];
      socket.write(`GET ${path}/events?version=${version} HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\n\r\n`);
      await new Promise<void>((resolve) => socket.once('readable', resolve));
      asleep.push(socket);
    }
    const before = await server.sample();
    expect(before.lines).toBeGreaterThanOrEqual(2 + sleepingStreams);
    let most = before;
    // The writer and the reader have a connection each.
    for (let turn = 0, left = before.lines; left > 2; turn++) {
      expect(turn).toBeLessThan(400);
      await put(`turn${turn} `);
      // The reader sets the pace: it gets an event every turn.
      for (let tries = 0; !read.includes(`turn${turn} `); tries++) {
        expect(tries).toBeLessThan(1500);
        await pause(20);
      }
      if (turn % 5 > 0) continue;
      const sample = await server.sample();
      left = sample.lines;
      if (sample.rss > most.rss) most = sample;
    }
    console.log(
      `${sleepingStreams} streams that nobody reads: let go after ${pieces} pieces; RSS ${before.rss / megabyte} → ${most.rss / megabyte} MB`,
    );
    expect((most.rss - before.rss) / megabyte).toBeLessThan(128 + 1.5 * sleepingStreams);
    gone.abort();
    await reading;
    for (const socket of asleep) socket.destroy();
    writer.leave();
  }, 600_000);
});
