import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MeetingList, MeetingView } from '../../shared/protocol/contract.ts';
import { messageType, syncType } from '../../shared/protocol/wire.ts';
import { password, type RunningServer, startServer } from '../helpers/browser.ts';
import { Client, propose } from '../helpers/hostileClient.ts';
import { temporaryDirectory } from '../helpers/temporary.ts';

/** Data that must never be printed: words, names, passwords, tokens. Each marker is in one kind of data. */
const marker = 'zanzibar';
const secrets: string[] = [];

let server: RunningServer;
let dataDir: string;
beforeAll(async () => {
  // The server makes it, from a shell with a permissive umask.
  dataDir = join(temporaryDirectory(), 'data');
  const habit = process.umask(0o022);
  try {
    server = await startServer({ dataDir, env: { LOG_LEVEL: 'trace' } });
  } finally {
    process.umask(habit);
  }
}, 60_000);
afterAll(async () => {
  await server.stop();
});

async function request(cookie: string, method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(server.url + path, {
    method,
    headers: { cookie, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}
async function signIn(name: string): Promise<string> {
  const response = await request('', 'POST', '/api/session', { name, password });
  const cookies = response.headers.getSetCookie().map((set) => set.split(';')[0] ?? '');
  secrets.push(...cookies.map((cookie) => cookie.split('=')[1] ?? ''));
  return cookies[0] ?? '';
}

describe('[SAFE2] Nothing that is negotiated, and nothing secret, is printed', () => {
  it('while words are typed, refused, mistyped, imported or lost, at the finest level', async () => {
    const [rapporteur, argentina] = [await signIn('rapporteur'), await signIn('argentina')];
    const [first] = MeetingList.parse(await (await request(rapporteur, 'GET', '/api/meetings')).json());
    const here = `/api/meetings/${first?.id}`;
    const view = MeetingView.parse(await (await request(rapporteur, 'GET', here)).json());
    const place =
      [...view.recommendations].sort((one, other) => (other.progress?.open ?? 0) - (one.progress?.open ?? 0))[0]?.id ??
      '';
    const enter = async (): Promise<Client> => {
      const client = new Client(
        `${server.url.replace('http', 'ws')}/sync/${place}?schema=1&verdicts=1&client=${Math.ceil(Math.random() * 1e9) + 1}`,
        { cookie: argentina },
      );
      client.socket.once('open', () => client.step1());
      await client.until(() => client.synced, 'the text');
      client.doc.clientID = Number(new URL(client.socket.url).searchParams.get('client'));
      return client;
    };

    // Failing sign-ins, unreadable requests.
    await request('', 'POST', '/api/session', { name: `${marker} name`, password: `${marker} password` });
    await request('', 'POST', '/api/session', { name: 'argentina', password: `${marker} password` });
    await request('', 'POST', '/api/session', `{"name": ${marker}`);
    await request('', 'GET', `/api/invitations/${marker}`);
    await request('', 'GET', `/${marker}?${marker}=${marker}`);
    await request(rapporteur, 'POST', `${here}/rename`, { name: { [marker]: marker } });
    await request(rapporteur, 'POST', `${here}/set-party`, { party: { code: marker, names: { en: marker } } });
    await request(rapporteur, 'POST', '/api/imports/preview', `${marker}\0${marker}`);
    await request(rapporteur, 'POST', '/api/imports', { meeting: marker, compilation: { title: marker } });
    await request(rapporteur, 'POST', '/api/imports', `{"meeting": "${marker}", ${marker}`);
    // An invitation, accepted under a taken name, then under another.
    const made = await request(rapporteur, 'POST', `${here}/accredit`, {
      name: `${marker} person`,
      role: 'observer',
      party: null,
    });
    const { participant } = (await made.json()) as { participant: string };
    const invited = await request(rapporteur, 'POST', `${here}/participants/${participant}/invitation`, {});
    const { link } = (await invited.json()) as { link: string };
    const path = new URL(link).pathname;
    secrets.push(path.split('/').at(-1) ?? '');
    await request('', 'POST', `/api${path}`, { name: 'argentina', password: `${marker} password` });
    const into = await request('', 'POST', `/api${path}`, {
      name: `${marker} account`,
      password: `${marker} password`,
    });
    expect(into.status).toBe(204);
    // Edits: accepted, refused, and unreadable.
    const honest = await enter();
    const open = Array.from({ length: 40 }, (_, at) => at).find((at) => honest.isOpenAt(at)) ?? 0;
    const amendment = await propose(honest, open, 0, `${marker} words `);
    await request(argentina, 'POST', `/api/recommendations/${place}/give-reason`, { amendment, reason: marker });
    honest.leave();
    const thief = await enter();
    thief.update(thief.change(() => thief.words(open).insert(0, `${marker} unmarked `)));
    expect((await thief.closed).code).toBe(4403);
    const mumbler = await enter();
    mumbler.message(messageType.sync, syncType.update, Buffer.from(`${marker}${marker}`));
    await mumbler.closed;

    // The store fails: first it can't write, then its tables quote their values.
    const database = new Database(join(dataDir, 'concord.sqlite'));
    database.exec('BEGIN IMMEDIATE');
    const unlucky = await enter();
    unlucky.update(unlucky.change(() => unlucky.words(open).insert(0, `${marker} lost `)));
    await unlucky.closed;
    expect((await request(rapporteur, 'POST', `${here}/rename`, { name: `${marker} meeting` })).status).toBe(503);
    database.exec('ROLLBACK');
    database.exec(
      `CREATE TRIGGER quoting BEFORE INSERT ON sessions BEGIN SELECT RAISE(ABORT, '${marker} by the database'); END`,
    );
    expect((await request('', 'POST', '/api/session', { name: 'canada', password })).status).toBe(500);
    database.exec('DROP TRIGGER quoting');
    database.close();

    // Its last log line has arrived here, and so have all before it.
    await vi.waitFor(() => expect(server.printed()).toMatch(/SQLITE_CONSTRAINT_TRIGGER.*\n/), 10_000);
    const lines = server.printed().split('\n');
    const told = lines.filter((line) => line.startsWith('{'));
    // Beside its log the program prints two lines, the second of which offers the demo accounts.
    const printed = lines.filter((line) => line !== '' && !line.startsWith('{'));
    expect(printed.map((line) => line.split(' ')[0])).toEqual(['Concord', 'Demo:']);
    expect(told.join('\n')).not.toMatch(new RegExp(marker, 'i'));
    expect(told.join('\n')).not.toContain(password);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(20);
      expect(told.join('\n')).not.toContain(secret);
    }
    // It does report the kind and place of the failure.
    expect(told.filter((line) => /SQLITE_CONSTRAINT_TRIGGER.*"at [^"]+:\d+:\d+/.test(line))).toHaveLength(1);
  }, 60_000);
});

describe('[SAFE5] The server’s files', () => {
  it.skipIf(process.platform === 'win32')('is for its own account alone, whatever the shell’s habit', () => {
    const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
    expect(mode(dataDir)).toBe('700');
    const files = readdirSync(dataDir);
    expect(files).toContain('concord.sqlite-wal');
    for (const file of files) expect([file, mode(join(dataDir, file))]).toEqual([file, '600']);
  });
});
