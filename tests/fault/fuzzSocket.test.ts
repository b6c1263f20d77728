import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { readText } from '../../shared/document.ts';
import { startServer } from '../helpers/browser.ts';
import { isLong, runs, seed } from '../helpers/extent.ts';
import { Draw } from '../helpers/fuzz/draw.ts';
import { Honest, placesOf, type Raid, raid, signIn } from '../helpers/fuzz/raid.ts';
import { wrongIn } from '../helpers/fuzz/replayed.ts';
import { openTestStore } from '../helpers/store.ts';

/** `CONCORD_SEED=… npx vitest run tests/fault/fuzzSocket.test.ts` draws the same messages; their order is the network's. */
const messages = runs(600, 1_000_000);
/** A text that grows without end tells nothing new: after so many messages the raid moves on. */
const messagesAPlace = isLong ? 1500 : 300;
const placesAServer = 10;

/** In the server's process: gives memory back when asked, and says how much is left. */
const collector = `import { isMainThread } from 'node:worker_threads';
if (isMainThread) {
  process.stderr.write('pid ' + process.pid + '\\n');
  process.on('SIGUSR2', () => { gc(); gc(); process.stderr.write('rss ' + process.memoryUsage.rss() + ' cpu ' + process.cpuUsage().user + '\\n'); });
}`;

async function costsOf(server: { printed(): string }): Promise<{ readonly rss: number; readonly cpu: number }> {
  const pid = Number(/pid (\d+)/.exec(server.printed())?.[1]);
  const before = server.printed().length;
  process.kill(pid, 'SIGUSR2');
  for (;;) {
    const found = /rss (\d+) cpu (\d+)/.exec(server.printed().slice(before));
    if (found !== null) return { rss: Number(found[1]) / 1024 / 1024, cpu: Number(found[2]) / 1000 };
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe(`[ROOM2] [AUTH7] [LOG1] ${messages} hostile messages at the socket (seed ${seed})`, () => {
  it(
    'the server stands, honest writers go on, and what got through was authorised',
    async () => {
      const result: Raid = { outcomes: new Map(), messages: 0, connections: 0 };
      let edits = 0;
      const begun = performance.now();
      const growth: number[] = [];
      const costs: number[] = [];
      while (result.messages < messages) {
        edits += await onOneServer(result, growth, costs);
        if (isLong) process.stdout.write(`${result.messages} messages, ${edits} honest edits: all is well\n`);
      }
      const seconds = (performance.now() - begun) / 1000;
      process.stdout.write(
        `${result.messages} hostile messages on ${result.connections} connections, ${Math.round(result.messages / seconds)} a second, ${edits} honest edits between them; ${Math.max(...costs).toFixed(1)} ms of the server’s time each, memory grew by ${growth.map((mib) => mib.toFixed(0)).join(', ')} MiB: ${JSON.stringify(Object.fromEntries([...result.outcomes].sort(([, one], [, other]) => other - one)))}\n`,
      );
      expect(edits).toBeGreaterThan(0);
      for (const outcome of ['accepted', 'nothing new', 'malformed-update', 'unknown-content', 'not-your-words'])
        expect([outcome, result.outcomes.get(outcome) ?? 0]).not.toEqual([outcome, 0]);
      expect(result.outcomes.get('internal')).toBeUndefined();
    },
    24 * 3_600_000,
  );
});

async function onOneServer(result: Raid, growth: number[], costs: number[]): Promise<number> {
  const server = await startServer({
    env: { NODE_OPTIONS: `--expose-gc --import=data:text/javascript,${encodeURIComponent(collector)}` },
  });
  const cookies = new Map<string, string>();
  for (const name of ['argentina', 'brazil', 'canada', 'colombia', 'rapporteur'])
    cookies.set(name, await signIn(server, name));
  const cookie = (name: string): string => cookies.get(name) ?? '';
  const places = (await placesOf(server, cookie('argentina'))).slice(0, placesAServer);
  let edits = 0;
  const shown = new Map<string, string>();
  const floors: number[] = [];
  const start = { ...(await costsOf(server)), messages: result.messages };
  let end = start.cpu;
  for (const [at, place] of places.entries()) {
    if (result.messages >= messages) break;
    const until = Math.min(messages, result.messages + messagesAPlace);
    const goOn = (): boolean => result.messages < until;
    const honest = await Promise.all(['canada', 'colombia'].map((name) => Honest.join(server, cookie(name), place)));
    const [first] = honest;
    if (first === undefined) throw new Error('nobody came');
    const typing = honest.map(async (one, writer) => {
      const draw = new Draw(seed + writer);
      while (goOn()) await one.type(draw);
    });
    const enemies = Array.from({ length: 16 }, (_, enemy) => {
      const name = ['argentina', 'brazil', 'rapporteur', 'rapporteur'][enemy % 4] ?? '';
      return raid(
        server,
        {
          cookie: cookie(name),
          place,
          screen: first.client.doc,
          seed: seed + result.messages + enemy,
          as: name !== 'rapporteur' ? '' : enemy % 4 === 2 ? '&as=base' : '&as=CAN',
        },
        result,
        goOn,
      );
    });
    await Promise.all([...typing, ...enemies]);
    // Whatever is on its way has been shown once a last honest edit is.
    await first.type(new Draw(seed + at));
    const last = first.client.doc.store.clients.get(first.client.doc.clientID)?.at(-1);
    if (last !== undefined)
      for (const { client } of honest)
        await client.until(
          () => (client.doc.store.clients.get(last.id.client)?.at(-1)?.id.clock ?? -1) >= last.id.clock,
          'the last edit',
        );
    const texts = honest.map(({ client }) => JSON.stringify(readText(client.doc)));
    expect(new Set(texts).size).toBe(1);
    shown.set(place, texts[0] ?? '');
    for (const { client, edits: made } of honest) {
      edits += made;
      client.leave();
    }
    const { rss, cpu } = await costsOf(server);
    floors.push(rss);
    end = cpu;
  }
  costs.push((end - start.cpu) / (result.messages - start.messages + edits));
  growth.push((floors.at(-1) ?? 0) - (floors[0] ?? 0));
  // Texts that were written to stay in memory for some minutes; beyond them nothing may gather.
  expect(Math.max(...growth)).toBeLessThan(200);
  expect(server.printed()).not.toContain('"level":50');
  expect(await server.stop()).toBe(0);
  const verified = execFileSync(process.execPath, ['dist/server/concord.js', 'verify'], {
    env: { ...process.env, DATA_DIR: server.dataDir },
    encoding: 'utf8',
  });
  expect(verified).toContain('The record is whole');
  const store = await openTestStore(server.dataDir);
  try {
    for (const place of places) {
      const words = shown.get(place);
      if (words === undefined) continue;
      const { wrong, text, entries } = await wrongIn(store.log, place);
      expect(wrong).toEqual([]);
      expect(JSON.stringify(text)).toBe(words);
      expect(entries).toBeGreaterThan(1);
    }
  } finally {
    await store.close();
  }
  return edits;
}
