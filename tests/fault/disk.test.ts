import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { type RunningServer, startServer } from '../helpers/browser.ts';
import { join, proposal, type, verifyOn, wordsOf } from '../helpers/cli.ts';
import { compileDisk, type Disk, type Fault } from '../helpers/disk.ts';
import { isLong, runs, seed } from '../helpers/extent.ts';
import type { Client } from '../helpers/hostileClient.ts';
import { randomFrom } from '../helpers/random.ts';
import { cookieOf, placeOf } from '../helpers/sign.ts';
import { temporaryDirectory } from '../helpers/temporary.ts';

const compiled = compileDisk();
const random = randomFrom(seed);
const rounds = runs(1, 40);

interface Cookies {
  readonly argentina: string;
  readonly canada: string;
  readonly chair: string;
}
const cookiesOf = async (server: RunningServer): Promise<Cookies> => ({
  argentina: await cookieOf(server, 'argentina'),
  canada: await cookieOf(server, 'canada'),
  chair: await cookieOf(server, 'chair'),
});

const health = async (server: RunningServer): Promise<number> => (await fetch(`${server.url}/healthz`)).status;
const meetingOf = async (server: RunningServer, cookie: string): Promise<string> =>
  /"id":"([^"]+)"/.exec(await (await fetch(`${server.url}/api/meetings`, { headers: { cookie } })).text())?.[1] ?? '';
const rename = (server: RunningServer, cookie: string, meeting: string, name: string): Promise<Response> =>
  fetch(`${server.url}/api/meetings/${meeting}/rename`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  });

/** All updates that a client was shown, in a document of its own. */
function shownTo(client: Client): Y.Doc {
  const shown = new Y.Doc();
  for (const update of client.updates) Y.applyUpdate(shown, update);
  return shown;
}

/** All shown updates are there: applying them to the present state brings nothing new. */
function expectShown(now: Y.Doc, shown: Y.Doc): void {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(now));
  let fresh = 0;
  copy.on('update', () => {
    fresh += 1;
  });
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(shown));
  expect(fresh).toBe(0);
}

const faults: readonly Fault[] = ['full 0', 'full 9000', 'readonly', 'eio-write 1', 'eio-write 3', 'eio-fsync'];

