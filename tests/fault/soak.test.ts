import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { demoAccounts } from '../../server/demo/seed.ts';
import { recordOf, textOf } from '../../shared/text/document.ts';
import { agenda, join, signIn, verified } from '../helpers/demo.ts';
import { isLong, seed } from '../helpers/extent.ts';
import { joined } from '../helpers/joined.ts';
import { Attendant, type Part, Sitting, Tally } from '../helpers/loadClients.ts';
import { randomFrom } from '../helpers/random.ts';
import { type ProbedServer, type Sample, slope, startProbed, type Weight } from '../helpers/samples.ts';

/**
 * A meeting of hours, in sittings with a break after each. In a break everybody has left and every room is closed: the
 * memory of the process is then at its currentClause, and the floor has to stay level.
 *
 * `CONCORD_SOAK_MINUTES=60 CONCORD_LONG=1 npx vitest run tests/fault/soak.test.ts`
 */
const minutes = Number(process.env.CONCORD_SOAK_MINUTES ?? (isLong ? 60 : 0.1));
const people = isLong ? 200 : 24;
const sittings = isLong ? 10 : 3;
/** Mean time between two edits of one person, ms. */
const pace = isLong ? 4000 : 400;
/** Rooms are closed after five minutes by the server's clock, which runs this many times as fast. */
const haste = isLong ? 10 : 150;

const megabyte = 1024 * 1024;
/**
 * The permitted rise of the floor by the fitted straight line, bytes. Bounded caches fill in the course of an hour
 * (equal marks, names of marks; some 10 MB), and compiled code is heap as well. RSS includes SQLite's cache of 16 MB
 * and the allocators' reserve.
 */
const tolerance = { heap: 12 * megabyte, external: 2 * megabyte, rss: 48 * megabyte };

const delegations = demoAccounts.filter((name) => !['chair', 'rapporteur', 'observer'].includes(name));

/** As `npm start` sets it, see `docs/operating.md`. */
const allocator = { MALLOC_MMAP_THRESHOLD_: '131072' };

/** Ten observers in a hundred, two rapporteurs, one chair; the others are delegates. */
function partOf(at: number): { readonly name: string; readonly part: Part } {
  if (at === 0) return { name: 'chair', part: 'chair' };
  if (at <= 2) return { name: 'rapporteur', part: 'rapporteur' };
  if (at % 10 === 3) return { name: 'observer', part: 'observer' };
  return { name: delegations[at % delegations.length] ?? '', part: 'delegate' };
}

/** The minimum of events before it ends. */
const actions = ['came back', 'signed out', 'patches', 'not-adopt', 'refused clause-locked'];

type Presence = NonNullable<Attendant['present']> & { readonly name: string };

interface Row extends Weight {
  readonly documents: number | '–';
  readonly sockets: number | '–';
  readonly minute: number;
  readonly when: 'start' | 'sitting' | 'break';
  readonly edits: number;
}

let server: ProbedServer;
let chair = '';
beforeAll(async () => {
  server = await startProbed({ haste, env: { LOG_LEVEL: 'warn', ...allocator } });
  chair = await signIn(server, 'chair');
}, 120_000);
afterAll(async () => {
  await server.stop();
});

/** The screens that are still connected. A person who has just lost the connection has nothing to compare. */
const present = (attendants: readonly Attendant[]): readonly Presence[] =>
  attendants.flatMap(({ name, present }) =>
    present?.client.socket.readyState === WebSocket.OPEN ? [{ name, ...present }] : [],
  );

/**
 * Waits until everybody has received everything and nobody sends anything more: Yjs's tidying on one screen is news to
 * the others. The verdict on an empty update shows that everything before it was received; after two rounds without
 * news all are idle.
 */
async function quiet(attendants: readonly Attendant[]): Promise<void> {
  for (let rounds = 0; rounds < 2; rounds++) {
    for (const { client } of present(attendants)) {
      const { said } = client;
      client.update(new Uint8Array(2));
      await client.answered().catch((error: unknown) => {
        if (client.socket.readyState === WebSocket.OPEN) throw error;
      });
      if (client.said !== said + 1) rounds = -1;
    }
  }
}

/** All connected screens show the log's text, to the byte. */
async function compare(attendants: readonly Attendant[]): Promise<number> {
  await quiet(attendants);
  const readers = new Map<string, Y.Doc>();
  let compared = 0;
  for (const { name, client, place } of present(attendants)) {
    if (client.refusals().length > 0) continue;
    let text = readers.get(place);
    if (text === undefined) {
      const reader = await join(server, chair, place);
      reader.leave();
      text = reader.doc;
      readers.set(place, text);
    }
    expect(textOf(client.doc).toString(), `${name}’s text`).toBe(textOf(text).toString());
    expect(recordOf(client.doc).toJSON(), `${name}’s record`).toEqual(recordOf(text).toJSON());
    const states = [client.doc, text].map((doc) => joined(Y.encodeStateAsUpdate(doc)));
    expect(states[0]?.equals(states[1] ?? new Uint8Array()), `${name}’s document, to the byte`).toBe(true);
    compared += 1;
  }
  return compared;
}

