import { z } from 'zod';
import { looksLike } from '../../shared/meeting/confusable.ts';
import {
  type Actor,
  decideMeeting,
  evolveMeeting,
  type MeetingCommand,
  type MeetingEvent,
  type MeetingState,
  noMeeting,
  principalOf,
  type RecommendationHeading,
  StoredMeetingEvent,
} from '../../shared/meeting/meeting.ts';
import type { Principal } from '../../shared/meeting/principal.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import {
  type AccountId,
  type LogName,
  type MeetingId,
  meetingLog,
  newParticipantId,
  type ParticipantId,
  type RecommendationId,
} from '../../shared/protocol/ids.ts';
import { assertLink, seal, zeroHash } from '../storage/chain.ts';
import type { Entry, Log } from '../storage/log.ts';

const pageOfEntries = 500;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
const Events = z.array(StoredMeetingEvent).min(1);

/** The header of a meeting's entry: the actor (a participant, an administrator or the server) and the time. */
const MeetingHeader = z.object({
  version: z.literal(1),
  at: z.number(),
  by: z.string(),
  participant: z.string().nullable(),
});

/** Parses the events of a meeting's entry. Throws where this version doesn't write such events. */
export const decodeEvents = (entry: Entry): readonly MeetingEvent[] =>
  Events.parse(JSON.parse(decoder.decode(entry.content)));

/** Parses the header of a meeting's entry. Throws where this version doesn't write such headers. */
export const decodeHeader = (entry: Entry): z.infer<typeof MeetingHeader> =>
  MeetingHeader.parse(JSON.parse(decoder.decode(entry.header)));

interface Held {
  state: MeetingState;
  sequence: number;
  hash: Uint8Array;
  /** The time of the last entry. */
  at: number;
  /** Queues commands, so that each is decided on the outcome of the one before. */
  turn: Promise<unknown>;
}

/** The account that acts as a participant. */
export interface AccreditedAccount {
  readonly participant: ParticipantId;
  readonly account: AccountId;
  readonly name: string;
}

export interface MeetingChange {
  readonly meeting: MeetingId;
  readonly events: readonly MeetingEvent[];
}

/**
 * The meetings of this server, each folded from its log and held in memory: rights are looked up here at every update.
 */
export class Meetings {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #held = new Map<MeetingId, Held>();
  /** The meeting of each recommendation. */
  readonly #ofRecommendation = new Map<RecommendationId, MeetingId>();
  readonly #listeners = new Set<(change: MeetingChange) => void>();

