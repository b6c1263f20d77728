import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

/**
 * The program's dependencies, by the two files that decide them. No network access; `npm audit`, which lists known
 * vulnerabilities, is the operator's step (docs/security.md).
 */
const root = new URL('../', import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, root), 'utf8'));

const Versions = z.record(z.string(), z.string());
const manifest = z
  .object({ dependencies: Versions, devDependencies: Versions, allowScripts: z.record(z.string(), z.boolean()) })
  .parse(read('package.json'));
const Package = z.object({
  version: z.string().optional(),
  integrity: z.string().optional(),
  resolved: z.string().optional(),
  license: z.string().optional(),
  dev: z.boolean().default(false),
  devOptional: z.boolean().default(false),
  optional: z.boolean().default(false),
  hasInstallScript: z.boolean().default(false),
});
const lock = z
  .object({ lockfileVersion: z.number(), packages: z.record(z.string(), Package) })
  .parse(read('package-lock.json'));

/** Every package but our own, by its name. */
const packages = Object.entries(lock.packages)
  .filter(([path]) => path !== '')
  .map(([path, found]) => ({ path, name: path.slice(path.lastIndexOf('node_modules/') + 13), ...found }));
const installed = packages.filter(({ dev, devOptional }) => !dev && !devOptional);

/** Licences that require nothing but their notice. */
const permissive = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD']);
/** Others, each checked by a person. */
const lookedAt = new Map([
  // A file-by-file licence, of a part of the tool that builds the client; no part of it is in the served files.
  ['lightningcss', 'MPL-2.0'],
]);

/** Packages of which two versions at once would mean two sets of checks, or two documents with different types. */
const once = ['ws', 'hono', '@hono/node-server', 'yjs', 'lib0', 'y-protocols', 'zod', 'lucia', '@node-rs/argon2'];

describe('[SAFE3] Dependencies', () => {
  it('are pinned to one version each', () => {
    const asked = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(asked.length).toBeGreaterThan(30);
    for (const [name, version] of asked)
      expect([name, version]).toEqual([name, expect.stringMatching(/^(?:npm:[@\w/-]+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/)]);
    for (const [name, version] of Object.entries(manifest.dependencies))
      expect([name, lock.packages[`node_modules/${name}`]?.version]).toEqual([name, version]);
  });

  it('are sealed: each by a hash of what is in it, from a registry and nowhere else', () => {
    expect(lock.lockfileVersion).toBe(3);
    expect(packages.length).toBeGreaterThan(200);
    for (const { path, integrity, resolved } of packages) {
      expect([path, integrity]).toEqual([path, expect.stringMatching(/^sha512-[\w+/]{86}==$/)]);
      expect([path, resolved ?? 'https://']).toEqual([path, expect.stringMatching(/^https:\/\//)]);
    }
  });

  it('may be used and passed on', () => {
    expect(installed.length).toBeGreaterThan(80);
    const wrong = installed.filter(({ name, license = 'none' }) => {
      const choices = license.replace(/[()]/g, '').split(' OR ');
      const known = [...lookedAt].some(([of, granted]) => name.startsWith(of) && choices.includes(granted));
      return !known && !choices.some((choice) => permissive.has(choice));
    });
    expect(wrong.map(({ name, license }) => `${name}: ${license}`)).toEqual([]);
  });

  it('run something as they are installed only where it is named, and of those that serve only one does', () => {
    const running = packages.filter(({ hasInstallScript }) => hasInstallScript);
    expect(running.filter(({ dev }) => !dev).map(({ name }) => name)).toEqual(['better-sqlite3']);
    const unnamed = running.filter(
      // The test's database for other systems: npm leaves it out here, and runs nothing of it.
      ({ name, dev, optional }) => !(name in manifest.allowScripts) && !(dev && optional),
    );
    expect(unnamed.map(({ name }) => name)).toEqual([]);
    for (const name of Object.keys(manifest.allowScripts))
      expect([name, running.some((one) => one.name === name)]).toEqual([name, true]);
  });

  it.each(once)('%s is there once', (name) => {
    expect(installed.filter((one) => one.name === name).map(({ version }) => version)).toHaveLength(1);
  });
});
