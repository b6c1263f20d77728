import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomFrom } from '../helpers/random.ts';
import { Load } from './screen/load.ts';
import { makeMeeting } from './screen/meeting.ts';
import type { KeyTimes } from './screen/meter.ts';
import { draft, observe, type Round, type Scripts } from './screen/page.ts';
import { browserProgram, launchBrowser } from './support/browser.ts';
import { freePort, launchConcord } from './support/server.ts';

/**
 * A delegate's screen while ten others type: a recommendation of 200 clauses with 100 open amendments, over real
 * sockets to the real server, in a real browser.
 *
 * The browser has core 1 for itself; the server, the writers and this program share core 0 (run it by `taskset -c 0`).
 * There is no GPU: core 1 paints, too.
 */
const rounds = Number(process.env.ROUNDS ?? 3);
const keys = Number(process.env.KEYS ?? 200);
const seed = Number(process.env.SEED ?? 1);
const amendments = 100;
/** Letters a second of each of the ten: a trained typist's. */
const rate = 5;

/** Frames at 60 Hz, and as soon as they are ready: the latter measures the page itself. */
const paces = { steady: [], ready: ['--disable-frame-rate-limit', '--disable-gpu-vsync'] } as const;
type Pace = keyof typeof paces;

/** A program that starts the browser on a core of its own. */
async function pinnedBrowser(directory: string): Promise<string> {
  const script = join(directory, 'browser.sh');
  writeFileSync(script, `#!/bin/sh\nexec taskset -c 1 '${await browserProgram()}' "$@"\n`);
  chmodSync(script, 0o755);
  return script;
}

interface Outcome {
  readonly rounds: Readonly<Record<Pace, readonly Round[]>>;
  readonly observers: Scripts;
  readonly browser: string;
}

async function measure(): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'concord-screen-'));
  const program = await pinnedBrowser(directory);
  const server = await launchConcord(join(directory, 'data'), await freePort());
  try {
    const { path, readingPath, recommendation, cookies } = await makeMeeting(server.url);
    const load = await Load.seat({
      address: server.url,
      recommendation,
      cookies: [...cookies],
      amendments,
      rate,
      seed,
    });
    const random = randomFrom(seed);
    const done: Record<Pace, Round[]> = { steady: [], ready: [] };
    let observers: Scripts | null = null;
    let version = '';
    for (let round = 0; round < rounds; round++)
      for (const pace of ['steady', 'ready'] as const) {
        const browser = await launchBrowser(program, paces[pace]);
        version = browser.version();
        observers ??= await observe(browser, server.url, readingPath);
        await load.start();
        // One of the other writers is in this clause too.
        const clause = 4 * (round % 5);
        done[pace].push(await draft(browser, server.url, { path, clause, keys, random, load }));
        await load.stop();
        await browser.close();
      }
    await load.leave();
    if (observers === null) throw new Error('nothing was measured');
    return { rounds: done, observers, browser: version };
  } finally {
    await server.kill();
    rmSync(directory, { recursive: true, force: true });
  }
}

const share = (values: readonly number[], part: number): number =>
  [...values].sort((one, other) => one - other)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0;
const middle = (outcomes: readonly Round[], pick: (round: Round) => number): number => share(outcomes.map(pick), 0.5);

function report({ rounds: { steady, ready }, observers, browser }: Outcome): void {
  const all = [...steady, ...ready];
  const row = (asked: string, aim: string, measured: string): void =>
    console.log(`| ${asked} | ${aim} | ${measured} |`);
  const spread = (outcomes: readonly Round[], pick: (key: KeyTimes) => number): string =>
    [0.5, 0.95, 0.99]
      .map((part) => `p${100 * part} ${middle(outcomes, ({ meter }) => share(meter.keys.map(pick), part)).toFixed(1)}`)
      .join(', ');
  const seconds = (pick: (round: Round) => number): string => `${(middle(all, pick) / 1000).toFixed(2)} s`;
  const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;
  const size = ({ sent, gzip, plain }: Scripts): string =>
    `${kilobytes(sent)} sent (gzip would be ${kilobytes(gzip)}; unpacked ${kilobytes(plain)})`;
  const work = (pick: keyof Round['work']): string => middle(all, (round) => round.work[pick]).toFixed(1);
  const slow = middle(steady, ({ meter }) => meter.durations.filter((duration) => duration > 16).length);
  const unseen = all.flatMap(({ meter }) => meter.keys).filter(({ shown }) => !shown).length;

  console.log(
    `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.version}, Chromium ${browser} without a GPU; medians of ${rounds} rounds of ${keys} keys, seed ${seed}\n`,
  );
  console.log('| Asked | Aim | Measured |\n|---|---|---|');
  row(
    'key to paint, ms: handlers, then the frame with script, style, layout and paint; without the wait for the screen',
    'p95 ≤ 16',
    spread(steady, ({ handled, painted, frame }) => handled + painted - frame),
  );
  row(
    '… until the handlers have run',
    '',
    spread(steady, ({ handled }) => handled),
  );
  row(
    '… from the begin of the frame to its end',
    '',
    spread(steady, ({ painted, frame }) => painted - frame),
  );
  row(
    '… with the wait, frames as soon as they are ready',
    '',
    spread(ready, ({ painted }) => painted),
  );
  row(
    '… with the wait, frames at 60 Hz',
    '',
    spread(steady, ({ painted }) => painted),
  );
  row('keys of over 16 ms by Event Timing (steps of 8 ms), 60 Hz', '', `${((100 * slow) / keys).toFixed(0)} %`);
  row('keys whose frame did not show their letter', '0', String(unseen));
  row('tasks over 50 ms while typing, a round', '', String(middle(all, ({ meter }) => meter.long.length)));
  row(
    'CPU of the page’s main thread a letter, own or others’, ms',
    '',
    `${work('task')} (script ${work('script')}, layout ${work('layout')})`,
  );
  // The driver works between the two, and shares its core: it is no part of the page.
  row(
    'open to editable, empty cache: until the text is there, and from the first key to its letter',
    '≤ 1 s',
    seconds(({ meter }) => meter.there + meter.editable - meter.pressed),
  );
  row(
    '… until the text is there',
    '',
    seconds(({ meter }) => meter.there),
  );
  if (steady[0] !== undefined) row('scripts of the editor', '≤ 220 KB', size(steady[0].scripts));
  row('scripts of the observers’ page', '≤ 15 KB', size(observers));
}

report(await measure());
