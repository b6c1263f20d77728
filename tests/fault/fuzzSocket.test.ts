import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readText } from '../../shared/text/document.ts';
import { startServer } from '../helpers/browser.ts';
import { givesWay, isLong, runs, seed } from '../helpers/extent.ts';
import { Draw } from '../helpers/fuzz/draw.ts';
import { type FuzzRun, fuzzRun, Honest, Lookout, placesOf, signIn } from '../helpers/fuzz/fuzzRun.ts';
import { wrongIn } from '../helpers/fuzz/replayed.ts';
import { openTestStore } from '../helpers/store.ts';

/** `CONCORD_SEED=… npx vitest run tests/fault/fuzzSocket.test.ts` draws the same messages; their order is the network's. */
const messages = runs(600, 1_000_000);
/** An ever-growing text finds nothing new: after so many messages the run moves on. */
const messagesAPlace = isLong ? 1500 : 300;
const placesAServer = 10;
/** Servers that are attacked at the same time: one has one core to answer with. */
const fronts = isLong ? 2 : 1;
/** Mean time between two edits of one honest writer, ms. */
const pace = isLong ? 100 : 0;

/** In the server's process: collects garbage when asked, and reports the memory that is left. */
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

/** Threads return memory to the system bit by bit, when they have time: the value counts when it no longer falls. */
async function settled(server: { printed(): string }): ReturnType<typeof costsOf> {
  let least = await costsOf(server);
  for (let patience = 3; patience > 0; patience--) {
    await pause(300);
    const costs = await costsOf(server);
    if (costs.rss < least.rss - 1) patience = 3;
    least = { cpu: costs.cpu, rss: Math.min(least.rss, costs.rss) };
  }
  return least;
}

describe(`[ROOM2] [AUTH7] [LOG1] ${messages} hostile messages at the socket (seed ${seed})`, () => {
  it(
    'the server stands, honest writers go on, and what got through was authorised',
    async () => {
      givesWay();
      const begun = performance.now();
      const reports = await Promise.all(Array.from({ length: fronts }, (_, front) => onOneFront(front)));
      const seconds = (performance.now() - begun) / 1000;
      const sum = (of: (report: Report) => number): number => reports.reduce((total, report) => total + of(report), 0);
      const outcomes = new Map<string, number>();
      for (const { fuzzRun } of reports)
        for (const [outcome, count] of fuzzRun.outcomes) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
      const [sent, edits] = [sum(({ fuzzRun }) => fuzzRun.messages), sum((report) => report.edits)];
      process.stdout.write(
        `${sent} hostile messages on ${sum(({ fuzzRun }) => fuzzRun.connections)} connections, ${Math.round(sent / seconds)} a second, ${edits} honest edits between them (Yjs tidied up ${sum(({ tidied }) => tidied.said)} times, ${sum(({ tidied }) => tidied.refused)} of them too late), at ${sum((report) => report.servers)} servers; ${Math.max(...reports.flatMap(({ costs }) => costs)).toFixed(1)} ms of the server’s time each at most, memory grew by ${Math.max(...reports.flatMap(({ growth }) => growth)).toFixed(0)} MiB at most: ${JSON.stringify(Object.fromEntries([...outcomes].sort(([, one], [, other]) => other - one)))}\n`,
      );
      expect(sent).toBeGreaterThanOrEqual(messages);
      expect(edits).toBeGreaterThan(0);
      for (const outcome of ['accepted', 'nothing new', 'malformed-update', 'unknown-content', 'not-your-words'])
        expect([outcome, outcomes.get(outcome) ?? 0]).not.toEqual([outcome, 0]);
      expect(outcomes.get('internal')).toBeUndefined();
    },
    24 * 3_600_000,
  );
});

interface Report {
  readonly fuzzRun: FuzzRun;
  readonly growth: number[];
  readonly costs: number[];
  /** The number of tidying updates of honest documents, and of those that were refused. */
  readonly tidied: { said: number; refused: number };
  servers: number;
  edits: number;
}

/** One server after the other, until its share of the messages was sent. */
async function onOneFront(front: number): Promise<Report> {
  const share = Math.ceil(messages / fronts);
  const fuzzRun: FuzzRun = { outcomes: new Map(), messages: 0, connections: 0 };
  const report: Report = { fuzzRun, growth: [], costs: [], tidied: { said: 0, refused: 0 }, servers: 0, edits: 0 };
  while (fuzzRun.messages < share) {
    try {
      report.edits += await onOneServer(fuzzRun, share, seed + front * share, report);
    } catch (error) {
      // At once, and not when the other servers are done.
      process.stdout.write(`front ${front} after ${fuzzRun.messages} messages: ${inspect(error)}\n`);
      throw error;
    }
    report.servers += 1;
    if (isLong)
      process.stdout.write(
        `front ${front}, ${report.servers} servers: ${fuzzRun.messages} messages, ${report.edits} honest edits: all is well\n`,
      );
  }
  return report;
}

/** Until nobody has anything to send: an update may make Yjs tidy up, which others get. */
async function untilQuiet(honest: readonly Honest[]): Promise<void> {
  for (let rounds = 0; rounds < 20; rounds++) {
    const quiet = await Promise.all(honest.map((one) => one.quiet()));
    if (quiet.every(Boolean)) return;
  }
  throw new Error('it never gets quiet');
}

async function onOneServer(
  result: FuzzRun,
  share: number,
  seed: number,
  { growth, costs, tidied }: Pick<Report, 'growth' | 'costs' | 'tidied'>,
): Promise<number> {
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
    if (result.messages >= share) break;
    const until = Math.min(share, result.messages + messagesAPlace);
    const goOn = (): boolean => result.messages < until;
    const honest = await Promise.all(['canada', 'colombia'].map((name) => Honest.join(server, cookie(name), place)));
    const [first] = honest;
    if (first === undefined) throw new Error('nobody came');
    const typing = honest.map(async (one, writer) => {
      const draw = new Draw(seed + writer);
      while (goOn()) {
        await one.type(draw);
        if (pace > 0) await pause((2 * pace * draw.nat(100)) / 100);
      }
    });
    const lookout = new Lookout(first);
    const hostiles = Array.from({ length: 16 }, (_, hostile) => {
      const name = ['argentina', 'brazil', 'rapporteur', 'rapporteur'][hostile % 4] ?? '';
      return fuzzRun(
        server,
        {
          cookie: cookie(name),
          place,
          lookout,
          seed: seed + result.messages + hostile,
          as: name !== 'rapporteur' ? '' : hostile % 4 === 2 ? '&as=base' : '&as=CAN',
        },
        result,
        goOn,
      );
    });
    await Promise.all([...typing, ...hostiles]);
    // All updates under way have been shown once a last honest edit is.
    for (const { edits } = first; first.edits === edits; ) await first.type(new Draw(seed + at));
    await untilQuiet(honest);
    const texts = honest.map(({ doc }) => JSON.stringify(readText(doc)));
    expect(new Set(texts).size).toBe(1);
    shown.set(place, texts[0] ?? '');
    for (const one of honest) {
      edits += one.edits;
      tidied.said += one.tidied;
      tidied.refused += one.renewed;
      one.leave();
    }
    const { rss, cpu } = await settled(server);
    floors.push(rss);
    end = cpu;
  }
  costs.push((end - start.cpu) / (result.messages - start.messages + edits));
  growth.push((floors.at(-1) ?? 0) - (floors[0] ?? 0));
  // Written texts stay in memory for some minutes; nothing else may accumulate.
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
