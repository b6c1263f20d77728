import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { type RunningServer, startServer } from '../helpers/browser.ts';
import { join, type, verifyOn, wordsOf } from '../helpers/cli.ts';
import { runs } from '../helpers/extent.ts';
import type { Client } from '../helpers/hostileClient.ts';
import { type Cluster, startPostgres } from '../helpers/postgres.ts';
import { cookieOf, placeOf } from '../helpers/sign.ts';

let postgres: Cluster;
let databaseUrl = '';
let server: RunningServer;
let argentina = '';
let canada = '';
let place = '';
const saved: string[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  databaseUrl = await postgres.database();
  server = await startServer({ env: { DATABASE_URL: databaseUrl } });
  argentina = await cookieOf(server, 'argentina');
  canada = await cookieOf(server, 'canada');
  place = await placeOf(server, canada);
}, 120_000);
afterAll(async () => {
  await server.stop('SIGKILL');
  await postgres.stop();
});

let words = 0;
const word = (): string => `w${++words}. `;
const status = async (path: string, cookie = canada): Promise<number> =>
  (await fetch(server.url + path, { headers: { cookie } })).status;

/** Reconnects with the same document until it is admitted. */
async function comeBack(doc: Y.Doc): Promise<Client> {
  for (let tries = 0; ; tries++) {
    try {
      const client = await join(server, argentina, place, doc);
      return client;
    } catch (error) {
      if (tries > 60) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

describe('[DISK1] A PostgreSQL that', () => {
  const ordeal = async (fail: () => Promise<void>, mend: () => Promise<void>, readable: boolean): Promise<void> => {
    const writer = await comeBack(new Y.Doc());
    const reader = await join(server, canada, place);
    const before = word();
    expect(await type(writer, before)).toBe('accepted');
    saved.push(before);
    // Readers hear of it a moment later.
    await reader.until(() => wordsOf(reader).includes(before), 'the words before');
    await fail();
    const lost = word();
    expect(await type(writer, lost)).toBe('not-stored');
    expect((await writer.closed).code).toBe(1013);
    expect(await status('/healthz')).toBe(503);
    // Sessions are in the database too: if it can't be asked, the refusal says so.
    expect(await status(`/api/recommendations/${place}`)).toBe(readable ? 200 : 503);
    expect(wordsOf(reader)).not.toContain(lost);
    expect(reader.socket.readyState).toBe(reader.socket.OPEN);
    await mend();
    await expect.poll(() => status('/healthz'), { timeout: 15_000 }).toBe(200);
    const again = await comeBack(writer.doc);
    again.update(Y.encodeStateAsUpdate(writer.doc, Y.encodeStateVector(reader.doc)));
    await reader.until(() => wordsOf(reader).includes(lost), 'what was refused');
    const after = word();
    expect(await type(again, after)).toBe('accepted');
    saved.push(lost, after);
    await reader.until(() => wordsOf(reader).includes(after), 'the words after');
    for (const client of [reader, again]) client.leave();
  };

  it('takes no writing, or goes away and comes back: told to writers, shown to nobody, over when it is over', async () => {
    for (let round = 0; round < runs(1, 20); round++) {
      await ordeal(
        async () => {
          await postgres.run(databaseUrl, 'ALTER SYSTEM SET default_transaction_read_only = on');
          await postgres.run(databaseUrl, 'SELECT pg_reload_conf()');
          await expect.poll(() => status('/healthz'), { timeout: 15_000 }).toBe(503);
        },
        async () => {
          await postgres.run(databaseUrl, 'SET default_transaction_read_only = off; SELECT 1');
          await postgres.run(databaseUrl, 'ALTER SYSTEM RESET default_transaction_read_only');
          await postgres.run(databaseUrl, 'SELECT pg_reload_conf()');
        },
        true,
      );
      await ordeal(
        () => postgres.down(),
        () => postgres.up(),
        false,
      );
    }
  }, 1_200_000);

  it('loses its connections in the middle of everything: the process stands, and what was acknowledged is there', async () => {
    let writer = await comeBack(new Y.Doc());
    let cutting = true;
    const cuts = (async () => {
      for (let cut = 0; cut < runs(3, 200); cut++) {
        await postgres.cutConnections(databaseUrl);
        // Meanwhile requests look up sessions.
        await Promise.all(Array.from({ length: 8 }, () => status('/api/meetings')));
      }
      cutting = false;
    })();
    while (cutting) {
      const next = word();
      const outcome = await type(writer, next).catch(() => null);
      if (outcome === 'accepted') saved.push(next);
      else writer = await comeBack(new Y.Doc());
    }
    await cuts;
    writer.leave();
    await expect.poll(() => status('/healthz'), { timeout: 15_000 }).toBe(200);
    const reader = await join(server, canada, place);
    for (const one of saved) expect(wordsOf(reader)).toContain(one);
    reader.leave();
    await server.stop('SIGKILL');
    expect(verifyOn({ DATABASE_URL: databaseUrl })).toEqual({
      status: 0,
      said: expect.stringContaining('The record is whole'),
    });
    server = await startServer({ env: { DATABASE_URL: databaseUrl } });
    const late = await join(server, canada, place);
    for (const one of saved) expect(wordsOf(late)).toContain(one);
    late.leave();
  }, 600_000);
});
