import { isDeepStrictEqual } from 'node:util';
import * as Y from 'yjs';
import type { RecommendationView } from '../../../shared/protocol/contract.ts';
import { clauseText } from '../../../shared/text/clause.ts';
import { readText, recordOf } from '../../../shared/text/document.ts';
import type { Ordered } from './chair.ts';
import type { Device } from './device.ts';
import { wordsIn } from './hands.ts';
import type { Record } from './record.ts';
import type { Tally } from './tally.ts';

/** What honest people are refused for: the chair adopted, rejected or locked what they were just typing in. */
const explained = new Set(['clause-locked', 'mark-closed', 'not-your-words', 'mark-misused', 'clause-gone']);

/** All that a device was shown, and was told is saved, is in the record, word for word. */
export function holdPromises(device: Device, record: Record, tally: Tally): void {
  const { name, participant } = device.seat;
  for (const update of device.shown) {
    const missing = record.missing(update);
    if (missing !== null) throw new Error(`${name} was shown what is not in the record: ${missing}`);
    tally.shown += 1;
  }
  for (const { update, sequence } of device.told) {
    const missing = record.missing(update);
    if (missing !== null) throw new Error(`${name} was told that it is saved, and ${missing}`);
    tally.told += 1;
    if (sequence === null) continue;
    const actor = record.header(sequence)?.actor;
    if (actor === undefined || !('role' in actor) || actor.participant !== participant)
      throw new Error(`entry ${sequence} should be by ${name}`);
  }
  for (const [code, count] of device.refusals) {
    if (!explained.has(code)) throw new Error(`${name} was refused for no reason: ${code}`);
    tally.refused.set(code, (tally.refused.get(code) ?? 0) + count);
  }
  device.forget();
}

/** Commands that were answered stand under their number. */
export function holdOrders(ordered: readonly Ordered[], records: readonly Record[], tally: Tally): void {
  for (const { place, sequence, type } of ordered) {
    const header = records.find(({ id }) => id === place)?.header(sequence);
    if (header?.command.type !== type) throw new Error(`entry ${sequence} should be the chair’s ${type}`);
    tally.told += 1;
  }
}

/** The replayed record, the server's own view, and every device that is connected show the same; no words came in twice. */
export function holdReplicas(devices: readonly Device[], { replica }: Record, view: RecommendationView): void {
  const text = readText(replica.doc);
  const same = (one: unknown, other: unknown, otherwise: string): void => {
    if (!isDeepStrictEqual(one, other)) throw new Error(otherwise);
  };
  same(replica.text(), text, 'the replayed text is not what it is told to be');
  same(view.sequence, replica.sequence, `the server shows entry ${view.sequence}, not ${replica.sequence}`);
  const words = text.map(clauseText);
  same(
    view.clauses.map((clause) => clause.text),
    words,
    'the server shows another text',
  );
  const all = words.flatMap(wordsIn);
  same(new Set(all).size, all.length, 'words came in twice');
  const record = recordOf(replica.doc).toJSON();
  for (const { doc, connected, seat } of devices) {
    if (!connected) continue;
    same(readText(doc), text, `${seat.name} sees another text`);
    same(recordOf(doc).toJSON(), record, `${seat.name} sees another record`);
    // As maps: the order of clients in the bytes is that of their coming.
    same(
      Y.decodeStateVector(Y.encodeStateVector(doc)),
      Y.decodeStateVector(Y.encodeStateVector(replica.doc)),
      `${seat.name} has another state`,
    );
  }
}
