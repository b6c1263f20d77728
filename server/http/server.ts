import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Connections } from './connections.ts';
import { oneAtATime } from './oneAtATime.ts';

/**
 * How long the other end of a connection may take, ms: to say what it wants, to say all of it (a compilation of 6 MB comes
 * at 50 kB a second). A silent connection is closed after the first as well; Node looks every five seconds.
 */
const patience = { headersTimeout: 15_000, requestTimeout: 120_000, connectionsCheckingInterval: 5000 };
/**
 * How long a connection is kept for its next request, ms. People's browsers keep many, and a full gallery's would be too
 * many to wait for. A proxy keeps few, and has to be the one that lets go: what it sends at the moment in which we do is
 * lost.
 */
const keptFor = { people: 5000, proxy: 150_000 };

/**
 * Connections that may wait to be taken. After a restart everybody comes back at once, and a connection that finds no room
 * is tried again only after a second. The system may allow fewer.
 */
const backlog = 4096;

export interface HttpServerOptions {
  readonly listener: RequestListener;
  readonly connections: Connections;
  readonly mostConnections: number;
  /** Whether people come by way of a proxy. */
  readonly isBehindProxy: boolean;
}

/** Node's HTTP server, with bounds on how many connections there are and how long each may take. */
export interface HttpServer {
  /** Whether a connection has a request whose answer isn't finished. */
  isBusy(connection: Duplex): boolean;
  onUpgrade(listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): void;
  /** Starts to listen; resolves with the port. */
  listen(port: number, host: string): Promise<number>;
  /** Ends every connection, event streams among them, and stops. */
  close(): Promise<void>;
}

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { listener, connections, mostConnections, isBehindProxy } = options;
  const gate = oneAtATime(listener, (connection) => connections.use(connection));
  const keepAliveTimeout = isBehindProxy ? keptFor.proxy : keptFor.people;
  const server = createServer({ ...patience, keepAliveTimeout }, gate.listener);
  server.maxConnections = mostConnections;
  server.on('connection', (connection: Socket) => connections.arrive(connection, gate.isBusy));
  return {
    isBusy: gate.isBusy,
    onUpgrade: (upgrade) => void server.on('upgrade', upgrade),
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.on('error', reject);
        server.listen({ port, host, backlog }, () => {
          const address = server.address();
          resolve(typeof address === 'object' && address !== null ? address.port : port);
        });
      }),
    close: async () => {
      if (!server.listening) return;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
