import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { Logger } from 'pino';
import { type Registry, registry as standardCommands } from '../shared/negotiation/registry.ts';
import { ConcordError } from '../shared/protocol/errors.ts';
import type { RecommendationId } from '../shared/protocol/ids.ts';
import { chooseLanguage, message } from '../shared/words/words.ts';
import { type Access, createAccess } from './access/access.ts';
import { protect } from './access/protect.ts';
import { accessRoutes } from './access/routes.ts';
import type { Config } from './config.ts';
import { Bodies } from './http/bodies.ts';
import { Connections } from './http/connections.ts';
import { answerErrors, refusalOf } from './http/errors.ts';
import { healthRoutes } from './http/health.ts';
import { openApiRoutes } from './http/openapi.ts';
import { createHttpServer } from './http/server.ts';
import { staticRoutes } from './http/static.ts';
import { EventStreams } from './http/streams.ts';
import { createImporter } from './imports/importer.ts';
import { openFollowing } from './meetings/follow.ts';
import { Meetings } from './meetings/meetings.ts';
import { Progresses } from './meetings/progress.ts';
import { meetingRoutes } from './meetings/routes.ts';
import { negotiationRoutes } from './negotiation/routes.ts';
import { createReading } from './reading/reading.ts';
import { readingRoutes } from './reading/routes.ts';
import { readingSource } from './reading/source.ts';
import { Rooms } from './room/rooms.ts';
import { Turns } from './runtime/turns.ts';
import type { Store } from './storage/store.ts';
import { ConnectionRegistry } from './sync/registry.ts';
import { openUpgrades } from './sync/upgrade.ts';

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

export interface AppOptions {
  readonly store: Store;
  readonly config: Config;
  readonly log: Logger;
  readonly now: () => number;
  /** In demo mode: the names that the sign-in page offers, and their password. */
  readonly demo: () => { readonly names: readonly string[]; readonly password: string } | null;
  /** Address of the importer's thread program, if it is not where the build puts it. */
  readonly importThread?: URL;
  /** The commands on recommendations; by default those of all families. */
  readonly commands?: Registry;
}

/** Connects the parts of a server, the inner before the outer. Each part's own file explains it. */
export async function createApp({
  store,
  config,
  log,
  now,
  demo,
  importThread,
  commands = standardCommands,
}: AppOptions): Promise<App> {
  const manyNodes = config.databaseUrl !== null;
  const { meetings, stop: stopFollowing } = manyNodes
    ? await openFollowing(store.log, now, (err) => log.error({ err }, 'a meeting could not be read'))
    : { meetings: await Meetings.open(store.log, now), stop: () => undefined };
  const access = createAccess({ tables: store.tables, now, secure: config.secure, publicOrigin: config.publicOrigin });
  const turns = new Turns();
  // Never the text under negotiation: the error code, the place, and the stack.
  const onInternal = (error: unknown, recommendation: RecommendationId): void =>
    log.error({ err: error, recommendation }, 'a submission failed');
  const rooms = new Rooms({ log: store.log, exists: (id) => meetings.of(id) !== null, now, manyNodes, onInternal });
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
  const reading = createReading(readingSource(meetings, rooms));
  const importer = createImporter({ program: importThread });

  const connections = new Connections({ most: config.mostConnections, mostReaders: config.mostReaders });
  const streams = new EventStreams({
    connections,
    attend: access.attend,
    onEnded: (listener) => {
      access.onEnded(listener);
      // Also those that another node ended.
      meetings.onChange(({ events }) => {
        for (const event of events)
          if (event.type === 'accreditation ended') listener({ participant: event.participant });
      });
    },
  });
  const bodies = new Bodies(turns);
  const services = { access, meetings, rooms, progresses, streams, importer, bodies, log: store.log, now, commands };

  const http = new Hono();
  http.onError(answerErrors(log));
  http.notFound((c) => refusalOf(c, new ConcordError('not-found')));
  http.use(protect({ secure: config.secure, publicOrigin: config.publicOrigin }));
  http.route('/', healthRoutes(store.log));
  http.route('/', accessRoutes(access, { meetings, demo }));
  http.route('/', meetingRoutes(services));
  http.route('/', negotiationRoutes(services));
  http.route('/', readingRoutes(reading, services));
  http.route('/', openApiRoutes(commands));
  http.route('/', staticRoutes());

  const server = createHttpServer({
    listener: getRequestListener(http.fetch),
    connections,
    mostConnections: config.mostConnections,
    isBehindProxy: config.publicOrigin !== null,
  });
  const upgrades = openUpgrades({
    access,
    meetings,
    registry,
    hold: (account, connection) => connections.hold('drafting', account, connection, () => undefined),
    isBusy: server.isBusy,
    log,
  });
  server.onUpgrade(upgrades.listener);

  return {
    access,
    meetings,
    rooms,
    http,
    listen: server.listen,
    close: async () => {
      stopFollowing();
      await registry.close();
      await rooms.close();
      await importer.close();
      reading.close();
      access.close();
      upgrades.close();
      await server.close();
    },
  };
}
