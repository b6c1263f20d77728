import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { browserProgram, launchBrowser, startServer, visit } from '../helpers/browser.ts';
import { randomFrom } from '../helpers/random.ts';
import { makeMeeting, type ScreenMeeting, typist } from './screen/meeting.ts';
import { installMeter, type Meter } from './screen/meter.ts';
import { Writer } from './screen/writer.ts';

/**
 * What a delegate's screen does while ten others type: a recommendation of 200 clauses with 100 open amendments, over
 * real sockets to the real server, in a real browser.
 *
 * The browser has core 1 for itself; the server, the writers and this program share core 0 (run it by
 * `taskset -c 0`). Software rendering, no GPU.
 */
const rounds = Number(process.env.ROUNDS ?? 3);
const keysEach = Number(process.env.KEYS ?? 200);
const amendments = 100;
/** Letters a second of each of the ten; a trained typist's five. */
const rate = Number(process.env.RATE ?? 5);
const seed = Number(process.env.SEED ?? 1);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const sorted = (values: readonly number[]): number[] => [...values].sort((one, other) => one - other);
const share = (values: readonly number[], part: number): number =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0;
const middle = (values: readonly number[]): number => share(values, 0.5);
const ms = (value: number): string => value.toFixed(1);

/** A program that starts the browser on a core of its own. */
async function pinnedBrowser(directory: string): Promise<string> {
  const script = join(directory, 'browser.sh');
  writeFileSync(script, `#!/bin/sh\nexec taskset -c 1 '${await browserProgram()}' "$@"\n`);
  chmodSync(script, 0o755);
  return script;
}

/** Ten delegates with ten amendments each; half of them stay where the measured screen looks, the others are spread. */
async function seat(address: string, meeting: ScreenMeeting): Promise<Writer[]> {
  const writers: Writer[] = [];
  for (const cookie of meeting.cookies) writers.push(await Writer.connect(address, meeting.recommendation, cookie));
  const kinds = ['add', 'delete', 'replace'] as const;
  for (let at = 0; at < amendments; at++) {
    const number = at % writers.length;
    const writer = writers[number];
    if (writer === undefined) continue;
    const mark = await writer.amend(2 * at, kinds[Math.floor(at / writers.length) % 3] ?? 'add');
    if (Math.floor(at / writers.length) === (number % 2 === 0 ? 0 : number)) writer.sit(2 * at, mark);
  }
  return writers;
}

/** Everybody types all the time, each at a moment of their own, until told to stop. */
function typeOn(writers: readonly Writer[], random: () => number): () => Promise<void> {
  let going = true;
  const all = Promise.all(
    writers.map(async (writer) => {
      while (going) {
        writer.key();
        await pause((1000 / rate) * (0.5 + random()));
      }
    }),
  );
  return async () => {
    going = false;
    await all;
    const failure = writers.map((writer) => writer.failure).find((one) => one !== null);
    if (failure != null) throw new Error(`a writer was refused: ${failure}`);
  };
}

/** For who wants to know where the time goes: PROFILE=file.cpuprofile or TRACE=file.json, for a browser's tools. */
async function profile(page: Page): Promise<() => Promise<void>> {
  const file = process.env.PROFILE;
  const trace = process.env.TRACE;
  if (trace !== undefined) {
    const browser = page.context().browser();
    await browser?.startTracing(page, {
      path: trace,
      categories: ['devtools.timeline', 'cc', 'viz', 'input', 'toplevel'],
    });
    return async () => void (await browser?.stopTracing());
  }
  if (file === undefined) return async () => undefined;
  const session = await page.context().newCDPSession(page);
  await session.send('Profiler.enable');
  await session.send('Profiler.setSamplingInterval', { interval: 200 });
  await session.send('Profiler.start');
  return async () => {
    const { profile: samples } = await session.send('Profiler.stop');
    writeFileSync(file, JSON.stringify(samples));
  };
}

/** What the page's main thread worked, ms of CPU by the operating system's count: what else the machine does is not in it. */
interface Work {
  readonly task: number;
  readonly script: number;
  readonly style: number;
  readonly layout: number;
}
async function countWork(page: Page): Promise<() => Promise<Work>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const read = async (): Promise<Map<string, number>> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return new Map(metrics.map(({ name, value }) => [name, value]));
  };
  const before = await read();
  return async () => {
    const after = await read();
    const spent = (name: string): number => 1000 * ((after.get(name) ?? 0) - (before.get(name) ?? 0));
    return {
      task: spent('TaskDuration'),
      script: spent('ScriptDuration'),
      style: spent('RecalcStyleDuration'),
      layout: spent('LayoutDuration'),
    };
  };
}

