import { inspect } from 'node:util';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { forLog } from '../../server/runtime/logging.ts';
import { StatementFailed } from '../../server/storage/sqlite/log.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';

const words = 'zanzibar';

/** Errors that quote the text being processed, as the libraries make them. */
function quoting(): readonly (readonly [what: string, error: unknown])[] {
  const caught = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      return error;
    }
  };
  const database = new pg.DatabaseError(`duplicate key "${words}"`, 10, 'error');
  Object.assign(database, { detail: `Key (name)=(${words}) already exists.`, code: '23505', where: words });
  return [
    ['JSON', caught(() => JSON.parse(`{"a": ${words}`))],
    ['zod', caught(() => z.object({ a: z.literal(words) }).parse({ a: 1 }))],
    ['zod, of a key', caught(() => z.strictObject({}).parse({ [words]: 1 }))],
    ['an address', caught(() => new URL(words))],
    ['PostgreSQL', database],
    ['SQLite', new StatementFailed('SQLITE_CONSTRAINT_TRIGGER', words)],
    ['several', new AggregateError([new Error(words)], words)],
    ['a cause', new ConcordError('internal', { field: 'entry 7' }, { cause: new Error(words) })],
    ['a refusal', new ConcordError('party-unknown', { field: words })],
    ['fields', Object.assign(new Error('x'), { input: words, code: words })],
    ['a string', words],
    ['an object', { message: words }],
    ['a stack in its words', new Error(`${words}\n    at ${words} (a.ts:1:1)`)],
    ['a name', Object.assign(new Error('x'), { name: words })],
  ];
}

describe('[SAFE2] The log line of an error', () => {
  it.each(quoting())('%s: what it is and where, and not what it says', (_what, error) => {
    // A complete print of the error would hold the words.
    expect(inspect(error)).toContain(words);
    expect(JSON.stringify(forLog(error))).not.toContain(words);
  });

  it('names the code, the place, and the cause', () => {
    const cause = new StatementFailed('SQLITE_FULL', 'disk full');
    const told = forLog(new ConcordError('not-stored', {}, { cause }));
    expect(told).toMatchObject({ type: 'ConcordError', code: 'not-stored', cause: { code: 'SQLITE_FULL' } });
    expect(told.at[0]).toMatch(/logging\.test\.ts:\d+/);
    expect(forLog(new ConcordError('internal', { field: 'log 7' })).detail).toEqual({ field: 'log 7' });
  });

  it('goes no deeper than it must', () => {
    const error = new Error('round');
    error.cause = error;
    expect(JSON.stringify(forLog(error)).length).toBeLessThan(20_000);
  });
});
