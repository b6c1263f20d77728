import * as Y from 'yjs';
import { sorted } from '../../../server/audit/rejudge.ts';
import { verify } from '../../../server/audit/verify.ts';
import { Room } from '../../../server/room/room.ts';
import { openMemoryLog } from '../../../server/storage/memory.ts';
import type { Principal } from '../../../shared/meeting/principal.ts';
import { readMetadata } from '../../../shared/negotiation/metadata.ts';
import { onWhatIsSeen, registry, type Wish } from '../../../shared/negotiation/registry.ts';
import { LiveState } from '../../../shared/negotiation/state.ts';
import { ConcordError } from '../../../shared/protocol/errors.ts';
import { MarkId, newRecommendationId, PartyCode, randomId } from '../../../shared/protocol/ids.ts';
import type { Capacity } from '../../../shared/text/authority.ts';
import { type Clause, sameText } from '../../../shared/text/clause.ts';
import { markKey, readText, recordOf, textOf } from '../../../shared/text/document.ts';
import { bringIn } from '../bringIn.ts';
import { joined } from '../joined.ts';
import { wrongWith } from '../oracle.ts';
import { chair, delegate, op, party, rapporteur } from '../texts.ts';
import type { Draw } from './draw.ts';
import { Survey, UpdateGenerator } from './updateGenerator.ts';

const codes = ['ARG', 'BRA', 'CAN'] as const;

interface HostileClient {
  readonly who: Principal;
  readonly capacity: Capacity;
  readonly client: number;
}

/** An honest writer's screen, and Yjs's tidying in it that is still to be sent. */
interface Screen {
  readonly who: Principal;
  readonly capacity: Capacity;
  doc: Y.Doc;
  readonly tidied: Uint8Array[];
}

const partyOf = (capacity: Capacity): PartyCode | null => ('proposesFor' in capacity ? capacity.proposesFor : null);
const base64 = (bytes: Uint8Array): string =>
  bytes.length > 4000 ? `${bytes.length} bytes` : Buffer.from(bytes).toString('base64');

/**
 * A room as it runs in the server, on a log in memory, with honest writers and hostile clients. The oracle judges every
 * accepted update; at the end all replicas, the log and the audit have to agree.
 */
export class RoomFuzzer {
  readonly #draw: Draw;
  readonly #log: ReturnType<typeof openMemoryLog>;
  readonly #id: Room['id'];
  readonly #room: Room;
  readonly #honest: Screen[] = [];
  readonly #hostiles: readonly HostileClient[];
  /** The updates sent to hostile clients. */
  readonly #seen = new Y.Doc();
  #generator = new Map<HostileClient, UpdateGenerator>();
  /** Negotiation state and clocks after the last accepted entry. */
  #known: { readonly negotiation: LiveState; readonly clocks: ReadonlyMap<number, number> };
  /** Accepted updates of all authors: to be sent again, spliced, mutated. */
  readonly #heard: Uint8Array[] = [];
  readonly outcomes = new Map<string, number>();
  /** The longest time for which one message held the event loop, ms. */
  slowest = 0;