interface Loaded {
  readonly raw: number;
  readonly sent: number;
  readonly gzip: number;
  readonly brotli: number;
}

/** Counts the scripts that a page really loads: as sent, as they are, and compressed here for comparison. */
async function countScripts(page: Page): Promise<() => Promise<Loaded>> {
  const sizes: Promise<Loaded>[] = [];
  page.on('response', (response) => {
    if (response.request().resourceType() !== 'script') return;
    sizes.push(
      (async () => {
        const body = await response.body();
        const { responseBodySize } = await response.request().sizes();
        return {
          raw: body.length,
          sent: responseBodySize,
          gzip: gzipSync(body, { level: 9 }).length,
          brotli: brotliCompressSync(body).length,
        };
      })(),
    );
  });
  return async () => {
    const all = await Promise.all(sizes);
    const sum = (of: keyof Loaded): number => all.reduce((total, one) => total + one[of], 0);
    return { raw: sum('raw'), sent: sum('sent'), gzip: sum('gzip'), brotli: sum('brotli') };
  };
}

interface Round {
  readonly there: number;
  readonly editable: number;
  readonly meter: Meter;
  readonly scripts: Loaded;
  /** The main thread's work, divided by the letters that came meanwhile, own and others'. */
  readonly work: Work;
}

const phrase = 'and to report on it at the next meeting of this body ';

/** Opens the recommendation with an empty cache, and types. */
async function draft(
  browser: Browser,
  url: string,
  path: string,
  clause: number,
  random: () => number,
  typed: () => number,
): Promise<Round> {
  const { context, page, complaints } = await visit(browser, { url }, typist);
  page.setDefaultTimeout(120_000);
  await page.addInitScript(installMeter);
  const scripts = await countScripts(page);
  await page.goto(url + path, { waitUntil: 'commit' });
  await page.waitForFunction(() => window.meter?.there > 0, null, { polling: 5 });
  // A key at once: the page is there when what it does stands in the text.
  await page.evaluate((at) => {
    const words = document.querySelectorAll('.clause-words')[at];
    if (!(words instanceof HTMLElement)) throw new Error('no such clause');
    const before = words.textContent?.length ?? 0;
    const watch = new MutationObserver(() => {
      if (![...words.querySelectorAll('ins')].some((own) => own.dataset.code === 'ARG')) return;
      if ((words.textContent?.length ?? 0) <= before) return;
      watch.disconnect();
      window.meter.editable = performance.now();
    });
    watch.observe(words, { childList: true, subtree: true, characterData: true });
    document.querySelector<HTMLElement>('.text')?.focus();
    getSelection()?.selectAllChildren(words);
    getSelection()?.collapseToEnd();
  }, clause);
  await page.keyboard.press('x');
  await page.waitForFunction(() => window.meter.editable > 0, null, { polling: 5 });
  await page.waitForSelector('.saved-saved', { state: 'attached' });
  await pause(1500);
  await page.evaluate(() => {
    window.meter.keys.length = 0;
    window.meter.durations.length = 0;
    window.meter.long.length = 0;
  });
  const worked = await countWork(page);
  const typedBefore = typed();
  const profiled = await profile(page);
  for (let key = 0; key < keysEach; key++) {
    await page.keyboard.press(
      phrase.charAt(key % phrase.length) === ' ' ? 'Space' : phrase.charAt(key % phrase.length),
    );
    await pause(90 + 80 * random());
  }
  await page.waitForFunction((count) => window.meter.keys.length >= count, keysEach);
  const letters = keysEach + typed() - typedBefore;
  const { task, script, style, layout } = await worked();
  const meter = await page.evaluate(() => window.meter);
  await profiled();
  await page.waitForSelector('.saved-saved', { state: 'attached' });
  const round = {
    there: meter.there,
    editable: meter.editable,
    meter,
    scripts: await scripts(),
    work: { task: task / letters, script: script / letters, style: style / letters, layout: layout / letters },
  };
  await context.close();
  if (complaints.length > 0) throw new Error(`the page complained: ${complaints.join('; ')}`);
  return round;
}

async function observe(browser: Browser, url: string, path: string): Promise<Loaded> {
  const { context, page } = await visit(browser, { url }, 'observer');
  const scripts = await countScripts(page);
  await page.goto(url + path, { waitUntil: 'load' });
  const loaded = await scripts();
  await context.close();
  return loaded;
}

