import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { serverClient } from '../../shared/negotiation/state.ts';
import { highestClient } from '../../shared/protocol/cursor.ts';
import { ConcordError, type ErrorCode } from '../../shared/protocol/errors.ts';
import type { AccountId, MeetingId, ParticipantId, RecommendationId } from '../../shared/protocol/ids.ts';
import { syncType } from '../../shared/protocol/wire.ts';
import { schemaVersion } from '../../shared/text/schema.ts';
import type { Meetings } from '../meetings/meetings.ts';
import type { Room } from '../room/room.ts';
import type { Rooms } from '../room/rooms.ts';
import type { Turns } from '../runtime/turns.ts';
import { Answers } from './answers.ts';
import { Claims } from './claims.ts';
import { Connection, syncFrame } from './connection.ts';
import { wireFrame } from './frame.ts';
import { Outbox } from './outbox.ts';
import { Pace } from './pace.ts';
import { Presence } from './presence.ts';

/** Connections of one participant at once: the screens of a delegation, and half-open ones after a network failure. */
const mostOfAParticipant = 50;

/** A signed-in account with an accreditation to the meeting of the recommendation. */
export interface Visitor {
  readonly participant: ParticipantId;
  readonly account: AccountId;
  readonly session: string;
  readonly language: string;
}

/** The connections of one room, and the data that they share. */
interface Audience {
  readonly id: RecommendationId;
  readonly room: Room;
  readonly answers: Answers;
  readonly presence: Presence;
  readonly connections: Set<Connection>;
  readonly outbox: Outbox<Connection>;
}

export interface RegistryOptions {
  readonly rooms: Rooms;
  readonly meetings: Meetings;
  /** Schedules each account's answers. */
  readonly turns: Turns;
  readonly sentence: (code: ErrorCode, language: string) => string;
  readonly onInternal: (error: unknown, recommendation: RecommendationId) => void;
}

