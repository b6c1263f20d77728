import { Hono } from 'hono';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { answerErrors } from '../../../server/http/errors.ts';
import { type EventStream, EventStreams } from '../../../server/http/streams.ts';
import { AccountId } from '../../../shared/protocol/ids.ts';

/** An app with one event stream, and the server's ends of the opened streams. */
function app() {
  const streams = new EventStreams();
  const ends: EventStream[] = [];
  let stopped = 0;
  const http = new Hono();
  http.onError(answerErrors(pino({ level: 'silent' })));
  http.get('/events', (c) =>
    streams.answer(c, AccountId.parse((c.req.query('account') ?? 'one').padEnd(8, '0')), async (stream) => {
      if (c.req.query('fails') !== undefined) throw new Error('there is no text');
      ends.push(stream);
      return () => {
        stopped += 1;
      };
    }),
  );
  return { http, ends, stopped: () => stopped };
}
const piece = new Uint8Array(10_000).fill(32);

describe('[LINE2] An event stream that nobody reads', () => {
  it('holds about a megabyte, and is disconnected', async () => {
    const { http, ends, stopped } = app();
    await http.request('/events');
    let sent = 0;
    while (ends[0]?.send(piece)) sent += piece.length;
    expect(sent).toBeGreaterThan(1_000_000);
    expect(sent).toBeLessThan(1_300_000);
    expect(stopped()).toBe(1);
    // It is over: nothing is accepted any more, and it is not ended twice.
    expect(ends[0]?.send(piece)).toBe(false);
    ends[0]?.close();
    expect(stopped()).toBe(1);
  });
  it('goes on for who reads', async () => {
    const { http, ends, stopped } = app();
    const reader = (await http.request('/events')).body?.getReader();
    let read = 0;
    for (let at = 0; at < 1000; at++) {
      expect(ends[0]?.send(piece)).toBe(true);
      read += (await reader?.read())?.value?.length ?? 0;
    }
    expect([read, stopped()]).toEqual([1000 * piece.length, 0]);
    await reader?.cancel();
    expect(stopped()).toBe(1);
  });
});

describe('[LINE4] Event streams', () => {
  it('are sixty of one account, and any number of others; each that ends makes room for another', async () => {
    const { http, ends } = app();
    const codes = [];
    for (let at = 0; at < 61; at++) codes.push((await http.request('/events')).status);
    expect(codes).toEqual([...Array.from({ length: 60 }, () => 200), 429]);
    expect((await http.request('/events?account=other')).status).toBe(200);
    ends[7]?.close();
    expect((await http.request('/events')).status).toBe(200);
    expect((await http.request('/events')).status).toBe(429);
  });
  it('that are asked for their head alone, or could not begin, leave nothing behind', async () => {
    const { http, ends } = app();
    for (let at = 0; at < 70; at++) {
      expect((await http.request('/events', { method: 'HEAD' })).status).toBe(200);
      await (await http.request('/events?fails')).text().catch(() => '');
    }
    expect(ends).toEqual([]);
    expect((await http.request('/events')).status).toBe(200);
  });
});
