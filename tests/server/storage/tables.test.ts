import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newestMigration, postgresMigrations, sqliteMigrations } from '../../../server/storage/migrations.ts';
import { nameKey } from '../../../server/storage/tables.ts';

test('migrations are numbered without gaps, and are the same steps for both engines', () => {
  const numbers = Array.from({ length: newestMigration }, (_, index) => index + 1);
  expect(sqliteMigrations.map(({ number }) => number)).toEqual(numbers);
  expect(postgresMigrations.map(({ number, name }) => [number, name])).toEqual(
    sqliteMigrations.map(({ number, name }) => [number, name]),
  );
});

test.each([
  ['Chair', 'chair'],
  ['  chair ', 'chair'],
  ['ＣＨＡＩＲ', 'chair'],
  ['Ñuñez', 'N\u0303un\u0303ez'],
  ['ﬁji', 'FIJI'],
])('%j and %j are one name', (one, other) => {
  expect(nameKey(one)).toBe(nameKey(other));
});

test('the key of a key is itself, so that comparing keys is comparing names', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (name) => nameKey(nameKey(name)) === nameKey(name)));
});
