import { signal } from '@preact/signals';
import * as decoding from 'lib0/decoding';
import { Awareness } from 'y-protocols/awareness';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { metadataKey, readMetadata, recordOfKey } from '../../shared/negotiation/metadata.ts';
import { LiveState } from '../../shared/negotiation/state.ts';
import { Presence } from '../../shared/protocol/contract.ts';
import { type MarkId, type ParticipantId, PartyCode, type RecommendationId } from '../../shared/protocol/ids.ts';
import { messageType, Verdict } from '../../shared/protocol/wire.ts';
import { readText, recordOf } from '../../shared/text/document.ts';
import { schemaVersion } from '../../shared/text/schema.ts';
import { type Ending, endingOf } from './ending.ts';
import { type LostWords, lostWords } from './refused.ts';
import { countingSocket } from './socket.ts';
import { abandoned, forget, hold, keep, lettersIn, type Unsent, unsentKey } from './unsent.ts';
import { unplacedWords, vanishedWords } from './vanished.ts';

/** The rapporteur's hand: a party, or the base text. Null for everybody else. */
export type As = PartyCode | 'base' | null;

/**
 * `saved`: all that was typed here is on the server's disk. `ended`: this document goes no further. `evicted`: it is not
 * connected, and stays so until it is taken up again.
 */
export type Saving = 'connecting' | 'saved' | 'saving' | 'offline' | 'ended' | 'evicted';

export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly clause: string | null;
  readonly words: readonly LostWords[];
  /** The words are still on the device, and are sent when the person may write again; `discard` takes them from there. */
  readonly discard: (() => void) | null;
}

export interface SyncClientOptions {
  readonly recommendation: RecommendationId;
  readonly participant: ParticipantId;
  readonly as: As;
  /** The name of the account, so that words that are kept are shown to nobody else who uses the device. */
  readonly account: string;
  /** The document goes no further; words that aren't saved are on the device until `forget`. */
  readonly onEnded: (ending: Exclude<Ending, 'evicted'>, why: Pick<Refusal, 'code' | 'message' | 'clause'>) => void;
  /** The names of words on the device that are being given back: they are not sent again. */
  readonly butNot: ReadonlySet<string>;
  /** Words that were typed here went, before the server had them, with the clause that they stood in. */
  readonly onVanished: (words: readonly LostWords[]) => void;
}

const savedAfter = 300;

/**
 * One document of a recommendation, connected: its text, its record, who is here, and what of it is saved.
 *
 * It lives until it is refused or left; whoever goes on writing after a refusal takes a new one.
 */
export class SyncClient {
  readonly doc = new Y.Doc();
  readonly awareness = new Awareness(this.doc);
  readonly negotiation = new LiveState();
  readonly saving = signal<Saving>('connecting');
  /** Set once the server's text is here. */
  readonly synced = signal(false);
  /** Counts the changes of the record. */
  readonly recordVersion = signal(0);
  readonly present = signal<readonly Presence['user'][]>([]);
  readonly #options: SyncClientOptions;
  readonly #provider: WebsocketProvider;
  readonly #clients: number[];
  readonly #release: () => void;
  /** The name of its words on the device. */
  readonly key: string;
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
  /** What isn't saved needn't be kept any more. */
  #isOver = false;

