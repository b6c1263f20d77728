import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const here = new URL('.', import.meta.url).pathname;
const root = join(here, '..');

const files = (folder: string, extension: RegExp): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && extension.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));

/** The imports of a source file, as paths from the root or names of packages. */
function importsOf(file: string): string[] {
  const found = [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?'([^'\n]+)'/g)];
  return found.map(([, name = '']) =>
    name.startsWith('.') ? join(file, '..', name).slice(root.length).replace(/^\//, '') : name,
  );
}

describe('[HOUSE1] Rules stand in shared', () => {
  it.each([
    ['shared', /^(?:server|client|tests)\/|^node:|^(?:hono|ws|pg|preact|better-sqlite3|lucia)/],
    ['server', /^(?:client|tests)\/|^preact/],
    ['client', /^(?:server|tests)\/|^node:|^(?:hono|ws|pg|better-sqlite3|lucia)/],
  ])('%s imports nothing from where it shouldn’t', (folder, forbidden) => {
    const sources = files(join(root, folder), /\.tsx?$/);
    expect(sources.length).toBeGreaterThan(10);
    const wrong = sources.flatMap((file) =>
      importsOf(file)
        .filter((name) => forbidden.test(name))
        .map((name) => `${file.slice(root.length)}: ${name}`),
    );
    expect(wrong).toEqual([]);
  });
});

/**
 * The folders of the server, the outermost first: a file imports from its own folder and from those after it. Routes
 * and the programs stand before all, wherever they are.
 */
const order: readonly RegExp[] = [
  /^server\/(?:main|concord)\.ts$/,
  /^server\/app\.ts$/,
  /^server\/demo\//,
  /^server\/\w+\/routes\.ts$/,
  /^server\/http\//,
  /^server\/(?:negotiation|sync|reading|audit|exports|revisions)\//,
  /^server\/meetings\//,
  /^server\/room\//,
  /^server\/yjs\//,
  /^server\/imports\//,
  /^server\/(?:storage|access)\//,
  /^server\/(?:runtime\/|config\.ts$)/,
  /^shared\//,
];
const placeOf = (file: string): number => order.findIndex((one) => one.test(file));

describe('[HOUSE1] In the server, imports point one way', () => {
  const sources = files(join(root, 'server'), /\.ts$/).map((file) => file.slice(root.length).replace(/^\//, ''));

  it('each file has a place', () => {
    expect(sources.filter((file) => placeOf(file) === -1)).toEqual([]);
  });

  it('and takes only what stands after it', () => {
    const wrong = sources.flatMap((file) =>
      importsOf(join(root, file))
        .filter((name) => /^(?:server|shared)\//.test(name) && placeOf(name) < placeOf(file))
        .map((name) => `${file}: ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it.each(['storage', 'imports', 'yjs', 'room'])('%s knows nothing of HTTP', (folder) => {
    const wrong = files(join(root, 'server', folder), /\.ts$/).flatMap((file) =>
      importsOf(file).filter((name) => /^server\/http\/|^hono|^node:http/.test(name)),
    );
    expect(wrong).toEqual([]);
  });

  it('and never in a circle', () => {
    const sources = ['server', 'shared', 'client'].flatMap((folder) => files(join(root, folder), /\.tsx?$/));
    const graph = new Map(
      sources.map((file) => [
        file.slice(root.length).replace(/^\//, ''),
        // Type-only imports don't exist at run time.
        [...readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type )[^;]*?from '(\.[^']+)'/gms)].map(
          ([, name = '']) => join(file, '..', name).slice(root.length).replace(/^\//, ''),
        ),
      ]),
    );
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (done.has(file) || path.includes(file)) return;
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of graph.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });
});

/** They make values from values: no process, no socket, no file, no test runner. */
const builders = [
  'acts.ts',
  'bringIn.ts',
  'negotiated.ts',
  'random.ts',
  'texts.ts',
  'fuzz/compilations.ts',
  'fuzz/draw.ts',
  'fuzz/update.ts',
].map((name) => `tests/helpers/${name}`);

describe('[HOUSE1] Benchmarks share nothing with tests but builders', () => {
  it('so they measure the same when a test’s client or server changes', () => {
    const wrong = files(join(root, 'tests', 'bench'), /\.tsx?$/).flatMap((file) =>
      importsOf(file)
        .filter((name) => /^tests\/(?!bench\/)/.test(name) && !builders.includes(name))
        .map((name) => `${file.slice(root.length)}: ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it.each(builders)('%s is a builder', (builder) => {
    const wrong = importsOf(join(root, builder)).filter((name) =>
      name.startsWith('tests/') ? !builders.includes(name) : !/^(?:shared|server)\/|^(?:yjs|lib0)(?:\/|$)/.test(name),
    );
    expect(wrong).toEqual([]);
  });

  it('and no test takes anything from them', () => {
    const wrong = files(here, /\.tsx?$/)
      .map((file) => file.slice(root.length).replace(/^\//, ''))
      .filter((file) => !file.startsWith('tests/bench/'))
      .flatMap((file) =>
        importsOf(join(root, file))
          .filter((name) => name.startsWith('tests/bench/'))
          .map((name) => `${file}: ${name}`),
      );
    expect(wrong).toEqual([]);
  });
});

describe('[HOUSE1] The list of rules', () => {
  const listed = [...readFileSync(join(root, 'docs', 'rules.md'), 'utf8').matchAll(/^\| ([A-Z]+\d+) \|/gm)].map(
    ([, rule]) => rule,
  );
  const cited = new Set(
    files(here, /\.test\.ts$/).flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/(?:describe|it)\(\s*[`'][^`'\n]*/g)].flatMap(([title]) =>
        [...title.matchAll(/\[([A-Z]+\d+)\]/g)].map(([, rule]) => rule),
      ),
    ),
  );
  // `it.each` has its title behind a table.
  for (const file of files(here, /\.test\.ts$/))
    for (const [, rule] of readFileSync(file, 'utf8').matchAll(/\)\('\[([A-Z]+\d+)\]/g)) cited.add(rule);

  it('has each rule once', () => {
    expect(listed.length).toBe(new Set(listed).size);
  });
  it('has no rule without a test, and no test of an unknown rule', () => {
    expect([...cited].sort()).toEqual([...listed].sort());
  });
});
