import { signal } from '@preact/signals';
import * as decoding from 'lib0/decoding';
import { Awareness } from 'y-protocols/awareness';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { Presence } from '../../shared/contract.ts';
import { readText, recordOf } from '../../shared/document.ts';
import { type MarkId, type ParticipantId, PartyCode, type RecommendationId } from '../../shared/ids.ts';
import { LiveLedger, readRecordItem } from '../../shared/ledger.ts';
import { messageType, Verdict } from '../../shared/protocol.ts';
import { schemaVersion } from '../../shared/schema.ts';
import { type LostWords, lostWords } from './refused.ts';
import { countingSocket } from './socket.ts';
import { abandoned, forget, hold, keep, type Unsent, unsentKey } from './unsent.ts';
import { unplacedWords, vanishedWords } from './vanished.ts';

/** The rapporteur's hand: a party, or the base text. Null for everybody else. */
export type As = PartyCode | 'base' | null;

/** `saved`: all that was typed here is on the server's disk. `ended`: this document goes no further. */
export type Saving = 'connecting' | 'saved' | 'saving' | 'offline' | 'ended';

export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly clause: string | null;
  readonly words: readonly LostWords[];
}

export interface DraftOptions {
  readonly recommendation: RecommendationId;
  readonly participant: ParticipantId;
  readonly as: As;
  /** For a document that follows one that was refused: the words that it had. */
  readonly onRefused: (refusal: Omit<Refusal, 'words'>, mine: Y.Doc) => void;
  /** Words that were typed here went, before the server had them, with the clause that they stood in. */
  readonly onVanished: (words: readonly LostWords[]) => void;
}

const savedAfter = 300;

/**
 * One document of a recommendation, connected: its text, its record, who is here, and what of it is saved.
 *
 * It lives until it is refused or left; whoever goes on writing after a refusal takes a new one.
 */
export class Draft {
  readonly doc = new Y.Doc();
  readonly awareness = new Awareness(this.doc);
  readonly ledger = new LiveLedger();
  readonly saving = signal<Saving>('connecting');
  /** Set once the server's text is here. */
  readonly synced = signal(false);
  /** Counts the changes of the record. */
  readonly recordVersion = signal(0);
  readonly present = signal<readonly Presence['user'][]>([]);
  readonly #options: DraftOptions;
  readonly #provider: WebsocketProvider;
  readonly #clients: number[];
  readonly #release: () => void;
  readonly #key: string;
  #as: As;
  /** Updates that went out on this connection and have no verdict yet: how far the device's clients were with each. */
  #underWay: ReadonlyMap<number, number>[] = [];
  /** How far the server is known to have the device's clients. */
  #saved: ReadonlyMap<number, number>;
  /** Something was typed that no connection has carried yet. */
  #unsent = false;
  #keepTimer: ReturnType<typeof setTimeout> | null = null;
  #savedState: Uint8Array | undefined;
  /** This device holds a copy of what isn't saved. */
  #isKept = false;

