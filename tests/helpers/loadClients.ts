import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import { RecommendationView } from '../../shared/protocol/contract.ts';
import { messageType } from '../../shared/protocol/wire.ts';
import type { RunningServer } from './browser.ts';
import { join, signIn } from './demo.ts';
import type { Client } from './hostileClient.ts';
import { Pen } from './pen.ts';
import { seenOf } from './seen.ts';

/** Counts of a meeting's clients. */
export class Tally {
  readonly counts = new Map<string, number>();
  /** Faults. */
  readonly faults: string[] = [];
  note(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }
  of(what: string): number {
    return this.counts.get(what) ?? 0;
  }
  toString(): string {
    return [...this.counts].map(([what, times]) => `${what} ${times}`).join(', ');
  }
}

/** A stretch of the meeting in which people come and go, until it ends. */
export class Sitting {
  readonly #ended = new AbortController();
  constructor(
    readonly server: RunningServer,
    readonly meeting: string,
    readonly places: readonly string[],
    readonly tally: Tally,
  ) {
    // Everybody pauses until it is over.
    setMaxListeners(0, this.#ended.signal);
  }
  get over(): boolean {
    return this.#ended.signal.aborted;
  }
  get signal(): AbortSignal {
    return this.#ended.signal;
  }
  /** Does nothing for so long, or until the sitting is over. */
  async rest(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#ended.signal }).catch(() => undefined);
  }
  end(): void {
    this.#ended.abort();
  }
}

/** Refusals that an honest program can get while others decide at the same moment. Anything else is a fault. */
const expected = new Set(['clause-locked', 'not-your-words', 'mark-closed', 'mark-misused', 'amendment-closed']);

export type Part = 'delegate' | 'rapporteur' | 'chair' | 'observer';

/** A person with an accreditation, who signs in, works, changes texts, and leaves. */
export class Attendant {
  readonly name: string;
  readonly #part: Part;
  readonly #random: () => number;
  #cookie: string | null = null;
  #line: Client | null = null;
  /** A person who is still connected as a sitting ends: the screen must show the text. */
  present: { readonly client: Client; readonly place: string } | null = null;

  constructor(name: string, part: Part, random: () => number) {
    this.name = name;
    this.#part = part;
    this.#random = random;
  }

