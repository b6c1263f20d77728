import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import type { MeetingState } from '../../shared/meeting/meeting.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { type AccountId, RecommendationId } from '../../shared/protocol/ids.ts';
import type { Access } from '../access/access.ts';
import { originAllowed } from '../access/protect.ts';
import type { Meetings } from '../meetings/meetings.ts';
import { principalIn, principalsIn } from '../meetings/principals.ts';
import type { ConnectionRegistry, Visitor } from './registry.ts';

/** The longest WebSocket message, bytes: many times a person's offline work of a day. */
const longestMessage = 1_100_000;
/** A refused WebSocket that doesn't answer its close is terminated after this many ms. */
const patienceAfterClose = 2000;

export interface UpgradeOptions {
  readonly access: Access;
  readonly meetings: Meetings;
  readonly registry: ConnectionRegistry;
  /** Counts a connection of an account; returns the function that ends the count. Throws `too-many-connections`. */
  readonly hold: (account: AccountId, connection: Duplex) => () => void;
  /** Whether an answer is being sent on a connection. */
  readonly isBusy: (connection: Duplex) => boolean;
  readonly log: Logger;
}

/** An admitted request for a WebSocket. */
interface Admitted {
  readonly recommendation: RecommendationId;
  readonly meeting: MeetingState;
  readonly visitor: Visitor;
}

/** Turns requests for `/sync/{recommendation}` into connections. */
export interface Upgrades {
  /** The listener of the HTTP server's `upgrade` event. */
  readonly listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  close(): void;
}

export function openUpgrades({ access, meetings, registry, hold, isBusy, log }: UpgradeOptions): Upgrades {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: longestMessage, perMessageDeflate: false });

  /** Counts the connection for as long as it is open. Throws the refusal where there is no room for it. */
  const attend = (request: IncomingMessage, { account, session, participant }: Visitor): void => {
    const attended = access.attend({ session, account, participant });
    let free = (): void => undefined;
    const leave = (): void => {
      attended();
      free();
    };
    try {
      free = hold(account, request.socket);
    } catch (error) {
      leave();
      throw error;
    }
    request.socket.once('close', leave);
    // The client may have left during the look-up.
    if (request.socket.destroyed) leave();
  };

  /** Looks up the account and the recommendation, and counts the connection. Throws the refusal. */
  const admit = async (request: IncomingMessage): Promise<Admitted> => {
    if (!originAllowed(request.headers, access.publicOrigin)) throw new ConcordError('foreign-origin');
    const id = RecommendationId.safeParse(/^\/sync\/([^/?]+)(?:\?|$)/.exec(request.url ?? '')?.[1]);
    const who = await access.authenticate(request.headers.cookie);
    if (who === null) throw new ConcordError('not-signed-in');
    const meeting = id.success ? meetings.of(id.data) : null;
    if (!id.success || meeting === null) throw new ConcordError('not-found');
    const named = new URL(request.url ?? '/', 'http://localhost').searchParams.get('seat') ?? undefined;
    const me = await principalIn({ access, meetings }, who.account.id, named, meeting);
    if (me === null) throw new ConcordError('not-found');
    // The deleted words in a Yjs document never leave the room.
    if (me.role === 'observer') throw new ConcordError('role-may-not');
    const visitor: Visitor = {
      participant: me.participant,
      account: who.account.id,
      session: who.session,
      language: request.headers['accept-language'] ?? 'en',
    };
    attend(request, visitor);
    return { recommendation: id.data, meeting, visitor };
  };

  const connect = async (socket: WebSocket, request: IncomingMessage, admitted: Admitted): Promise<void> => {
    const { recommendation, meeting, visitor } = admitted;
    await registry.connect(socket, request, recommendation, visitor);
    // While the room was being opened, the connection was not registered yet, so nothing could close it.
    const now = await access.authenticate(request.headers.cookie);
    const current = meetings.get(meeting.id) ?? meeting;
    const principals = now === null ? [] : await principalsIn({ access, meetings }, now.account.id, current);
    if (!principals.some(({ participant }) => participant === visitor.participant))
      registry.cut({ session: visitor.session }, 'not-signed-in');
    // Only an ended access requires a check of all connections.
    const still = meetings.principal(meeting.id, visitor.participant);
    if (still === null || still.role === 'observer') registry.recheck(meeting.id);
  };

  /** Browsers show a page a WebSocket's close code, but not an HTTP status. */
  const refuse = (socket: WebSocket, refusal: ConcordError): void => {
    // Frames that a refused client still sends are read, and an unhandled error event would end the process.
    socket.on('error', () => socket.terminate());
    socket.close(refusal.close, refusal.code);
    setTimeout(() => socket.terminate(), patienceAfterClose).unref();
  };

  const refusalOf = (error: unknown): ConcordError => {
    if (error instanceof ConcordError && error.code !== 'internal') return error;
    log.error({ err: error }, 'an upgrade failed');
    return new ConcordError('internal', {}, { cause: error });
  };

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const outcome = await admit(request).catch(refusalOf);
    sockets.handleUpgrade(request, socket, head, (opened) => {
      if (outcome instanceof ConcordError) return refuse(opened, outcome);
      connect(opened, request, outcome).catch((error: unknown) => {
        log.error({ err: error }, 'a connection failed');
        opened.close(1011, 'internal');
      });
    });
  };

  return {
    listener: (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      // It would write between the bytes of the answer under way.
      if (isBusy(socket)) socket.destroy();
      else void upgrade(request, socket, head);
    },
    close: () => sockets.close(),
  };
}
