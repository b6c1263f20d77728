import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as encoding from 'lib0/encoding';
import { z } from 'zod';
import { Created, InvitationLink, MeetingView } from '../../../shared/protocol/contract.ts';
import { recommendations } from './text.ts';

/** A server under load: its protocol, and its cost. */
export interface Running {
  readonly name: string;
  /** Whether the server has the text, or the first client has to send it. */
  readonly hasText: boolean;
  /** The address of a document for one of its writers or readers; `client` is its Yjs client id. */
  url(document: number, person: number, client: number): string;
  headers(person: number, document?: number): Record<string, string>;
  /** The first message, if the server requires one. */
  greeting(document: number): Uint8Array | null;
  /** The prefix of each message. */
  prefix(document: number): Uint8Array;
  /** CPU seconds that the process has used, by the operating system's count. */
  cpu(): number;
  stop(): Promise<void>;
}

export type Contestant = { readonly name: string; start(): Promise<Running> };

/** Further functions for the loads that only Concord gets. */
export interface RunningConcord extends Running {
  readonly address: string;
  readonly meeting: string;
  /** Of the account that imported the text. */
  readonly rapporteur: string;
  pid(): number;
  ask(cookie: string, path: string, body?: unknown): Promise<Response>;
  /** Signs a demo account in, and gives it an accreditation to the meeting. */
  seat(name: string, role: string, party: string | null): Promise<string>;
  /** Kills the process, and starts another on the same data and port; resolves when that one answers. */
  restart(): Promise<void>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

const ticks = 100;

async function launch(program: string, args: readonly string[], env: Record<string, string>) {
  const dataDir = mkdtempSync(join(tmpdir(), 'concord-load-'));
  const port = await freePort();
  // The load takes one core, the server the other. For a profile: BENCH_NODE_OPTIONS=--cpu-prof BENCH_SIGNAL=SIGTERM.
  const begin = async (): Promise<ChildProcess> => {
    const begun = spawn(
      'taskset',
      ['-c', '0', process.execPath, ...(process.env.BENCH_NODE_OPTIONS?.split(' ') ?? []), program, ...args],
      {
        env: { ...process.env, PORT: String(port), HOST: '127.0.0.1', DATA_DIR: dataDir, ...env },
        stdio: ['ignore', process.env.BENCH_OUT ? 'inherit' : 'ignore', 'inherit'],
      },
    );
    for (let tries = 0; ; tries++) {
      const up = await fetch(`http://127.0.0.1:${port}/`).then(
        () => true,
        () => false,
      );
      if (up) return begun;
      if (tries > 2000 || begun.exitCode !== null) throw new Error(`${program} did not start`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  };
  let child = await begin();
  return {
    port,
    dataDir,
    pid: () => child.pid ?? 0,
    restart: async (): Promise<void> => {
      await kill('SIGKILL');
      child = await begin();
    },
    cpu: (): number => {
      // Fields 14 and 15 of proc(5)'s stat: user and system time, in ticks.
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      return (Number(fields[11]) + Number(fields[12])) / ticks;
    },
    stop: async (): Promise<void> => {
      await kill(process.env.BENCH_SIGNAL === 'SIGTERM' ? 'SIGTERM' : 'SIGKILL');
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const nothing = new Uint8Array();
const plain = (
  name: string,
  program: string,
  env: (dataDir: string) => Record<string, string> = () => ({}),
): Contestant => ({
  name,
  async start() {
    const kept = mkdtempSync(join(tmpdir(), 'concord-load-'));
    const server = await launch(program, [], env(kept));
    return {
      name,
      hasText: false,
      url: (document) => `ws://127.0.0.1:${server.port}/doc${document}`,
      headers: () => ({}),
      greeting: () => null,
      prefix: () => nothing,
      cpu: server.cpu,
      stop: async () => {
        await server.stop();
        rmSync(kept, { recursive: true, force: true });
      },
    };
  },
});

const built = (name: string): string => new URL(`./${name}.js`, import.meta.url).pathname;
const root = new URL('../../', import.meta.url).pathname;

export const relay = plain('bare ws relay', built('relay'));
export const yWebsocket = plain(
  'y-websocket 2 + LevelDB',
  `${root}node_modules/y-websocket-server/bin/server.cjs`,
  (dataDir) => ({
    YPERSISTENCE: dataDir,
  }),
);

export const hocuspocus: Contestant = {
  name: 'Hocuspocus 4 + SQLite',
  async start() {
    const server = await launch(built('hocuspocus'), [], {});
    const named = (document: number, write: (encoder: encoding.Encoder) => void = () => undefined): Uint8Array => {
      const encoder = encoding.createEncoder();
      encoding.writeVarString(encoder, `doc${document}`);
      write(encoder);
      return encoding.toUint8Array(encoder);
    };
    return {
      name: 'Hocuspocus 4 + SQLite',
      hasText: false,
      url: () => `ws://127.0.0.1:${server.port}/`,
      headers: () => ({}),
      // It needs a token before it listens, with any content.
      greeting: (document) =>
        named(document, (encoder) => {
          encoding.writeVarUint(encoder, 2);
          encoding.writeVarUint(encoder, 0);
          encoding.writeVarString(encoder, 'token');
          encoding.writeVarString(encoder, '4.7.0');
        }),
      prefix: (document) => named(document),
      cpu: server.cpu,
      stop: server.stop,
    };
  },
};

const delegates = [
  'argentina',
  'brazil',
  'canada',
  'colombia',
  'ecuador',
  'paraguay',
  'venezuela',
  'cim',
  'dms',
  'iachr',
];
const seats = 30;
const codes = ['ARG', 'BRA', 'CAN', 'COL', 'ECU', 'PRY', 'VEN', 'CIM', 'DMS', 'IACHR'];
const password = 'a-bench-password';

/** Concord in its normal setup; the text is imported as a compilation, delegates accept invitations. */
export const concord = {
  name: 'Concord',
  async start(): Promise<RunningConcord> {
    const server = await launch(`${root}dist/server/main.js`, [], { DEMO_PASSWORD: password, LOG_LEVEL: 'error' });
    const address = `http://127.0.0.1:${server.port}`;
    const ask = async (cookie: string, path: string, body?: unknown): Promise<Response> => {
      const response = await fetch(address + path, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { cookie, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
      return response;
    };
    const cookieOf = (response: Response): string =>
      response.headers
        .getSetCookie()
        .map((cookie) => cookie.split(';')[0] ?? '')
        .join('; ');
    const signIn = async (name: string): Promise<string> => cookieOf(await ask('', '/api/session', { name, password }));
    const rapporteur = await signIn('rapporteur');
    const compilation = {
      title: 'Load',
      parties: codes.map((code) => ({ code, name: code, kind: 'state', aliases: [] })),
      topics: [{ heading: 'Load', level: 1, recommendations }],
      warnings: [],
    };
    const made = await ask(rapporteur, '/api/imports', { meeting: 'Load', compilation });
    const { meeting } = Created.parse(await made.json());
    const seat = async (name: string, role: string, party: string | null, demo = true): Promise<string> => {
      const { participant } = z
        .object({ participant: z.string() })
        .parse(await (await ask(rapporteur, `/api/meetings/${meeting}/accredit`, { name, role, party })).json());
      const invitation = InvitationLink.parse(
        await (await ask(rapporteur, `/api/meetings/${meeting}/participants/${participant}/invitation`, {})).json(),
      );
      const path = `/api${new URL(invitation.link).pathname}`;
      // A person without an account makes one with the invitation.
      if (!demo) return cookieOf(await ask('', path, { name, password }));
      const cookie = await signIn(name);
      await ask(cookie, path, {});
      return cookie;
    };
    const cookies: string[] = [];
    // One participant has fifty sockets at the most.
    for (let at = 0; at < seats; at++)
      cookies.push(
        await seat(delegates[at] ?? `delegate ${at}`, 'delegate', codes[at % codes.length] ?? null, at in delegates),
      );
    const view = MeetingView.parse(await (await ask(rapporteur, `/api/meetings/${meeting}`)).json());
    const ids = view.recommendations.map(({ id }) => id);
    return {
      name: 'Concord',
      hasText: true,
      url: (document, _person, client) =>
        `ws://127.0.0.1:${server.port}/sync/${ids[document]}?client=${client}&schema=1`,
      headers: (person, document = 0) => ({ cookie: cookies[(person + 7 * document) % cookies.length] ?? '' }),
      greeting: () => null,
      prefix: () => nothing,
      cpu: server.cpu,
      stop: server.stop,
      address,
      meeting,
      rapporteur,
      pid: server.pid,
      ask,
      seat,
      restart: server.restart,
    };
  },
};