  /** Takes part until the sitting is over. `pace` is the mean time between two edits, ms. */
  async attend(sitting: Sitting, pace: number): Promise<void> {
    // People arrive at different moments.
    await sitting.rest(this.#random() * pace);
    while (!sitting.over) {
      try {
        this.#cookie ??= await this.#signIn(sitting);
        if (this.#cookie === null) await sitting.rest(1000);
        else if (this.#part === 'observer')
          await this.#read(sitting, this.#cookie, `/meetings/${sitting.meeting}/text`);
        else if (this.#part === 'chair') await this.#preside(sitting, this.#cookie, pace);
        else await this.#visit(sitting, this.#cookie, pace);
        if (!sitting.over && this.#random() < 0.15) await this.#signOut(sitting);
      } catch (error) {
        // A connection that dropped during the arrival is no fault; an answer of the server may be one.
        if (!sitting.over) sitting.tally.note(`trouble: ${said(error)}`);
      }
      await sitting.rest(this.#random() * pace);
    }
  }

  /** Leaves, at the end of a sitting. */
  leave(): void {
    this.#line?.leave();
    this.#line = null;
    this.present = null;
  }

  async #signIn(sitting: Sitting): Promise<string | null> {
    const cookie = await signIn(sitting.server, this.name).catch((error: unknown) => {
      // Many who share a name sign in at once: they are asked to wait.
      if (String(error).includes('429')) return null;
      throw error;
    });
    sitting.tally.note(cookie === null ? 'asked to wait' : 'signed in');
    return cookie;
  }

  async #signOut(sitting: Sitting): Promise<void> {
    const cookie = this.#cookie ?? '';
    this.#cookie = null;
    this.leave();
    await fetch(`${sitting.server.url}/api/session`, { method: 'DELETE', headers: { cookie } });
    sitting.tally.note('signed out');
  }

  /** Connects to a text, writes for a while, perhaps offline, and comes back with the offline edits. */
  async #visit(sitting: Sitting, cookie: string, pace: number): Promise<void> {
    const { tally } = sitting;
    this.leave();
    const place = sitting.places[Math.floor(this.#random() * sitting.places.length)] ?? '';
    const query: Record<string, string> = this.#part === 'rapporteur' ? { as: 'base' } : {};
    const says = (at: Client, update: Uint8Array): void => {
      at.update(update);
      tally.note('tidied up');
    };
    let client = await join(sitting.server, cookie, place, { query, onTidied: says });
    this.#line = client;
    tally.note('visits');
    for (let stays = 1; ; stays++) {
      this.present = { client, place };
      if (!(await this.#write(sitting, client, pace))) {
        this.present = null;
        return;
      }
      if (sitting.over || stays > 2 || this.#random() < 0.3) return;
      const { doc } = client;
      const pen = new Pen(client, this.#random);
      this.present = null;
      if (this.#random() < 0.5) client.socket.terminate();
      else client.leave();
      await client.closed;
      for (let edits = this.#random() * 3; edits > 0; edits--) this.#edit(pen);
      await sitting.rest(this.#random() * pace * 2);
      if (sitting.over) return;
      const back = await join(sitting.server, cookie, place, { doc, query });
      client = back;
      this.#line = back;
      // The server knows nothing of the offline edits: they go first, with Yjs's tidying so far.
      back.update(back.whole());
      back.onTidied = (update) => says(back, update);
      await client.answered();
      tally.note('came back');
    }
  }

  #edit(pen: Pen): Uint8Array | null {
    const words = `${Math.floor(this.#random() * 1e9).toString(36)} `;
    return this.#part === 'rapporteur' ? pen.edit(words) : pen.propose(words);
  }

  /** Writes for a while. Returns whether the document is still usable: not after a refusal. */
  async #write(sitting: Sitting, client: Client, pace: number): Promise<boolean> {
    const { tally } = sitting;
    const pen = new Pen(client, this.#random);
    const open = (): boolean => client.socket.readyState === WebSocket.OPEN;
    for (let edits = 3 + this.#random() * 12; edits > 0 && open() && !sitting.over; edits--) {
      const trespasses = this.#part === 'delegate' && this.#random() < 0.02;
      const update = trespasses ? pen.trespass() : this.#edit(pen);
      if (update !== null) client.update(update);
      if (this.#random() < 0.5) client.message(messageType.awareness, whereabouts(client, client.said));
      await sitting.rest(this.#random() * pace * 2);
    }
    await client.answered().catch(() => undefined);
    const answered = client.verdicts.length >= client.said;
    const refused = client.refusals();
    for (const code of refused) {
      tally.note(`refused ${code}`);
      if (!expected.has(code)) tally.faults.push(`${this.name} was refused: ${code}`);
    }
    tally.note('accepted', client.verdicts.length - refused.length);
    // Answered edits are counted: the next stretch counts its own.
    client.said -= client.verdicts.splice(0).length;
    return open() && answered && refused.length === 0;
  }
  /** Reads along for a while; now and then without accepting any data. */
  async #read(sitting: Sitting, cookie: string, path: string): Promise<void> {
    const { server, tally } = sitting;
    const page = await (await fetch(server.url + path, { headers: { cookie } })).text();
    const version = /data-version="(\d+)"/.exec(page)?.[1] ?? '';
    const gone = new AbortController();
    const goes = setTimeout(() => gone.abort(), 500 + this.#random() * 10_000);
    try {
      const stream = await fetch(`${server.url}${path}/events?version=${version}`, {
        headers: { cookie },
        signal: AbortSignal.any([gone.signal, sitting.signal]),
      });
      tally.note('readers');
      if (this.#random() < 0.2) await new Promise((resolve) => gone.signal.addEventListener('abort', resolve));
      for await (const _ of stream.body ?? []) tally.note('patches');
    } catch (error) {
      if (!gone.signal.aborted && !sitting.over) throw error;
    } finally {
      clearTimeout(goes);
    }
  }

  /** Disposes of amendments, mostly by not adopting them, and agrees and reopens clauses, in different places. */
  async #preside(sitting: Sitting, cookie: string, pace: number): Promise<void> {
    const { server, tally } = sitting;
    const order = async (place: string, type: string, body: unknown): Promise<void> => {
      const response = await fetch(`${server.url}/api/recommendations/${place}/${type}`, {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      await response.arrayBuffer();
      tally.note(response.ok ? type : `${type}: ${response.status}`);
      if (response.status >= 500) tally.faults.push(`${type} was answered ${response.status}`);
    };
    for (let turns = 0; turns < 40 && !sitting.over; turns++) {
      const place = sitting.places[Math.floor(this.#random() * sitting.places.length)] ?? '';
      const response = await fetch(`${server.url}/api/recommendations/${place}`, { headers: { cookie } });
      const view = RecommendationView.parse(await response.json());
      const { clauses, amendments } = view;
      const seen = seenOf(view);
      const open = amendments.filter(({ state, kind }) => state === 'open' && kind !== null).map(({ id }) => id);
      const chosen = open.filter(() => this.#random() < 0.7).slice(0, 30);
      const good = chosen.splice(0, Math.floor(chosen.length * 0.15));
      if (good.length > 0) await order(place, 'adopt', { amendments: good, seen });
      if (chosen.length > 0) await order(place, 'not-adopt', { amendments: chosen, seen });
      const closed = clauses.filter(({ status }) => status.state !== 'open').map(({ id }) => id);
      const one = clauses[Math.floor(this.#random() * clauses.length)];
      if (closed.length > clauses.length / 3) await order(place, 'set-status', { clauses: closed, status: 'open' });
      else if (one !== undefined) await order(place, 'set-status', { clauses: [one.id], status: 'agreed', seen });
      await sitting.rest(this.#random() * pace);
    }
  }
}

const said = (error: unknown): string =>
  error instanceof Error
    ? `${error.message}${error.cause instanceof Error ? ` (${error.cause.message})` : ''}`
    : String(error);

/** The awareness message of a program's own cursor. */
function whereabouts(client: Client, clock: number): Uint8Array {
  const states = encoding.createEncoder();
  encoding.writeVarUint(states, 1);
  encoding.writeVarUint(states, client.doc.clientID);
  encoding.writeVarUint(states, clock);
  encoding.writeVarString(states, JSON.stringify({ cursor: null }));
  return encoding.toUint8Array(states);
}
