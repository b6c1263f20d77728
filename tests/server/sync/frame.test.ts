import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { wireFrame } from '../../../server/sync/frame.ts';

const http = createServer();
const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
let url = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  url = `ws://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(() => {
  sockets.close();
  http.close();
});

describe('[ROOM4] A frame that is made once is one that everybody reads', () => {
  it('at any length, and between frames that ws makes', async () => {
    const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 300_000];
    const messages = lengths.map((length) => new Uint8Array(length).map((_, at) => at % 251));
    sockets.once('connection', (socket, request) => {
      for (const message of messages) {
        request.socket.write(wireFrame(message));
        socket.send(message);
      }
    });
    const heard: Buffer[] = [];
    const client = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      client.on('message', (data: Buffer, binary) => {
        expect(binary).toBe(true);
        heard.push(data);
        if (heard.length === 2 * lengths.length) resolve();
      });
      client.on('error', reject);
      client.on('close', () => reject(new Error('closed')));
    });
    expect(heard.map(({ length }) => length)).toEqual(lengths.flatMap((length) => [length, length]));
    for (const [at, data] of heard.entries())
      expect(Buffer.compare(data, Buffer.from(messages[at >> 1] ?? []))).toBe(0);
    client.removeAllListeners('close');
    client.terminate();
  });
});
