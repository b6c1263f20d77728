import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** All benchmarks in turn, or the named ones: `npm run bench -- gallery storm`. */
const programs: readonly { readonly name: string; readonly core: string | null }[] = [
  { name: 'edit', core: null },
  { name: 'log', core: null },
  { name: 'history', core: null },
  { name: 'hostile', core: null },
  // The load takes one core, its server the other.
  { name: 'load', core: '1' },
  { name: 'gallery', core: '1' },
  { name: 'opening', core: '1' },
  { name: 'storm', core: '1' },
  { name: 'import', core: '1' },
  // A browser needs a core of its own: it gets the second, its writers share the first with the server.
  { name: 'screen', core: '0' },
  { name: 'lost', core: null },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !programs.some((program) => program.name === name));
if (unknown.length > 0) {
  process.stderr.write(`There is no benchmark ${unknown.join(', ')}: ${programs.map(({ name }) => name).join(', ')}\n`);
  process.exit(1);
}
let failed = false;
for (const { name, core } of programs) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stdout.write(`\n## ${name}\n\n`);
  const command = [process.execPath, fileURLToPath(new URL(`./${name}.js`, import.meta.url))];
  const [program = '', ...rest] = core === null ? command : ['taskset', '-c', core, ...command];
  const { status } = spawnSync(program, rest, { stdio: 'inherit' });
  if (status !== 0) failed = true;
}
process.exit(failed ? 1 : 0);
