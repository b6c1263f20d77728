import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { ConcordError } from '../shared/protocol/errors.ts';
import { type LogName, RecommendationId } from '../shared/protocol/ids.ts';
import { chooseLanguage, message } from '../shared/words/words.ts';
import { type Access, createAccess } from './access/access.ts';
import { originAllowed, protect } from './access/protect.ts';
import { accessRoutes } from './access/routes.ts';
import type { Config } from './config.ts';
import { Bodies } from './http/bodies.ts';
import { Connections } from './http/connections.ts';
import { answerErrors, refusalOf } from './http/errors.ts';
import { oneAtATime } from './http/oneAtATime.ts';
import { openApiRoutes } from './http/openapi.ts';
import { meetingFrom, principalIn, seatsIn } from './http/requester.ts';
import { staticRoutes } from './http/static.ts';
import { EventStreams } from './http/streams.ts';
import { createImporter } from './imports/importer.ts';
import { Meetings } from './meetings/meetings.ts';
import { Progresses } from './meetings/progress.ts';
import { meetingRoutes } from './meetings/routes.ts';
import { procedureRoutes } from './negotiation/routes.ts';
import { createReading } from './reading/reading.ts';
import { readingRoutes } from './reading/routes.ts';
import { Rooms } from './room/rooms.ts';
import { Persistent } from './runtime/persist.ts';
import { Turns } from './runtime/turns.ts';
import type { Store } from './storage/store.ts';
import { ConnectionRegistry } from './sync/registry.ts';

/** The parts of a running server, connected in one place. */
export interface App {
  readonly access: Access;
  readonly meetings: Meetings;
  readonly rooms: Rooms;
  readonly http: Hono;
  /** Starts to listen; resolves with the port. */
  listen(port: number, host: string): Promise<number>;
  /** Finishes the work under way, disconnects clients with the request to come back, and stops. */
  close(): Promise<void>;
}

/** The longest WebSocket message, bytes: many times a person's offline work of a day. */
const longestMessage = 1_100_000;
/**
 * Time limits of a connection, ms: until its first request begins, until a request is complete (a compilation of 6 MB
 * takes this long at 50 kB a second). The first limit also applies to silent connections; Node checks every five
 * seconds.
 */
const patience = { headersTimeout: 15_000, requestTimeout: 120_000, connectionsCheckingInterval: 5000 };
/**
 * Keep-alive time of a connection, ms. Browsers keep many connections, and those of many observers would be too many to
 * keep. A proxy keeps few, and must be the side that closes them: a request sent while the server closes is lost.
 */
const keptFor = { people: 5000, proxy: 150_000 };
/** A refused WebSocket that doesn't answer its close is terminated after this many ms. */
const patienceAfterClose = 2000;

/** Time limit for the disk in `/healthz`, ms. */
const longestCheck = 4000;

/**
 * Connections that may wait to be accepted. After a restart all clients come back at once, and a connection attempt
 * that is dropped is repeated only after a second. The system may allow fewer.
 */
const backlog = 4096;

export interface AppOptions {
  readonly store: Store;
  readonly config: Config;
  readonly log: Logger;
  readonly now: () => number;
  /** In demo mode: the names that the sign-in page offers, and their password. */
  readonly demo: () => { readonly names: readonly string[]; readonly password: string } | null;
  /** Address of the importer's thread program, if it is not where the build puts it. */
  readonly importThread?: URL;
}

