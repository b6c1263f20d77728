import { spawnSync } from 'node:child_process';
import * as Y from 'yjs';
import { newMarkId } from '../../shared/protocol/ids.ts';
import { markKey, textOf } from '../../shared/text/document.ts';
import type { RunningServer } from './browser.ts';
import { Client } from './hostileClient.ts';

/** Connects to a text of a running server. An existing document sends its own updates. */
export async function join(
  server: Pick<RunningServer, 'url'>,
  cookie: string,
  place: string,
  doc: Y.Doc = new Y.Doc(),
): Promise<Client> {
  const client = new Client(
    `${server.url.replace('http', 'ws')}/sync/${place}?client=${doc.clientID}&schema=1&verdicts=1`,
    { cookie },
    doc,
  );
  await new Promise((resolve) => client.socket.once('open', resolve));
  client.step1();
  await client.until(() => client.synced, 'the text');
  return client;
}

/**
 * An honest proposal of words, at the beginning of the first open clause: its bytes, applied to the client's own
 * document.
 */
export function proposal(client: Client, words: string): Uint8Array {
  const at = textOf(client.doc)
    .toArray()
    .findIndex((_, index) => client.isOpenAt(index));
  const id = newMarkId();
  return client.change(() => client.words(at).insert(0, words, { [markKey('insertion', id)]: { id } }));
}

/** The outcome of an edit: accepted, or the code of the refusal or of the close in its place. */
export async function type(client: Client, words: string): Promise<string> {
  try {
    const verdict = await client.say(proposal(client, words));
    return verdict.verdict === 'accepted' ? 'accepted' : verdict.code;
  } catch (error) {
    if (client.socket.readyState === client.socket.OPEN) throw error;
    return (await client.closed).reason;
  }
}

export const wordsOf = (client: Client): string => textOf(client.doc).toString();

/** The output of `concord verify` on a store. */
export function verifyOn(env: Record<string, string>): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/server/concord.js', 'verify'], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}
