import { importCompilation } from '../../../server/imports/compilation.ts';
import { decode } from '../../../server/imports/extract/decode.ts';
import { ConcordError } from '../../../shared/protocol/errors.ts';
import { withoutForbidden } from '../../../shared/text/visible.ts';
import { canary, compilationSeeds, hostileCompilation } from './compilations.ts';
import { Draw } from './draw.ts';

/**
 * Reads hostile compilations, one after the other, as a process of its own: `node importer.js SEED [SAMPLE]`. It
 * announces each before reading, so that the parent can name the one that never ends, and reports the outcome.
 */
const [first = '0', sample = ''] = process.argv.slice(2);
const seeds = [...compilationSeeds, ...(sample === '' ? [] : [sample])];

function outcomeOf(source: Uint8Array): string {
  try {
    const { title, parties, topics } = importCompilation(source);
    const read = [
      title,
      ...parties.flatMap(({ name, aliases }) => [name, ...aliases]),
      ...topics.flatMap(({ heading, recommendations }) => [
        heading,
        ...recommendations.flatMap((one) => [
          one.heading,
          ...one.clauses.flatMap(({ text, sponsors }) => [text, ...sponsors]),
        ]),
      ]),
    ].join('\n');
    const found = new Set(read.match(canary));
    const lost = [...new Set(withoutForbidden(decode(source)).match(canary))].filter((word) => !found.has(word));
    return lost.length === 0 ? 'read' : `lost ${lost.join()}`;
  } catch (error) {
    return error instanceof ConcordError && error.code === 'import-unreadable' ? 'refused' : `threw ${String(error)}`;
  }
}

for (let seed = Number(first); ; seed++) {
  const source = hostileCompilation(new Draw(seed), seeds);
  process.stdout.write(`${JSON.stringify({ seed, size: source.length })}\n`);
  // CPU time: other processes may have used most of the elapsed time.
  const begun = process.cpuUsage();
  const outcome = outcomeOf(source);
  const { user, system } = process.cpuUsage(begun);
  const ms = (user + system) / 1000;
  process.stdout.write(`${JSON.stringify({ seed, outcome, ms })}\n`);
  if (seed % 50 === 0) {
    global.gc?.();
    process.stdout.write(`${JSON.stringify({ seed, heap: process.memoryUsage().heapUsed })}\n`);
  }
}
