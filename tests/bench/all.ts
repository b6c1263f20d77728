import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Every benchmark after the other, or those that are named: `npm run bench -- gallery storm`. */
const programs: readonly { readonly name: string; readonly pinned: boolean }[] = [
  { name: 'edit', pinned: false },
  { name: 'log', pinned: false },
  { name: 'hostile', pinned: false },
  // The load takes one core, the server that it starts takes the other.
  { name: 'load', pinned: true },
  { name: 'gallery', pinned: true },
  { name: 'opening', pinned: true },
  { name: 'storm', pinned: true },
  { name: 'import', pinned: true },
  { name: 'screen', pinned: false },
  { name: 'lost', pinned: false },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !programs.some((program) => program.name === name));
if (unknown.length > 0) {
  process.stderr.write(`There is no benchmark ${unknown.join(', ')}: ${programs.map(({ name }) => name).join(', ')}\n`);
  process.exit(1);
}
let failed = false;
for (const { name, pinned } of programs) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stdout.write(`\n## ${name}\n\n`);
  const command = [process.execPath, fileURLToPath(new URL(`./${name}.js`, import.meta.url))];
  const [program = '', ...rest] = pinned ? ['taskset', '-c', '1', ...command] : command;
  const { status } = spawnSync(program, rest, { stdio: 'inherit' });
  if (status !== 0) failed = true;
}
process.exit(failed ? 1 : 0);