  private constructor(options: DraftOptions, earlier: readonly Unsent[]) {
    this.#options = options;
    // Words of an earlier tab go on with the hand that they were written with.
    const kept = earlier[0]?.as;
    const party = PartyCode.safeParse(kept);
    this.#as = kept === 'base' ? 'base' : party.success ? party.data : options.as;
    this.#clients = [this.doc.clientID, ...new Set(earlier.flatMap(({ clients }) => clients))];
    this.#key = unsentKey(options.recommendation, options.participant, this.doc.clientID);
    this.#release = hold(this.#key);
    this.#saved = new Map(this.#clients.map((client) => [client, 0]));
    for (const { update } of earlier) {
      Y.applyUpdate(this.doc, update, 'unsent');
      this.#unsent = true;
    }
    this.#readRecord();
    this.doc.on('update', (_update: Uint8Array, origin: unknown) => {
      if (origin !== this.#provider) this.#typed();
    });
    this.doc.on('afterTransaction', (transaction: Y.Transaction) => {
      if (transaction.origin === this.#provider && this.#isUnsaved)
        this.#vanished(vanishedWords(transaction, this.#saved));
    });
    this.awareness.on('change', () => this.#readPresence());
    // A first state counts for others only once it has changed.
    this.awareness.setLocalStateField('cursor', null);
    const base = new URL('/sync', location.href);
    base.protocol = base.protocol.replace('http', 'ws');
    this.#provider = new WebsocketProvider(base.href, options.recommendation, this.doc, {
      connect: false,
      awareness: this.awareness,
      params: this.#params(),
      // Another tab's words come from the server, once they are on its disk, and from nowhere else.
      disableBc: true,
      WebSocketPolyfill: countingSocket({ onSent: () => this.#sent() }),
    });
    this.#provider.messageHandlers[messageType.verdict] = (_encoder: unknown, decoder: decoding.Decoder) =>
      this.#verdict(decoding.readVarString(decoder));
    this.#provider.on('sync', (synced: boolean) => {
      if (!synced) return;
      if (!this.synced.peek()) for (const { update } of earlier) this.#vanished(unplacedWords(update, this.doc));
      this.synced.value = true;
      this.#show();
    });
    this.#provider.on('status', () => this.#show());
    this.#provider.on('connection-close', () => {
      // What had no verdict may or may not be on disk: it goes out again, and the server knows what is new in it.
      if (this.#underWay.length > 0) this.#unsent = true;
      this.#underWay = [];
      this.#show();
    });
    this.#provider.on('closed', ({ reason }: { reason: string }) => {
      this.saving.value = 'ended';
      this.#refused({ code: reason, message: '', clause: null });
    });
    addEventListener('pagehide', this.#keepNow);
    addEventListener('online', this.#reconnect);
    addEventListener('offline', this.#lineDropped);
    this.#provider.connect();
    if (earlier.length > 0) {
      this.#keepNow();
      for (const { key } of earlier) forget(key);
    }
  }

  static async open(options: DraftOptions): Promise<Draft> {
    const earlier = await abandoned(options.recommendation, options.participant, Date.now());
    // Words written with another hand wait for their own visit.
    const [first] = earlier;
    return new Draft(options, first === undefined ? [] : earlier.filter(({ as }) => as === first.as));
  }

  get as(): As {
    return this.#as;
  }

  /** Takes up another hand. Only where all is saved: what is under way goes out with the hand that wrote it. */
  writeAs(as: As): boolean {
    if (this.saving.peek() !== 'saved') return false;
    this.#as = as;
    this.#provider.disconnect();
    this.#provider.params = this.#params();
    this.#provider.connect();
    return true;
  }

  /** Words under marks that the record doesn't know: they never reached the disk. */
  unsentWords(): readonly LostWords[] {
    try {
      const mine = readText(this.doc);
      const known = (ids: readonly MarkId[]): boolean => ids.every((id) => this.ledger.marks.has(id));
      const theirs = mine.map((clause) => ({
        ...clause,
        runs: clause.runs.filter(({ marks }) => known(marks.insertion) && known(marks.deletion)),
      }));
      return lostWords(mine, theirs, false);
    } catch {
      return [];
    }
  }

  leave(): void {
    removeEventListener('pagehide', this.#keepNow);
    removeEventListener('online', this.#reconnect);
    removeEventListener('offline', this.#lineDropped);
    if (this.#isUnsaved) this.#keepNow();
    if (this.#keepTimer !== null) clearTimeout(this.#keepTimer);
    this.#provider.destroy();
    this.awareness.destroy();
    this.#release();
  }

  #params(): Record<string, string> {
    return {
      client: this.#clients.join(','),
      schema: String(schemaVersion),
      verdicts: '1',
      ...(this.#as === null ? {} : { as: this.#as }),
    };
  }

  get #isUnsaved(): boolean {
    return this.#underWay.length > 0 || this.#unsent;
  }

  /** A dead line takes a socket half a minute to notice; the device knows at once. */
  readonly #lineDropped = (): void => {
    if (this.saving.peek() === 'ended') return;
    this.#provider.disconnect();
    this.#provider.connect();
  };

  readonly #reconnect = (): void => {
    if (!this.#provider.wsconnected) this.#lineDropped();
  };

  #typed(): void {
    // While the connection stands, the update has just gone out, and been counted.
    if (this.#underWay.length === 0) this.#unsent = true;
    this.#show();
    this.#keepTimer ??= setTimeout(() => {
      this.#keepTimer = null;
      if (this.#isUnsaved) this.#keepNow();
    }, savedAfter);
  }

  #sent(): void {
    this.#underWay.push(new Map(this.#clients.map((client) => [client, Y.getState(this.doc.store, client)])));
    // The answer to "what do you hold?" holds all; an update holds what was typed just now.
    this.#unsent = false;
    this.#show();
  }

  #verdict(text: string): void {
    const verdict = Verdict.parse(JSON.parse(text));
    const judged = this.#underWay.shift();
    if (verdict.verdict === 'accepted') {
      if (judged !== undefined) this.#saved = judged;
      if (!this.#isUnsaved) {
        this.#savedState = Y.encodeStateVector(this.doc);
        this.#forget();
      }
      this.#show();
      return;
    }
    this.saving.value = 'ended';
    this.#provider.shouldConnect = false;
    this.#refused({ code: verdict.code, message: verdict.message, clause: verdict.clause });
  }

  #vanished(words: readonly LostWords[]): void {
    if (words.length > 0) this.#options.onVanished(words);
  }

  #told = false;
  #refused(refusal: Omit<Refusal, 'words'>): void {
    if (this.#told) return;
    this.#told = true;
    this.#forget();
    this.#options.onRefused(refusal, this.doc);
  }

  #show(): void {
    if (this.saving.peek() === 'ended') return;
    if (!this.#provider.wsconnected) this.saving.value = this.synced.peek() ? 'offline' : 'connecting';
    else if (!this.#provider.synced) this.saving.value = 'connecting';
    else this.saving.value = this.#isUnsaved ? 'saving' : 'saved';
  }

  readonly #keepNow = (): void => {
    if (!this.#isUnsaved || this.#told) return;
    this.#isKept = keep(this.#key, {
      clients: this.#clients,
      as: this.#as,
      update: Y.encodeStateAsUpdate(this.doc, this.#savedState),
      at: Date.now(),
    });
  };

  /** The device is asked only where it has something: a verdict comes for each letter. */
  #forget(): void {
    if (!this.#isKept) return;
    this.#isKept = false;
    forget(this.#key);
  }

  #readRecord(): void {
    const record = recordOf(this.doc);
    record.observe((event) => {
      for (const key of event.keysChanged) {
        const change = readRecordItem(key, record.get(key));
        if (change !== null) this.ledger.apply(change);
      }
      this.recordVersion.value += 1;
    });
  }

  #readPresence(): void {
    const people = new Map<string, Presence['user']>();
    for (const state of this.awareness.getStates().values()) {
      // One's own state has no name until the server says it.
      const present = Presence.safeParse({ cursor: null, ...state });
      if (present.success) people.set(present.data.user.participant, present.data.user);
    }
    // Cursors move at every letter; who is here changes seldom.
    const now = [...people.values()];
    const before = this.present.peek();
    const same = now.length === before.length && now.every((one, at) => isSamePerson(one, before[at]));
    if (!same) this.present.value = now;
  }
}

const isSamePerson = (one: Presence['user'], other: Presence['user'] | undefined): boolean =>
  one.participant === other?.participant &&
  one.name === other.name &&
  one.party === other.party &&
  one.role === other.role;

/** The words that a refused document had and the server's has not. */
export function wordsToUseAgain(
  mine: Y.Doc,
  theirs: Y.Doc,
  as: As,
  own: (id: MarkId) => boolean,
): readonly LostWords[] {
  try {
    return lostWords(readText(mine), readText(theirs), as === 'base', own);
  } catch {
    return [];
  }
}
