import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import * as Y from 'yjs';
import { MeetingList, MeetingView } from '../../shared/protocol/contract.ts';
import type { MeetingId, RecommendationId } from '../../shared/protocol/ids.ts';
import { password, type RunningServer } from './browser.ts';
import { Client } from './hostileClient.ts';

/** The demo meeting of a server that runs as a process of its own: the participant, and the text. */

/** One delegate a party of the demo. */
export const delegates = ['argentina', 'brazil', 'canada', 'colombia'] as const;

type At = Pick<RunningServer, 'url'>;

/** The `Cookie` header of a new session. */
export async function signIn(server: At, name: string): Promise<string> {
  const response = await fetch(`${server.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password }),
  });
  const cookie = response.headers.get('set-cookie')?.split(';')[0];
  if (!response.ok || cookie === undefined) throw new Error(`${name} could not sign in: ${response.status}`);
  return cookie;
}

/** The demo meeting, and its recommendations: those with the most open clauses first. */
export async function agenda(
  server: At,
  cookie: string,
): Promise<{ readonly meeting: MeetingId; readonly places: readonly RecommendationId[] }> {
  const get = async (path: string): Promise<unknown> =>
    (await fetch(`${server.url}${path}`, { headers: { cookie } })).json();
  const [meeting] = MeetingList.parse(await get('/api/meetings'));
  if (meeting === undefined) throw new Error('there is no meeting');
  const { recommendations } = MeetingView.parse(await get(`/api/meetings/${meeting.id}`));
  const sorted = [...recommendations].sort((one, other) => (other.progress?.open ?? 0) - (one.progress?.open ?? 0));
  return { meeting: meeting.id, places: sorted.map(({ id }) => id) };
}

/** The address of a recommendation's socket, for a program with this document. */
export function socketUrl(server: At, place: string, doc: Y.Doc, query: Record<string, string> = {}): string {
  const parameters = new URLSearchParams({ client: String(doc.clientID), schema: '1', verdicts: '1', ...query });
  return `${server.url.replace('http', 'ws')}/sync/${place}?${parameters}`;
}

/** Connects to a recommendation and waits for its text. An existing document sends its own updates. */
export async function join(
  server: At,
  cookie: string,
  place: string,
  {
    doc = new Y.Doc(),
    query = {},
    onTidied,
  }: { doc?: Y.Doc; query?: Record<string, string>; onTidied?: (client: Client, update: Uint8Array) => void } = {},
): Promise<Client> {
  const client = new Client(socketUrl(server, place, doc, query), { cookie }, doc);
  if (onTidied !== undefined) client.onTidied = (update) => onTidied(client, update);
  try {
    await Promise.race([once(client.socket, 'open'), client.closed]);
    client.step1();
    await client.until(() => client.synced, 'the text', 20_000);
    return client;
  } catch (error) {
    client.socket.terminate();
    throw error;
  }
}

/** The output of `concord verify` on a data directory; throws where it finds a fault. */
export async function verified(dataDir: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['dist/server/concord.js', 'verify'], {
    env: { ...process.env, DATA_DIR: dataDir },
  });
  return stdout;
}