  private constructor(log: Log, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  static async open(log: Log, now: () => number): Promise<Meetings> {
    const meetings = new Meetings(log, now);
    for (const name of await log.names()) {
      const id = meetingOf(name);
      if (id !== null) await meetings.catchUp(id);
    }
    return meetings;
  }

  get(id: MeetingId): MeetingState | null {
    return this.#held.get(id)?.state ?? null;
  }
  all(): readonly MeetingState[] {
    return [...this.#held.values()].map(({ state }) => state);
  }
  /** The meeting to which a recommendation belongs. */
  of(recommendation: RecommendationId): MeetingState | null {
    const id = this.#ofRecommendation.get(recommendation);
    return id === undefined ? null : this.get(id);
  }
  /** The principal as which a participant acts now; null once the accreditation has ended. */
  principal(meeting: MeetingId, participant: ParticipantId): Principal | null {
    const state = this.get(meeting);
    return state === null ? null : principalOf(state, participant);
  }

  onChange(listener: (change: MeetingChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async create(id: MeetingId, events: readonly MeetingEvent[], by: string): Promise<void> {
    const held: Held = { state: noMeeting(id), sequence: 0, hash: zeroHash, at: 0, turn: Promise.resolve() };
    if (this.#held.has(id)) throw new ConcordError('bad-request');
    this.#held.set(id, held);
    try {
      await this.#append(held, id, events, by, null);
    } catch (error) {
      this.#held.delete(id);
      throw error;
    }
  }

  /** Decides a command and stores its events; resolves when they are on disk and in force. */
  async order(id: MeetingId, command: MeetingCommand, by: Actor, name: string): Promise<readonly MeetingEvent[]> {
    const held = this.#held.get(id);
    if (held === undefined) throw new ConcordError('not-found');
    const turn = held.turn.then(async () => {
      for (;;) {
        const events = decideMeeting(held.state, command, by, newParticipantId);
        this.#refuseForeign(id, events);
        refuseImitations(held.state, events);
        if (await this.#append(held, id, events, name, typeof by === 'string' ? null : by.participant)) return events;
        await this.catchUp(id);
      }
    });
    held.turn = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Records which account acts as which participant, where the log doesn't say so yet. Called after every accepted
   * invitation, and at the start: an accreditation that was given while the server was down, or directly in the
   * database, is recorded then.
   */
  async recordAccreditations(id: MeetingId, accreditations: readonly AccreditedAccount[]): Promise<void> {
    const held = this.#held.get(id);
    if (held === undefined) return;
    const turn = held.turn.then(async () => {
      for (;;) {
        const { state } = held;
        const fresh = accreditations.filter(
          ({ participant, account }) => state.participants.has(participant) && state.seats.get(participant) !== account,
        );
        if (fresh.length === 0) return;
        const seats = fresh.map(({ participant, account, name }) => ({ participant, account, name }));
        if (await this.#append(held, id, [{ type: 'seats taken', seats }], 'server', null)) return;
        await this.catchUp(id);
      }
    });
    held.turn = turn.catch(() => undefined);
    return turn;
  }

  /**
   * A recommendation belongs to one meeting for ever: an agenda can't take over another meeting's text by naming its
   * id.
   */
  #refuseForeign(id: MeetingId, events: readonly MeetingEvent[]): void {
    for (const event of events)
      for (const recommendation of recommendationsIn(event))
        if ((this.of(recommendation.id)?.id ?? id) !== id)
          throw new ConcordError('bad-request', { field: 'recommendations' });
  }

  /** Reads the new entries of a log that grew on another node; logs of recommendations are ignored. */
  async catchUpByName(name: LogName): Promise<void> {
    const id = meetingOf(name);
    if (id !== null) await this.catchUp(id);
  }

  /** Reads the entries appended since, by this or another node. */
  async catchUp(id: MeetingId): Promise<void> {
    const held = this.#held.get(id) ?? {
      state: noMeeting(id),
      sequence: 0,
      hash: zeroHash,
      at: 0,
      turn: Promise.resolve(),
    };
    for (;;) {
      const page = await this.#log.read(meetingLog(id), held.sequence, pageOfEntries);
      this.#takeAll(held, id, page);
      if (page.length < pageOfEntries) return;
    }
  }

  #takeAll(held: Held, id: MeetingId, page: readonly Entry[]): void {
    for (const entry of page) {
      if (entry.sequence <= held.sequence) continue;
      assertLink(entry, held.hash, held.sequence);
      held.at = decodeHeader(entry).at;
      this.#take(held, id, entry, decodeEvents(entry));
    }
  }

  async #append(
    held: Held,
    id: MeetingId,
    events: readonly MeetingEvent[],
    by: string,
    participant: string | null,
  ): Promise<boolean> {
    // The log's time never runs backwards.
    const at = Math.max(this.#now(), held.at);
    const header = MeetingHeader.parse({ version: 1, at, by, participant });
    const entry = seal({
      log: meetingLog(id),
      sequence: held.sequence + 1,
      previous: held.hash,
      header: encoder.encode(JSON.stringify(header)),
      content: encoder.encode(JSON.stringify(events)),
    });
    if (!(await this.#log.append([entry]))) return false;
    // Another reading may have applied the entry meanwhile.
    if (held.sequence < entry.sequence) {
      held.at = at;
      this.#take(held, id, entry, events);
    }
    return true;
  }

  #take(held: Held, id: MeetingId, entry: Entry, events: readonly MeetingEvent[]): void {
    this.#held.set(id, held);
    held.state = events.reduce(evolveMeeting, held.state);
    held.sequence = entry.sequence;
    held.hash = entry.hash;
    for (const { id: recommendation } of held.state.recommendations)
      if (!this.#ofRecommendation.has(recommendation)) this.#ofRecommendation.set(recommendation, id);
    for (const listener of this.#listeners) listener({ meeting: id, events });
  }
}

/** The recommendations that an event may put on the agenda. */
function recommendationsIn(event: MeetingEvent): readonly RecommendationHeading[] {
  if (event.type === 'recommendations set') return event.recommendations;
  return event.type === 'recommendation added' ? [event.recommendation] : [];
}

/**
 * A name that looks like another participant's and is spelled differently. Two people may have the same name; another
 * spelling of it imitates.
 */
function refuseImitations({ participants }: MeetingState, events: readonly MeetingEvent[]): void {
  for (const event of events) {
    if (event.type !== 'participant accredited') continue;
    const { id, name } = event.participant;
    const look = looksLike(name);
    for (const other of participants.values())
      if (other.id !== id && !other.ended && other.name !== name && looksLike(other.name) === look)
        throw new ConcordError('name-taken', { field: 'name' });
  }
}

/** The meeting that owns this log; null for a recommendation's log. */
export function meetingOf(name: LogName): MeetingId | null {
  const found = /^meeting:(.+)$/.exec(name)?.[1];
  return found === undefined ? null : (found as MeetingId);
}
