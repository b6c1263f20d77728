import { connect as dial, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { Connections } from '../../../server/http/connections.ts';
import { AccountId } from '../../../shared/protocol/ids.ts';
import { connect, propose } from '../../helpers/hostileClient.ts';
import { startMeeting } from '../../helpers/meeting.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
const account = (name: string): AccountId => AccountId.parse(name.padEnd(8, '0'));

describe('[LINE4] However many read along, or say nothing', () => {
  it('drafting gets a connection', async () => {
    const meeting = await startMeeting({ env: { MAX_CONNECTIONS: '60' } });
    ends.push(() => meeting.close());
    await meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/set-observer-view`, { view: 'clean' });
    const { hostname, port } = new URL(meeting.url);
    const open = (first = ''): Socket => {
      const socket = dial(Number(port), hostname);
      socket.on('error', () => undefined);
      socket.write(first);
      ends.push(() => socket.destroy());
      return socket;
    };
    let streams = 0;
    for (let at = 0; at < 70; at++) {
      const socket = open(
        `GET /meetings/${meeting.id}/text/events HTTP/1.1\r\nHost: x\r\nCookie: ${meeting.cookies.observer}\r\n\r\n`,
      );
      const [head] = await Promise.race([
        new Promise<[string]>((resolve) => socket.once('data', (bytes) => resolve([bytes.toString()]))),
        new Promise<[string]>((resolve) => socket.once('close', () => resolve(['']))),
      ]);
      if (head.startsWith('HTTP/1.1 200')) streams += 1;
    }
    // Two thirds.
    expect(streams).toBe(40);
    for (let at = 0; at < 100; at++) open();
    await new Promise((resolve) => setTimeout(resolve, 100));
    // More than the rest: readers make room.
    const delegates = [];
    for (let at = 0; at < 20; at++) delegates.push(await connect(meeting, at % 2 === 0 ? 'argentina' : 'brazil'));
    for (const delegate of delegates) await propose(delegate, 0, 0, 'x');
    for (const delegate of delegates) {
      expect(delegate.socket.readyState).toBe(delegate.socket.OPEN);
      delegate.leave();
    }
  }, 60_000);

  it('another account’s readers get in, at the cost of the one that has the most', () => {
    const connections = new Connections({ most: 100, mostReaders: 10 });
    const gone: string[] = [];
    const read = (name: string, at: number) =>
      connections.hold('reading', account(name), null, () => gone.push(`${name} ${at}`));
    const leave = Array.from({ length: 10 }, (_, at) => read('crowd', at));
    expect(() => read('crowd', 10)).toThrow('too-many-connections');
    for (let at = 0; at < 5; at++) read('guest', at);
    expect(gone).toEqual(['crowd 0', 'crowd 1', 'crowd 2', 'crowd 3', 'crowd 4']);
    expect(() => read('guest', 5)).toThrow('too-many-connections');
    // A disconnected use is counted once, and each that ends makes room.
    leave[0]?.();
    expect(() => read('guest', 5)).toThrow('too-many-connections');
    leave[5]?.();
    read('guest', 5);
    expect(gone).toHaveLength(5);
  });

  it('of idle connections the quietest is closed, and none that waits for its answer while others don’t', () => {
    const connections = new Connections({ most: 25, mostReaders: 0 });
    const busy = new Set<Duplex>();
    const come = (): Duplex => {
      const connection = new Duplex({ read() {}, write() {} });
      connections.arrive(connection, (other) => busy.has(other));
      return connection;
    };
    const [first, second, third, fourth] = [come(), come(), come(), come()];
    busy.add(first);
    connections.use(second);
    come();
    expect([first, second, third, fourth].map(({ destroyed }) => destroyed)).toEqual([false, false, true, false]);
    // Where all are idle, it is the one that was idle for longest.
    const all = new Connections({ most: 10, mostReaders: 0 });
    const waiting = new Duplex({ read() {}, write() {} });
    all.arrive(waiting, () => true);
    all.arrive(new Duplex({ read() {}, write() {} }), () => true);
    expect(waiting.destroyed).toBe(true);
  });
});