  private constructor(draw: Draw, room: Room, log: ReturnType<typeof openMemoryLog>, id: Room['id']) {
    this.#draw = draw;
    this.#room = room;
    this.#log = log;
    this.#id = id;
    const client = (): number => 2 + draw.nat(0xffff_0000);
    this.#hostiles = [
      { who: delegate('ARG'), capacity: { proposesFor: party('ARG') }, client: client() },
      { who: delegate('BRA'), capacity: { proposesFor: party('BRA') }, client: client() },
      { who: rapporteur, capacity: { edits: 'base' }, client: client() },
      { who: rapporteur, capacity: { proposesFor: party('CAN') }, client: client() },
    ];
    // A hostile client has no reason to tidy up.
    this.#seen.on('afterTransaction', (transaction: Y.Transaction) => {
      transaction._needFormattingCleanup = false;
    });
    Y.applyUpdate(this.#seen, room.stateFor());
    this.#known = { negotiation: new LiveState(room.negotiation), clocks: this.#clocks() };
    for (const code of ['CAN', 'ARG']) {
      const screen = { who: delegate(code), capacity: { proposesFor: party(code) }, doc: new Y.Doc(), tidied: [] };
      this.#renew(screen);
      this.#honest.push(screen);
    }
    room.onShown(({ update }) => {
      if (update.length === 0) return;
      Y.applyUpdate(this.#seen, update);
      for (const { doc } of this.#honest) Y.applyUpdate(doc, update, 'room');
      this.#generator.clear();
    });
  }

  static async open(draw: Draw): Promise<RoomFuzzer> {
    const log = openMemoryLog();
    const id = newRecommendationId();
    const room = await Room.open(id, log, () => 1000);
    const text = [
      op('c1', 'Urge all states to act'),
      op('c2', 'Agreed 😀 words, with ünïcödé'),
      op('c3', ''),
      op('c4', '😀😀 Invite organs to report 👩‍👩‍👧‍👦'),
      op('c5', 'Note with concern'),
    ];
    await bringIn(room, text);
    const fuzzer = new RoomFuzzer(draw, room, log, id);
    const agreed = text[1];
    if (agreed !== undefined) await fuzzer.#order({ type: 'set-status', clauses: [agreed.id], status: 'agreed' });
    for (let left = 0; left < 6; left++) await fuzzer.honest();
    return fuzzer;
  }

  get sequence(): number {
    return this.#room.sequence;
  }

  /** An honest writer's edit: it has to be accepted, whatever was sent before. */
  async honest(): Promise<void> {
    const draw = this.#draw;
    const screen = draw.of(this.#honest);
    await this.#sayTidied(screen);
    const { who, capacity, doc } = screen;
    const texts = textOf(doc)
      .toArray()
      .flatMap((clause) => (clause instanceof Y.XmlElement ? clause.toArray() : []))
      .filter((text): text is Y.XmlText => text instanceof Y.XmlText);
    // The second clause is agreed; and a hostile client may fill a clause of its own to its limit.
    const open = texts.filter((text) => !text.toString().includes('Agreed') && text.length < 15_000);
    if (open.length === 0) return;
    const text = draw.of(open);
    const code = partyOf(capacity) ?? 'ARG';
    const id = MarkId.parse(`${code}${randomId((size) => draw.bytes(size)).slice(0, 12)}`);
    const updates: Uint8Array[] = [];
    const collect = (update: Uint8Array): void => void updates.push(update);
    doc.on('update', collect);
    doc.transact(() => text.insert(text.length, draw.of(['all ', 'now ', '😀']), withOnly(text, id)), 'typing');
    doc.off('update', collect);
    const update = Y.mergeUpdates(updates);
    const outcome = await this.#submit(who, capacity, doc.clientID, update);
    if (outcome !== 'accepted') throw new Error(`an honest edit was refused: ${outcome}`);
  }

  /** A new document, as a new client has. */
  #renew(screen: Screen): void {
    screen.doc.destroy();
    const doc = new Y.Doc();
    doc.clientID = 2 + this.#draw.nat(0xffff_0000);
    Y.applyUpdate(doc, this.#room.stateFor(), 'room');
    screen.tidied.length = 0;
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'room' && origin !== 'typing') screen.tidied.push(update);
    });
    screen.doc = doc;
  }

  /** Yjs's tidying is sent before anything else. It is too late where another person wrote there meanwhile. */
  async #sayTidied(screen: Screen): Promise<void> {
    for (const update of screen.tidied.splice(0)) {
      const outcome = await this.#submit(screen.who, screen.capacity, screen.doc.clientID, update);
      this.outcomes.set(`tidied: ${outcome}`, (this.outcomes.get(`tidied: ${outcome}`) ?? 0) + 1);
      if (outcome === 'accepted' || outcome === 'nothing new') continue;
      this.#renew(screen);
      return;
    }
  }

  /** Sends a hostile message. Throws for an answer that the rules don't allow. */
  async attack(make: (generator: UpdateGenerator, others: readonly Uint8Array[]) => Uint8Array): Promise<void> {
    const hostile = this.#draw.of(this.#hostiles);
    let generator = this.#generator.get(hostile);
    if (generator === undefined) {
      generator = new UpdateGenerator(new Survey(this.#seen), hostile.client, this.#draw);
      this.#generator.set(hostile, generator);
    }
    const update = make(generator, this.#heard);
    const outcome = await this.#submit(hostile.who, hostile.capacity, hostile.client, update);
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }

  async #submit(who: Principal, capacity: Capacity, client: number, update: Uint8Array): Promise<string> {
    const before = this.#room.text();
    const begun = performance.now();
    let outcome = 'accepted';
    try {
      const { sequence } = await this.#room.submit({
        kind: 'edit',
        onBehalfOf: who.role === 'rapporteur' ? partyOf(capacity) : null,
        update: update,
        writer: {
          principal: who,
          capacity: () => capacity,
          clients: new Set([client]),
          mayBind: (id) => this.#isFree(id, who),
        },
      });
      if (sequence === null) outcome = 'nothing new';
    } catch (error) {
      if (!(error instanceof ConcordError) || error.code === 'internal')
        throw new Error(`${who.name} sent ${base64(update)}`, { cause: error });
      outcome = error.code;
    }
    this.slowest = Math.max(this.slowest, performance.now() - begun);
    const wrong =
      outcome === 'accepted'
        ? this.#wrongWith(before, who, capacity)
        : this.#room.text() === before
          ? null
          : 'what was not accepted changed the text';
    if (wrong !== null) throw new Error(`${who.name} sent ${base64(update)}: ${wrong}`);
    if (outcome === 'accepted') {
      this.#heard.push(update);
      if (this.#heard.length > 60) this.#heard.splice(this.#draw.nat(60), 1);
    }
    return outcome;
  }

  #wrongWith(before: readonly Clause[], who: Principal, capacity: Capacity): string | null {
    // Read anew, not from the room's cache: the cache has to be the same.
    const after = readText(this.#seen);
    if (!sameText(after, this.#room.text())) return 'the room shows an old text';
    // A new client reads the same as the others.
    const joining = new Y.Doc();
    Y.applyUpdate(joining, this.#room.stateFor());
    if (!sameText(readText(joining), after)) return 'who joins reads another text';
    joining.destroy();
    const known = this.#known;
    this.#known = { negotiation: new LiveState(this.#room.negotiation), clocks: this.#clocks() };
    const metadata = recordOf(this.#seen);
    for (const change of this.#known.negotiation.changes())
      if (JSON.stringify(sorted(readMetadata(metadata, change))) !== JSON.stringify(sorted(change)))
        return `the metadata are not the state: ${JSON.stringify(readMetadata(metadata, change))} for ${JSON.stringify(change)}`;
    return (
      wrongWith({
        before,
        after,
        negotiationBefore: known.negotiation,
        negotiationAfter: this.#room.negotiation,
        party: partyOf(capacity),
      }) ?? this.#foreignStructs(known.clocks, who)
    );
  }

  #clocks(): ReadonlyMap<number, number> {
    return Y.decodeStateVector(Y.encodeStateVector(this.#seen));
  }

  /** Structs under a client id that is neither the writer's nor the server's. */
  #foreignStructs(known: ReadonlyMap<number, number>, who: Principal): string | null {
    for (const [client, clock] of this.#known.clocks) {
      if (clock === (known.get(client) ?? 0) || client === 1) continue;
      if (this.#room.negotiation.clients.get(client)?.participant !== who.participant)
        return `structs came under client ${client}`;
    }
    return null;
  }

  #isFree(client: number, who: Principal): boolean {
    const owner = this.#room.negotiation.clients.get(client);
    if (owner !== undefined) return owner.participant === who.participant;
    const connected = [
      ...this.#hostiles,
      ...this.#honest.map(({ who: owned, doc }) => ({ who: owned, client: doc.clientID })),
    ];
    return client > 1 && !connected.some((one) => one.client === client && one.who.participant !== who.participant);
  }

  /** Decisions of the chair in between: amendments close, so that their marks have no owner. */
  async decide(): Promise<void> {
    const open = [...this.#room.negotiation.marks].filter(
      ([, mark]) => mark.kind === 'amendment' && mark.state === 'open',
    );
    if (open.length === 0) return;
    const [id] = this.#draw.of(open);
    await this.#order({ type: this.#draw.of(['adopt', 'not-adopt'] as const), amendments: [id] });
  }

  async #order(wish: Wish): Promise<void> {
    const command = onWhatIsSeen({ text: this.#room.text(), negotiation: this.#room.negotiation }, wish);
    const meeting = {
      drafting: true,
      parties: new Map(
        codes.map((code) => [
          party(code),
          { code: PartyCode.parse(code), names: { en: code }, kind: 'state' as const, aliases: [], members: [] },
        ]),
      ),
    };
    try {
      await this.#room.submit({
        kind: 'command',
        by: chair,
        onBehalfOf: null,
        command,
        commands: registry,
        terms: () => ({ principal: chair, meeting }),
      });
    } catch (error) {
      if (!(error instanceof ConcordError) || error.code === 'internal') throw error;
    }
    this.#known = { negotiation: new LiveState(this.#room.negotiation), clocks: this.#clocks() };
  }

  /** All participants see the same, and the log alone gives the same document. */
  async close(): Promise<void> {
    while (this.#honest.some(({ tidied }) => tidied.length > 0))
      for (const screen of this.#honest) await this.#sayTidied(screen);
    const state = joined(this.#room.stateFor());
    const text = JSON.stringify(this.#room.text());
    const { stateVector } = await this.#room.stateOnDisk();
    for (const doc of [this.#seen, ...this.#honest.map((one) => one.doc)]) {
      if (JSON.stringify(readText(doc)) !== text) throw new Error('a replica shows another text');
      if (!Buffer.from(Y.encodeStateVector(doc)).equals(Buffer.from(stateVector)))
        throw new Error('a replica knows something else');
    }
    const reopened = await Room.open(this.#id, this.#log, () => 1000);
    if (!joined(reopened.stateFor()).equals(state)) throw new Error('the log replays to other bytes');
    const { faults } = await verify(this.#log);
    if (faults.length > 0) throw new Error(`the record is not whole: ${JSON.stringify(faults)}`);
    reopened.destroy();
    this.#room.destroy();
    this.#seen.destroy();
    for (const { doc } of this.#honest) doc.destroy();
  }
}

/** The marks of words that are appended to a text: their own, and an end for those that stand there. */
function withOnly(text: Y.XmlText, id: MarkId): Record<string, { id: MarkId } | null> {
  const last = (text.toDelta() as { attributes?: object }[]).at(-1)?.attributes ?? {};
  return { ...Object.fromEntries(Object.keys(last).map((key) => [key, null])), [markKey('insertion', id)]: { id } };
}
