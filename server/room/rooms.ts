import type { IncomingMessage } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { highestClient } from '../../shared/cursor.ts';
import { ConcordError, type ErrorCode } from '../../shared/errors.ts';
import { type AccountId, type MeetingId, type ParticipantId, RecommendationId } from '../../shared/ids.ts';
import { serverClient } from '../../shared/ledger.ts';
import { syncType } from '../../shared/protocol.ts';
import { schemaVersion } from '../../shared/schema.ts';
import type { Log } from '../log/log.ts';
import type { Meetings } from '../meetings/meetings.ts';
import { Persistent } from '../persist.ts';
import type { Turns } from '../turns.ts';
import { Answers } from './answers.ts';
import { Claims } from './claims.ts';
import { Connection, syncFrame } from './connection.ts';
import { Pace } from './pace.ts';
import { Presence } from './presence.ts';
import { Room, type Shown, type Submission } from './room.ts';
import { wireFrame } from './wire.ts';

/** How long a room without connections is kept, ms: people move between recommendations all the time. */
const idleTime = 5 * 60_000;

interface Held {
  readonly room: Promise<Room>;
  answers: Answers | null;
  readonly presence: Presence;
  readonly connections: Set<Connection>;
  /** By the clock that nobody sets. */
  lastUsed: number;
}

export interface RoomsOptions {
  readonly log: Log;
  readonly meetings: Meetings;
  readonly now: () => number;
  /** Whether other processes append to the same log (PostgreSQL). */
  readonly manyNodes: boolean;
  /** Whose answers are made when. */
  readonly turns: Turns;
  readonly sentence: (code: ErrorCode, language: string) => string;
  readonly onInternal: (error: unknown, recommendation: RecommendationId) => void;
}

/** Sockets of one participant at once: screens of a whole delegation, and those that a lost line left half open. */
const mostOfAParticipant = 50;

/** Who wants to connect: signed in, and accredited to the meeting of the recommendation. */
export interface Visitor {
  readonly participant: ParticipantId;
  readonly account: AccountId;
  readonly session: string;
  readonly language: string;
}

/** The recommendations that are held live, and the sockets in them. */
export class Rooms {
  readonly #options: RoomsOptions;
  readonly #held = new Map<RecommendationId, Held>();
  #turn: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<(recommendation: RecommendationId, shown: Shown) => void>();
  /** Told of recommendations that grew elsewhere, and whose room nobody holds here. */
  readonly #elsewhere = new Set<(recommendation: RecommendationId) => void>();
  readonly #growing: Persistent<RecommendationId>;
  readonly #claims = new Claims();
  /** Whose sockets are open, oldest first. */
  readonly #ofParticipant = new Map<ParticipantId, Set<Connection>>();
  readonly #pace = new Pace();
  readonly #timers: NodeJS.Timeout[];
  readonly #unsubscribe: () => void;
  #closing = false;

  constructor(options: RoomsOptions) {
    this.#options = options;
    this.#timers = [setInterval(() => this.#beat(), 30_000).unref(), setInterval(() => this.letGo(), 60_000).unref()];
    this.#growing = new Persistent((id) => this.#catchUp(id), options.onInternal);
    this.#unsubscribe = options.manyNodes
      ? options.log.subscribe((name) => {
          const id = RecommendationId.safeParse(name.replace(/^recommendation:/, ''));
          if (id.success) this.#growing.ask(id.data);
        })
      : () => undefined;
  }

  /** Reads what others appended into the room; where none is held, whoever drew its text before is told. */
  async #catchUp(id: RecommendationId): Promise<void> {
    const held = this.#held.get(id);
    if (held !== undefined) await (await held.room).catchUp();
    // One that was let go meanwhile told nobody.
    if (held === undefined || this.#held.get(id) !== held) for (const listener of this.#elsewhere) listener(id);
  }

  /** The room of a recommendation, opened if need be. Throws `not-found` for one that is in no meeting. */
  async room(id: RecommendationId): Promise<Room> {
    return this.#hold(id).room;
  }

