import { cpus } from 'node:os';
import { randomFrom } from '../helpers/random.ts';
import { Deliveries, LoadClient } from './load/client.ts';
import { type Contestant, concord, hocuspocus, type Running, relay, yWebsocket } from './load/contestants.ts';

/** A load: the number of documents, writers and readers in each, edits a second of each writer, seconds. */
interface Load {
  readonly name: string;
  readonly documents: number;
  readonly writers: number;
  readonly readers: number;
  readonly rate: number;
  readonly seconds: number;
}
/** `PACE=0.5` halves every rate, to measure a server below its limit. */
const pace = Number(process.env.PACE ?? 1);
const loads: readonly Load[] = [
  { name: 'plenary', documents: 1, writers: 20, readers: 480, rate: 2 * pace, seconds: 10 },
  { name: 'rooms', documents: 100, writers: 5, readers: 0, rate: 4 * pace, seconds: 8 },
  { name: 'flood', documents: 1, writers: 20, readers: 20, rate: 100 * pace, seconds: 4 },
];
const contestants: readonly Contestant[] = [relay, yWebsocket, hocuspocus, concord];

interface Latency {
  readonly median: number;
  readonly p99: number;
}
interface Outcome {
  /** CPU milliseconds of the server an edit. */
  readonly cpu: number;
  /** To those who write in the document too, and to those who only read along, ms; null where there are none. */
  readonly writers: Latency | null;
  readonly readers: Latency | null;
  readonly lost: number;
  readonly doubled: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function connect(server: Running, load: Load, deliveries: Deliveries): Promise<LoadClient[]> {
  const clients: LoadClient[] = [];
  for (let document = 0; document < load.documents; document++) {
    const first = new LoadClient(server, document, 0, true, deliveries);
    clients.push(first);
    await first.open();
    if (server.hasText) while (!first.hasText) await pause(5);
    else {
      await pause(20);
      first.bringText();
    }
    for (let person = 1; person < load.writers + load.readers; person++) {
      const client = new LoadClient(server, document, person, person < load.writers, deliveries);
      clients.push(client);
      await client.open();
    }
  }
  for (const client of clients.filter(({ writes }) => writes)) {
    for (let tries = 0; !client.hasText; tries++) {
      if (tries > 2000) throw new Error(`${server.name} gives no text (${client.closed})`);
      await pause(5);
    }
  }
  await pause(500);
  return clients;
}

/** Seconds of the same load before the measurement: a server that has just started still compiles its code. */
const warmUp = 3;
/** Deferred work counts: CPU is measured until so many ms after the last edit. */
const aftermath = 3000;

/** People don't type in step: each writer's edits come at random moments, the same ones for every server. */
async function write(writers: readonly LoadClient[], load: Load, seconds: number, seed: number): Promise<number> {
  const random = randomFrom(seed);
  const begun = performance.now();
  const edits = Math.round(load.rate * seconds);
  await Promise.all(
    writers.map(async (writer) => {
      const moments = Array.from({ length: edits }, () => random() * seconds * 1000).sort((one, other) => one - other);
      for (const moment of moments) {
        await pause(Math.max(0, begun + moment - performance.now()));
        writer.edit();
      }
    }),
  );
  return edits * writers.length;
}

function latency(measured: readonly number[]): Latency | null {
  const sorted = [...measured].sort((one, other) => one - other);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return sorted.length === 0 ? null : { median: at(0.5), p99: at(0.99) };
}

async function measure(contestant: Contestant, load: Load, round: number): Promise<Outcome> {
  const server = await contestant.start();
  const deliveries = new Deliveries();
  const others = load.writers + load.readers - 1;
  /** Waits until everybody has everything, or for ten seconds, and returns the number of missing deliveries. */
  const missing = async (edits: number): Promise<number> => {
    for (let tries = 0; deliveries.count < edits * others && tries < 200; tries++) await pause(50);
    return edits * others - deliveries.count;
  };
  try {
    const clients = await connect(server, load, deliveries);
    const writers = clients.filter(({ writes }) => writes);
    const warm = await write(writers, load, warmUp, 1000 + round);
    await missing(warm);
    await pause(aftermath);
    const heard = { writers: deliveries.toWriters.length, readers: deliveries.toReaders.length };
    const before = server.cpu();
    const edits = await write(writers, load, load.seconds, round);
    const lost = await missing(warm + edits);
    await pause(aftermath);
    const cpu = ((server.cpu() - before) * 1000) / edits;
    const gone = clients.find(({ closed }) => closed !== null);
    if (gone !== undefined) throw new Error(`${server.name} closed a connection: ${gone.closed}`);
    for (const client of clients) client.close();
    return {
      cpu,
      writers: latency(deliveries.toWriters.slice(heard.writers)),
      readers: latency(deliveries.toReaders.slice(heard.readers)),
      lost,
      doubled: deliveries.doubled,
    };
  } finally {
    await server.stop();
  }
}

const middle = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[values.length >> 1] ?? 0;

const rounds = Number(process.env.ROUNDS ?? 3);
const wanted = process.argv.slice(2);
/** `ONLY=Concord` leaves the others out. */
const only = process.env.ONLY;
console.log(
  `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.version}; medians of ${rounds} rounds\n`,
);
console.log(
  '| Load | Server | CPU an edit, ms | × Concord | to writers: median, p99, ms | to readers: median, p99, ms | lost | doubled |\n|---|---|---|---|---|---|---|---|',
);
for (const load of loads) {
  if (wanted.length > 0 && !wanted.includes(load.name)) continue;
  const found = new Map<string, Outcome[]>();
  for (let round = 0; round < rounds; round++)
    for (const contestant of contestants.filter(({ name }) => only === undefined || name === only)) {
      const outcome = await measure(contestant, load, round);
      found.set(contestant.name, [...(found.get(contestant.name) ?? []), outcome]);
    }
  const own = middle((found.get('Concord') ?? []).map(({ cpu }) => cpu));
  for (const [name, outcomes] of found) {
    const of = (pick: (outcome: Outcome) => number): number => middle(outcomes.map(pick));
    const both = (pick: (outcome: Outcome) => Latency | null): string => {
      const there = outcomes.flatMap((outcome) => pick(outcome) ?? []);
      if (there.length === 0) return '–';
      return `${middle(there.map(({ median }) => median)).toFixed(1)}, ${middle(there.map(({ p99 }) => p99)).toFixed(1)}`;
    };
    console.log(
      `| ${load.name} | ${name} | ${of(({ cpu }) => cpu).toFixed(2)} | ${(of(({ cpu }) => cpu) / own).toFixed(2)} | ${both(({ writers }) => writers)} | ${both(({ readers }) => readers)} | ${of(({ lost }) => lost)} | ${of(({ doubled }) => doubled)} |`,
    );
  }
}
