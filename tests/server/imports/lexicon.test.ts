import { describe, expect, it } from 'vitest';
import { importCompilation } from '../../../server/imports/compilation.ts';
import { lexicons } from '../../../server/imports/lexicon/all.ts';
import { stateOf } from '../../../server/imports/parse/states.ts';

const entries = lexicons.flatMap((lexicon) =>
  Object.values(lexicon).flatMap((field) => (Array.isArray(field) ? field : Object.values(field).flat())),
);

describe('[IMP3] The words of each language', () => {
  it('are whole pieces of a regular expression, and none is empty', () => {
    expect(entries.length).toBeGreaterThan(150);
    for (const entry of entries) {
      expect(() => new RegExp(String(entry), 'u')).not.toThrow();
      expect([entry, new RegExp(`^(?:${entry})$`, 'u').test('')]).toEqual([entry, false]);
    }
  });

  it('name each state once', () => {
    for (const { states } of lexicons)
      for (const [code, names] of Object.entries(states))
        for (const name of names) expect([name, stateOf(name)]).toEqual([name, code]);
  });

  it.each([
    [
      'English',
      'The following delegations submitted proposals: Argentina, Brazil and the Dominican Republic.',
      'Urge states to act. (proposed by the delegation of Brazil)',
    ],
    [
      'Spanish',
      'Los siguientes estados presentaron propuestas: Argentina, Brasil y la República Dominicana.',
      'Instar a los Estados a actuar. (propuesta de la delegación de Brasil)',
    ],
    [
      'French',
      'Les délégations suivantes: Argentine; le Brésil; la République dominicaine.',
      'Exhorter les États à agir. (proposé par la délégation du Brésil)',
    ],
    [
      'Portuguese',
      'Os seguintes estados: a Argentina, o Brasil e a República Dominicana.',
      'Instar os Estados a agir. (proposta de Brasil)',
    ],
  ])('in %s introduce who takes part, and say who proposes', (_language, list, row) => {
    const { parties, topics } = importCompilation(`${list}\n\nTRAINING\n\n${row}\n`);
    expect(parties.map(({ code, kind }) => `${code} ${kind}`)).toEqual(['ARG state', 'BRA state', 'DOM state']);
    const rows = topics.flatMap(({ recommendations }) => recommendations.flatMap(({ clauses }) => clauses));
    const brazil = parties.find(({ code }) => code === 'BRA')?.name;
    expect(rows.at(-1)?.sponsors).toEqual([brazil]);
    expect(rows.at(-1)?.text).not.toContain('(');
  });
});