  /**
   * Stores the first entry of a recommendation that no meeting names yet: whoever makes a meeting begins with its texts, so
   * that none is ever named that isn't there. Rejects as `Room.submit` does.
   */
  async begin(id: RecommendationId, submission: Submission): Promise<void> {
    const { log, now, onInternal } = this.#options;
    const room = await Room.open(id, log, now, (reason) => onInternal(reason, id));
    // One text a turn of the event loop: whoever drafts elsewhere doesn't wait for all that is brought in.
    this.#turn = this.#turn.then(() => nextTurn());
    await this.#turn;
    try {
      await room.submit(submission);
    } finally {
      // Whoever waits hears of a failure at once, not when the disk or the database is back.
      void room.settled().then(() => room.destroy());
    }
  }

  holds(id: RecommendationId): boolean {
    return this.#held.has(id);
  }

  /** Tells of every entry of every room that is held, after it is on disk. */
  onShown(listener: (recommendation: RecommendationId, shown: Shown) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells of recommendations that grew, by another server's hand, while no room of theirs was held here. */
  onElsewhere(listener: (recommendation: RecommendationId) => void): () => void {
    this.#elsewhere.add(listener);
    return () => this.#elsewhere.delete(listener);
  }

  /** A WebSocket that was let in. What it sends before the room is open waits for it. */
  async connect(socket: WebSocket, request: IncomingMessage, id: RecommendationId, visitor: Visitor): Promise<void> {
    socket.on('error', () => socket.terminate());
    // What it sends meanwhile stays in the line.
    socket.pause();
    const refuse = (code: ErrorCode): void => {
      socket.close(new ConcordError(code).close, code);
      setTimeout(() => socket.terminate(), 2000).unref();
    };
    try {
      const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
      const schema = query.get('schema');
      if (schema !== null && schema !== String(schemaVersion)) return refuse('schema-outdated');
      const clients = clientIds(query.get('client'));
      if (clients === null) return refuse('bad-request');
      if (this.#closing) return refuse('shutting-down');
      const held = this.#hold(id);
      const room = await held.room;
      held.answers ??= new Answers(room, this.#options.turns);
      const { answers } = held;
      const meeting = this.#options.meetings.of(id);
      if (meeting === null) return refuse('not-found');
      for (const client of clients)
        if (!this.#free(id, held, room, client, visitor.participant)) return refuse('client-taken');
      for (const client of clients) this.#claims.note(id, client, visitor.participant);
      const connection = new Connection(
        socket,
        request.socket,
        {
          participant: visitor.participant,
          account: visitor.account,
          session: visitor.session,
          clients,
          verdicts: query.get('verdicts') === '1',
          as: query.get('as'),
        },
        {
          room,
          answers,
          presence: held.presence,
          meeting: () => this.#options.meetings.of(id),
          principal: () => this.#options.meetings.principal(meeting.id, visitor.participant),
          pace: this.#pace,
          mayBind: (client) => {
            const free = this.#free(id, held, room, client, visitor.participant);
            if (free) this.#claims.note(id, client, visitor.participant);
            return free;
          },
          sentence: (error) => this.#options.sentence(error.code, visitor.language),
          onInternal: (error) => this.#options.onInternal(error, id),
        },
      );
      held.connections.add(connection);
      this.#count(connection);
      socket.on('message', (data: Buffer) => connection.receive(data));
      socket.on('pong', () => {
        connection.alive = true;
      });
      socket.on('close', () => {
        connection.ended();
        held.connections.delete(connection);
        this.#uncount(connection);
        held.lastUsed = performance.now();
      });
      if (socket.readyState !== socket.OPEN) {
        held.connections.delete(connection);
        this.#uncount(connection);
        return;
      }
      sockets.set(connection, socket);
    } catch (error) {
      this.#options.onInternal(error, id);
      socket.close(1011, 'internal');
    } finally {
      socket.resume();
    }
  }

  /** Of too many, the oldest is let go: most likely it is one whose line was lost. */
  #count(connection: Connection): void {
    const { participant } = connection.greeting;
    const all = this.#ofParticipant.get(participant) ?? new Set();
    this.#ofParticipant.set(participant, all.add(connection));
    const [oldest] = all;
    if (all.size > mostOfAParticipant && oldest !== undefined) {
      all.delete(oldest);
      oldest.close(new ConcordError('too-many-connections'));
    }
  }

  #uncount(connection: Connection): void {
    const { participant } = connection.greeting;
    const all = this.#ofParticipant.get(participant);
    all?.delete(connection);
    if (all?.size === 0) this.#ofParticipant.delete(participant);
  }

  /** Ends connections at once: a session that signed out, a participant whose accreditation ended, whoever is named. */
  cut(whose: { readonly session?: string; readonly participant?: ParticipantId }, code: ErrorCode): void {
    for (const { connections } of this.#held.values())
      for (const connection of connections)
        if (connection.greeting.session === whose.session || connection.greeting.participant === whose.participant)
          connection.close(new ConcordError(code));
  }

  /** A meeting's right to see or write changed: those who may no longer be here leave. */
  recheck(meeting: MeetingId): void {
    const state = this.#options.meetings.get(meeting);
    if (state === null) return;
    for (const { connections } of this.#held.values())
      for (const connection of connections) {
        const participant = state.participants.get(connection.greeting.participant);
        if (participant === undefined) continue;
        if (participant.ended) connection.close(new ConcordError('accreditation-ended'));
        // Observers are never sent the document.
        else if (participant.role === 'observer') connection.close(new ConcordError('role-may-not'));
      }
  }

  /** Finishes the commits under way, stores checkpoints and sends everybody away, to come back to the next process. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#unsubscribe();
    this.#growing.close();
    for (const timer of this.#timers) clearInterval(timer);
    for (const { connections } of this.#held.values()) for (const connection of connections) connection.stopListening();
    for (const held of this.#held.values()) {
      const room = await held.room.catch(() => null);
      await room?.settled();
      for (const connection of held.connections) connection.close(new ConcordError('shutting-down'));
      held.presence.stop();
      await room?.checkpoint().catch(() => undefined);
    }
  }

  #hold(id: RecommendationId): Held {
    const found = this.#held.get(id);
    if (found !== undefined) {
      found.lastUsed = performance.now();
      return found;
    }
    if (this.#options.meetings.of(id) === null) throw new ConcordError('not-found');
    const connections = new Set<Connection>();
    const everybody = (message: Uint8Array, but: object | null = null): void => {
      // Framed once, the same bytes to all.
      const frame = wireFrame(message);
      for (const connection of connections) if (connection !== but) connection.sendFramed(frame);
    };
    const held: Held = {
      room: Room.open(id, this.#options.log, this.#options.now, (reason) => this.#options.onInternal(reason, id)),
      answers: null,
      presence: new Presence(everybody),
      connections,
      lastUsed: performance.now(),
    };
    this.#held.set(id, held);
    held.room.then(
      (room) => {
        room.onShown((shown) => {
          if (shown.update.length > 0) everybody(syncFrame(syncType.update, shown.update), shown.heldBy);
          for (const listener of this.#listeners) listener(id, shown);
        });
      },
      () => this.#held.delete(id),
    );
    return held;
  }

  /** A client id is bound to the participant who named it first: for ever once it has written. */
  #free(id: RecommendationId, held: Held, room: Room, client: number, participant: ParticipantId): boolean {
    if (client <= serverClient || client > highestClient) return false;
    const owner = room.ledger.clients.get(client);
    if (owner !== undefined) return owner.participant === participant;
    for (const connection of held.connections)
      if (connection.greeting.participant !== participant && connection.clients.has(client)) return false;
    return this.#claims.mayHave(id, client, participant);
  }

  /** A half-open line is found by asking: who didn't answer the last ping is gone. */
  #beat(): void {
    for (const { connections } of this.#held.values())
      for (const connection of connections) {
        const socket = sockets.get(connection);
        if (socket === undefined) continue;
        if (!connection.alive) socket.terminate();
        connection.alive = false;
        socket.ping();
      }
  }

  /** Lets go of rooms without connections that nobody has asked for in `idle` ms. */
  letGo(idle = idleTime): void {
    for (const [id, held] of this.#held) {
      if (held.connections.size > 0 || performance.now() - held.lastUsed < idle) continue;
      this.#held.delete(id);
      held.room
        .then(async (room) => {
          await room.settled();
          // A checkpoint that can't be stored costs the next opening some time.
          await room.checkpoint().finally(() => room.destroy());
        })
        .catch((error: unknown) => this.#options.onInternal(error, id));
    }
  }
}

const sockets = new WeakMap<Connection, WebSocket>();

/** `client=5,7`: at most 16 ids of Yjs's range. Null where it is no such list; empty where none is named. */
function clientIds(parameter: string | null): readonly number[] | null {
  if (parameter === null || parameter === '') return [];
  const ids = parameter.split(',').map(Number);
  return ids.length <= 16 && ids.every((id) => Number.isInteger(id) && id > 1 && id <= highestClient) ? ids : null;
}