/** Waits until every room is closed and all connections have ended, also those that HTTP keeps for the next request. */
async function currentClause(): Promise<Sample> {
  const limit = Date.now() + 600_000;
  while ((await server.weigh()).lines > 0 && Date.now() < limit) await pause(isLong ? 1000 : 100);
  // Counting takes as much memory as it counts: not before the rooms should be closed.
  await pause(420_000 / haste);
  for (;;) {
    const sample = await server.sample();
    if (sample.documents === 0 && sample.sockets === 0 && sample.lines === 0)
      return { ...sample, rss: Math.min(sample.rss, await settledRss()) };
    if (Date.now() > limit) throw new Error(`something stays: ${JSON.stringify(sample)}`);
    await pause(isLong ? 1000 : 200);
  }
}

/** Threads return memory to the system bit by bit, when they have time: the value counts when it no longer falls. */
async function settledRss(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let patience = 3; patience > 0; patience--) {
    await pause(isLong ? 2000 : 200);
    const { rss } = await server.weigh();
    if (rss < least - megabyte / 2) patience = 3;
    least = Math.min(least, rss);
  }
  return least;
}

/** The rise of the floor from the first break to the last: the fitted straight line's rise, bytes. */
const grown = (breaks: readonly Row[], of: (row: Row) => number): number => {
  const [first, last] = [breaks[0], breaks.at(-1)];
  if (first === undefined || last === undefined) return 0;
  return slope(breaks.map((row) => [row.minute, of(row)] as const)) * (last.minute - first.minute);
};

const megabytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);

function table(rows: readonly Row[]): string {
  const head =
    '| minute | when | edits | RSS, MB | heap, MB | heap committed, MB | the store’s heap, MB | external, MB | files | threads | documents | sockets | timers |';
  const lines = rows.map(
    (row) =>
      `| ${row.minute.toFixed(1)} | ${row.when} | ${row.edits} | ${megabytes(row.rss)} | ${megabytes(row.heap)} | ${megabytes(row.committed)} | ${megabytes(row.otherHeaps)} | ${megabytes(row.external)} | ${row.files ?? '–'} | ${row.threads ?? '–'} | ${row.documents} | ${row.sockets} | ${row.timers} |`,
  );
  return [head, head.replace(/[^|]+/g, '---'), ...lines].join('\n');
}

describe(`[LINE5] A meeting of ${minutes} minutes with ${people} people (seed ${seed})`, () => {
  it(
    'leaves nothing behind in the process, and the same text everywhere',
    async () => {
      const random = randomFrom(seed);
      const tally = new Tally();
      const { meeting, places } = await agenda(server, chair);
      const opened = await fetch(`${server.url}/api/meetings/${meeting}/set-observer-view`, {
        method: 'POST',
        headers: { cookie: chair, 'content-type': 'application/json' },
        body: JSON.stringify({ view: 'attributed' }),
      });
      expect(opened.status).toBe(204);
      const begun = performance.now();
      const rows: Row[] = [];
      const note = (when: Row['when'], sample: Weight | Sample): void => {
        rows.push({
          documents: '–',
          sockets: '–',
          ...sample,
          when,
          edits: tally.of('accepted'),
          minute: (performance.now() - begun) / 60_000,
        });
      };
      note('start', await currentClause());

      const load = Array.from({ length: people }, (_, at) => {
        const { name, part } = partOf(at);
        return new Attendant(name, part, randomFrom(seed + at));
      });
      let compared = 0;
      for (let at = 0; at < sittings; at++) {
        const sitting = new Sitting(server, meeting, places, tally);
        const attending = load.map((person) => person.attend(sitting, pace));
        // Sittings differ in length; on a slow machine each lasts until everybody had something to do.
        await pause(((minutes * 60_000) / sittings) * (0.8 + 0.4 * random()));
        const missing = (): boolean => at === sittings - 1 && actions.some((action) => tally.of(action) === 0);
        while (tally.of('accepted') < people * (at + 1) || missing()) await pause(200);
        note('sitting', await server.weigh());
        sitting.end();
        await Promise.all(attending);
        compared += await compare(load);
        for (const person of load) person.leave();
        note('break', await currentClause());
        if (isLong) console.log(`${table(rows.slice(-2))}\n${tally}`);
      }
      console.log(`\n${table(rows)}\n\n${tally}; ${compared} screens were compared\n`);

      const breaks = rows.filter(({ when }) => when === 'break');
      const [first] = breaks;
      const last = breaks.at(-1);
      if (first === undefined || last === undefined) throw new Error('there was no break');
      // Files and threads are few, and constant: one more log or database page would be one that is never closed.
      expect(last.files).toBe(first.files);
      expect(last.threads).toBe(first.threads);
      expect(last.timers).toBeLessThanOrEqual(first.timers);
      expect(grown(breaks, ({ heap }) => heap)).toBeLessThan(tolerance.heap);
      expect(grown(breaks, ({ external }) => external)).toBeLessThan(tolerance.external);
      expect(grown(breaks, ({ rss }) => rss)).toBeLessThan(tolerance.rss);

      expect(tally.faults).toEqual([]);
      expect(server.printed()).not.toContain('"level":50');
      expect(compared).toBeGreaterThan(people / 4);

      expect(await verified(server.dataDir)).toContain('The record is whole');
    },
    minutes * 60_000 + 1_800_000,
  );
});
