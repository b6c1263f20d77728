import { z } from 'zod';

/** The share of connections for observers' streams, by default. */
const shareForReaders = 2 / 3;

/** Settings from environment variables. See `docs/operating.md`. */
const Environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65535).default(8080),
  HOST: z.string().default('0.0.0.0'),
  DATA_DIR: z.string().min(1).default('./data'),
  DATABASE_URL: z.string().optional(),
  /** The public address of the server, behind a proxy: `https://concord.example.org`. */
  PUBLIC_ORIGIN: z.url().optional(),
  DEMO_PASSWORD: z.string().min(8).optional(),
  /** Sockets, streams and requests at once, all together; further connections are closed. */
  MAX_CONNECTIONS: z.coerce.number().int().min(1).default(15_000),
  /** Observers' streams at once: by default two thirds of all connections. */
  MAX_READERS: z.coerce.number().int().min(0).optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

export interface Config {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly databaseUrl: string | null;
  /** The origin that browsers name; null: the `Host` of each request. */
  readonly publicOrigin: string | null;
  /** Cookies are `Secure` and HSTS is sent when the public address is https. */
  readonly secure: boolean;
  readonly demoPassword: string | null;
  readonly mostConnections: number;
  readonly mostReaders: number;
  readonly logLevel: string;
}

/** Throws an `Error` with one sentence for each invalid setting. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  // An empty variable is one that isn't set.
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = Environment.safeParse(set);
  if (!parsed.success)
    throw new Error(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  const { PORT, HOST, DATA_DIR, DATABASE_URL, PUBLIC_ORIGIN, DEMO_PASSWORD, MAX_CONNECTIONS, MAX_READERS, LOG_LEVEL } =
    parsed.data;
  const origin = PUBLIC_ORIGIN === undefined ? null : new URL(PUBLIC_ORIGIN).origin;
  return {
    port: PORT,
    host: HOST,
    dataDir: DATA_DIR,
    databaseUrl: DATABASE_URL ?? null,
    publicOrigin: origin,
    secure: origin?.startsWith('https:') ?? false,
    demoPassword: DEMO_PASSWORD ?? null,
    mostConnections: MAX_CONNECTIONS,
    mostReaders: MAX_READERS ?? Math.floor(MAX_CONNECTIONS * shareForReaders),
    logLevel: LOG_LEVEL,
  };
}
