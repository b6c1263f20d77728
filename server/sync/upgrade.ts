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

/** The longest WebSocket message, bytes. A day's offline work of one person fits many times over. */
const longestMessage = 1_100_000;
/** A refused WebSocket that doesn't answer its close is cut off after this many ms. */
const patienceAfterClose = 2000;

export interface UpgradeOptions {
  readonly access: Access;
  readonly meetings: Meetings;
  readonly registry: ConnectionRegistry;
  /** Counts a connection of an account; returns what ends the counting. Throws `too-many-connections`. */
  readonly hold: (account: AccountId, connection: Duplex) => () => void;
  /** Whether an answer is being sent on a connection. */
  readonly isBusy: (connection: Duplex) => boolean;
  readonly log: Logger;
}

/** A request for a WebSocket that was let in. */
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
    // It may have gone while we asked who it is.
    if (request.socket.destroyed) leave();
  };

  /** Finds out who asks for which recommendation, and counts the connection. Throws the refusal. */
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
    // A Yjs document remembers deleted words: it never leaves the room.
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
    // While the room was opened, nobody could cut a connection that wasn't in it yet.
    const now = await access.authenticate(request.headers.cookie);
    const current = meetings.get(meeting.id) ?? meeting;
    const principals = now === null ? [] : await principalsIn({ access, meetings }, now.account.id, current);
    if (!principals.some(({ participant }) => participant === visitor.participant))
      registry.cut({ session: visitor.session }, 'not-signed-in');
    // Everybody is looked at only where this participant may no longer be here.
    const still = meetings.principal(meeting.id, visitor.participant);
    if (still === null || still.role === 'observer') registry.recheck(meeting.id);
  };

  /** A WebSocket is refused by its close code, which a browser shows to the page; an HTTP status it would hide. */
  const refuse = (socket: WebSocket, refusal: ConcordError): void => {
    // A stranger's further bytes are still read, and an error without a listener ends the process.
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
      // It would write between the bytes of the answer that is on its way.
      if (isBusy(socket)) socket.destroy();
      else void upgrade(request, socket, head);
    },
    close: () => sockets.close(),
  };
}
