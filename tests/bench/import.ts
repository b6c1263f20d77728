import { existsSync, readFileSync } from 'node:fs';
import { Compilation } from '../../shared/meeting/compilation.ts';
import { compilationSeeds, hostileCompilation } from '../helpers/fuzz/compilations.ts';
import { Draw } from '../helpers/fuzz/draw.ts';
import { concord, type RunningConcord } from './load/contestants.ts';
import { middle, pause, printHead, printRow, rounds } from './load/report.ts';

/**
 * An importer's waiting times: the file is read and previewed, and then becomes a meeting with its texts on disk. Once
 * on a new server, and once more. Also the waiting time of others while the slowest file is read.
 */
const sample = new URL('../../../shared/samples/oas-rtp-2005-compilation.txt', import.meta.url);

interface Outcome {
  readonly shown: number;
  readonly made: number;
  readonly again: number;
  /** The server's CPU for the first, ms: its duration on a free core. */
  readonly cpu: number;
  readonly recommendations: number;
  readonly clauses: number;
}

/** The seed of the slowest file of an hour of hostile compilations. */
const slowest = 30_319_619;

const preview = (server: RunningConcord, file: Uint8Array): Promise<Response> =>
  fetch(`${server.address}/api/imports/preview`, {
    method: 'POST',
    headers: { cookie: server.rapporteur, 'content-type': 'text/plain' },
    body: new Uint8Array(file),
  });

/** The time to read a file, and the longest wait of a small request meanwhile, ms. */
async function measureBeside(file: Uint8Array): Promise<{ readonly read: number; readonly waited: number }> {
  const server = await concord.start();
  try {
    let waited = 0;
    let isRead = false;
    const begun = performance.now();
    const reading = preview(server, file).then(async (answer) => {
      await answer.arrayBuffer();
      isRead = true;
      return performance.now() - begun;
    });
    while (!isRead) {
      const asked = performance.now();
      await (await fetch(`${server.address}/healthz`)).text();
      waited = Math.max(waited, performance.now() - asked);
      await pause(10);
    }
    return { read: await reading, waited };
  } finally {
    await server.stop();
  }
}

/** Time, ms, for which the commands that made the bench's meeting count against the limit. */
const limitOfOrders = 10_000;

async function measure(file: Buffer): Promise<Outcome> {
  const server = await concord.start();
  try {
    await pause(limitOfOrders);
    const bring = async (): Promise<Omit<Outcome, 'again' | 'cpu'>> => {
      const begun = performance.now();
      const answer = await preview(server, file);
      if (!answer.ok) throw new Error(await answer.text());
      const body: unknown = await answer.json();
      const shown = performance.now() - begun;
      const compilation = Compilation.parse(body);
      const ordered = performance.now();
      await (await server.ask(server.rapporteur, '/api/imports', { meeting: 'Imported', compilation })).text();
      const made = performance.now() - ordered;
      const recommendations = compilation.topics.flatMap((topic) => topic.recommendations);
      return {
        shown,
        made,
        recommendations: recommendations.length,
        clauses: recommendations.reduce((sum, { clauses }) => sum + clauses.length, 0),
      };
    };
    const before = server.cpu();
    const first = await bring();
    const cpu = (server.cpu() - before) * 1000;
    const second = await bring();
    return { ...first, cpu, again: second.shown + second.made };
  } finally {
    await server.stop();
  }
}

printHead();
if (existsSync(sample)) {
  const file = readFileSync(sample);
  const outcomes: Outcome[] = [];
  for (let round = 0; round < rounds; round++) outcomes.push(await measure(file));
  const of = (pick: (outcome: Outcome) => number): number => middle(outcomes.map(pick));
  printRow(
    'import',
    `a compilation of ${(file.length / 1024).toFixed(0)} KB: ${of(({ recommendations }) => recommendations)} recommendations, ` +
      `${of(({ clauses }) => clauses)} clauses, the first file of a server`,
    '≤ 300 ms',
    `${of(({ shown, made }) => shown + made).toFixed(0)} ms (${of(({ shown }) => shown).toFixed(0)} ms until it is shown, ` +
      `${of(({ made }) => made).toFixed(0)} ms until the meeting is on the disk; CPU of the server ${of(({ cpu }) => cpu).toFixed(0)} ms); the second time ${of(({ again }) => again).toFixed(0)} ms`,
  );
} else console.log('import: skipped, the sample is not here');
const hostile = hostileCompilation(new Draw(slowest), compilationSeeds);
const beside: Awaited<ReturnType<typeof measureBeside>>[] = [];
for (let round = 0; round < rounds; round++) beside.push(await measureBeside(hostile));
printRow(
  'import beside others',
  `the slowest file known, ${(hostile.length / 1e6).toFixed(1)} MB`,
  'nobody waits for it',
  `read in ${(middle(beside.map(({ read }) => read)) / 1000).toFixed(1)} s; others wait ${middle(beside.map(({ waited }) => waited)).toFixed(0)} ms at most`,
);
