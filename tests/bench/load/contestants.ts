import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as encoding from 'lib0/encoding';
import { Created, MeetingView } from '../../../shared/protocol/contract.ts';
import { type Api, apiOf } from '../support/api.ts';
import { builtBench, freePort, launch, launchConcord, root, type ServerProcess } from '../support/server.ts';
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
  readonly ask: Api['ask'];
  /** Signs a demo account in, and gives it an accreditation to the meeting. */
  seat(name: string, role: string, party: string | null): Promise<string>;
  /** Kills the process, and starts another on the same data and port; resolves when that one answers. */
  restart(): Promise<void>;
}

const ticks = 100;
/** The load takes one core, the server the other. */
const serverCore = 0;

/** A server on a directory and a port of its own. For a profile it must end by itself: BENCH_SIGNAL=SIGTERM. */
async function onItsOwn(begin: (dataDir: string, port: number) => Promise<ServerProcess>) {
  const dataDir = mkdtempSync(join(tmpdir(), 'concord-load-'));
  const port = await freePort();
  let server = await begin(dataDir, port);
  return {
    port,
    pid: () => server.pid,
    restart: async (): Promise<void> => {
      await server.kill('SIGKILL');
      server = await begin(dataDir, port);
    },
    cpu: (): number => {
      // Fields 14 and 15 of proc(5)'s stat: user and system time, in ticks.
      const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      return (Number(fields[11]) + Number(fields[12])) / ticks;
    },
    stop: async (): Promise<void> => {
      await server.kill(process.env.BENCH_SIGNAL === 'SIGTERM' ? 'SIGTERM' : 'SIGKILL');
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
    const server = await onItsOwn((dataDir, port) => launch({ program, env: env(dataDir), port, core: serverCore }));
    return {
      name,
      hasText: false,
      url: (document) => `ws://127.0.0.1:${server.port}/doc${document}`,
      headers: () => ({}),
      greeting: () => null,
      prefix: () => nothing,
      cpu: server.cpu,
      stop: server.stop,
    };
  },
});

export const relay = plain('bare ws relay', builtBench('relay'));
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
    const server = await onItsOwn((dataDir, port) =>
      launch({ program: builtBench('hocuspocus'), env: { DATA_DIR: dataDir }, port, core: serverCore }),
    );
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

/** Concord in its normal setup; the text is imported as a compilation, delegates accept invitations. */
export const concord = {
  name: 'Concord',
  async start(): Promise<RunningConcord> {
    const server = await onItsOwn((dataDir, port) => launchConcord(dataDir, port, serverCore));
    const address = `http://127.0.0.1:${server.port}`;
    const api = apiOf(address);
    const { ask } = api;
    const rapporteur = await api.signIn('rapporteur');
    const compilation = {
      title: 'Load',
      parties: codes.map((code) => ({ code, name: code, kind: 'state', aliases: [] })),
      topics: [{ heading: 'Load', level: 1, recommendations }],
      warnings: [],
    };
    const made = await ask(rapporteur, '/api/imports', { meeting: 'Load', compilation });
    const { meeting } = Created.parse(await made.json());
    const seat = (name: string, role: string, party: string | null, isDemo = true): Promise<string> =>
      api.seat(rapporteur, meeting, { name, role, party, isDemo });
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
