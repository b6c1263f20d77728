import * as Y from 'yjs';
import { Room } from '../../server/room/room.ts';
import { openMemoryLog } from '../../server/storage/memory.ts';
import type { Principal } from '../../shared/meeting/principal.ts';
import {
  type MarkId,
  newClauseId,
  newMarkId,
  newRecommendationId,
  ParticipantId,
  PartyCode,
} from '../../shared/protocol/ids.ts';
import type { Clause } from '../../shared/text/clause.ts';
import { noMarks } from '../../shared/text/clause.ts';
import { markKey, textOf } from '../../shared/text/document.ts';
import { bringIn } from '../helpers/bringIn.ts';

/**
 * The cost of an edit before it goes to the disk: staged, judged, recorded, on a memory log. CPU time of the process,
 * so that other work of the machine counts little.
 */
const party = PartyCode.parse('ARG');
const who: Principal = { participant: ParticipantId.parse('argentina'), name: 'Argentina', party, role: 'delegate' };

/** `fresh`: each edit is an amendment of its own; otherwise one more word in the writer's one amendment. */
async function cost(clauses: number, amendments: number, edits: number, fresh: boolean): Promise<number> {
  const room = await Room.open(newRecommendationId(), openMemoryLog(), () => Date.now());
  const text: Clause[] = Array.from({ length: clauses }, () => ({
    id: newClauseId(),
    kind: 'operative',
    level: 0,
    insertion: null,
    runs: [{ text: 'word '.repeat(60), marks: noMarks }],
  }));
  await bringIn(room, text);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, room.stateFor());
  const type = async (at: number, place: number, id: MarkId): Promise<number> => {
    const clause = textOf(doc).get(at);
    const words = clause instanceof Y.XmlElement ? clause.get(0) : null;
    if (!(words instanceof Y.XmlText)) throw new Error('no words');
    let update: Uint8Array = new Uint8Array();
    doc.once('update', (bytes: Uint8Array) => {
      update = bytes;
    });
    words.insert(place, 'new ', { [markKey('insertion', id)]: { id } });
    const begun = process.cpuUsage();
    await room.submit({
      kind: 'edit',
      onBehalfOf: null,
      update: update,
      writer: {
        principal: who,
        capacity: () => ({ proposesFor: party }),
        clients: new Set([doc.clientID]),
        mayBind: () => true,
      },
    });
    const { user, system } = process.cpuUsage(begun);
    return user + system;
  };
  for (let at = 0; at < amendments; at++) await type(0, at * 2, newMarkId());
  const one = newMarkId();
  await type(1, 7, one);
  const next = (at: number): Promise<number> => (fresh ? type(0, at % 100, newMarkId()) : type(1, 12 + 4 * at, one));
  const warmUp = fresh ? 20 : 500;
  for (let at = 0; at < warmUp; at++) await next(at);
  let spent = 0;
  for (let at = warmUp; at < warmUp + edits; at++) spent += await next(at);
  return spent / edits;
}

for (const [clauses, amendments, edits, fresh] of [
  [10, 0, 1000, false],
  [200, 0, 1000, false],
  [200, 0, 200, true],
  [200, 50, 200, true],
  [200, 400, 200, true],
] as const)
  console.log(
    `${clauses} clauses, ${fresh ? `${amendments} amendments in the one that is edited, and one more each time` : 'a word more in one amendment'}: ${(await cost(clauses, amendments, edits, fresh)).toFixed(0)} µs an edit`,
  );
