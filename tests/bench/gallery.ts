import { readFileSync } from 'node:fs';
import { Deliveries, LoadClient } from './load/client.ts';
import { concord, type RunningConcord } from './load/contestants.ts';
import { LoadClients } from './load/observers.ts';
import { middle, openFiles, pause, printHead, printRow, quantile, rounds } from './load/report.ts';

/** Ten thousand observers read while delegates write. */
const observers = Number(process.env.OBSERVERS ?? 10_000);
const delegates = 10;
const editsASecond = 8;
const seconds = 10;

interface Outcome {
  readonly served: number;
  readonly median: number;
  readonly p99: number;
  /** The share of one core that the server's process used. */
  readonly core: number;
  /**
   * Growth of the server's resident memory, bytes an observer: with everybody connected, and at the end of the load.
   */
  readonly idle: number;
  readonly atEnd: number;
  /** Seconds until everybody was connected. */
  readonly connecting: number;
  /** Events for each observer. */
  readonly events: number;
}

const residentOf = (pid: number): number =>
  1024 * Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);

async function writersOf(server: RunningConcord, deliveries: Deliveries): Promise<LoadClient[]> {
  const writers: LoadClient[] = [];
  for (let person = 0; person < delegates; person++) {
    const writer = new LoadClient(server, 0, person, true, deliveries);
    writers.push(writer);
    await writer.open();
    while (!writer.hasText) await pause(5);
  }
  return writers;
}

async function measure(): Promise<Outcome> {
  const server = await concord.start();
  try {
    const chair = await server.seat('chair', 'chair', null);
    await server.ask(chair, `/api/meetings/${server.meeting}/set-observer-view`, { view: 'bracketed' });
    const cookie = await server.seat('observer', 'observer', null);
    const deliveries = new Deliveries();
    const writers = await writersOf(server, deliveries);
    const load = new LoadClients(server, cookie);
    // The first few warm up the code; their cost is not counted.
    await load.grow(50);
    await pause(500);
    const empty = residentOf(server.pid());
    const came = performance.now();
    await load.grow(observers - load.size);
    const connecting = (performance.now() - came) / 1000;
    await pause(2000);
    const perObserver = (): number => (residentOf(server.pid()) - empty) / (observers - 50);
    const idle = perObserver();

    const before = server.cpu();
    const begun = performance.now();
    for (let edit = 0; edit < editsASecond * seconds; edit++) {
      await pause(Math.max(0, begun + (edit * 1000) / editsASecond - performance.now()));
      writers[edit % writers.length]?.edit();
    }
    await load.until(deliveries.sentAt.length);
    const core = (server.cpu() - before) / ((performance.now() - begun) / 1000);
    const atEnd = perObserver();
    const { latencies, served, events } = load.account(deliveries.sentAt);
    for (const writer of writers) writer.close();
    load.leave();
    return {
      served,
      median: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      core,
      idle,
      atEnd,
      connecting,
      events,
    };
  } finally {
    await server.stop();
  }
}

const needed = observers + 500;
const limit = openFiles();
if (limit < needed) {
  console.error(
    `gallery: ${observers} observers need ${needed} open files in the server and as many here, and the limit is ${limit}: ` +
      `run \`ulimit -n ${needed}\` first, or OBSERVERS=${Math.max(0, limit - 500)}`,
  );
  process.exit(1);
}
printHead();
const outcomes: Outcome[] = [];
for (let round = 0; round < rounds; round++) outcomes.push(await measure());
const of = (pick: (outcome: Outcome) => number): number => middle(outcomes.map(pick));
const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;
printRow(
  'gallery',
  `${observers} observers of one text, ${editsASecond} edits a second for ${seconds} s`,
  'all served, p99 ≤ 1 s, ≤ 60 % of one core, ≤ 20 KB an observer',
  `${of(({ served }) => served)} served, median ${of(({ median }) => median).toFixed(0)} ms, ` +
    `p99 ${of(({ p99 }) => p99).toFixed(0)} ms, ${(100 * of(({ core }) => core)).toFixed(0)} % of one core, ` +
    `${kilobytes(of(({ idle }) => idle))} an observer (${kilobytes(of(({ atEnd }) => atEnd))} at the end of the load); ` +
    `${of(({ events }) => events)} events each; all connected within ${of(({ connecting }) => connecting).toFixed(1)} s`,
);
