import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { messageType, syncType } from '../../shared/protocol/wire.ts';
import { textOf } from '../../shared/text/document.ts';
import { Deliveries, LoadClient } from './load/client.ts';
import { concord, type RunningConcord } from './load/contestants.ts';
import { middle, openFiles, pause, printHead, printRow, rounds } from './load/report.ts';

/** A server that is killed and started again: all drafting clients reconnect at once, with their documents. */
const editors = Number(process.env.EDITORS ?? 1000);
/** So many of them have written; each of those left a client id in everybody's state vector. */
const writers = Math.min(editors, 100);
const wordsEach = 5;

interface Outcome {
  /** From the kill to the first answer of the new process, ms. */
  readonly down: number;
  /** From the first answer until everybody was synced, ms. */
  readonly synced: number;
  /** CPU of the new process until then, ms. */
  readonly cpu: number;
  readonly count: number;
}

const message = (type: number, payload: Uint8Array): Uint8Array => {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, messageType.sync);
  encoding.writeVarUint(encoder, type);
  encoding.writeVarUint8Array(encoder, payload);
  return encoding.toUint8Array(encoder);
};

/** Reconnects a document that was drafted in before, and resolves when the server's step 2 is in it. */
function comeBack(server: RunningConcord, { doc, person }: LoadClient): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(server.url(0, person, doc.clientID), {
      headers: server.headers(person),
      perMessageDeflate: false,
    });
    socket.binaryType = 'nodebuffer';
    socket.on('error', reject);
    socket.on('close', (code, reason) => reject(new Error(`sent away: ${code} ${reason.toString()}`)));
    socket.on('open', () => socket.send(message(syncType.step1, Y.encodeStateVector(doc))));
    socket.on('message', (data: Buffer) => {
      const decoder = decoding.createDecoder(data);
      if (decoding.readVarUint(decoder) !== messageType.sync) return;
      const type = decoding.readVarUint(decoder);
      const payload = decoding.readVarUint8Array(decoder);
      if (type === syncType.step1) {
        socket.send(message(syncType.step2, Y.encodeStateAsUpdate(doc, payload)));
        return;
      }
      Y.applyUpdate(doc, payload, 'server');
      if (type === syncType.step2) resolve(socket);
    });
  });
}

async function draft(server: RunningConcord): Promise<LoadClient[]> {
  const deliveries = new Deliveries();
  const clients = Array.from({ length: editors }, (_, person) => new LoadClient(server, 0, person, true, deliveries));
  const open = async (some: readonly LoadClient[]): Promise<void> => {
    await Promise.all(some.map((client) => client.open()));
    while (some.some(({ hasText }) => !hasText)) await pause(5);
  };
  const writing = clients.slice(0, writers);
  await open(writing);
  for (let word = 0; word < wordsEach; word++) for (const client of writing) client.edit();
  const expected = writers * wordsEach * (writers - 1);
  while (deliveries.count < expected) await pause(50);
  for (let at = writers; at < editors; at += 100) await open(clients.slice(at, at + 100));
  await pause(200);
  return clients;
}

/** All that reported being synced have the same text in the end. */
async function prove(clients: readonly LoadClient[]): Promise<void> {
  const [first] = clients;
  if (first === undefined) return;
  const all = (): boolean => {
    const length = textOf(first.doc).toString().length;
    return clients.every(({ doc }) => textOf(doc).toString().length === length);
  };
  for (let tries = 0; tries < 100; tries++) {
    if (all()) return;
    await pause(50);
  }
  throw new Error('not everybody has the same text');
}

async function measure(): Promise<Outcome> {
  const server = await concord.start();
  try {
    const clients = await draft(server);
    const killed = performance.now();
    await server.restart();
    const answered = performance.now();
    const before = server.cpu();
    const sockets = await Promise.all(clients.map((client) => comeBack(server, client)));
    const synced = performance.now() - answered;
    const cpu = (server.cpu() - before) * 1000;
    await prove(clients);
    for (const socket of sockets) {
      socket.removeAllListeners('close');
      socket.terminate();
    }
    for (const client of clients) client.close();
    return { down: answered - killed, synced, cpu, count: sockets.length };
  } finally {
    await server.stop();
  }
}

const needed = editors + 500;
if (openFiles() < needed) {
  console.error(`storm: ${editors} editors need ${needed} open files, and the limit is ${openFiles()}: \`ulimit -n\``);
  process.exit(1);
}
printHead();
const outcomes: Outcome[] = [];
for (let round = 0; round < rounds; round++) outcomes.push(await measure());
const of = (pick: (outcome: Outcome) => number): number => middle(outcomes.map(pick));
printRow(
  'storm',
  `${editors} editors of one text come back at once after a kill and a restart`,
  'all synced in ≤ 3 s',
  `${of(({ count }) => count)} synced in ${(of(({ synced }) => synced) / 1000).toFixed(2)} s ` +
    `(CPU of the server ${(of(({ cpu }) => cpu) / 1000).toFixed(2)} s); ` +
    `the new process answered ${(of(({ down }) => down) / 1000).toFixed(2)} s after the kill`,
);