describe.skipIf(typeof compiled === 'string')(
  `A disk that fails${typeof compiled === 'string' ? ` (skipped: ${compiled})` : ''} (seed ${seed})`,
  () => {
    let disk: Disk;
    let server: RunningServer;
    let cookies: Cookies;
    let place = '';
    let meeting = '';
    const saved: string[] = [];
    const shown = new Y.Doc();
    const remember = (client: Client): void => Y.applyUpdate(shown, Y.encodeStateAsUpdate(shownTo(client)));
    let words = 0;
    const word = (): string => `w${++words}. `;

    beforeAll(async () => {
      if (typeof compiled === 'string') return;
      disk = compiled.open();
      server = await startServer({ dataDir: disk.dataDir, env: disk.env });
      cookies = await cookiesOf(server);
      place = await placeOf(server, cookies.chair);
      meeting = await meetingOf(server, cookies.chair);
    });
    afterAll(async () => {
      disk?.set('none');
      await server?.stop('SIGKILL');
    });

    const ordeal = async (fault: Fault): Promise<void> => {
      const writer = await join(server, cookies.argentina, place);
      const reader = await join(server, cookies.canada, place);
      const before = word();
      expect(await type(writer, before)).toBe('accepted');
      saved.push(before);
      await reader.until(() => wordsOf(reader).includes(before), 'the words before');

      const met = disk.hits();
      disk.set(fault);
      // A disk with some room left, or with one failing write in three, stores for a while: its acknowledgements are
      // true.
      let lost = '';
      for (let tries = 0; lost === '' && tries < 200; tries++) {
        const next = word();
        const outcome = await type(writer, next);
        if (outcome === 'accepted') saved.push(next);
        else {
          expect(outcome).toBe('not-stored');
          lost = next;
        }
      }
      expect(lost).not.toBe('');
      expect(disk.hits()).toBeGreaterThan(met);
      expect((await writer.closed).code).toBe(1013);
      if (!fault.startsWith('eio-write 3')) {
        expect(await health(server)).toBe(503);
        expect((await rename(server, cookies.chair, meeting, 'Another name')).status).toBe(503);
      }
      // Reading continues, and no unstored edit is shown; presence is sent as usual.
      const late = await join(server, cookies.canada, place);
      for (const client of [reader, late]) expect(wordsOf(client)).not.toContain(lost);
      for (const client of [reader, late])
        await client.until(() => saved.every((one) => wordsOf(client).includes(one)), 'all that was saved');
      const view = await fetch(`${server.url}/api/recommendations/${place}`, { headers: { cookie: cookies.canada } });
      expect(view.status).toBe(200);
      expect(await view.text()).not.toContain(lost);
      presenceOf(late);
      await reader.until(() => reader.presence.some(({ client }) => client === late.doc.clientID), 'presence');

      // The disk is back, and so is the server, without a restart. The writer sends the unstored edit again.
      disk.set('none');
      expect(await health(server)).toBe(200);
      const again = await join(server, cookies.argentina, place, writer.doc);
      again.update(Y.encodeStateAsUpdate(writer.doc, Y.encodeStateVector(reader.doc)));
      await reader.until(() => wordsOf(reader).includes(lost), 'what was refused');
      saved.push(lost);
      const after = word();
      expect(await type(again, after)).toBe('accepted');
      saved.push(after);
      await reader.until(() => wordsOf(reader).includes(after), 'the words after');
      expect(late.socket.readyState).toBe(late.socket.OPEN);
      for (const client of [writer, reader, late, again]) {
        remember(client);
        client.leave();
      }
    };

    const restartAndCheck = async (): Promise<void> => {
      server = await startServer({ dataDir: disk.dataDir, env: disk.env });
      const client = await join(server, cookies.canada, place);
      for (const one of saved) expect(wordsOf(client)).toContain(one);
      expectShown(client.doc, shown);
      client.leave();
      expect(verifyOn({ DATA_DIR: disk.dataDir })).toEqual({
        status: 0,
        said: expect.stringContaining('The record is whole'),
      });
    };

    it('[DISK1] full, read-only, failing to write or to sync: told to writers, shown to nobody, over when it is over', async () => {
      for (const fault of faults) await ordeal(fault);
      for (let round = 1; round < rounds; round++)
        await ordeal(faults[Math.floor(random() * faults.length)] ?? 'eio-fsync');
      await server.stop('SIGKILL');
      await restartAndCheck();
    }, 1_200_000);

    it('[DISK1] killed while it fails: what was acknowledged or shown is there', async () => {
      for (const fault of isLong ? (['eio-fsync', 'eio-write 2', 'full 20000'] as const) : (['eio-fsync'] as const)) {
        const writer = await join(server, cookies.argentina, place);
        disk.set(fault);
        let refused: unknown = null;
        for (let tries = 0; tries < 200 && refused === null; tries++) {
          const next = word();
          const outcome = await type(writer, next);
          if (outcome === 'accepted') saved.push(next);
          else refused = outcome;
        }
        expect(refused).toBe('not-stored');
        await server.stop('SIGKILL');
        remember(writer);
        // With a failing disk it doesn't start, and says why.
        if (fault === 'eio-fsync') {
          const refusal = await startServer({ dataDir: disk.dataDir, env: disk.env }).then(
            () => 'it started',
            (error: unknown) => String(error),
          );
          expect(refusal).toMatch(/cannot be (written|opened|locked)|disk I\/O error/);
          expect(refusal).not.toMatch(/\n\s+at /);
        }
        disk.set('none');
        await restartAndCheck();
      }
    }, 120_000);

    it('[DISK1] writes that come short are written on, and nobody notices', async () => {
      const writer = await join(server, cookies.argentina, place);
      const met = disk.hits();
      disk.set('short');
      for (let one = 0; one < 5; one++) {
        const next = word();
        expect(await type(writer, next)).toBe('accepted');
        saved.push(next);
      }
      expect(disk.hits()).toBeGreaterThan(met);
      disk.set('none');
      remember(writer);
      await server.stop('SIGKILL');
      await restartAndCheck();
    }, 60_000);

    it('[DISK2] while the disk keeps a commit waiting, pages, presence and new words go on, and what waits is one commit', async () => {
      const writer = await join(server, cookies.argentina, place);
      const reader = await join(server, cookies.canada, place);
      disk.set('stall');
      const met = disk.hits();
      const mine = Array.from({ length: 40 }, word);
      for (const next of mine) writer.update(proposal(writer, next));
      await reader.until(() => disk.hits() > met, 'the commit that waits');
      // It waits in the middle of its commit, and the others continue.
      expect((await fetch(`${server.url}/api/openapi.json`)).status).toBe(200);
      expect(await health(server)).toBe(503);
      presenceOf(writer);
      await reader.until(() => reader.presence.some(({ client }) => client === writer.doc.clientID), 'presence');
      expect(writer.verdicts).toHaveLength(0);
      for (const next of mine) expect(wordsOf(reader)).not.toContain(next);
      disk.set('slow 200');
      const slow = disk.hits();
      await writer.until(() => writer.verdicts.length === mine.length, 'all verdicts');
      // Health checks came between.
      expect(disk.hits() - slow).toBeLessThan(mine.length / 4);
      expect(writer.verdicts.every(({ verdict }) => verdict === 'accepted')).toBe(true);
      disk.set('none');
      saved.push(...mine);
      await reader.until(() => mine.every((next) => wordsOf(reader).includes(next)), 'all words');
      for (const client of [writer, reader]) remember(client);
      await server.stop('SIGKILL');
      await restartAndCheck();
    }, 60_000);
  },
);

