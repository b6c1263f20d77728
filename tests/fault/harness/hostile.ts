import { once } from 'node:events';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { readMetadata, recordOfKey } from '../../../shared/negotiation/metadata.ts';
import { type MarkId, newMarkId, type PartyCode } from '../../../shared/protocol/ids.ts';
import { markKey, recordOf, textOf } from '../../../shared/text/document.ts';
import { Client } from '../../helpers/hostileClient.ts';
import { endedAt } from '../../helpers/oracle.ts';
import type { Seat } from './device.ts';

/** What the enemy writes with: the first words of the text in force, where their clause stands, a mark of another party, an agreed clause if there is one. */
interface Target {
  readonly doc: Y.Doc;
  readonly text: Y.XmlText;
  readonly at: number;
  readonly others: MarkId;
  readonly agreed: Y.XmlText | null;
}
const attacks: readonly ((target: Target) => void)[] = [
  ({ text }) => text.insert(0, 'forged '),
  ({ text }) => text.delete(0, text.length),
  ({ text, others: id }) => text.insert(0, 'forged ', { [markKey('insertion', id)]: { id } }),
  ({ doc }) => recordOf(doc).set('mark:forged00', { forged: true }),
  ({ doc, at }) => textOf(doc).delete(at, 1),
  // An honest proposal, but where the room has agreed.
  ({ agreed, text }) => {
    const id = newMarkId();
    if (agreed === null) text.insert(0, 'forged ');
    else agreed.insert(0, 'late ', { ...endedAt(agreed, 0), [markKey('insertion', id)]: { id } });
  },
];

/** The first clause that is no proposal and has words: what is in it is not the enemy's to take. */
function firstInForce(doc: Y.Doc): { readonly text: Y.XmlText; readonly at: number } | null {
  for (const [at, clause] of textOf(doc).toArray().entries()) {
    if (!(clause instanceof Y.XmlElement) || clause.getAttribute('insertion') !== undefined) continue;
    const text = clause.get(0);
    if (text instanceof Y.XmlText && text.length > 0) return { text, at };
  }
  return null;
}

function agreedWords(doc: Y.Doc): Y.XmlText | null {
  for (const clause of textOf(doc).toArray()) {
    if (!(clause instanceof Y.XmlElement)) continue;
    const named = recordOfKey(`clause:${clause.getAttribute('id')}`);
    const record = named === null ? null : readMetadata(recordOf(doc), named);
    const text = clause.get(0);
    if (record?.of === 'clause' && record.value.status.state !== 'open' && text instanceof Y.XmlText) return text;
  }
  return null;
}

/** A mark of another party. */
function markOfOthers(doc: Y.Doc, own: PartyCode | null): MarkId | null {
  for (const key of recordOf(doc).keys()) {
    const named = recordOfKey(key);
    const record = named === null ? null : readMetadata(recordOf(doc), named);
    if (record?.of === 'mark' && record.value.party !== own) return record.id;
  }
  return null;
}

/** Tries what nobody may do. Gives what the server should have refused and did not; null where it refused, or went. */
export async function enemyTries(url: string, { cookie, place, party }: Seat, number: number): Promise<string | null> {
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
    const others = markOfOthers(doc, party);
    const first = firstInForce(doc);
    if (others === null || first === null) return null;
    const verdict = await client.say(
      client.change(() => attacks[number % attacks.length]?.({ doc, ...first, others, agreed: agreedWords(doc) })),
    );
    return verdict.verdict === 'accepted' ? `attack ${number % attacks.length} was accepted` : null;
  } catch (error) {
    if (client.socket.readyState === WebSocket.OPEN) throw error;
    return null;
  } finally {
    client.socket.terminate();
    await client.closed;
    doc.destroy();
  }
}
