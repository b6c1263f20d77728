import { performance } from 'node:perf_hooks';
import * as Y from 'yjs';
import { openMemoryLog } from '../../server/log/memory.ts';
import { Room } from '../../server/room/room.ts';
import { stageText, stageUpdate } from '../../server/room/stage.ts';
import type { Clause } from '../../shared/clause.ts';
import { noMarks } from '../../shared/clause.ts';
import { markKey, textOf } from '../../shared/document.ts';
import { newClauseId, newMarkId, newRecommendationId, ParticipantId, PartyCode } from '../../shared/ids.ts';
import { openStatus } from '../../shared/ledger.ts';
import type { Principal } from '../../shared/principal.ts';

/** What an edit costs the server before it goes to the disk: staged, judged, recorded, on a memory log. */
const party = PartyCode.parse('ARG');
const who: Principal = { participant: ParticipantId.parse('argentina'), name: 'Argentina', party, role: 'delegate' };

async function cost(clauses: number, amendments: number, edits: number): Promise<number> {
  const room = await Room.open(newRecommendationId(), openMemoryLog(), () => Date.now());
  const text: Clause[] = Array.from({ length: clauses }, () => ({
    id: newClauseId(),
    kind: 'operative',
    level: 0,
    insertion: null,
    runs: [{ text: 'word '.repeat(60), marks: noMarks }],
  }));
  await room.submit({
    by: { administrator: 'importer' },
    onBehalfOf: null,
    deed: { type: 'create', source: 'bench' },
    stage: (head) =>
      stageText(
        head,
        text,
        text.map(({ id }) => ({ of: 'clause' as const, id, value: { sponsors: [], status: openStatus } })),
      ),
  });
  const doc = new Y.Doc();
  Y.applyUpdate(doc, room.stateFor());
  const type = async (at: number, place: number): Promise<number> => {
    const clause = textOf(doc).get(at);
    const words = clause instanceof Y.XmlElement ? clause.get(0) : null;
    if (!(words instanceof Y.XmlText)) throw new Error('no words');
    const id = newMarkId();
    let update: Uint8Array = new Uint8Array();
    doc.once('update', (bytes: Uint8Array) => {
      update = bytes;
    });
    words.insert(place, 'new ', { [markKey('insertion', id)]: { id } });
    const begun = performance.now();
    await room.submit({
      by: who,
      onBehalfOf: null,
      deed: { type: 'typing' },
      stage: (head, now) =>
        stageUpdate(
          head,
          update,
          {
            principal: who,
            hand: () => ({ proposesFor: party }),
            clients: new Set([doc.clientID]),
            mayBind: () => true,
          },
          now,
        ),
    });
    return performance.now() - begun;
  };
  for (let at = 0; at < amendments; at++) await type(0, at * 2);
  let spent = 0;
  for (let at = 0; at < edits; at++) spent += await type(0, at % 100);
  return (spent / edits) * 1000;
}

for (const [clauses, amendments] of [
  [200, 0],
  [200, 50],
  [200, 400],
] as const)
  console.log(
    `${clauses} clauses, ${amendments} amendments in the one that is edited: ${(await cost(clauses, amendments, 200)).toFixed(0)} µs an edit`,
  );
