import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registry } from '../../shared/negotiation/registry.ts';
import { errorCatalogue } from '../../shared/protocol/errors.ts';
import { en } from '../../shared/words/en.ts';
import { es } from '../../shared/words/es.ts';
import { fr } from '../../shared/words/fr.ts';
import { pt } from '../../shared/words/pt.ts';
import { chooseLanguage, counted, message } from '../../shared/words/words.ts';

const root = join(new URL('.', import.meta.url).pathname, '../..');
const sources = ['server', 'shared', 'client'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name)),
);
const code = sources
  .filter((file) => !/\/words\/(en|es|fr|pt|words)\.ts$/.test(file) && !file.endsWith('shared/protocol/errors.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

describe('[HOUSE2] Every word is in four languages', () => {
  it.each([
    ['Spanish', es],
    ['French', fr],
    ['Portuguese', pt],
  ])('%s has every key, and the same places to fill in', (_name, words: Record<string, string>) => {
    expect(Object.keys(words).sort()).toEqual(Object.keys(en).sort());
    const places = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();
    for (const [key, text] of Object.entries(en)) expect([key, places(words[key] ?? '')]).toEqual([key, places(text)]);
  });

  it('every command has its line in the history, and its question where a screen asks before it is given', () => {
    for (const { type, confirmation } of registry.kinds) {
      expect(Object.keys(en)).toContain(`history.${type}`);
      expect([type, Object.hasOwn(en, `confirm.${type}`)]).toEqual([type, confirmation === 'asks']);
    }
  });

  it('every error has its sentence, and is met somewhere', () => {
    for (const error of Object.keys(errorCatalogue)) {
      expect(Object.keys(en)).toContain(`error.${error}`);
      expect([error, new RegExp(`['"\`]${error}['"\`]`).test(code)]).toEqual([error, true]);
    }
    for (const key of Object.keys(en))
      if (key.startsWith('error.')) expect(Object.keys(errorCatalogue)).toContain(key.slice('error.'.length));
  });

  it('no word stands in the files that nothing says', () => {
    const said = (key: string): boolean =>
      key.startsWith('error.') || code.includes(`'${key}'`) || code.includes(`'${key.replace(/\.(one|other)$/, '')}'`);
    const composed = [...code.matchAll(/`([a-z-]+\.)\$\{/g)].map(([, start = '']) => start);
    const unsaid = Object.keys(en).filter((key) => !said(key) && !composed.some((start) => key.startsWith(start)));
    expect(unsaid).toEqual([]);
  });

  it('numbers take the form of their language', () => {
    expect(counted('en', 'progress.clauses', 1)).toBe('1 clause');
    expect(counted('en', 'progress.clauses', 0)).toBe('0 clauses');
    // In French and Portuguese, none is singular.
    expect(counted('fr', 'progress.clauses', 0)).toBe(message('fr', 'progress.clauses.one', { count: 0 }));
  });

  it.each([
    ['es-MX,en;q=0.8', 'es'],
    ['de, fr;q=0.7, en;q=0.5', 'fr'],
    ['de', 'en'],
    [undefined, 'en'],
    ['en;q=0.1,pt-BR', 'pt'],
    ['', 'en'],
  ] as const)('who asks for %j reads %s', (header, language) => {
    expect(chooseLanguage(header)).toBe(language);
  });
});