export async function createApp({ store, config, log, now, demo, importThread }: AppOptions): Promise<App> {
  // Other nodes' appends that arrive while meetings are being opened.
  const grown = new Set<LogName>();
  const heard = store.log.subscribe((name) => grown.add(name));
  const meetings = await Meetings.open(store.log, now);
  const access = createAccess({ tables: store.tables, now, secure: config.secure, publicOrigin: config.publicOrigin });
  const turns = new Turns();
  // Never the text under negotiation: the error code, the place, and the stack.
  const onInternal = (error: unknown, recommendation: RecommendationId): void =>
    log.error({ err: error, recommendation }, 'a submission failed');
  const rooms = new Rooms({
    log: store.log,
    exists: (id) => meetings.of(id) !== null,
    now,
    manyNodes: config.databaseUrl !== null,
    onInternal,
  });
  const registry = new ConnectionRegistry({
    rooms,
    meetings,
    turns,
    sentence: (code, language) => message(chooseLanguage(language), `error.${code}`),
    onInternal,
  });
  const progresses = new Progresses(rooms);
  access.onEnded((ended) =>
    registry.cut(ended, ended.participant === undefined ? 'not-signed-in' : 'accreditation-ended'),
  );
  // Applies another node's decisions too: participants without access are disconnected.
  meetings.onChange(({ meeting }) => registry.recheck(meeting));
  const stopFollowing = config.databaseUrl === null ? () => undefined : followOthers(store, meetings, grown, log);
  heard();

  const reading = createReading({
    meeting: (id) => meetings.get(id),
    text: async (recommendation) => {
      const room = await rooms.room(recommendation);
      return { text: room.text(), negotiation: room.negotiation };
    },
    onChange: (listener) => {
      const stops = [
        meetings.onChange(({ meeting }) => listener({ meeting, recommendation: null })),
        rooms.onShown((recommendation) => {
          const meeting = meetings.of(recommendation);
          if (meeting !== null) listener({ meeting: meeting.id, recommendation });
        }),
        rooms.onElsewhere((recommendation) => {
          const meeting = meetings.of(recommendation);
          if (meeting !== null) listener({ meeting: meeting.id, recommendation });
        }),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
  });

  const http = new Hono();
  http.onError(answerErrors(log));
  http.notFound((c) => refusalOf(c, new ConcordError('not-found')));
  http.use(protect({ secure: config.secure, publicOrigin: config.publicOrigin }));
  let checking: Promise<void> | null = null;
  http.get('/healthz', async (c) => {
    // Anybody may ask: the disk is asked once for all that ask at the same time.
    checking ??= store.log.check().finally(() => {
      checking = null;
    });
    // A disk that doesn't answer counts as one that fails.
    let late: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      late = setTimeout(() => reject(new ConcordError('not-stored')), longestCheck);
    });
    await Promise.race([checking, tooLate]).finally(() => clearTimeout(late));
    return c.text('ok');
  });
  const connections = new Connections({ most: config.mostConnections, mostReaders: config.mostReaders });
  const streams = new EventStreams((account, connection) =>
    connections.hold('drafting', account, connection, () => undefined),
  );
  const importer = createImporter({ program: importThread });
  const bodies = new Bodies(turns);
  const services = { access, meetings, rooms, progresses, streams, importer, bodies, log: store.log, now };
  http.route('/', accessRoutes(access, { meetings, demo }));
  http.route('/', meetingRoutes(services));
  http.route('/', procedureRoutes(services));
  http.route(
    '/',
    readingRoutes(reading, {
      reader: async (c) => {
        const who = await access.authenticate(c.req.header('cookie'));
        if (who === null) return null;
        const meeting = meetingFrom(c, meetings);
        const me = await principalIn(services, { ...who, seat: c.req.query('seat') }, meeting);
        if (me === null && !who.account.administrator) throw new ConcordError('not-found');
        return {
          meeting: meeting.id,
          session: who.session,
          account: who.account.id,
          participant: me?.participant ?? null,
        };
      },
      attend: (reader, connection, letGo) => {
        const free = connections.hold('reading', reader.account, connection, letGo);
        // Thousands of observers may share an account, and each costs little.
        const leave = access.attend(reader, { most: Number.POSITIVE_INFINITY });
        return () => {
          leave();
          free();
        };
      },
      onEnded: (listener) => {
        access.onEnded(listener);
        meetings.onChange(({ events }) => {
          for (const event of events)
            if (event.type === 'accreditation ended') listener({ participant: event.participant });
        });
      },
    }),
  );
  http.route('/', openApiRoutes());
  http.route('/', staticRoutes());

  const sockets = new WebSocketServer({ noServer: true, maxPayload: longestMessage, perMessageDeflate: false });
  let server: Server | null = null;

  const letIn = async (
    request: IncomingMessage,
  ): Promise<{ id: RecommendationId; connect: (socket: WebSocket) => void }> => {
    if (!originAllowed(request.headers, config.publicOrigin)) throw new ConcordError('foreign-origin');
    const id = RecommendationId.safeParse(/^\/sync\/([^/?]+)(?:\?|$)/.exec(request.url ?? '')?.[1]);
    const who = await access.authenticate(request.headers.cookie);
    if (who === null) throw new ConcordError('not-signed-in');
    const meeting = id.success ? meetings.of(id.data) : null;
    if (!id.success || meeting === null) throw new ConcordError('not-found');
    const seat = new URL(request.url ?? '/', 'http://localhost').searchParams.get('seat') ?? undefined;
    const me = await principalIn(services, { ...who, seat }, meeting);
    if (me === null) throw new ConcordError('not-found');
    // The deleted words in a Yjs document never leave the room.
    if (me.role === 'observer') throw new ConcordError('role-may-not');
    const visitor = {
      participant: me.participant,
      account: who.account.id,
      session: who.session,
      language: request.headers['accept-language'] ?? 'en',
    };
    const account = who.account.id;
    const attended = access.attend({ session: who.session, account, participant: me.participant });
    let free = (): void => undefined;
    const leave = (): void => {
      attended();
      free();
    };
    try {
      free = connections.hold('drafting', account, request.socket, () => undefined);
    } catch (error) {
      leave();
      throw error;
    }
    request.socket.once('close', leave);
    // The client may have left during the look-up.
    if (request.socket.destroyed) leave();
    const stay = async (socket: WebSocket): Promise<void> => {
      await registry.connect(socket, request, id.data, visitor);
      // While the room was being opened, the connection was not registered yet, so nothing could close it.
      const now = await access.authenticate(request.headers.cookie);
      const seats = now === null ? [] : await seatsIn(services, now.account.id, meetings.get(meeting.id) ?? meeting);
      if (!seats.some(({ participant }) => participant === me.participant))
        registry.cut({ session: who.session }, 'not-signed-in');
      // Only an ended access requires a check of all connections.
      const still = meetings.principal(meeting.id, me.participant);
      if (still === null || still.role === 'observer') registry.recheck(meeting.id);
    };
    const failed = (error: unknown, socket: WebSocket): void => {
      log.error({ err: error }, 'a connection failed');
      socket.close(1011, 'internal');
    };
    return {
      id: id.data,
      connect: (socket) => void stay(socket).catch((error: unknown) => failed(error, socket)),
    };
  };

  return {
    access,
    meetings,
    rooms,
    http,
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        const keepAliveTimeout = config.publicOrigin === null ? keptFor.people : keptFor.proxy;
        const gate = oneAtATime(getRequestListener(http.fetch), (connection) => connections.use(connection));
        const listening = createServer({ ...patience, keepAliveTimeout }, gate.listener);
        server = listening;
        listening.maxConnections = config.mostConnections;
        listening.listen({ port, host, backlog }, () => {
          const address = listening.address();
          resolve(typeof address === 'object' && address !== null ? address.port : port);
        });
        listening.on('error', reject);
        listening.on('connection', (connection: Socket) => connections.arrive(connection, gate.isBusy));
        listening.on('upgrade', (request: IncomingMessage, socket, head) => {
          socket.on('error', () => socket.destroy());
          // It would write between the bytes of the answer under way.
          if (gate.isBusy(socket)) return socket.destroy();
          letIn(request).then(
            ({ connect }) => sockets.handleUpgrade(request, socket, head, connect),
            (error: unknown) => {
              const refusal =
                error instanceof ConcordError ? error : new ConcordError('internal', {}, { cause: error });
              if (refusal.code === 'internal') log.error({ err: error }, 'an upgrade failed');
              // Browsers show a page a WebSocket's close code, but not an HTTP status.
              sockets.handleUpgrade(request, socket, head, (opened) => {
                // Frames that a refused client still sends are read, and an unhandled error event would end the
                // process.
                opened.on('error', () => opened.terminate());
                opened.close(refusal.close, refusal.code);
                setTimeout(() => opened.terminate(), patienceAfterClose).unref();
              });
            },
          );
        });
      }),
    close: async () => {
      stopFollowing();
      await registry.close();
      await rooms.close();
      await importer.close();
      reading.close();
      access.close();
      sockets.close();
      const listening = server;
      if (listening !== null) {
        const closed = new Promise((resolve) => listening.close(resolve));
        // Event streams never end by themselves.
        listening.closeAllConnections();
        await closed;
      }
    },
  };
}

/** Reads other nodes' appends to the meetings' logs, including those to `grew`. Returns the function that ends it. */
function followOthers(store: Store, meetings: Meetings, grew: Iterable<LogName>, log: Logger): () => void {
  const reading = new Persistent<LogName>(
    (name) => meetings.catchUpByName(name),
    (err) => log.error({ err }, 'a meeting could not be read'),
  );
  const read = (name: LogName): void => {
    if (name.startsWith('meeting:')) reading.ask(name);
  };
  for (const name of grew) read(name);
  const stop = store.log.subscribe(read);
  return () => {
    stop();
    reading.close();
  };
}
