import { verify } from '../../../server/audit/verify.ts';
import { openStore, type Store } from '../../../server/storage/store.ts';
import type { Cluster } from '../../helpers/postgres.ts';
import { type Exit, launchConcord, type ServerProcess } from '../../helpers/process.ts';
import { sqliteWorker } from '../../helpers/sqliteWorker.ts';
import { aim, aimable, disarm } from './aim.ts';
import { chairAgrees, chairDecides, type Ordered, viewOf } from './chair.ts';
import { holdOrders, holdPromises, holdReplicas } from './checks.ts';
import { Device } from './device.ts';
import type { Fault } from './fault.ts';
import { delegateEdits, rapporteurEdits, word } from './hands.ts';
import { enemyTries } from './hostile.ts';
import { type Members, membersOf } from './members.ts';
import { Record } from './record.ts';
import type { Tally } from './tally.ts';

export interface EpisodeOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly trigger: URL;
  readonly tally: Tally;
  /** Without it, the server keeps its data in `dataDir`. */
  readonly postgres?: { readonly cluster: Cluster; readonly databaseUrl: string };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** On a busy machine, events that take longer than this aren't waited for. */
const longestWait = 5000;
/** The number of letters that a device types in a round: an ever-growing log would only slow down the checks. */
const editsOfARound = 25;

/**
 * One meeting, the same people and devices, and a server that is killed again and again. After each kill a new server
 * is started, everybody reconnects, and everything shown or acknowledged is compared with the log.
 */
export class Episode {
  readonly #options: EpisodeOptions;
  readonly #members: Members;
  readonly #devices: readonly Device[];
  readonly #records: readonly Record[];
  readonly #ordered: Ordered[] = [];
  #server: ServerProcess;
  #words = 0;
  #attacks = 0;

  private constructor(options: EpisodeOptions, server: ServerProcess, members: Members) {
    this.#options = options;
    this.#server = server;
    this.#members = members;
    this.#devices = members.seats.map((seat) => new Device(seat));
    this.#records = members.places.map((place) => new Record(place));
  }

