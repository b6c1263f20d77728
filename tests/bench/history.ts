import { monitorEventLoopDelay } from 'node:perf_hooks';
import * as Y from 'yjs';
import { Histories } from '../../server/audit/history.ts';
import { Room } from '../../server/room/room.ts';
import { openMemoryLog } from '../../server/storage/memory.ts';
import type { Principal } from '../../shared/meeting/principal.ts';
import {
  AccountId,
  type MarkId,
  newClauseId,
  newMarkId,
  newRecommendationId,
  ParticipantId,
  PartyCode,
} from '../../shared/protocol/ids.ts';
import { noMarks } from '../../shared/text/clause.ts';
import { markKey, textOf } from '../../shared/text/document.ts';
import { bringIn } from '../helpers/bringIn.ts';

/**
 * The cost of one request for the history of a clause: time, memory, and the longest hold of the event loop. In the
 * clause every other letter is struck; one delegation edits it, or several in turn, so that every entry is an act of
 * its own.
 */
const runs = Number(process.env.RUNS ?? 4900);
const edits = Number(process.env.EDITS ?? 600);
/** Amendments that strike the letters. */
const marks = Number(process.env.MARKS ?? 1);
/** Letters that one update strikes. */
const perUpdate = 400;

async function measure(authors: number): Promise<void> {
  const log = openMemoryLog();
  const id = newRecommendationId();
  const room = await Room.open(id, log, () => Date.now());
  const clause = newClauseId();
  const words = 'ab'.repeat(runs / 2);
  await bringIn(room, [
    { id: clause, kind: 'operative', level: 0, insertion: null, runs: [{ text: words, marks: noMarks }] },
  ]);
  const people = Array.from({ length: authors }, (_, at) => {
    const party = PartyCode.parse(`P${at}`);
    const who: Principal = {
      participant: ParticipantId.parse(`participant${at}`),
      name: `P${at}`,
      party,
      role: 'delegate',
    };
    const doc = new Y.Doc();
    Y.applyUpdate(doc, room.stateFor());
    return { party, who, doc, own: newMarkId() };
  });
  const change = async (at: number, work: (text: Y.XmlText, own: MarkId) => void): Promise<void> => {
    const person = people[at % authors];
    const element = person === undefined ? undefined : textOf(person.doc).get(0);
    const text = element instanceof Y.XmlElement ? element.get(0) : null;
    if (person === undefined || !(text instanceof Y.XmlText)) throw new Error('no words');
    const { party, who, doc, own } = person;
    Y.applyUpdate(doc, room.stateFor(Y.encodeStateVector(doc)));
    let update: Uint8Array = new Uint8Array();
    doc.once('update', (bytes: Uint8Array) => {
      update = bytes;
    });
    doc.transact(() => work(text, own));
    const capacity = { proposesFor: party };
    const writer = { principal: who, capacity: () => capacity, clients: new Set([doc.clientID]), mayBind: () => true };
    await room.submit({
      kind: 'edit',
      onBehalfOf: null,
      update: update,
      writer: writer,
    });
  };
  const strikes = Array.from({ length: marks }, () => newMarkId());
  for (let from = 0; from < runs / 2; from += perUpdate)
    await change(0, (text) => {
      for (let at = from; at < Math.min(runs / 2, from + perUpdate); at++) {
        const mark = strikes[at % marks] ?? newMarkId();
        text.format(at * 2, 1, { [markKey('deletion', mark)]: { id: mark } });
      }
    });
  for (let at = 0; at < edits; at++)
    await change(at, (text, own) => text.insert(text.length, 'x', { [markKey('insertion', own)]: { id: own } }));

  const histories = new Histories(log);
  const requester = { account: AccountId.parse('benchmark'), gone: new AbortController().signal };
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  const begun = performance.now();
  const cpu = process.cpuUsage();
  const page = await histories.page(id, clause, { limit: 50 }, requester);
  const first = performance.now() - begun;
  const spent = process.cpuUsage(cpu);
  await new Promise((resolve) => setTimeout(resolve, 5));
  delays.disable();
  clearInterval(sampling);
  const again = performance.now();
  await histories.page(id, clause, { limit: 50 }, requester);
  console.log(
    `${room.text()[0]?.runs.length} runs, ${room.sequence} entries of ${authors}: first ${first.toFixed(0)} ms (CPU ` +
      `${((spent.user + spent.system) / 1000).toFixed(0)}), event loop held ${(delays.max / 1e6).toFixed(0)} ms at the longest, ` +
      `${(delays.percentile(99) / 1e6).toFixed(0)} ms p99, ${((peak - before) / 1e6).toFixed(0)} MB more, ${(page.length / 1000).toFixed(0)} kB sent; again ` +
      `${(performance.now() - again).toFixed(1)} ms`,
  );
  room.destroy();
}

for (const authors of [1, 2]) await measure(authors);
