import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** A server as a process of its own, which answers. */
export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** Resolves when it has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Programs are built into one folder, two below the root. */
export const root = new URL('../../', import.meta.url).pathname;
export const builtBench = (name: string): string => new URL(`./${name}.js`, import.meta.url).pathname;

/**
 * Starts a program that listens on `PORT`, and waits until it answers. `core` pins it to one processor. For a profile:
 * BENCH_NODE_OPTIONS=--cpu-prof; BENCH_OUT=1 shows its output.
 */
export async function launch({
  program,
  env,
  port,
  core,
}: {
  program: string;
  env: Readonly<Record<string, string>>;
  port: number;
  core?: number;
}): Promise<ServerProcess> {
  const node = [process.execPath, ...(process.env.BENCH_NODE_OPTIONS?.split(' ') ?? []), program];
  const [first = '', ...rest] = core === undefined ? node : ['taskset', '-c', String(core), ...node];
  const child = spawn(first, rest, {
    env: { ...process.env, PORT: String(port), HOST: '127.0.0.1', ...env },
    stdio: ['ignore', process.env.BENCH_OUT ? 'inherit' : 'ignore', 'inherit'],
  });
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      hasEnded = true;
      resolve();
    };
    child.once('exit', end);
    child.once('error', end);
  });
  const url = `http://127.0.0.1:${port}`;
  const answers = (): Promise<boolean> =>
    fetch(`${url}/`).then(
      () => true,
      () => false,
    );
  for (let tries = 0; !(await answers()); tries++) {
    if (tries > 2000 || hasEnded) {
      child.kill('SIGKILL');
      throw new Error(`${program} did not start`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return {
    url,
    pid: child.pid ?? 0,
    kill: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}

/** The demo accounts' password in a benchmark. */
export const password = 'a-bench-password';

/** The built Concord. */
export const launchConcord = (dataDir: string, port: number, core?: number): Promise<ServerProcess> =>
  launch({
    program: `${root}dist/server/main.js`,
    env: { DATA_DIR: dataDir, DEMO_PASSWORD: password, LOG_LEVEL: 'error' },
    port,
    ...(core !== undefined && { core }),
  });
