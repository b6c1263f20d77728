import * as Y from 'yjs';
import { Room } from '../../server/room/room.ts';
import { openMemoryLog } from '../../server/storage/memory.ts';
import type { Principal } from '../../shared/meeting/principal.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { newMarkId, newRecommendationId } from '../../shared/protocol/ids.ts';
import type { Capacity } from '../../shared/text/authority.ts';
import { markKey, textOf } from '../../shared/text/document.ts';
import { bringIn } from './bringIn.ts';
import { delegate, op, party } from './texts.ts';

/** The text node of a clause. Throws where it has none. */
export function wordsAt(doc: Y.Doc, clause: number): Y.XmlText {
  const element = textOf(doc).get(clause);
  const words = element instanceof Y.XmlElement ? element.get(0) : null;
  if (!(words instanceof Y.XmlText)) throw new Error('no words there');
  return words;
}

/** Makes a change in a document, and returns the update that a program would send. */
export function changing(doc: Y.Doc, work: () => void): Uint8Array {
  const updates: Uint8Array[] = [];
  const collect = (bytes: Uint8Array): void => {
    updates.push(bytes);
  };
  doc.on('update', collect);
  doc.transact(work);
  doc.off('update', collect);
  return Y.mergeUpdates(updates);
}

/** Sends an update as a connection does; returns the code of the refusal, or the outcome. */
export async function send(
  room: Room,
  update: Uint8Array,
  who: Principal,
  clients: ReadonlySet<number>,
  capacity: Capacity = who.party === null ? { edits: 'base' } : { proposesFor: who.party },
): Promise<string> {
  try {
    const { sequence } = await room.submit({
      kind: 'edit',
      onBehalfOf: who.party === null && 'proposesFor' in capacity ? capacity.proposesFor : null,
      update: update,
      writer: { principal: who, capacity: () => capacity, clients, mayBind: () => true },
    });
    return sequence === null ? 'nothing new' : 'accepted';
  } catch (error) {
    if (error instanceof ConcordError) return error.code;
    throw error;
  }
}

export const parties = ['ARG', 'BRA', 'CAN', 'CHL', 'PER'] as const;

/** A text under negotiation: clauses of 60 words, and amendments of five parties that replace a word each. */
export async function negotiated(clauses = 200, amendments = 500): Promise<Room> {
  const room = await Room.open(newRecommendationId(), openMemoryLog(), () => Date.now());
  await bringIn(
    room,
    Array.from({ length: clauses }, (_, at) => op(`c${1000 + at}`, 'word '.repeat(60))),
  );
  for (const [turn, code] of parties.slice(0, amendments).entries()) {
    const doc = new Y.Doc();
    Y.applyUpdate(doc, (await room.stateOnDisk()).update);
    const update = changing(doc, () => {
      for (let at = turn; at < amendments; at += parties.length) {
        const id = newMarkId();
        const words = wordsAt(doc, at % clauses);
        const from = 20 * turn + 5 * Math.floor(at / clauses);
        words.format(from, 4, { [markKey('deletion', id)]: { id } });
        words.insert(from + 4, 'other', { [markKey('insertion', id)]: { id } });
      }
    });
    const outcome = await send(room, update, delegate(code), new Set([doc.clientID]), { proposesFor: party(code) });
    if (outcome !== 'accepted') throw new Error(`an amendment was refused: ${outcome}`);
  }
  return room;
}
