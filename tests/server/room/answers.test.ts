import * as decoding from 'lib0/decoding';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { openMemoryLog } from '../../../server/log/memory.ts';
import { Answers } from '../../../server/room/answers.ts';
import { Room } from '../../../server/room/room.ts';
import { stageText } from '../../../server/room/stage.ts';
import { textOf } from '../../../shared/document.ts';
import { newRecommendationId } from '../../../shared/ids.ts';
import { op } from '../../helpers/texts.ts';

const open = () => Room.open(newRecommendationId(), openMemoryLog(), () => 1000);
const write = (room: Room, id: string, words: string) =>
  room.submit({
    by: { administrator: 'importer' },
    onBehalfOf: null,
    deed: { type: 'create', source: 'test' },
    stage: (head) => stageText(head, [op(id, words)], []),
  });

/** What a framed sync message of less than 126 or of less than 65,536 bytes carries. */
function payloadOf(frame: Buffer): Uint8Array {
  const decoder = decoding.createDecoder(frame.subarray((frame[1] ?? 0) < 126 ? 2 : 4));
  decoding.readVarUint(decoder);
  decoding.readVarUint(decoder);
  return decoding.readVarUint8Array(decoder);
}

describe('[ROOM4] What many ask at once is answered once', () => {
  it('with the same bytes for the same state vector, and others for another', async () => {
    const room = await open();
    await write(room, 'c1', 'first words');
    const answers = new Answers(room);
    const empty = new Uint8Array([0]);
    const { step1, step2: whole } = await answers.to(empty);
    expect((await answers.to(Uint8Array.from(empty))).step2).toBe(whole);
    const doc = new Y.Doc();
    Y.applyUpdate(doc, payloadOf(whole));
    expect(Y.encodeStateVector(doc)).toEqual(payloadOf(step1));
    const { step2: nothingNew } = await answers.to(Y.encodeStateVector(doc));
    expect(nothingNew.length).toBeLessThan(whole.length);
    expect(payloadOf(nothingNew)).toEqual(room.stateFor(Y.encodeStateVector(doc)));
  });

  it('until there is something new', async () => {
    const room = await open();
    await write(room, 'c1', 'first words');
    const answers = new Answers(room);
    const doc = new Y.Doc();
    Y.applyUpdate(doc, payloadOf((await answers.to(new Uint8Array([0]))).step2));
    const vector = Y.encodeStateVector(doc);
    const before = await answers.to(vector);
    await write(room, 'c2', 'second words');
    const after = await answers.to(vector);
    Y.applyUpdate(doc, payloadOf(after.step2));
    expect(textOf(doc).toString()).toContain('second words');
    expect(Y.encodeStateVector(doc)).toEqual(payloadOf(after.step1));
    expect(after.step1).not.toEqual(before.step1);
  });

  it('and keeps a few answers, however many different ones are asked for', async () => {
    const room = await open();
    await write(room, 'c1', 'first words');
    const answers = new Answers(room);
    const vector = (client: number) => new Uint8Array([1, client, 1]);
    const first = await answers.to(vector(2));
    for (let client = 3; client < 100; client++) await answers.to(vector(client));
    expect(await answers.to(vector(2))).not.toBe(first);
    expect(await answers.to(vector(2))).toEqual(first);
    await expect(answers.to(new Uint8Array([2, 200]))).rejects.toThrow();
  });
});
