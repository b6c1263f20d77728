import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { Attendance, Ended } from '../../../server/access/attendances.ts';
import { Connections, type Use } from '../../../server/http/connections.ts';
import { answerErrors } from '../../../server/http/errors.ts';
import { type EventStream, EventStreams } from '../../../server/http/streams.ts';
import { AccountId, newParticipantId } from '../../../shared/protocol/ids.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const whose: Attendance = {
  session: 'a session',
  account: AccountId.parse('an-account-of-somebody'),
  participant: newParticipantId(),
};

interface Asked {
  readonly use?: Use;
  readonly account?: string;
  readonly method?: string;
  readonly fails?: true;
}

/** A server with one event stream, and its own ends of the opened streams. */
class Served {
  readonly streams: EventStream[] = [];
  stopped = 0;
  attending = 0;
  tell: (ended: Ended) => void = () => undefined;
  /** Runs during the lookup of the reader. */
  meanwhile: () => void = () => undefined;
  readonly #port: number;

  static async start(): Promise<Served> {
    const http = new Hono();
    const server = createServer(getRequestListener(http.fetch));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return new Served(http, port);
  }

  private constructor(http: Hono, port: number) {
    this.#port = port;
    const events = new EventStreams({
      connections: new Connections({ most: 1000, mostReaders: 500 }),
      attend: () => {
        this.attending += 1;
        return () => {
          this.attending -= 1;
        };
      },
      onEnded: (listener) => {
        this.tell = listener;
      },
    });
    http.onError(answerErrors(pino({ level: 'silent' })));
    http.get('/events', (c) => {
      const { use, account = whose.account, fails } = c.req.query();
      const find = async (): Promise<Attendance> => {
        this.meanwhile();
        return { ...whose, account: AccountId.parse(account) };
      };
      return events.answer(c, use === 'reading' ? 'reading' : 'drafting', find, async (stream) => {
        if (fails !== undefined) throw new Error('there is no text');
        this.streams.push(stream);
        return () => {
          this.stopped += 1;
        };
      });
    });
  }

  ask({ method = 'GET', ...query }: Asked = {}): Promise<IncomingMessage> {
    const search = new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
    );
    return new Promise((resolve, reject) => {
      const path = `/events?${search}`;
      const asked = request({ port: this.#port, host: '127.0.0.1', agent: false, method, path }, (response) => {
        response.on('error', () => undefined);
        resolve(response);
      });
      asked.on('error', reject);
      asked.end();
    });
  }
  async status(asked: Asked = {}): Promise<number> {
    return (await this.ask(asked)).statusCode ?? 0;
  }
}

const patient = { timeout: 10_000, interval: 1 };
const over = (response: IncomingMessage): Promise<void> =>
  new Promise((resolve) => {
    response.once('close', resolve);
    response.resume();
  });

describe('[LINE2] An event stream that nobody reads', () => {
  it('has a little waiting for it and no more, over a real connection; others go on', async () => {
    const served = await Served.start();
    await served.ask();
    const busy = await served.ask();
    let got = 0;
    busy.on('data', (bytes: Buffer) => {
      got += bytes.length;
    });
    const [toIdle, toBusy] = served.streams;
    if (toIdle === undefined || toBusy === undefined) throw new Error('nobody came');
    const bytes = new Uint8Array(64 * 1024);
    let sent = 0;
    let waited = 0;
    for (; sent < 2000; sent++) {
      if (!toIdle.send(bytes)) break;
      waited = Math.max(waited, toIdle.waiting);
      expect(toBusy.send(bytes)).toBe(true);
      await expect.poll(() => got, patient).toBe((sent + 1) * bytes.length);
    }
    expect(sent).toBeLessThan(2000);
    expect(waited).toBeLessThan(400 * 1024);
    toIdle.close();
    await expect.poll(() => [served.stopped, served.attending], patient).toEqual([1, 1]);
    // It is over: nothing is accepted any more, and it is not ended twice.
    expect(toIdle.send(bytes)).toBe(false);
    toIdle.close();
    expect(toBusy.send(bytes)).toBe(true);
    await expect.poll(() => got, patient).toBe((sent + 1) * bytes.length);
    busy.destroy();
    await expect.poll(() => [served.stopped, served.attending], patient).toEqual([2, 0]);
  });
});

describe('[LINE4] Event streams', () => {
  it('are sixty of one account, and any number of others; each that ends makes room for another', async () => {
    const served = await Served.start();
    const codes = [];
    for (let at = 0; at < 61; at++) codes.push(await served.status());
    expect(codes).toEqual([...Array.from({ length: 60 }, () => 200), 429]);
    expect(await served.status({ account: 'another-account' })).toBe(200);
    served.streams[7]?.close();
    await expect.poll(() => served.stopped, patient).toBe(1);
    expect(await served.status()).toBe(200);
    expect(await served.status()).toBe(429);
    // Readers are limited by the number of connections.
    for (let at = 0; at < 70; at++) expect(await served.status({ use: 'reading' })).toBe(200);
  });

  it('that are asked for their head alone, or could not begin, leave nothing behind', async () => {
    const served = await Served.start();
    for (let at = 0; at < 70; at++) {
      expect(await served.status({ method: 'HEAD' })).toBe(200);
      await over(await served.ask({ fails: true }));
    }
    expect(served.streams).toEqual([]);
    await expect.poll(() => served.attending, patient).toBe(0);
    expect(await served.status()).toBe(200);
  });

  it('answer where there is a connection of their own, and nowhere else', async () => {
    const http = new Hono();
    http.onError(answerErrors(pino({ level: 'silent' })));
    const events = new EventStreams({
      connections: new Connections({ most: 10, mostReaders: 5 }),
      attend: () => () => undefined,
      onEnded: () => undefined,
    });
    http.get('/events', (c) =>
      events.answer(
        c,
        'drafting',
        async () => whose,
        async () => () => undefined,
      ),
    );
    expect((await http.request('/events')).status).toBe(400);
  });
});

describe('[READ1] A right that ends', () => {
  const reasons: readonly Ended[] = [
    { session: whose.session },
    { account: whose.account },
    { participant: whose.participant ?? newParticipantId() },
  ];
  const others: readonly Ended[] = [
    { session: 'another' },
    { account: AccountId.parse('an-account-of-another') },
    { participant: newParticipantId() },
  ];

  it('closes its streams, and no other', async () => {
    const served = await Served.start();
    for (const ended of reasons) {
      const response = await served.ask();
      const closed = over(response);
      for (const other of others) served.tell(other);
      expect(served.attending).toBe(1);
      served.tell(ended);
      await closed;
      await expect.poll(() => served.attending, patient).toBe(0);
    }
  });

  it('while it is looked up lets nobody in', async () => {
    const served = await Served.start();
    for (const ended of reasons) {
      served.meanwhile = () => served.tell(ended);
      expect(await served.status()).toBe(401);
    }
    expect(served.streams).toEqual([]);
    // An end before the look-up, or of another session, has no effect.
    served.meanwhile = () => {
      for (const other of others) served.tell(other);
    };
    for (const ended of reasons) served.tell(ended);
    expect(await served.status()).toBe(200);
  });
});
