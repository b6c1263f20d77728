import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import * as Y from 'yjs';
import { Connection, type Surroundings, syncFrame } from '../../../server/room/connection.ts';
import { Pace } from '../../../server/room/pace.ts';
import { wireFrame } from '../../../server/room/wire.ts';
import { ParticipantId } from '../../../shared/ids.ts';
import { syncType } from '../../../shared/protocol.ts';

it('[ROOM5] What is shown while an answer is made comes after it: the client would send it back', async () => {
  const written: string[] = [];
  const line = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString());
      done();
    },
  });
  const socket = { bufferedAmount: 0, readyState: 1, OPEN: 1, pause() {}, resume() {}, send() {}, close() {} };
  let answer: (made: { step1: Buffer; step2: Buffer }) => void = () => undefined;
  const around: Partial<Surroundings> = {
    answers: {
      to: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    } as unknown as Surroundings['answers'],
    presence: { everybody: () => null } as unknown as Surroundings['presence'],
    pace: new Pace(),
  };
  const greeting = {
    participant: ParticipantId.parse('argentina'),
    session: 's',
    clients: [],
    verdicts: true,
    as: null,
  };
  const connection = new Connection(socket as unknown as WebSocket, line, greeting, around as Surroundings);
  connection.receive(syncFrame(syncType.step1, Y.encodeStateVector(new Y.Doc())));
  connection.sendFramed(wireFrame(Buffer.from('somebody’s words')));
  expect(written).toEqual([]);
  answer({ step1: Buffer.from('what have you got?'), step2: Buffer.from('the text') });
  await new Promise((resolve) => setImmediate(resolve));
  connection.sendFramed(Buffer.from('more'));
  expect(written.slice(0, 2)).toEqual(['the text', 'what have you got?']);
  expect(written[2]).toContain('somebody’s words');
  expect(written[3]).toBe('more');
});

it('[ROOM2] What a participant sends waits for as long as the participant must, and comes in its order', async () => {
  const asked: number[] = [];
  const waits = [20, 10, 0, 0];
  const around: Partial<Surroundings> = {
    answers: {
      to: (stateVector: Uint8Array) => {
        asked.push(stateVector.length);
        return new Promise(() => undefined);
      },
    } as unknown as Surroundings['answers'],
    pace: { wait: () => waits.shift() ?? 0 } as unknown as Pace,
  };
  const socket = { readyState: 1, OPEN: 1, pause() {}, resume() {} };
  const greeting = {
    participant: ParticipantId.parse('argentina'),
    session: 's',
    clients: [],
    verdicts: true,
    as: null,
  };
  const connection = new Connection(
    socket as unknown as WebSocket,
    new Writable(),
    greeting,
    around as unknown as Surroundings,
  );
  const longer = new Y.Doc();
  longer.getText('text').insert(0, 'x');
  connection.receive(syncFrame(syncType.step1, Y.encodeStateVector(longer)));
  connection.receive(syncFrame(syncType.step1, Y.encodeStateVector(new Y.Doc())));
  expect(asked).toEqual([]);
  await expect.poll(() => asked.length, { timeout: 5000 }).toBe(2);
  expect(asked[0]).toBeGreaterThan(asked[1] ?? 0);
  expect(waits).toEqual([]);
});
