import { once } from 'node:events';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { Accepted, RecommendationView } from '../../../shared/contract.ts';
import { markKey, recordOf, textOf } from '../../../shared/document.ts';
import type { MarkId, PartyCode, RecommendationId } from '../../../shared/ids.ts';
import { readRecordItem } from '../../../shared/ledger.ts';
import { Client } from '../../helpers/enemy.ts';
import type { Seat } from './device.ts';

/** A command that was answered with the number of its entry. */
export interface Ordered {
  readonly place: RecommendationId;
  readonly sequence: number;
  readonly type: string;
}

class ServerGone extends Error {}
/** What `fetch` says of a server that isn't there any more, or goes in the middle of an answer. */
const isGone = (error: unknown): boolean => error instanceof ServerGone || error instanceof TypeError;

async function ask(url: string, cookie: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url + path, {
    method: body === undefined ? 'GET' : 'POST',
    // A connection that is kept may be one to a server that is gone.
    headers: { cookie, 'content-type': 'application/json', connection: 'close' },
    signal: AbortSignal.timeout(30_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // It goes in an orderly way, and takes nothing more.
  if (response.status === 503) throw new ServerGone();
  if (response.status >= 500) throw new Error(`${path}: ${response.status}`);
  return response.ok ? response.json() : null;
}

export const viewOf = async (url: string, cookie: string, place: RecommendationId) =>
  RecommendationView.parse(await ask(url, cookie, `/api/recommendations/${place}`));

/** One thing that the chair does: adopts, rejects, marks agreed, opens again. Null where it was refused or nobody answered. */
export async function chairDecides(
  url: string,
  cookie: string,
  place: RecommendationId,
  random: () => number,
): Promise<Ordered | null> {
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const what = random();
  try {
    const { clauses, amendments } = await viewOf(url, cookie, place);
    const standing = amendments.filter(({ state, kind }) => state === 'open' && kind !== null);
    const chosen = [pick(standing), pick(standing)].flatMap((one) => (one === undefined ? [] : [one.id]));
    const locked = pick(clauses.filter(({ status }) => status.state !== 'open'));
    const resolved = pick(
      clauses.filter(
        ({ status, insertion, runs }) =>
          status.state === 'open' &&
          insertion === null &&
          runs.every(({ marks }) => marks.insertion.length + marks.deletion.length + marks.bracket.length === 0),
      ),
    );
    const order = async (type: string, body: unknown): Promise<Ordered | null> => {
      const accepted = Accepted.safeParse(await ask(url, cookie, `/api/recommendations/${place}/${type}`, body));
      return accepted.success ? { place, type, sequence: accepted.data.sequence } : null;
    };
    if (what < 0.4 && chosen.length > 0) return await order('not-adopt', { amendments: [...new Set(chosen)] });
    if (what < 0.7 && chosen[0] !== undefined) return await order('adopt', { amendments: [chosen[0]] });
    if (what < 0.85 && resolved !== undefined)
      return await order('set-status', { clauses: [resolved.id], status: 'agreed' });
    if (locked !== undefined) return await order('set-status', { clauses: [locked.id], status: 'open' });
    return null;
  } catch (error) {
    if (!isGone(error)) throw error;
    // The server went: whether it was done, the record says.
    return null;
  }
}

const attacks: readonly ((text: Y.XmlText, doc: Y.Doc, others: MarkId) => void)[] = [
  (text) => text.insert(0, 'forged '),
  (text) => text.delete(0, Math.max(1, text.length)),
  (text, _doc, id) => text.insert(0, 'forged ', { [markKey('insertion', id)]: { id } }),
  (_text, doc) => recordOf(doc).set('mark:forged00', { forged: true }),
  (_text, doc) => textOf(doc).delete(0, 1),
];

/** A mark of another party. */
function markOfOthers(doc: Y.Doc, own: PartyCode | null): MarkId | null {
  for (const [key, value] of recordOf(doc)) {
    const record = readRecordItem(key, value);
    if (record?.of === 'mark' && record.value.party !== own) return record.id;
  }
  return null;
}

/** Tries what nobody may do. Gives what the server should have refused and did not; null where it refused, or went. */
export async function enemyTries(
  url: string,
  { cookie, place, party }: Seat,
  random: () => number,
): Promise<string | null> {
  const doc = new Y.Doc();
  const client = new Client(
    `${url.replace('http', 'ws')}/sync/${place}?client=${doc.clientID}&schema=1&verdicts=1`,
    { cookie },
    doc,
  );
  try {
    await Promise.race([once(client.socket, 'open'), client.closed]);
    client.step1();
    await client.until(() => client.synced, 'the text');
    const number = Math.floor(random() * attacks.length);
    const others = markOfOthers(doc, party);
    if (others === null) return null;
    const verdict = await client.say(client.change(() => attacks[number]?.(client.words(0), doc, others)));
    return verdict.verdict === 'accepted' ? `attack ${number} was accepted` : null;
  } catch (error) {
    if (client.socket.readyState === WebSocket.OPEN) throw error;
    return null;
  } finally {
    client.socket.terminate();
    await client.closed;
    doc.destroy();
  }
}