/** Sends its cursor. */
function presenceOf(client: Client): void {
  const entry = new TextEncoder().encode(JSON.stringify({ cursor: null }));
  const { clientID } = client.doc;
  const id: number[] = [];
  for (let rest = clientID; ; rest = Math.floor(rest / 128)) {
    id.push(rest > 127 ? (rest % 128) + 128 : rest);
    if (rest <= 127) break;
  }
  client.message(1, Uint8Array.from([1, ...id, 1, entry.length, ...entry]));
}

describe('[DISK1] A disk that is full, without any shim', () => {
  it('is told to writers; after a restart with room, all that was acknowledged is there', async () => {
    const dataDir = temporaryDirectory();
    await (await startServer({ dataDir })).stop();
    const server = await startServer({ dataDir, largestFile: 500 });
    const cookies = await cookiesOf(server);
    const place = await placeOf(server, cookies.chair);
    const saved: string[] = [];
    let refused = 0;
    let writer = await join(server, cookies.argentina, place);
    for (let one = 0; refused < 2 && one < 1000; one++) {
      const next = `w${one}. `;
      const outcome = await type(writer, next);
      if (outcome === 'accepted') saved.push(next);
      else {
        expect(outcome).toBe('not-stored');
        refused += 1;
        await writer.closed;
        writer = await join(server, cookies.argentina, place);
        expect(wordsOf(writer)).not.toContain(next);
      }
    }
    expect(refused).toBe(2);
    writer.leave();
    await server.stop('SIGKILL');
    const again = await startServer({ dataDir });
    const reader = await join(again, cookies.argentina, place);
    for (const one of saved) expect(wordsOf(reader)).toContain(one);
    reader.leave();
    await again.stop();
    expect(verifyOn({ DATA_DIR: dataDir })).toEqual({
      status: 0,
      said: expect.stringContaining('The record is whole'),
    });
  }, 120_000);

  it('a server that finds no room to begin with says so in a sentence, and starts when there is room', async () => {
    const dataDir = temporaryDirectory();
    for (const largestFile of isLong ? [8, 60, 120, 250] : [120]) {
      const refusal = await startServer({ dataDir, largestFile }).then(
        () => 'it started',
        (error: unknown) => String(error),
      );
      expect(refusal).toMatch(/(cannot be made|cannot be written)/);
      expect(refusal).not.toMatch(/\n\s+at /);
    }
    const server = await startServer({ dataDir });
    expect(await placeOf(server, await cookieOf(server, 'chair'))).not.toBe('');
    await server.stop();
  }, 180_000);
});
