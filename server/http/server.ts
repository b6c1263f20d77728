import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Connections } from './connections.ts';
import { oneAtATime } from './oneAtATime.ts';

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

/**
 * Connections that may wait to be accepted. After a restart all clients come back at once, and a connection attempt
 * that is dropped is repeated only after a second. The system may allow fewer.
 */
const backlog = 4096;

export interface HttpServerOptions {
  readonly listener: RequestListener;
  readonly connections: Connections;
  readonly mostConnections: number;
  /** Whether a proxy stands before the server. */
  readonly isBehindProxy: boolean;
}

/** Node's HTTP server, with limits on the number of connections and on the time that each may take. */
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
