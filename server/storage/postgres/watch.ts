import pg from 'pg';
import { LogName } from '../../../shared/protocol/ids.ts';
import { channel } from './append.ts';
import { connectionOptions } from './pool.ts';

export interface Watch {
  /** This node's own appends, so that the next look doesn't report them as another node's. */
  seen(log: LogName, sequence: number): void;
  close(): Promise<void>;
}

/**
 * Reports entries that other nodes wrote. Notifications are quick, and may get lost with their connection; so every
 * `interval` milliseconds the watcher also reads the heads, and connects again if it has to.
 *
 * Growth after this resolves is reported, sooner or later.
 */
export async function watchHeads(
  databaseUrl: string,
  pool: pg.Pool,
  announce: (names: readonly LogName[]) => void,
  { node, interval }: { node: string; interval: number },
): Promise<Watch> {
  const known = new Map<LogName, number>();
  let listener: pg.Client | null = null;
  let looking: Promise<void> | null = null;
  let closed = false;

  async function listen(): Promise<void> {
    const client = new pg.Client(connectionOptions(databaseUrl, { readOnly: false }));
    const drop = () => {
      if (listener === client) listener = null;
    };
    client.on('error', drop);
    client.on('end', drop);
    client.on('notification', ({ payload = '' }) => announce(foreignNames(payload, node)));
    await client.connect();
    await client.query(`LISTEN ${channel}`);
    listener = client;
  }

  async function look(): Promise<LogName[]> {
    if (!listener) await listen();
    const { rows } = await pool.query<{ log: string; sequence: number }>('SELECT log, sequence FROM heads');
    const grown: LogName[] = [];
    for (const { log, sequence } of rows) {
      const name = LogName.parse(log);
      if (sequence <= (known.get(name) ?? 0)) continue;
      known.set(name, sequence);
      grown.push(name);
    }
    return grown;
  }

  await look();
  const timer = setInterval(() => {
    if (closed || looking !== null) return;
    looking = look()
      // If the database can't be read now, the next turn reads it; writers notice the failure by themselves.
      .then(announce, () => {})
      .finally(() => {
        looking = null;
      });
  }, interval);
  timer.unref();

  return {
    seen: (log, sequence) => void known.set(log, Math.max(sequence, known.get(log) ?? 0)),
    async close() {
      closed = true;
      clearInterval(timer);
      await looking;
      await listener?.end();
    },
  };
}

/** This node's own writes were announced when their commit was answered. */
function foreignNames(payload: string, node: string): LogName[] {
  const [writer, ...names] = payload.split(',');
  if (writer === node) return [];
  return names.flatMap((name) => {
    const parsed = LogName.safeParse(name);
    return parsed.success ? [parsed.data] : [];
  });
}