/** The open connections: admits them to rooms, and ends them. */
export class ConnectionRegistry {
  readonly #options: RegistryOptions;
  /** For every room with a connection so far, for as long as the room is held. */
  readonly #audiences = new WeakMap<Room, Audience>();
  /** The audiences with connections. */
  readonly #present = new Set<Audience>();
  readonly #claims = new Claims();
  /** The connections of each participant, oldest first. */
  readonly #ofParticipant = new Map<ParticipantId, Set<Connection>>();
  readonly #sockets = new Map<Connection, WebSocket>();
  readonly #pace = new Pace();
  readonly #timer: NodeJS.Timeout;
  #closing = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#beat(), 30_000).unref();
  }

  /** An admitted WebSocket. Its messages wait until the room is open. */
  async connect(socket: WebSocket, request: IncomingMessage, id: RecommendationId, visitor: Visitor): Promise<void> {
    socket.on('error', () => socket.terminate());
    socket.pause();
    const refuse = (code: ErrorCode): void => {
      socket.close(new ConcordError(code).close, code);
      setTimeout(() => socket.terminate(), 2000).unref();
    };
    let left = (): void => undefined;
    try {
      const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
      const schema = query.get('schema');
      if (schema !== null && schema !== String(schemaVersion)) return refuse('schema-outdated');
      const clients = clientIds(query.get('client'));
      if (clients === null) return refuse('bad-request');
      if (this.#closing) return refuse('shutting-down');
      const meeting = this.#options.meetings.of(id);
      if (meeting === null) return refuse('not-found');
      const room = await this.#options.rooms.enter(id);
      left = () => this.#options.rooms.leave(id);
      const audience = this.#audienceOf(room, id);
      for (const client of clients)
        if (!this.#isFree(audience, client, visitor.participant)) {
          left();
          return refuse('client-taken');
        }
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
          answers: audience.answers,
          presence: audience.presence,
          meeting: () => this.#options.meetings.of(id),
          principal: () => this.#options.meetings.principal(meeting.id, visitor.participant),
          pace: this.#pace,
          onEdit: () => audience.outbox.wrote(connection),
          mayBind: (client) => {
            const free = this.#isFree(audience, client, visitor.participant);
            if (free) this.#claims.note(id, client, visitor.participant);
            return free;
          },
          sentence: (error) => this.#options.sentence(error.code, visitor.language),
          onInternal: (error) => this.#options.onInternal(error, id),
        },
      );
      this.#add(connection, socket, audience);
      socket.on('message', (data: Buffer) => connection.receive(data));
      socket.on('pong', () => {
        connection.alive = true;
      });
      let isHere = true;
      const ended = (): void => {
        if (!isHere) return;
        isHere = false;
        connection.ended();
        this.#remove(connection, audience);
        this.#options.rooms.leave(id);
      };
      left = ended;
      socket.on('close', ended);
      // It may have closed while the room was opened.
      if (socket.readyState !== socket.OPEN) ended();
    } catch (error) {
      left();
      if (error instanceof ConcordError && error.code !== 'internal') return refuse(error.code);
      this.#options.onInternal(error, id);
      socket.close(1011, 'internal');
    } finally {
      socket.resume();
    }
  }

  /** Ends connections at once: a session that signed out, a participant whose accreditation ended. */
  cut(whose: { readonly session?: string; readonly participant?: ParticipantId }, code: ErrorCode): void {
    for (const { connections } of this.#present)
      for (const connection of connections)
        if (connection.greeting.session === whose.session || connection.greeting.participant === whose.participant)
          connection.close(new ConcordError(code));
  }

  /** A meeting's right to see or write changed: connections without access are closed. */
  recheck(meeting: MeetingId): void {
    const state = this.#options.meetings.get(meeting);
    if (state === null) return;
    for (const { connections } of this.#present)
      for (const connection of connections) {
        const participant = state.participants.get(connection.greeting.participant);
        if (participant === undefined) continue;
        if (participant.ended) connection.close(new ConcordError('accreditation-ended'));
        // Observers are never sent the document.
        else if (participant.role === 'observer') connection.close(new ConcordError('role-may-not'));
      }
  }

  /**
   * Accepts nothing more, and disconnects everybody with the request to come back (to the next process), once all that
   * they sent is on disk.
   */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    for (const { connections } of this.#present) for (const connection of connections) connection.stopListening();
    for (const { room, connections, presence } of [...this.#present]) {
      await room.settled();
      for (const connection of connections) connection.close(new ConcordError('shutting-down'));
      presence.stop();
    }
  }

  #audienceOf(room: Room, id: RecommendationId): Audience {
    const known = this.#audiences.get(room);
    if (known !== undefined) return known;
    const connections = new Set<Connection>();
    const outbox = new Outbox(connections);
    const broadcast = (message: Uint8Array, but: object | null = null): void => {
      // Framed once, the same bytes to all.
      if (connections.size > 0) outbox.send(wireFrame(message), but);
    };
    const audience: Audience = {
      id,
      room,
      answers: new Answers(room, this.#options.turns),
      presence: new Presence(broadcast),
      connections,
      outbox,
    };
    room.onShown(({ update, heldBy }) => {
      if (update.length > 0) broadcast(syncFrame(syncType.update, update), heldBy);
    });
    this.#audiences.set(room, audience);
    return audience;
  }

  /** Of too many connections of one participant, the oldest is closed: most likely its network failed. */
  #add(connection: Connection, socket: WebSocket, audience: Audience): void {
    audience.connections.add(connection);
    this.#present.add(audience);
    this.#sockets.set(connection, socket);
    const { participant } = connection.greeting;
    const all = this.#ofParticipant.get(participant) ?? new Set();
    this.#ofParticipant.set(participant, all.add(connection));
    const [oldest] = all;
    if (all.size > mostOfAParticipant && oldest !== undefined) {
      all.delete(oldest);
      oldest.close(new ConcordError('too-many-connections'));
    }
  }

  #remove(connection: Connection, audience: Audience): void {
    audience.connections.delete(connection);
    audience.outbox.left(connection);
    if (audience.connections.size === 0) this.#present.delete(audience);
    this.#sockets.delete(connection);
    const { participant } = connection.greeting;
    const all = this.#ofParticipant.get(participant);
    all?.delete(connection);
    if (all?.size === 0) this.#ofParticipant.delete(participant);
  }

  /** A client id is bound to the participant who named it first: for ever once it has written. */
  #isFree({ id, room, connections }: Audience, client: number, participant: ParticipantId): boolean {
    if (client <= serverClient || client > highestClient) return false;
    const owner = room.negotiation.clients.get(client);
    if (owner !== undefined) return owner.participant === participant;
    for (const connection of connections)
      if (connection.greeting.participant !== participant && connection.clients.has(client)) return false;
    return this.#claims.mayHave(id, client, participant);
  }

  /** Pings find half-open connections: one that did not answer the last ping is terminated. */
  #beat(): void {
    for (const [connection, socket] of this.#sockets) {
      if (!connection.alive) socket.terminate();
      connection.alive = false;
      socket.ping();
    }
  }
}

/** `client=5,7`: at most 16 ids of Yjs's range. Null where it is no such list; empty where none is named. */
function clientIds(parameter: string | null): readonly number[] | null {
  if (parameter === null || parameter === '') return [];
  const ids = parameter.split(',').map(Number);
  return ids.length <= 16 && ids.every((id) => Number.isInteger(id) && id > 1 && id <= highestClient) ? ids : null;
}