  static async begin(options: EpisodeOptions): Promise<Episode> {
    disarm(aimFile(options));
    const server = launched(options);
    await server.ready;
    const episode = new Episode(options, server, await membersOf(server.url));
    for (const place of episode.#members.places) await chairAgrees(server.url, episode.#members.chair, place);
    await episode.#gather(() => 1);
    return episode;
  }

  /** Everybody at work, a kill, everybody back, and the check. */
  async round(fault: Fault, random: () => number): Promise<void> {
    const strike = this.#strike(fault);
    await Promise.all([strike, this.#work(random, strike)]);
    this.#options.tally.kills += 1;
    for (const device of this.#devices) {
      await device.leave();
      // Words typed while no server runs.
      for (let left = Math.floor(random() * 3); left > 0; left--) this.#edit(device, random);
    }
    disarm(aimFile(this.#options));
    if (fault.kind === 'while it starts') await this.#strikeStart(fault);
    if (fault.kind !== 'of the database') this.#server = launched(this.#options);
    // Before anybody reconnects and sends the lost edits again.
    await Promise.all([this.#check(), this.#server.ready]);
    await this.#gather(random);
    // Once more while all are connected: each one's edits must reach the others.
    for (const device of this.#devices) if (device.connected) this.#edit(device, random);
    await this.#settle();
    await this.#checkReplicas();
    await this.#attack();
  }

  /** Stops the server in order while everybody is at work, and checks the state of the next one. */
  async stop(random: () => number): Promise<{ exit: Exit; took: number; codes: readonly (number | null)[] }> {
    const stopping = (async () => {
      await this.#progress(60);
      const begun = performance.now();
      return { exit: await this.#server.kill('SIGTERM'), took: performance.now() - begun };
    })();
    await this.#work(random, stopping);
    const codes = await Promise.all(this.#devices.map((device) => device.sentAway()));
    this.#server = launched(this.#options);
    await Promise.all([this.#check(), this.#server.ready]);
    await this.#gather(() => 1);
    await this.#checkReplicas();
    return { ...(await stopping), codes };
  }

  async end(): Promise<void> {
    for (const device of this.#devices) await device.leave();
    await this.#server.kill('SIGTERM');
  }

  /** People at their own pace, until the kill is done; disconnected ones too, without a connection. */
  async #work(random: () => number, strike: Promise<unknown>): Promise<void> {
    let gone = false;
    const stop = (): void => {
      gone = true;
    };
    strike.then(stop, stop);
    const { url } = this.#server;
    const writers = this.#devices.map(async (device) => {
      for (let left = editsOfARound; !gone; left--) {
        if (left > 0) this.#edit(device, random);
        await pause(random() * 16);
        device.note();
        this.#tellProgress();
      }
    });
    const chair = async (): Promise<void> => {
      while (!gone) {
        const place = this.#members.places[Math.floor(random() * this.#members.places.length)];
        if (place === undefined) return;
        const ordered = await chairDecides(url, this.#members.chair, place, random);
        if (ordered !== null) this.#ordered.push(ordered);
        await pause(random() * 40);
      }
    };
    await Promise.all([...writers, chair(), random() < 0.5 ? this.#attack() : null]);
  }

  /** The hostile client tries one attack after the other. */
  async #attack(): Promise<void> {
    const done = await enemyTries(this.#server.url, this.#members.hostile, this.#attacks++);
    if (done !== null) throw new Error(done);
  }

  /** Resolves when so many more updates were acknowledged. */
  #progress(count: number): Promise<void> {
    const told = (): number => this.#devices.reduce((sum, device) => sum + device.told.length, 0);
    const until = told() + count;
    return new Promise((resolve) => {
      this.#tellProgress = () => {
        if (told() >= until) resolve();
      };
      setTimeout(resolve, longestWait).unref();
    });
  }
  #tellProgress = (): void => undefined;

  #edit(device: Device, random: () => number): void {
    this.#words += 1;
    const next = word(device.seat.name.slice(0, 3), this.#words);
    if (device.seat.party === null) rapporteurEdits(device, random, next);
    else delegateEdits(device, random, next);
  }

  async #strike(fault: Fault): Promise<void> {
    const server = this.#server;
    let ended = false;
    void server.ended.then(() => {
      ended = true;
    });
    await Promise.race([this.#progress(fault.saved), server.ended]);
    await pause(fault.later);
    switch (fault.kind) {
      case 'of the database':
        return this.#strikeDatabase(fault.wait);
      case 'in a commit':
      case 'in a checkpoint of SQLite':
        aim(aimFile(this.#options), fault.aim);
        await Promise.race([server.ended, pause(longestWait)]);
        break;
      case 'in a checkpoint of a room':
        aim(aimFile(this.#options), fault.aim);
        await server.kill('SIGTERM');
        break;
      case 'while it stops':
        await Promise.race([server.kill('SIGTERM'), pause(fault.wait)]);
        break;
      case 'any moment':
      case 'while it starts':
        break;
    }
    if (ended && fault.kind !== 'while it stops') this.#options.tally.hits += 1;
    const exit = await server.kill('SIGKILL');
    if (exit !== 'SIGKILL' && exit !== 0) throw new Error(`the server ended with ${exit}: ${server.printed()}`);
  }

  /** The server stays, and must recover when its database is back. */
  async #strikeDatabase(wait: number): Promise<void> {
    const { postgres } = this.#options;
    if (postgres === undefined) throw new Error('there is no such database');
    const { restart } = await postgres.cluster.crash();
    await pause(wait);
    await restart();
    for (let tries = 0; ; tries++) {
      const response = await fetch(`${this.#server.url}/healthz`).catch(() => null);
      if (response?.ok === true) return;
      const exit = await Promise.race([this.#server.ended, pause(200)]);
      if (exit !== undefined) throw new Error(`the server ended with ${exit}: ${this.#server.printed()}`);
      if (tries > 100) throw new Error(`the server is not itself again: ${response?.status}`);
    }
  }

  async #strikeStart({ start: at, wait }: Extract<Fault, { kind: 'while it starts' }>): Promise<void> {
    if (at !== null) aim(aimFile(this.#options), at);
    const server = launched(this.#options);
    // Waiting clients connect as soon as the server is there.
    const coming = server.ready.then(
      () => Promise.all(this.#devices.map((device) => device.connect(server.url).catch(() => false))),
      () => undefined,
    );
    await Promise.race([server.ended, pause(at === null ? wait : longestWait)]);
    const exit = await server.kill('SIGKILL');
    if (exit !== 'SIGKILL') throw new Error(`the server ended with ${exit}: ${server.printed()}`);
    await coming;
    for (const device of this.#devices) await device.leave();
    this.#options.tally.kills += 1;
    disarm(aimFile(this.#options));
  }

  /** Everybody reconnects, sometimes all but one, and sends their pending edits. */
  async #gather(random: () => number): Promise<void> {
    const { url } = this.#server;
    await Promise.all(
      this.#devices.map(async (device) => {
        if (random() < 0.1) return;
        if (!(await device.connect(url))) throw new Error(`${device.seat.name} could not come back`);
      }),
    );
    await this.#settle();
  }

  /** Until nobody has anything to send: an update may make Yjs tidy up formats, which is sent in turn. */
  async #settle(): Promise<void> {
    for (let rounds = 0; ; rounds++) {
      await Promise.all(this.#devices.map((device) => device.answered()));
      const quiet = await Promise.all(this.#devices.map((device) => device.caughtUp()));
      for (const device of this.#devices) device.note();
      // Refused clients come with a new document.
      const away = this.#devices.filter((device) => device.refusedAway);
      if (away.length === 0 && quiet.every(Boolean)) return;
      for (const device of away) await device.connect(this.#server.url);
      if (rounds > 20) throw new Error('it never gets quiet');
    }
  }

  /**
   * Reads the log as another process does, beside the server or without one, and compares it with the acknowledgements.
   */
  async #check(): Promise<void> {
    const { tally } = this.#options;
    const store = await openReader(this.#options);
    try {
      const { faults, entries } = await verify(store.log);
      if (faults.length > 0) throw new Error(`verify: ${JSON.stringify(faults)}`);
      tally.entries = Math.max(entries, tally.entries);
      await this.#readOn(store);
    } finally {
      await store.close();
    }
    for (const device of this.#devices) holdPromises(device, this.#recordOf(device), tally);
    holdOrders(this.#ordered.splice(0), this.#records, tally);
  }

  /** Everybody is connected and idle: all are the same. */
  async #checkReplicas(): Promise<void> {
    const store = await openReader(this.#options);
    await this.#readOn(store).finally(() => store.close());
    for (const record of this.#records) {
      const here = this.#devices.filter(({ seat }) => seat.place === record.id);
      for (const device of here) holdPromises(device, record, this.#options.tally);
      holdReplicas(here, record, await viewOf(this.#server.url, this.#members.chair, record.id));
    }
  }

  async #readOn({ log }: Store): Promise<void> {
    for (const record of this.#records) await record.readOn(log);
  }

  #recordOf({ seat }: Device): Record {
    const record = this.#records.find(({ id }) => id === seat.place);
    if (record === undefined) throw new Error(`${seat.name} sits nowhere`);
    return record;
  }
}

const aimFile = ({ dataDir }: EpisodeOptions): string => `${dataDir}/aim`;

function launched(options: EpisodeOptions): ServerProcess {
  const { dataDir, port, trigger, postgres } = options;
  return launchConcord({
    dataDir,
    port,
    env: {
      ...aimable(trigger, aimFile(options)),
      ...(postgres === undefined ? {} : { DATABASE_URL: postgres.databaseUrl }),
    },
  });
}

/** The log as another process reads it beside the server. */
const openReader = async ({ dataDir, postgres }: EpisodeOptions): Promise<Store> =>
  openStore({ dataDir, databaseUrl: postgres?.databaseUrl, readOnly: true, worker: await sqliteWorker() });
