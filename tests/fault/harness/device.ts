import { once } from 'node:events';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import type { MarkId, ParticipantId, PartyCode, RecommendationId } from '../../../shared/protocol/ids.ts';
import { messageType, syncType } from '../../../shared/protocol/wire.ts';
import { Client } from '../../helpers/hostileClient.ts';

/** The person at a device, and the recommendation. */
export interface Seat {
  readonly name: string;
  readonly cookie: string;
  readonly participant: ParticipantId;
  /** Null: the rapporteur, in the base capacity. */
  readonly party: PartyCode | null;
  readonly place: RecommendationId;
}

/** An update that the server acknowledged as saved. */
export interface Told {
  readonly update: Uint8Array;
  readonly sequence: number | null;
}

/**
 * A participant's device, which keeps its document over all restarts of the server: offline edits go out with the
 * answer to the server's first question, as with the real client. Only a refusal gives it a new document.
 */
export class Device {
  doc = new Y.Doc();
  /** The marks that it made in this document. */
  marks: MarkId[] = [];
  /** The updates that it was shown since `forget`. */
  readonly shown: Uint8Array[] = [];
  readonly told: Told[] = [];
  readonly refusals = new Map<string, number>();
  #client: Client | null = null;
  #answered = false;
  /** The updates sent on this connection, in order; verdicts come in the same order. */
  #sent: Uint8Array[] = [];
  #heard = 0;
  #noted = 0;

  constructor(readonly seat: Seat) {
    this.#listen();
  }

  /** Whether a refusal disconnected it, and it hasn't reconnected with a new document yet. */
  refusedAway = false;

  get connected(): boolean {
    return this.#client?.socket.readyState === WebSocket.OPEN;
  }

  /** False where no server answers. */
  async connect(url: string): Promise<boolean> {
    const { place, cookie, party } = this.seat;
    const as = party === null ? '&as=base' : '';
    const client = new Client(
      `${url.replace('http', 'ws')}/sync/${place}?client=${this.doc.clientID}&schema=1&verdicts=1${as}`,
      { cookie },
      this.doc,
    );
    this.#client = client;
    this.refusedAway = false;
    this.#answered = false;
    this.#sent = [];
    this.#heard = 0;
    this.#noted = 0;
    client.onAsked = (stateVector) => {
      this.#answered = true;
      this.#send(syncType.step2, Y.encodeStateAsUpdate(this.doc, stateVector));
    };
    await Promise.race([once(client.socket, 'open').catch(() => undefined), client.closed]);
    if (!this.connected) return false;
    try {
      client.step1();
      await client.until(() => client.synced && this.#answered, 'the text');
      return true;
    } catch (error) {
      if (this.connected) throw error;
      return false;
    }
  }

  /** Waits until everything that it sent is answered. */
  async answered(): Promise<void> {
    const client = this.#client;
    if (client === null || !this.connected) return;
    const sent = this.#sent.length;
    await client
      .until(() => client.verdicts.length >= sent, 'the verdicts')
      .catch((error: unknown) => {
        if (this.connected) throw error;
      });
  }

  /**
   * Waits until everything that the server has sent is here, by sending an empty update and waiting for its verdict:
   * asking for the text would bring updates that were never sent. False where something was to be sent meanwhile.
   */
  async caughtUp(): Promise<boolean> {
    if (!this.connected) return true;
    const sent = this.#sent.length;
    this.#send(syncType.update, new Uint8Array(2));
    await this.answered();
    return this.#sent.length === sent + 1;
  }

  /** Waits for the server to close this connection, and returns its code. */
  async sentAway(): Promise<number | null> {
    const code = (await this.#client?.closed)?.code ?? null;
    this.note();
    return code;
  }

  /** Notes received updates; takes a new document after a refusal. */
  note(): void {
    const client = this.#client;
    if (client === null) return;
    this.shown.push(...client.updates.slice(this.#noted));
    this.#noted = client.updates.length;
    for (; this.#heard < client.verdicts.length; this.#heard++) {
      const verdict = client.verdicts[this.#heard];
      const update = this.#sent[this.#heard];
      if (verdict === undefined || update === undefined) throw new Error('a verdict on nothing');
      if (verdict.verdict === 'accepted') this.told.push({ update, sequence: verdict.sequence });
      else {
        this.refusals.set(verdict.code, (this.refusals.get(verdict.code) ?? 0) + 1);
        client.socket.terminate();
        this.refusedAway = true;
        this.#renew();
        return;
      }
    }
  }

  forget(): void {
    this.shown.length = 0;
    this.told.length = 0;
    this.refusals.clear();
  }

  async leave(): Promise<void> {
    if (this.#client === null) return;
    this.#client.socket.terminate();
    await this.#client.closed;
    this.note();
    this.#client = null;
  }

  #renew(): void {
    this.doc.destroy();
    this.doc = new Y.Doc();
    this.marks = [];
    this.#client = null;
    this.#listen();
  }

  #listen(): void {
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'server' && this.connected && this.#answered) this.#send(syncType.update, update);
    });
  }

  #send(type: number, update: Uint8Array): void {
    this.#sent.push(update);
    this.#client?.message(messageType.sync, type, update);
  }
}