  private constructor(options: SyncClientOptions, earlier: readonly Unsent[]) {
    this.#options = options;
    // Words of an earlier tab go on with the hand that they were written with.
    const kept = earlier[0]?.as;
    const party = PartyCode.safeParse(kept);
    this.#as = kept === 'base' ? 'base' : party.success ? party.data : options.as;
    this.#clients = [this.doc.clientID, ...new Set(earlier.flatMap(({ clients }) => clients))];
    this.key = unsentKey(options.recommendation, options.participant, this.doc.clientID);
    this.#release = hold(this.key);
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
      this.#end({ code: reason, message: '', clause: null }, false);
    });
    addEventListener('pagehide', this.#keepNow);
    addEventListener('online', this.#reconnect);
    addEventListener('offline', this.#lineDropped);
    this.#provider.connect();
    if (earlier.length > 0) {
      this.#keepNow();
      if (this.#isKept) for (const { key } of earlier) forget(key);
    }
  }

  static async open(options: SyncClientOptions): Promise<SyncClient> {
    const { recommendation, participant, butNot } = options;
    const earlier = (await abandoned(recommendation, participant, Date.now())).filter(({ key }) => !butNot.has(key));
    return new SyncClient(options, together(earlier));
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

  /** What was typed here and is not saved: words under marks that the record doesn't know, or else the bare letters. */
  unsentWords(): readonly LostWords[] {
    if (!this.#isUnsaved) return [];
    const known = (ids: readonly MarkId[]): boolean => ids.every((id) => this.negotiation.marks.has(id));
    const words = wordsLost(this.doc, (mine) =>
      mine.map((clause) => ({
        ...clause,
        runs: clause.runs.filter(({ marks }) => known(marks.insertion) && known(marks.deletion)),
      })),
    );
    const letters = words.length > 0 ? [] : lettersIn(this.#unsavedUpdate(), this.#clients);
    return letters.length > 0 ? [{ clause: null, inserted: letters, struck: [] }] : words;
  }

  /** Takes up a document again that was closed because the person had too many open. */
  resume(): void {
    if (this.saving.peek() !== 'evicted') return;
    this.saving.value = 'connecting';
    this.#provider.connect();
  }

  /** Its words were given back, or thrown away: they are kept no longer. */
  forget(): void {
    this.#isOver = true;
    this.#forget();
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
      seat: this.#options.participant,
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
    if (this.#hasEnded) return;
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
    // It was not taken, whatever it was.
    this.#unsent = true;
    this.#provider.shouldConnect = false;
    this.#end({ code: verdict.code, message: verdict.message, clause: verdict.clause }, true);
  }

  #end(why: Pick<Refusal, 'code' | 'message' | 'clause'>, judged: boolean): void {
    if (this.#hasEnded) return;
    const ending = endingOf(why.code, judged);
    this.#keepNow();
    this.saving.value = ending === 'evicted' ? 'evicted' : 'ended';
    if (ending !== 'evicted') this.#options.onEnded(ending, why);
  }

  get #hasEnded(): boolean {
    return this.saving.peek() === 'ended' || this.saving.peek() === 'evicted';
  }

  #vanished(words: readonly LostWords[]): void {
    if (words.length > 0) this.#options.onVanished(words);
  }

  #show(): void {
    if (this.#hasEnded) return;
    if (!this.#provider.wsconnected) this.saving.value = this.synced.peek() ? 'offline' : 'connecting';
    else if (!this.#provider.synced) this.saving.value = 'connecting';
    else this.saving.value = this.#isUnsaved ? 'saving' : 'saved';
  }

  readonly #keepNow = (): void => {
    if (!this.#isUnsaved || this.#isOver) return;
    this.#isKept = keep(this.key, {
      clients: this.#clients,
      as: this.#as,
      account: this.#options.account,
      update: this.#unsavedUpdate(),
      at: Date.now(),
    });
  };

  #unsavedUpdate(): Uint8Array {
    return Y.encodeStateAsUpdate(this.doc, this.#savedState);
  }

  /** The device is asked only where it has something: a verdict comes for each letter. */
  #forget(): void {
    if (!this.#isKept) return;
    this.#isKept = false;
    forget(this.key);
  }

  #readRecord(): void {
    const record = recordOf(this.doc);
    record.observe((event) => {
      const changed = new Map<string, NonNullable<ReturnType<typeof recordOfKey>>>();
      for (const key of event.keysChanged) {
        const named = recordOfKey(key);
        if (named !== null) changed.set(metadataKey(named), named);
      }
      for (const named of changed.values()) {
        const change = readMetadata(record, named);
        if (change !== null) this.negotiation.apply(change);
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

/** Client ids that a connection may name beside its own. */
const mostEarlier = 15;

/** Of what is left of earlier tabs: what was written with one hand, and can be named at once. The rest waits for its own visit. */
function together(earlier: readonly Unsent[]): readonly Unsent[] {
  const clients = new Set<number>();
  return earlier.filter((unsent) => {
    const all = new Set([...clients, ...unsent.clients]);
    if (unsent.as !== earlier[0]?.as || (clients.size > 0 && all.size > mostEarlier)) return false;
    for (const client of all) clients.add(client);
    return true;
  });
}

/** The words that a document had and another text has not. */
function wordsLost(
  mine: Y.Doc,
  theirs: (mine: ReturnType<typeof readText>) => ReturnType<typeof readText>,
  base = false,
  own: (id: MarkId) => boolean = () => true,
): readonly LostWords[] {
  try {
    const had = readText(mine);
    return lostWords(had, theirs(had), base, own);
  } catch {
    return [];
  }
}

/** The words that a refused document had and the server's has not. */
export function wordsToUseAgain(draft: SyncClient, theirs: Y.Doc, own: (id: MarkId) => boolean): readonly LostWords[] {
  const words = wordsLost(draft.doc, () => readText(theirs), draft.as === 'base', own);
  return words.length > 0 ? words : draft.unsentWords();
}
