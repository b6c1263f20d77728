import { existsSync, readFileSync } from 'node:fs';
import { Compilation } from '../../shared/compilation.ts';
import { concord } from './load/contestants.ts';
import { middle, printHead, printRow, rounds } from './load/report.ts';

/**
 * What an importer waits for: the file is read and shown, and then, ordered, becomes a meeting whose texts are on the
 * disk. Once on a server that has read none yet, and once more.
 */
const sample = new URL('../../../shared/samples/oas-rtp-2005-compilation.txt', import.meta.url);

interface Outcome {
  readonly shown: number;
  readonly made: number;
  readonly again: number;
  /** CPU of the server for the first, ms: what it takes where nobody else wants the core. */
  readonly cpu: number;
  readonly recommendations: number;
  readonly clauses: number;
}

async function measure(file: Buffer): Promise<Outcome> {
  const server = await concord.start();
  try {
    const bring = async (): Promise<Omit<Outcome, 'again' | 'cpu'>> => {
      const begun = performance.now();
      const preview = await fetch(`${server.address}/api/imports/preview`, {
        method: 'POST',
        headers: { cookie: server.rapporteur, 'content-type': 'text/plain' },
        body: new Uint8Array(file),
      });
      if (!preview.ok) throw new Error(await preview.text());
      const body: unknown = await preview.json();
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

if (!existsSync(sample)) {
  console.log('import: skipped, the sample is not here');
  process.exit(0);
}
const file = readFileSync(sample);
printHead();
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
