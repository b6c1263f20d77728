import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Log } from '../../server/storage/log.ts';
import { appendAtHead, bytes, entriesAfter, firstBroken, logName, readAll } from '../helpers/entries.ts';

/** One store of entries, and functions to open it. */
export interface Place {
  open(): Promise<Log>;
  /** A second handle while the first is open, where the store has such a thing. */
  readonly rival: (() => Promise<Log>) | null;
  /** Entries are still there for the next `open`. */
  readonly lasts: boolean;
}

/** The behaviour of every `Log`. */
export function describeLog(name: string, makePlace: () => Promise<Place>): void {
  describe(name, () => {
    let place: Place;
    let log: Log;
    let lastName = 0;
    const freshName = () => logName(++lastName);

    beforeAll(async () => {
      place = await makePlace();
      log = await place.open();
    });
    afterAll(() => log.close());

    test('a log that nobody wrote to has no head, no entries and no name', async () => {
      const name = freshName();
      expect(await log.head(name)).toBeNull();
      expect(await log.read(name, 0, 10)).toEqual([]);
      expect(await log.names()).not.toContain(name);
      expect(await log.checkpoint(name)).toBeNull();
    });

    test('appended entries are read back byte for byte, in order', async () => {
      const name = freshName();
      const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      const entries = entriesAfter(name, null, 'urge all states', '', every, 'ñandú ✓');
      expect(await log.append(entries)).toBe(true);
      expect(await log.read(name, 0, 10)).toEqual(entries);
      expect(await log.head(name)).toEqual({ sequence: 4, hash: entries[3]?.hash });
      expect(await log.names()).toContain(name);
    });

    test('a view into a larger buffer is stored as the bytes that it shows', async () => {
      const name = freshName();
      const frame = bytes('<<<the words>>>');
      const entries = entriesAfter(name, null, frame.subarray(3, 12));
      await log.append(entries);
      expect((await log.read(name, 0, 1))[0]?.content).toEqual(bytes('the words'));
    });

    test('bytes changed after append was called are stored as they were', async () => {
      const name = freshName();
      const content = bytes('as it was');
      const appended = log.append(entriesAfter(name, null, content));
      content.fill(0);
      await appended;
      expect((await log.read(name, 0, 1))[0]?.content).toEqual(bytes('as it was'));
    });

    test('a read starts after the number it is given, and ends at its limit', async () => {
      const name = freshName();
      const entries = entriesAfter(name, null, 'a', 'b', 'c', 'd');
      await log.append(entries);
      expect(await log.read(name, 1, 2)).toEqual(entries.slice(1, 3));
      expect(await log.read(name, 3, 100)).toEqual(entries.slice(3));
      expect(await log.read(name, 4, 100)).toEqual([]);
      expect(await log.read(name, 0, 0)).toEqual([]);
    });

    test('logs do not see each other, and are named in order', async () => {
      const [one, two] = [freshName(), freshName()];
      await log.append(entriesAfter(two, null, 'second'));
      await log.append(entriesAfter(one, null, 'first'));
      expect(await readAll(log, one)).toHaveLength(1);
      const names = await log.names();
      expect(names).toEqual([...names].sort());
      expect(names).toEqual(expect.arrayContaining([one, two]));
    });

    test.each([
      ['a number that is taken', 1, 0],
      ['a number too far on', 3, 2],
    ])('an append is refused for %s, and stores nothing', async (_, from, previousOf) => {
      const name = freshName();
      const other = entriesAfter(name, null, 'x', 'y', 'z', 'w');
      const entries = entriesAfter(name, null, 'a', 'b');
      await log.append(entries);
      const wrong = other.slice(from, from + 1);
      expect(wrong[0]?.sequence).toBe(previousOf + 2);
      expect(await log.append(wrong)).toBe(false);
      expect(await readAll(log, name)).toEqual(entries);
    });

    test('an append with the right number is refused if it is chained to another entry', async () => {
      const name = freshName();
      await log.append(entriesAfter(name, null, 'ours'));
      const [theirs] = entriesAfter(name, null, 'theirs');
      if (!theirs) throw new Error('no entry');
      expect(await log.append(entriesAfter(name, theirs, 'on theirs'))).toBe(false);
      expect((await log.head(name))?.sequence).toBe(1);
    });

    test('entries that do not follow each other are never taken', async () => {
      const name = freshName();
      const [first, second, third] = entriesAfter(name, null, 'a', 'b', 'c');
      if (!first || !second || !third) throw new Error('no entry');
      await expect(log.append([first, third])).rejects.toThrow(RangeError);
      await expect(log.append([second, first])).rejects.toThrow(RangeError);
      await expect(log.append([first, ...entriesAfter(freshName(), first, 'b')])).rejects.toThrow(RangeError);
      expect(await log.head(name)).toBeNull();
    });

    test('an append of nothing is done at once', async () => {
      expect(await log.append([])).toBe(true);
    });

    test('appends that share a commit keep each its own fate', async () => {
      const names = Array.from({ length: 30 }, freshName);
      const calls = names.flatMap((name) => [
        log.append(entriesAfter(name, null, 'wins')),
        log.append(entriesAfter(name, null, 'comes second')),
        log.append(entriesAfter(name, entriesAfter(name, null, 'wins')[0] ?? null, 'builds on the first')),
      ]);
      expect(await Promise.all(calls)).toEqual(names.flatMap(() => [true, false, true]));
      for (const name of names) expect(await readAll(log, name)).toHaveLength(2);
    });

    test('of writers that build on one head, exactly one wins', async () => {
      const name = freshName();
      const fates = await Promise.all(
        Array.from({ length: 25 }, (_, writer) => log.append(entriesAfter(name, null, `writer ${writer}`))),
      );
      expect(fates.filter(Boolean)).toHaveLength(1);
      expect(await readAll(log, name)).toHaveLength(1);
    });

    test('a thousand concurrent appends to twenty logs end without a gap', async () => {
      const names = Array.from({ length: 20 }, freshName);
      await Promise.all(
        Array.from({ length: 1_000 }, (_, index) => appendAtHead(log, names[index % 20] ?? logName(0), `${index}`)),
      );
      for (const name of names) {
        const entries = await readAll(log, name);
        expect(entries.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
        expect(firstBroken(entries)).toBeNull();
      }
    });

    test('an entry of five megabytes comes back whole', async () => {
      const name = freshName();
      const content = Uint8Array.from({ length: 5 * 1024 * 1024 }, (_, index) => (index * 31) % 251);
      const [entry] = entriesAfter(name, null, content);
      if (!entry) throw new Error('no entry');
      expect(await log.append([entry])).toBe(true);
      const [read] = await log.read(name, 0, 1);
      expect(Buffer.compare(read?.content ?? bytes(''), content)).toBe(0);
      expect(content).toHaveLength(5 * 1024 * 1024);
    });

    test('a subscriber hears of a log after its entries can be read', async () => {
      const name = freshName();
      const seen = new Promise<number>((resolve, reject) => {
        const end = log.subscribe((grown) => {
          if (grown !== name) return;
          end();
          log.read(name, 0, 10).then((entries) => resolve(entries.length), reject);
        });
      });
      await log.append(entriesAfter(name, null, 'a', 'b'));
      expect(await seen).toBe(2);
    });

    test('a subscriber that has left hears no more, and one that throws keeps nobody from hearing', async () => {
      const heard: string[] = [];
      const endFirst = log.subscribe(() => void heard.push('first'));
      const endSecond = log.subscribe(() => void heard.push('second'));
      endFirst();
      await log.append(entriesAfter(freshName(), null, 'a'));
      endSecond();
      expect(heard).toContain('second');
      expect(heard).not.toContain('first');
    });

    test('a lost race wakes nobody', async () => {
      const [name, sentinel] = [freshName(), freshName()];
      await log.append(entriesAfter(name, null, 'first'));
      await settled(log);
      const heard: string[] = [];
      const end = log.subscribe((grown) => void heard.push(grown));
      await log.append(entriesAfter(name, null, 'lost'));
      await log.append(entriesAfter(sentinel, null, 'later'));
      await settled(log);
      end();
      expect(heard).toContain(sentinel);
      expect(heard).not.toContain(name);
    });

    test('a new checkpoint takes the place of the old one, and an older one of none', async () => {
      const name = freshName();
      const at = (sequence: number, state: string) => ({
        log: name,
        sequence,
        hash: new Uint8Array(32).fill(sequence),
        state: bytes(state),
      });
      await log.saveCheckpoint(at(10, 'ten'));
      expect(await log.checkpoint(name)).toEqual(at(10, 'ten'));
      await log.saveCheckpoint(at(20, 'twenty'));
      await log.saveCheckpoint(at(15, 'late'));
      expect(await log.checkpoint(name)).toEqual(at(20, 'twenty'));
    });

    test('it says whether it can be written', async () => {
      await expect(log.check()).resolves.toBeUndefined();
    });

    test('closing waits for what was asked before, and takes nothing after', async () => {
      const name = freshName();
      const asked = [log.append(entriesAfter(name, null, 'just in time'))];
      await Promise.all([log.close(), log.close()]);
      expect(await Promise.all(asked)).toEqual([true]);
      await expect(log.append(entriesAfter(freshName(), null, 'too late'))).rejects.toMatchObject({
        code: 'shutting-down',
      });
      const before = log;
      log = await place.open();
      if (place.lasts) expect(await readAll(log, name)).toHaveLength(1);
      else expect(log).not.toBe(before);
    });

    test('acknowledged entries are there after closing and opening again', async (context) => {
      if (!place.lasts) return context.skip();
      const name = freshName();
      const entries = entriesAfter(name, null, 'a', 'b', 'c');
      await log.append(entries);
      await log.saveCheckpoint({ log: name, sequence: 3, hash: new Uint8Array(32), state: bytes('state') });
      await log.close();
      log = await place.open();
      expect(await readAll(log, name)).toEqual(entries);
      expect((await log.checkpoint(name))?.state).toEqual(bytes('state'));
      expect(await log.append(entriesAfter(name, await log.head(name), 'd'))).toBe(true);
    });

    test('two nodes on one log never both win a number, and each hears of the other', async (context) => {
      if (!place.rival) return context.skip();
      const rival = await place.rival();
      try {
        const names = Array.from({ length: 10 }, freshName);
        const heard = new Set<string>();
        const end = rival.subscribe((grown) => void heard.add(grown));
        const quiet = freshName();
        await log.append(entriesAfter(quiet, null, 'only one side writes here'));
        await Promise.all(
          Array.from({ length: 300 }, (_, index) =>
            appendAtHead(index % 2 ? log : rival, names[(index >> 1) % 10] ?? quiet, `${index}`),
          ),
        );
        for (const name of names) {
          const entries = await readAll(rival, name);
          expect(entries).toHaveLength(30);
          expect(firstBroken(entries)).toBeNull();
        }
        await expect.poll(() => heard.has(quiet)).toBe(true);
        end();
      } finally {
        await rival.close();
      }
    });
  });
}

/** Waits until pending notifications have arrived: those of a probe come after them. */
async function settled(log: Log): Promise<void> {
  const probe = logName(900_000 + (Math.floor(performance.now() * 7) % 99_999));
  const heard = new Promise<void>((resolve) => {
    let times = 0;
    const end = log.subscribe((grown) => {
      if (grown !== probe || ++times > 1) return;
      end();
      resolve();
    });
  });
  await appendAtHead(log, probe, 'probe');
  await heard;
}
