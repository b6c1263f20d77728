import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { verify } from '../../server/audit/verify.ts';
import { Room } from '../../server/room/room.ts';
import type { Entry, Log } from '../../server/storage/log.ts';
import { openMemoryLog } from '../../server/storage/memory.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { newMarkId, newRecommendationId, recommendationLog } from '../../shared/protocol/ids.ts';
import { markKey, textOf } from '../../shared/text/document.ts';
import { bringIn } from '../helpers/bringIn.ts';
import { delegate, op, party } from '../helpers/texts.ts';

/** An append with an outcome that the test decides. */
interface Pending {
  readonly entries: readonly Entry[];
  commit(): Promise<void>;
  fail(): void;
}

/** A log with a disk that the test controls. */
class HeldLog {
  readonly #kept = openMemoryLog();
  readonly pending: Pending[] = [];
  held = false;
  readonly log: Log = {
    ...this.#kept,
    append: (entries) => {
      if (!this.held) return this.#kept.append(entries);
      return new Promise((resolve, reject) => {
        this.pending.push({
          entries,
          commit: async () => resolve(await this.#kept.append(entries)),
          fail: () => reject(new ConcordError('not-stored')),
        });
      });
    },
  };
}

const argentina = delegate('ARG');
const id = newRecommendationId();

async function setting() {
  const disk = new HeldLog();
  const room = await Room.open(id, disk.log, () => 1000);
  const text = [op('c1', 'Urge states to act')];
  await bringIn(room, text);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, room.stateFor());
  disk.held = true;
  const typed = (words: string): Uint8Array => {
    const before = Y.encodeStateVector(doc);
    const clause = textOf(doc).get(0);
    const target = clause instanceof Y.XmlElement ? clause.get(0) : null;
    const mark = newMarkId();
    if (target instanceof Y.XmlText) target.insert(0, words, { [markKey('insertion', mark)]: { id: mark } });
    return Y.encodeStateAsUpdate(doc, before);
  };
  const send = (update: Uint8Array): Promise<number | null | string> =>
    room
      .submit({
        kind: 'edit',
        onBehalfOf: null,
        update: update,
        writer: {
          principal: argentina,
          capacity: () => ({ proposesFor: party('ARG') }),
          clients: new Set([doc.clientID]),
          mayBind: () => true,
        },
      })
      .then(
        ({ sequence }) => sequence,
        (error: unknown) => (error instanceof ConcordError ? error.code : String(error)),
      );
  return { disk, room, doc, typed, send };
}

it('[DISK1] a repeated edit is not acknowledged while the first copy is unstored', async () => {
  const { disk, room, typed, send } = await setting();
  const update = typed('all ');
  const first = send(update);
  // The connection closed, the client came back and sent it again: the head has it already.
  const again = send(update);
  disk.pending[0]?.fail();
  expect(await first).toBe('not-stored');
  expect(await again).toBe('not-stored');
  // When the disk is back, a third attempt is the first to succeed.
  disk.held = false;
  expect(await send(update)).toBe(2);
  expect(room.sequence).toBe(2);
});

it('[DISK1] an edit that was built on a failed one fails alone', async () => {
  const { disk, doc, typed, send } = await setting();
  const onDisk = Y.encodeStateVector(doc);
  const [lost, built] = [typed('one '), typed('two ')];
  const answers = [send(lost), send(built)];
  disk.pending[0]?.fail();
  expect(await Promise.all(answers)).toEqual(['not-stored', 'not-stored']);
  // The client sends all that it has, while the second of the two is still being stored.
  const all = send(Y.encodeStateAsUpdate(doc, onDisk));
  expect(disk.pending).toHaveLength(3);
  await disk.pending[1]?.commit();
  await new Promise((resolve) => setImmediate(resolve));
  await disk.pending[2]?.commit();
  expect(await all).toBe(2);
  expect(disk.pending).toHaveLength(3);
  expect((await verify(disk.log)).faults).toEqual([]);
  expect(await disk.log.head(recommendationLog(id))).toMatchObject({ sequence: 2 });
});
