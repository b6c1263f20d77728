import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/** How a process ended: its exit code, or the name of the signal that killed it. */
export type Exit = number | string;

/** A server as a process of its own, from the moment it is launched. */
export interface ServerProcess {
  readonly pid: number;
  readonly url: string;
  /** Resolves when it listens; rejects with what it printed if it ends before. */
  readonly ready: Promise<void>;
  readonly ended: Promise<Exit>;
  /** All output so far. */
  printed(): string;
  /** Ends it, and resolves with its exit code or signal. */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
}

export const password = 'a-demo-password';

/** The real, built Concord. */
export function launchConcord({
  dataDir,
  port,
  args = [],
  env = {},
  largestFile,
}: {
  dataDir: string;
  port: number;
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** No file of its may grow beyond so many kilobytes: the system's stand-in for a full disk. */
  largestFile?: number;
}): ServerProcess {
  const command = [process.execPath, 'dist/server/main.js', ...args];
  const [first = '', ...rest] =
    largestFile === undefined ? command : ['bash', '-c', `ulimit -f ${largestFile}; exec "$0" "$@"`, ...command];
  const child: ChildProcess = spawn(first, rest, {
    env: {
      ...process.env,
      PORT: String(port),
      HOST: '127.0.0.1',
      DATA_DIR: dataDir,
      DEMO_PASSWORD: password,
      LOG_LEVEL: 'error',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  const ended = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
    child.once('error', (error) => resolve(error.message));
  });
  const ready = new Promise<void>((resolve, reject) => {
    const hear = (part: Buffer): void => {
      printed += part.toString();
      if (printed.includes('Concord is at')) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    void ended.then((exit) => reject(new Error(`Concord ended with ${exit} before it listened: ${printed}`)));
  });
  // Callers that only wait for its end needn't handle the failed start.
  ready.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    url: `http://127.0.0.1:${port}`,
    ready,
    ended,
    printed: () => printed,
    kill: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}
