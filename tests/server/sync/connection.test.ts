import { Writable } from 'node:stream';
import * as encoding from 'lib0/encoding';
import { expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { Answer } from '../../../server/sync/answers.ts';
import { Connection, type Surroundings, syncFrame } from '../../../server/sync/connection.ts';
import { wireFrame } from '../../../server/sync/frame.ts';
import type { Pace } from '../../../server/sync/pace.ts';
import { readStateVector, type StateVector } from '../../../server/yjs/stateVector.ts';
import { AccountId, ParticipantId } from '../../../shared/protocol/ids.ts';
import { messageType, syncType } from '../../../shared/protocol/wire.ts';

/** A connection with answers that the test triggers, and waits of given lengths for its participant, in turn. */
function open(waits: number[] = []) {
  const written: string[] = [];
  const line = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString());
      done();
    },
  });
  const asked: StateVector[] = [];
  const presence: string[] = [];
  let answer: (made: Answer) => void = () => undefined;
  const socket = {
    bufferedAmount: 0,
    readyState: 1,
    OPEN: 1,
    pause() {},
    resume() {},
    send: (message: Uint8Array) => presence.push(Buffer.from(message).toString()),
    close() {},
    terminate() {},
  };
  const answers: Surroundings['answers'] = {
    read: (bytes) => readStateVector(bytes, 100),
    give: async (vector, _whose, write) => {
      asked.push(vector);
      await write(
        await new Promise<Answer>((resolve) => {
          answer = resolve;
        }),
      );
    },
  };
  const around: Partial<Surroundings> = {
    answers,
    presence: { everybody: () => Buffer.from('who is here') } as unknown as Surroundings['presence'],
    pace: { wait: () => waits.shift() ?? 0 } as unknown as Pace,
  };
  const greeting = {
    participant: ParticipantId.parse('argentina'),
    account: AccountId.parse('argentina'),
    session: 's',
    clients: [],
    verdicts: true,
    as: null,
  };
  const connection = new Connection(socket as unknown as WebSocket, line, greeting, around as Surroundings);
  return { connection, written, asked, presence, answer: (made: Answer) => answer(made) };
}
const frames = (step2: string): Answer => ({ step1: Buffer.from('what have you got?'), step2: Buffer.from(step2) });
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('[ROOM5] An update shown while an answer is made comes after it: the client would send it back', async () => {
  const { connection, written, answer } = open();
  connection.receive(syncFrame(syncType.step1, new Uint8Array([0])));
  connection.sendFramed(wireFrame(Buffer.from('somebody’s words')));
  expect(written).toEqual([]);
  answer(frames('the text'));
  await turn();
  connection.sendFramed(Buffer.from('more'));
  expect(written.slice(0, 2)).toEqual(['the text', 'what have you got?']);
  expect(written[2]).toContain('somebody’s words');
  expect(written[3]).toBe('more');
});

it('[ROOM2] However often a connection asks, one answer is under way, and the next has what all of them miss', async () => {
  const { connection, written, asked, answer } = open();
  const vector = (...entries: readonly number[]) => new Uint8Array([entries.length / 2, ...entries]);
  connection.receive(syncFrame(syncType.step1, vector(5, 9, 7, 3)));
  for (let times = 0; times < 500; times++)
    connection.receive(syncFrame(syncType.step1, vector(5, 9 + (times % 9), 7, 4)));
  connection.receive(syncFrame(syncType.step1, vector(5, 10, 8, 1)));
  await turn();
  expect(asked).toHaveLength(1);
  answer(frames('first'));
  await turn();
  expect(asked).toEqual([
    new Map([
      [5, 9],
      [7, 3],
    ]),
    new Map([[5, 9]]),
  ]);
  answer(frames('second'));
  await turn();
  await turn();
  expect([written, asked.length]).toEqual([['first', 'what have you got?', 'second'], 2]);
  // It is over: the next question has its own answer.
  connection.receive(syncFrame(syncType.step1, vector(5, 20)));
  expect(asked[2]).toEqual(new Map([[5, 20]]));
});

it('[ROOM2] However often it asks who is here, it is told now and then', async () => {
  const { connection, presence } = open();
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, messageType.queryAwareness);
  for (let times = 0; times < 500; times++) connection.receive(encoding.toUint8Array(encoder));
  await expect.poll(() => presence.length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(presence).toEqual(['who is here']);
});

it('[ROOM2] A participant’s messages wait for as long as the participant must, and keep their order', async () => {
  const waits = [20, 10];
  const { connection, asked } = open(waits);
  connection.receive(syncFrame(syncType.step1, new Uint8Array([1, 5, 9])));
  connection.receive(syncFrame(syncType.step1, new Uint8Array([1, 5, 8])));
  await turn();
  expect(asked).toEqual([]);
  await expect.poll(() => asked.length, { timeout: 5000 }).toBe(1);
  expect([asked[0], waits]).toEqual([new Map([[5, 9]]), []]);
});
