import * as decoding from 'lib0/decoding';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { Room } from '../../../server/room/room.ts';
import { Turns } from '../../../server/runtime/turns.ts';
import { openMemoryLog } from '../../../server/storage/memory.ts';
import { type Answer, Answers } from '../../../server/sync/answers.ts';
import { AccountId, newRecommendationId } from '../../../shared/protocol/ids.ts';
import { textOf } from '../../../shared/text/document.ts';
import { op } from '../../helpers/texts.ts';

const account = (name: string): AccountId => AccountId.parse(name.padEnd(8, '0'));

/** Asks for an answer, and takes it at once. */
async function ask(answers: Answers, vector: Uint8Array, whose = account('anybody')): Promise<Answer> {
  let given: Answer | null = null;
  await answers.give(answers.read(vector), whose, async (answer) => {
    given = answer;
  });
  if (given === null) throw new Error('no answer');
  return given;
}

const open = () => Room.open(newRecommendationId(), openMemoryLog(), () => 1000);
const write = (room: Room, id: string, words: string) =>
  room.submit({
    kind: 'text',
    by: { operator: 'importer' },
    source: 'test',
    text: [op(id, words)],
    events: [],
  });

/** The content of a framed sync message of less than 126 or of less than 65,536 bytes. */
function payloadOf(frame: Buffer): Uint8Array {
  const decoder = decoding.createDecoder(frame.subarray((frame[1] ?? 0) < 126 ? 2 : 4));
  decoding.readVarUint(decoder);
  decoding.readVarUint(decoder);
  return decoding.readVarUint8Array(decoder);
}

describe('[ROOM4] A question that many ask at once is answered once', () => {
  it('with the same bytes for the same state vector, and others for another', async () => {
    const room = await open();
    await write(room, 'c1', 'first words');
    const answers = new Answers(room, new Turns());
    const empty = new Uint8Array([0]);
    const { step1, step2: whole } = await ask(answers, empty);
    expect((await ask(answers, Uint8Array.from(empty))).step2).toBe(whole);
    const doc = new Y.Doc();
    Y.applyUpdate(doc, payloadOf(whole));
    expect(Y.encodeStateVector(doc)).toEqual(payloadOf(step1));
    const { step2: nothingNew } = await ask(answers, Y.encodeStateVector(doc));
    expect(nothingNew.length).toBeLessThan(whole.length);
    expect(payloadOf(nothingNew)).toEqual(room.stateFor(Y.encodeStateVector(doc)));
  });

  it('until there is something new', async () => {
    const room = await open();
    await write(room, 'c1', 'first words');
    const answers = new Answers(room, new Turns());
    const doc = new Y.Doc();
    Y.applyUpdate(doc, payloadOf((await ask(answers, new Uint8Array([0]))).step2));
    const vector = Y.encodeStateVector(doc);
    const before = await ask(answers, vector);
    await write(room, 'c2', 'second words');
    const after = await ask(answers, vector);
    Y.applyUpdate(doc, payloadOf(after.step2));
    expect(textOf(doc).toString()).toContain('second words');
    expect(Y.encodeStateVector(doc)).toEqual(payloadOf(after.step1));
    expect(after.step1).not.toEqual(before.step1);
  });

  it('and keeps a few answers, however many different ones are asked for', async () => {
    const room = await open();
    await write(room, 'c1', 'words '.repeat(20));
    const answers = new Answers(room, new Turns());
    const vector = (clock: number) => new Uint8Array([1, 1, clock]);
    const first = await ask(answers, vector(1));
    for (let clock = 2; clock < 100; clock++) await ask(answers, vector(clock));
    expect(await ask(answers, vector(1))).not.toBe(first);
    expect(await ask(answers, vector(1))).toEqual(first);
    expect(() => answers.read(new Uint8Array([2, 200]))).toThrow('malformed-message');
  });

  it('and one that names what the room never had, or more than it has, is answered as any other', async () => {
    const room = await open();
    await write(room, 'c1', 'first words');
    const answers = new Answers(room, new Turns());
    const whole = await ask(answers, new Uint8Array([0]));
    for (let client = 2; client < 100; client++) expect(await ask(answers, new Uint8Array([1, client, 1]))).toBe(whole);
    const all = await ask(answers, new Uint8Array([1, 1, 120]));
    expect(payloadOf(all.step2)).toEqual(room.stateFor(payloadOf(whole.step1)));
    expect(await ask(answers, new Uint8Array([1, 1, 121]))).toBe(all);
  });
});

describe('[ROOM2] Answers that are nobody else’s too', () => {
  it('are made a few at once for one account, and others don’t wait for those that it doesn’t take', async () => {
    const room = await open();
    await write(room, 'c1', 'words '.repeat(20));
    const answers = new Answers(room, new Turns());
    const taken: (() => void)[] = [];
    let made = 0;
    const given = Array.from({ length: 30 }, (_, at) =>
      answers.give(answers.read(new Uint8Array([1, 1, 1 + at])), account('hostile'), () => {
        made += 1;
        return new Promise((resolve) => taken.push(resolve));
      }),
    );
    await expect.poll(() => made).toBe(8);
    await ask(answers, new Uint8Array([1, 1, 100]), account('honest'));
    expect(made).toBe(8);
    // Each one that is taken makes room for the next.
    const take = setInterval(() => taken.shift()?.(), 1);
    await Promise.all(given);
    clearInterval(take);
    expect(made).toBe(30);
  });
});
