import { cpus } from 'node:os';
import { Ledger, LoadClient } from './load/client.ts';
import { type Contestant, concord, hocuspocus, type Running, relay, yWebsocket } from './load/contestants.ts';

/** What is asked of a server: so many documents, writers and readers in each, edits a second of each writer, seconds. */
interface Load {
  readonly name: string;
  readonly documents: number;
  readonly writers: number;
  readonly readers: number;
  readonly rate: number;
  readonly seconds: number;
}
const loads: readonly Load[] = [
  { name: 'plenary', documents: 1, writers: 20, readers: 480, rate: 2, seconds: 10 },
  { name: 'rooms', documents: 100, writers: 5, readers: 0, rate: 4, seconds: 8 },
  { name: 'flood', documents: 1, writers: 20, readers: 20, rate: 100, seconds: 4 },
];
const contestants: readonly Contestant[] = [relay, yWebsocket, hocuspocus, concord];

interface Outcome {
  /** CPU milliseconds of the server an edit. */
  readonly cpu: number;
  readonly median: number;
  readonly p99: number;
  readonly lost: number;
  readonly doubled: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function connect(server: Running, load: Load, ledger: Ledger): Promise<LoadClient[]> {
  const clients: LoadClient[] = [];
  for (let document = 0; document < load.documents; document++) {
    const first = new LoadClient(server, document, 0, true, ledger);
    clients.push(first);
    await first.open();
    if (server.hasText) while (!first.hasText) await pause(5);
    else {
      await pause(20);
      first.bringText();
    }
    for (let person = 1; person < load.writers + load.readers; person++) {
      const client = new LoadClient(server, document, person, person < load.writers, ledger);
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

async function measure(contestant: Contestant, load: Load): Promise<Outcome> {
  const server = await contestant.start();
  const ledger = new Ledger();
  try {
    const clients = await connect(server, load, ledger);
    const writers = clients.filter(({ writes }) => writes);
    const before = server.cpu();
    const begun = performance.now();
    const edits = load.rate * load.seconds;
    await Promise.all(
      writers.map(async (writer, at) => {
        for (let edit = 0; edit < edits; edit++) {
          const due = begun + ((edit + at / writers.length) * 1000) / load.rate;
          await pause(Math.max(0, due - performance.now()));
          writer.edit();
        }
      }),
    );
    const expected = edits * load.writers * load.documents * (load.writers + load.readers - 1);
    for (let tries = 0; ledger.latencies.length < expected && tries < 200; tries++) await pause(50);
    const cpu = ((server.cpu() - before) * 1000) / (edits * writers.length);
    const gone = clients.find(({ closed }) => closed !== null);
    if (gone !== undefined) throw new Error(`${server.name} closed a connection: ${gone.closed}`);
    for (const client of clients) client.close();
    const sorted = ledger.latencies.sort((one, other) => one - other);
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { cpu, median: at(0.5), p99: at(0.99), lost: expected - sorted.length, doubled: ledger.doubled };
  } finally {
    await server.stop();
  }
}

const middle = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[values.length >> 1] ?? 0;

const rounds = Number(process.env.ROUNDS ?? 3);
const wanted = process.argv.slice(2);
console.log(
  `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.version}; medians of ${rounds} rounds\n`,
);
console.log(
  '| Load | Server | CPU an edit, ms | × Concord | median, ms | p99, ms | lost | doubled |\n|---|---|---|---|---|---|---|---|',
);
for (const load of loads) {
  if (wanted.length > 0 && !wanted.includes(load.name)) continue;
  const found = new Map<string, Outcome[]>();
  for (let round = 0; round < rounds; round++)
    for (const contestant of contestants) {
      const outcome = await measure(contestant, load);
      found.set(contestant.name, [...(found.get(contestant.name) ?? []), outcome]);
    }
  const own = middle((found.get('Concord') ?? []).map(({ cpu }) => cpu));
  for (const [name, outcomes] of found) {
    const of = (pick: (outcome: Outcome) => number): number => middle(outcomes.map(pick));
    console.log(
      `| ${load.name} | ${name} | ${of(({ cpu }) => cpu).toFixed(2)} | ${(of(({ cpu }) => cpu) / own).toFixed(2)} | ${of(({ median }) => median).toFixed(1)} | ${of(({ p99 }) => p99).toFixed(1)} | ${of(({ lost }) => lost)} | ${of(({ doubled }) => doubled)} |`,
    );
  }
}
