import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { textOf } from '../../shared/text/document.ts';
import { type RunningServer, startServer } from '../helpers/browser.ts';
import { agenda, delegates, join, signIn, verified } from '../helpers/demo.ts';
import { isLong, seed } from '../helpers/extent.ts';
import { Line } from '../helpers/line.ts';
import { randomFrom } from '../helpers/random.ts';
import { doublingWriter, stockWriter } from '../helpers/writers.ts';

/** `CONCORD_SEED=… npx vitest run tests/fault/line.test.ts` draws the same cuts and words again. */
const seconds = isLong ? 90 : 3;

const servers: RunningServer[] = [];
const start = async (options: Parameters<typeof startServer>[0] = {}): Promise<RunningServer> => {
  const server = await startServer(options);
  servers.push(server);
  return server;
};
afterAll(async () => {
  for (const server of servers) await server.stop('SIGKILL');
});

/** Waits for a condition without an event. */
async function until(what: () => boolean, name: string, limit = 30_000): Promise<void> {
  for (const end = Date.now() + limit; !what(); ) {
    if (Date.now() > end) throw new Error(`${name} did not happen`);
    await pause(20);
  }
}
const state = (doc: Y.Doc): string => Buffer.from(Y.encodeStateAsUpdate(doc)).toString('base64');

describe(`[LINE1] A connection that is cut in the middle of frames, for ${seconds} seconds (seed ${seed})`, () => {
  it(
    'loses no word and doubles none, with any client program',
    async () => {
      const random = randomFrom(seed);
      const server = await start();
      const cookies = await Promise.all(delegates.map((name) => signIn(server, name)));
      const {
        places: [place = ''],
      } = await agenda(server, cookies[0] ?? '');
      const line = await Line.to(server, random);
      line.delay = 4;
      const writers = cookies.flatMap((cookie) => {
        const seat = { url: line.url, cookie, place };
        return [stockWriter(seat), doublingWriter(seat)];
      });
      await until(() => writers.every(({ doc }) => textOf(doc).length > 0), 'the text everywhere');

      let over = false;
      let words = 0;
      const typing = writers.map(async (writer) => {
        while (!over) {
          words += 1;
          writer.type(`w${words.toString(36).padStart(4, '0')} `, random);
          await pause(random() * (isLong ? 200 : 60));
        }
      });
      const cutting = (async () => {
        while (!over) {
          await pause(50 + random() * 400);
          const draw = random();
          if (draw < 0.4) line.cut('reset', 0.4);
          else if (draw < 0.8) line.cut('close', 0.4);
          else {
            // Half open for a while: data from either side is lost.
            line.fallSilent(draw < 0.9 ? 'up' : 'down', 0.5);
            await pause(random() * 300);
            line.cut(random() < 0.5 ? 'reset' : 'close');
          }
        }
      })();
      await pause(seconds * 1000);
      over = true;
      await Promise.all([...typing, cutting]);
      line.delay = 0;
      line.cut('reset');

      const typed = writers.flatMap((writer) => [...writer.typed]);
      const reader = await join(server, cookies[0] ?? '', place);
      // Words of one shape, found in one pass: searching for thousands one by one would slow down the writers.
      const count = (text: string): string[] => {
        const times = new Map<string, number>();
        for (const word of text.match(/w[0-9a-z]{4} /g) ?? []) times.set(word, (times.get(word) ?? 0) + 1);
        return typed.flatMap((word) => (times.get(word) === 1 ? [] : [`${word}: ${times.get(word) ?? 0}`]));
      };
      // As long as their number grows.
      for (let [least, patience] = [Number.POSITIVE_INFINITY, 300]; patience > 0; patience--) {
        const missing = count(textOf(reader.doc).toString()).length;
        if (missing === 0 || writers.some(({ refused }) => refused.length > 0)) break;
        if (missing < least) [least, patience] = [missing, 300];
        await pause(100);
      }
      expect(writers.map(({ refused }) => refused)).toEqual(writers.map(() => []));
      expect(count(textOf(reader.doc).toString())).toEqual([]);
      await until(() => writers.every(({ doc }) => state(doc) === state(reader.doc)), 'the same text everywhere');
      expect(typed.length).toBeGreaterThan(writers.length * seconds);
      expect(line.made).toBeGreaterThan(writers.length * 2);

      // The log holds everything that was shown: a new server shows the same.
      for (const writer of writers) await writer.stop();
      await line.close();
      expect(await server.stop('SIGKILL')).toBe('SIGKILL');
      const again = await start({ dataDir: server.dataDir });
      const after = await join(again, cookies[1] ?? '', place);
      expect(state(after.doc)).toBe(state(reader.doc));
      expect(await verified(server.dataDir)).toContain('The record is whole');
    },
    120_000 + seconds * 2000,
  );
});
