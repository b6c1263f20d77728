import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { readMetadata, recordOfKey } from '../../shared/negotiation/metadata.ts';
import { newMarkId } from '../../shared/protocol/ids.ts';
import { markKey, recordOf, textOf } from '../../shared/text/document.ts';
import { socketUrl } from './demo.ts';
import { Client } from './hostileClient.ts';

/** Where a writer goes, and as whom. */
export interface Seat {
  readonly url: string;
  readonly cookie: string;
  readonly place: string;
}

/** Somebody who types whether the line is up or not, and comes back by themselves. */
export interface Writer {
  readonly doc: Y.Doc;
  /** Close codes and verdicts that say that something was refused. */
  readonly refused: readonly string[];
  /** Types words that stand nowhere else, and remembers them. */
  type(words: string, random: () => number): void;
  /** What it has typed so far. */
  readonly typed: readonly string[];
  stop(): Promise<void>;
}

/** Puts words into an open clause, as an amendment of its own. */
function insert(doc: Y.Doc, words: string, random: () => number): boolean {
  const clauses = textOf(doc).toArray();
  const clause = clauses[Math.floor(random() * clauses.length)];
  const text = clause instanceof Y.XmlElement ? clause.get(0) : null;
  if (!(clause instanceof Y.XmlElement) || !(text instanceof Y.XmlText)) return false;
  const named = recordOfKey(`clause:${clause.getAttribute('id')}`);
  const record = named === null ? null : readMetadata(recordOf(doc), named);
  if (record?.of === 'clause' && record.value.status.state !== 'open') return false;
  const id = newMarkId();
  text.insert(0, words, { [markKey('insertion', id)]: { id } });
  return true;
}

/** The stock `y-websocket` provider, with nothing of ours but the cookie. */
export function stockWriter({ url, cookie, place }: Seat): Writer {
  const doc = new Y.Doc();
  const refused: string[] = [];
  const typed: string[] = [];
  const provider = new WebsocketProvider(`${url.replace('http', 'ws')}/sync`, place, doc, {
    disableBc: true,
    maxBackoffTime: 200,
    WebSocketPolyfill: class extends WebSocket {
      constructor(address: string) {
        super(address, { headers: { cookie } });
        this.on('error', () => undefined);
      }
    } as unknown as typeof globalThis.WebSocket,
  });
  provider.on('connection-close', (event) => {
    if (event !== null && event.code >= 4400) refused.push(`${event.code} ${event.reason}`);
  });
  return {
    doc,
    refused,
    typed,
    type(words, random) {
      if (insert(doc, words, random)) typed.push(words);
    },
    async stop() {
      provider.destroy();
    },
  };
}

/**
 * A program of one's own that trusts nothing: it sends every update twice, and all that it ever wrote, twice, when it is
 * back.
 */
export function doublingWriter({ url, cookie, place }: Seat): Writer {
  const doc = new Y.Doc();
  const refused: string[] = [];
  const typed: string[] = [];
  let client: Client | null = null;
  let stopped = false;
  const answered = (): boolean => client?.synced === true;
  const live = async (): Promise<void> => {
    while (!stopped) {
      const line = new Client(socketUrl({ url }, place, doc), { cookie }, doc);
      client = line;
      await Promise.race([once(line.socket, 'open').catch(() => undefined), line.closed]);
      if (line.socket.readyState === WebSocket.OPEN) line.step1();
      await line.until(() => answered(), 'the text').catch(() => undefined);
      if (line.synced && line.socket.readyState === WebSocket.OPEN) {
        line.update(line.whole());
        line.update(line.whole());
      } else line.socket.terminate();
      const { code, reason } = await line.closed;
      if (code >= 4400) refused.push(`${code} ${reason}`);
      for (const verdict of line.verdicts) if (verdict.verdict === 'refused') refused.push(verdict.code);
      await pause(20);
    }
  };
  const living = live();
  return {
    doc,
    refused,
    typed,
    type(words, random) {
      const updates: Uint8Array[] = [];
      const collect = (bytes: Uint8Array): void => void updates.push(bytes);
      doc.on('update', collect);
      if (insert(doc, words, random)) typed.push(words);
      doc.off('update', collect);
      if (!answered() || client?.socket.readyState !== WebSocket.OPEN) return;
      for (const update of [...updates, ...updates]) client.update(update);
    },
    async stop() {
      stopped = true;
      client?.socket.terminate();
      await living;
    },
  };
}
