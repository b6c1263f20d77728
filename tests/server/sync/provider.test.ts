import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { newMarkId } from '../../../shared/protocol/ids.ts';
import { markKey, textOf } from '../../../shared/text/document.ts';
import { type Person, startMeeting, type TestMeeting } from '../../helpers/meeting.ts';

let meeting: TestMeeting;
beforeAll(async () => {
  meeting = await startMeeting();
}, 60_000);
afterAll(async () => meeting.close());

/** The stock provider of y-websocket, with nothing of ours but the cookie. */
async function provider(as: Person): Promise<WebsocketProvider> {
  const cookie = meeting.cookies[as];
  const made = new WebsocketProvider(`${meeting.url.replace('http', 'ws')}/sync`, meeting.recommendation, new Y.Doc(), {
    disableBc: true,
    WebSocketPolyfill: class extends WebSocket {
      constructor(url: string) {
        super(url, { headers: { cookie } });
      }
    } as unknown as typeof globalThis.WebSocket,
  });
  await new Promise<void>((resolve) => made.once('sync', () => resolve()));
  return made;
}
const words = (doc: Y.Doc, at: number): Y.XmlText => {
  const clause = textOf(doc).get(at);
  const text = clause instanceof Y.XmlElement ? clause.get(0) : null;
  if (!(text instanceof Y.XmlText)) throw new Error('no words');
  return text;
};
const until = async (what: () => boolean): Promise<void> => {
  for (let tries = 0; !what(); tries++) {
    if (tries > 200) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

describe('[SUB4] The stock y-websocket provider', () => {
  it('connects, syncs, edits, and is seen', async () => {
    const [one, other] = [await provider('argentina'), await provider('brazil')];
    expect(words(one.doc, 0).toString()).toContain('Urge states');
    const id = newMarkId();
    words(one.doc, 0).insert(5, 'all ', { [markKey('insertion', id)]: { id } });
    await until(() => words(other.doc, 0).toString().includes('all'));
    expect((await meeting.text()).amendments).toMatchObject([{ id, party: 'ARG', kind: 'add', inserted: 'all ' }]);
    one.awareness.setLocalStateField('cursor', null);
    await until(() => [...other.awareness.getStates().values()].some(({ user }) => user?.party === 'ARG'));
    one.destroy();
    other.destroy();
  });
  it('comes back by itself with what was written while it was away', async () => {
    const one = await provider('argentina');
    one.disconnect();
    const id = newMarkId();
    words(one.doc, 2).insert(0, 'offline ', { [markKey('insertion', id)]: { id } });
    one.connect();
    await until(() => one.synced);
    await expect.poll(async () => (await meeting.text()).clauses[2]?.text).toContain('offline');
    one.destroy();
  });
  it('stops coming back once it was refused', async () => {
    const one = await provider('argentina');
    const closed = new Promise<{ code: number }>((resolve) =>
      one.once('closed', (event: { code: number }) => resolve(event)),
    );
    words(one.doc, 0).insert(0, 'Forged ');
    expect((await closed).code).toBe(4403);
    expect((await meeting.text()).clauses[0]?.text).not.toContain('Forged');
    one.destroy();
  });
});
