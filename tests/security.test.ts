import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, root), 'utf8');
const told = read('docs/security.md');

/** A number as the program spells it: `16 * 1024 * 1024`, `1_000_000`. */
const product = (spelled: string): number =>
  spelled.split('*').reduce((so, factor) => so * Number(factor.trim().replace(/_/g, '')), 1);

/** The figure behind a name in a source: a constant, a field, or the points of an allowance. */
function figureIn(source: string, name: string): number {
  const found = new RegExp(String.raw`\b${name}(?: =|:) (?:\{ points: )?([\d_]+(?: \* [\d_]+)*)\b`).exec(source)?.[1];
  return found === undefined ? Number.NaN : product(found);
}

describe('[SAFE4] The contents of docs/security.md', () => {
  it('names rules that exist, and every rule of access, of safety and of the record', () => {
    const rules = new Set([...read('docs/rules.md').matchAll(/^\| ([A-Z]+\d+) \|/gm)].map(([, rule = '']) => rule));
    const named = new Set(
      [...told.matchAll(/\[([^\]]*)\](?!\()/g)].flatMap(([, inside = '']) => inside.match(/\b[A-Z]{2,}\d+\b/g) ?? []),
    );
    expect(named.size).toBeGreaterThan(30);
    expect([...named].filter((rule) => !rules.has(rule))).toEqual([]);
    const must = [...rules].filter((rule) => /^(?:ACC|SAFE|AUTH|SUB)\d/.test(rule) && !/^SUB[34]$/.test(rule));
    expect(must.filter((rule) => !named.has(rule))).toEqual([]);
  });

  const limits = [...told.matchAll(/^\| ([^|]+) \| ([\d,]+) \| `([^`]+)` (\w+) \|$/gm)].map(
    ([, what = '', most = '', file = '', name = '']) => ({ what, most: Number(most.replace(/,/g, '')), file, name }),
  );
  it('has a table of limits', () => {
    expect(limits.length).toBeGreaterThan(15);
  });
  it.each(limits)('$what: $most', ({ file, name, most, what }) => {
    const source = read(file);
    expect(figureIn(source, name)).toBe(most);
    const seconds = /in (\d+) seconds/.exec(what)?.[1];
    if (seconds !== undefined) expect(source).toMatch(new RegExp(`${name}: \\{[^}]*duration: ${seconds} \\}`));
  });

  it('points to pages and headings that are there', () => {
    for (const [, page = '', heading] of told.matchAll(/\]\(([\w./]+\.md)(?:#([\w-]+))?\)/g)) {
      const address = new URL(page, new URL('docs/', root));
      expect([page, existsSync(address)]).toEqual([page, true]);
      const anchors = [...readFileSync(address, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replace(/[^\w -]/g, '')
          .replace(/ /g, '-'),
      );
      if (heading !== undefined) expect(anchors).toContain(heading);
    }
  });
});
