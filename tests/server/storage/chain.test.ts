import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seal, verifyLink, zeroHash } from '../../../server/storage/chain.ts';
import type { Entry } from '../../../server/storage/log.ts';
import { bytes, entriesAfter, firstBroken, logName } from '../../helpers/entries.ts';

const name = logName(1);
const contents = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 2, maxLength: 12 });
const chains = contents.map((list) => entriesAfter(name, null, ...list));

test('a sealed chain holds', () => {
  fc.assert(fc.property(chains, (chain) => firstBroken(chain) === null));
});

test('any changed bit of any field is found, and named as that entry or the next', () => {
  const fields = fc.constantFrom('previous', 'hash', 'header', 'content');
  fc.assert(
    fc.property(chains, fields, fc.nat(), fc.nat(), (chain, field, which, where) => {
      const at = which % chain.length;
      const entry = chain[at];
      if (!entry || entry[field].length === 0) return;
      const changed = new Uint8Array(entry[field]);
      const bit = where % (changed.length * 8);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(firstBroken(chain.with(at, { ...entry, [field]: changed }))?.at).toBe(at);
    }),
  );
});

test('a missing, doubled or swapped entry is found where it is', () => {
  fc.assert(
    fc.property(chains, fc.nat(), (chain, which) => {
      const at = which % (chain.length - 1);
      expect(firstBroken(chain.toSpliced(at, 1))?.at).toBe(at);
      const [entry, next] = chain.slice(at);
      if (!entry || !next) throw new Error('no entry');
      expect(firstBroken(chain.toSpliced(at, 0, entry))?.at).toBe(at + 1);
      expect(firstBroken(chain.with(at, next).with(at + 1, entry))?.at).toBe(at);
    }),
  );
});

test('an entry that was replaced and sealed again breaks the link to the next', () => {
  fc.assert(
    fc.property(chains, fc.nat(), fc.uint8Array(), (chain, which, content) => {
      const at = which % (chain.length - 1);
      const entry = chain[at];
      if (!entry || Buffer.compare(entry.content, content) === 0) return;
      expect(firstBroken(chain.with(at, seal({ ...entry, content })))).toEqual({ at: at + 1, why: 'not-chained' });
    }),
  );
});

test('no two entries share a hash because a byte moved from one field to the next', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat(), fc.nat(), (whole, one, other) => {
      const [a, b] = [one % (whole.length + 1), other % (whole.length + 1)];
      const cut = (at: number): Entry =>
        seal({ log: name, sequence: 1, previous: zeroHash, header: whole.slice(0, at), content: whole.slice(at) });
      expect(Buffer.compare(cut(a).hash, cut(b).hash) === 0).toBe(a === b);
    }),
  );
});

test('an entry of another log does not pass, though its bytes are the same', () => {
  const [entry] = entriesAfter(name, null, 'words');
  if (!entry) throw new Error('no entry');
  expect(verifyLink({ ...entry, log: logName(2) }, zeroHash, 0)).toBe('altered');
});

test('the encoding is what version 1 says, so that old logs can always be verified', () => {
  const entry = seal({ log: name, sequence: 1, previous: zeroHash, header: bytes('{}'), content: bytes('text') });
  expect(Buffer.from(entry.hash).toString('hex')).toBe(
    '69fba24c21ecf1d3c55e7093d2477f8e61fcf3330bba99ade3245cb2d841e729',
  );
});