const row = (asked: string, aim: string, measured: string): void => console.log(`| ${asked} | ${aim} | ${measured} |`);
const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;

const directory = mkdtempSync(join(tmpdir(), 'concord-screen-'));
const program = await pinnedBrowser(directory);
const server = await startServer({ dataDir: join(directory, 'data') });
try {
  const meeting = await makeMeeting(server.url);
  const writers = await seat(server.url, meeting);
  const random = randomFrom(seed);
  const found: Round[] = [];
  const free: Round[] = [];
  let version = '';
  let observed: Loaded | null = null;
  for (let round = 0; round < rounds; round++)
    for (const unlimited of process.env.ONLY60 ? [false] : [true, false]) {
      const browser = await launchBrowser({
        program,
        args: unlimited ? ['--disable-frame-rate-limit', '--disable-gpu-vsync'] : [],
      });
      version = browser.version();
      const stop = typeOn(writers, random);
      const outcome = await draft(browser, server.url, meeting.path, 4 * (round % 5), random, () =>
        writers.reduce((sum, { letters }) => sum + letters, 0),
      );
      await stop();
      (unlimited ? free : found).push(outcome);
      observed ??= await observe(browser, server.url, meeting.readingPath);
      await browser.close();
    }
  const of = (outcomes: readonly Round[], pick: (round: Round) => number): number => middle(outcomes.map(pick));
  const keys = (part: number, pick: (key: Meter['keys'][number]) => number) => (round: Round) =>
    share(round.meter.keys.map(pick), part);
  console.log(
    `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.version}, Chromium ${version}; medians of ${rounds} rounds of ${keysEach} keys, seed ${seed}\n`,
  );
  console.log('| Asked | Aim | Measured |\n|---|---|---|');
  const figures = (outcomes: readonly Round[], pick: (key: Meter['keys'][number]) => number): string =>
    `p50 ${ms(of(outcomes, keys(0.5, pick)))}, p95 ${ms(of(outcomes, keys(0.95, pick)))}, p99 ${ms(of(outcomes, keys(0.99, pick)))} ms`;
  row(
    'key to paint, frames as soon as they are ready',
    'p95 ≤ 16 ms',
    figures(free, ({ painted }) => painted),
  );
  row(
    'of it: until the handlers have run',
    '',
    figures(free, ({ handled }) => handled),
  );
  row(
    'of it: from the begin of the frame',
    '',
    figures(free, ({ painted, frame }) => painted - frame),
  );
  row(
    'key to paint, frames at 60 Hz',
    '',
    figures(found, ({ painted }) => painted),
  );
  row(
    'of it: work (without the wait for the frame)',
    '',
    figures(found, ({ handled, painted, frame }) => handled + painted - frame),
  );
  row(
    'keys whose Event Timing duration is over 16 ms, frames at 60 Hz',
    '',
    `${((100 * of(found, ({ meter }) => meter.durations.filter((one) => one > 16).length)) / keysEach).toFixed(0)} %`,
  );
  row(
    'keys whose letter was not in their frame',
    '0',
    String([...free, ...found].flatMap(({ meter }) => meter.keys).filter(({ shown }) => !shown).length),
  );
  const all = [...free, ...found];
  row(
    'the main thread’s work a letter, own or others’, CPU',
    '',
    `${ms(of(all, ({ work }) => work.task))} ms (script ${ms(of(all, ({ work }) => work.script))}, style ${ms(of(all, ({ work }) => work.style))}, layout ${ms(of(all, ({ work }) => work.layout))})`,
  );
  row('tasks over 50 ms while typing', '', String(of([...free, ...found], ({ meter }) => meter.long.length)));
  row(
    'open to editable, empty cache',
    '≤ 1 s',
    `${(of([...free, ...found], ({ editable }) => editable) / 1000).toFixed(2)} s`,
  );
  row('of it: until the text is there', '', `${(of([...free, ...found], ({ there }) => there) / 1000).toFixed(2)} s`);
  const size = (loaded: Loaded): string =>
    `sent ${kilobytes(loaded.sent)}; gzip ${kilobytes(loaded.gzip)}, brotli ${kilobytes(loaded.brotli)}, as they are ${kilobytes(loaded.raw)}`;
  const [first] = found;
  if (first !== undefined) row('scripts of the editor', '≤ 220 KB', size(first.scripts));
  if (observed !== null) row('scripts of the observers’ page', '≤ 15 KB', size(observed));
  for (const writer of writers) writer.client.leave();
} finally {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
}
