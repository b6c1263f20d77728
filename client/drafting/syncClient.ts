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

/** The rapporteur's capacity: a party, or the base text. Null for everybody else. */
export type As = PartyCode | 'base' | null;

/**
 * `saved`: all local edits are on the server's disk. `ended`: this document is no longer synchronised. `evicted`: it is
 * disconnected until the person resumes it.
 */
export type Saving = 'connecting' | 'saved' | 'saving' | 'offline' | 'ended' | 'evicted';

export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly clause: string | null;
  readonly words: readonly LostWords[];
  /** The words are kept on the device and sent when the person may write again; `discard` deletes them. */
  readonly discard: (() => void) | null;
}

export interface SyncClientOptions {
  readonly recommendation: RecommendationId;
  readonly participant: ParticipantId;
  readonly as: As;
  /** The account name, so that another account on this device never sees the kept words. */
  readonly account: string;
  /** The document is no longer synchronised; unsaved words stay on the device until `forget`. */
  readonly onEnded: (ending: Exclude<Ending, 'evicted'>, why: Pick<Refusal, 'code' | 'message' | 'clause'>) => void;
  /** The keys of kept words that are being given back, which must not be sent again. */
  readonly butNot: ReadonlySet<string>;
  /** Unsaved words were deleted together with the clause in which they stood. */
  readonly onVanished: (words: readonly LostWords[]) => void;
}

const savedAfter = 300;

/**
 * One connected document of a recommendation: its text, its negotiation state, the participants present, and the extent
 * to which it is saved.
 *
 * It lasts until it is refused or left; after a refusal the session opens a new one.
 */
export class SyncClient {
  readonly doc = new Y.Doc();
  readonly awareness = new Awareness(this.doc);
  readonly negotiation = new LiveState();
  readonly saving = signal<Saving>('connecting');
  /** Set once the server's text has arrived. */
  readonly synced = signal(false);
  /** Counts the changes of the negotiation state. */
  readonly recordVersion = signal(0);
  readonly present = signal<readonly Presence['user'][]>([]);
  readonly #options: SyncClientOptions;
  readonly #provider: WebsocketProvider;
  readonly #clients: number[];
  readonly #release: () => void;
  /** The key under which its words are kept on the device. */
  readonly key: string;
  #as: As;
  /**
   * Updates sent on this connection without a verdict yet, each with the clocks of the device's clients at that moment.
   */
  #underWay: ReadonlyMap<number, number>[] = [];
  /** The clocks up to which the server is known to have the device's clients. */
  #saved: ReadonlyMap<number, number>;
  /** Something was typed that no connection has sent yet. */
  #unsent = false;
  #keepTimer: ReturnType<typeof setTimeout> | null = null;
  #savedState: Uint8Array | undefined;
  /** This device holds a copy of the unsaved edits. */
  #isKept = false;
  /** Saved edits need no copy on the device. */
  #isOver = false;

  private constructor(options: SyncClientOptions, earlier: readonly Unsent[]) {
    this.#options = options;
    // Words of an earlier tab keep the capacity in which they were written.
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
    // An initial state counts for others only once it has changed.
    this.awareness.setLocalStateField('cursor', null);
    const base = new URL('/sync', location.href);
    base.protocol = base.protocol.replace('http', 'ws');
    this.#provider = new WebsocketProvider(base.href, options.recommendation, this.doc, {
      connect: false,
      awareness: this.awareness,
      params: this.#params(),
      // Another tab's words arrive from the server once they are on its disk. The two tabs never exchange them
      // directly.
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
      // An update without a verdict may or may not be on disk: the client sends it again, and the server recognises the
      // new part.
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

  /**
   * Switches to another capacity. Only possible while all is saved: an edit must be sent in the capacity that wrote it.
   */
  writeAs(as: As): boolean {
    if (this.saving.peek() !== 'saved') return false;
    this.#as = as;
    this.#provider.disconnect();
    this.#provider.params = this.#params();
    this.#provider.connect();
    return true;
  }

  /**
   * Words typed here and not saved: words under marks that the negotiation state doesn't have, or else the bare
   * letters.
   */
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

  /** Resumes a document that was closed because the participant had too many open. */
  resume(): void {
    if (this.saving.peek() !== 'evicted') return;
    this.saving.value = 'connecting';
    this.#provider.connect();
  }

  /** The words were given back or deleted, so the device no longer keeps them. */
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

  /** A socket takes half a minute to notice a lost connection; the device knows at once. */
  readonly #lineDropped = (): void => {
    if (this.#hasEnded) return;
    this.#provider.disconnect();
    this.#provider.connect();
  };

  readonly #reconnect = (): void => {
    if (!this.#provider.wsconnected) this.#lineDropped();
  };

  #typed(): void {
    // While connected, the update has just been sent and counted.
    if (this.#underWay.length === 0) this.#unsent = true;
    this.#show();
    this.#keepTimer ??= setTimeout(() => {
      this.#keepTimer = null;
      if (this.#isUnsaved) this.#keepNow();
    }, savedAfter);
  }

  #sent(): void {
    this.#underWay.push(new Map(this.#clients.map((client) => [client, Y.getState(this.doc.store, client)])));
    // The answer to a sync step 1 holds everything; an update holds one edit.
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
    // The message was refused, whatever its kind.
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

  /** A verdict comes for each letter, so local storage is read only where it has something. */
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
      // The local presence has no name until the server gives it one.
      const present = Presence.safeParse({ cursor: null, ...state });
      if (present.success) people.set(present.data.user.participant, present.data.user);
    }
    // Cursors move at every letter; the list of participants changes seldom.
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

/** The number of client ids that a connection may name beside its own. */
const mostEarlier = 15;

/**
 * Of the words kept from earlier tabs: those of one capacity, as many as one connection may name. The rest waits for a
 * later visit.
 */
function together(earlier: readonly Unsent[]): readonly Unsent[] {
  const clients = new Set<number>();
  return earlier.filter((unsent) => {
    const all = new Set([...clients, ...unsent.clients]);
    if (unsent.as !== earlier[0]?.as || (clients.size > 0 && all.size > mostEarlier)) return false;
    for (const client of all) clients.add(client);
    return true;
  });
}

/** The words that one document has and another text has not. */
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

/** The words that a refused document had and the server's text has not. */
export function wordsToUseAgain(draft: SyncClient, theirs: Y.Doc, own: (id: MarkId) => boolean): readonly LostWords[] {
  const words = wordsLost(draft.doc, () => readText(theirs), draft.as === 'base', own);
  return words.length > 0 ? words : draft.unsentWords();
}
