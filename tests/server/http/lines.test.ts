import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { startMeeting, type TestMeeting } from '../../helpers/meeting.ts';

let meeting: TestMeeting;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
afterEach(async () => {
  agent.destroy();
  await meeting.close();
});

/**
 * Sends a request over the kept connection, if it is still open: returns whether it was, and the announced keep-alive
 * time.
 */
const ask = (): Promise<{ readonly again: boolean; readonly kept: string }> =>
  new Promise((resolve, reject) => {
    const asked = request(`${meeting.url}/healthz`, { agent }, (response) => {
      response.resume();
      response.on('end', () => resolve({ again: asked.reusedSocket, kept: `${response.headers['keep-alive']}` }));
    });
    asked.on('error', reject);
    asked.end();
  });

describe('[LINE6] A connection that is kept for the next request', () => {
  it('is closed after five seconds without a proxy', async () => {
    meeting = await startMeeting();
    expect((await ask()).kept).toBe('timeout=5');
  });

  it('is closed by the proxy, if there is one', async () => {
    meeting = await startMeeting({ env: { PUBLIC_ORIGIN: 'https://concord.example.org' } });
    expect(await ask()).toEqual({ again: false, kept: 'timeout=150' });
    await pause(7000);
    expect((await ask()).again).toBe(true);
  }, 60_000);
});
