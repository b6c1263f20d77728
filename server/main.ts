import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { demoAccounts, seedDemo } from './demo/seed.ts';
import { openStore, StoreRefused } from './store/store.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Ends the process with a sentence for whoever runs it. */
function give(up: string): never {
  process.stderr.write(`${up}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const empty = process.argv.includes('--empty');
  const log = pino({ level: config.logLevel }, pino.destination({ dest: 2, sync: false }));
  const now = (): number => Date.now();
  const store = await openStore({ dataDir: config.dataDir, databaseUrl: config.databaseUrl ?? undefined });
  let demo: { names: readonly string[]; password: string } | null = null;
  const app = await createApp({ store, config, log, now, demo: () => demo });

  let invitation: string | null = null;
  if (empty) {
    if (!(await app.access.hasAdministrator())) invitation = (await app.access.inviteAdministrator()).token;
  } else if (await app.access.hasDemo()) {
    // The password of a demo that was made before is not kept in clear: it is set anew, and printed again.
    const password = config.demoPassword ?? randomBytes(9).toString('base64url');
    await app.access.setDemoPassword(password);
    demo = { names: demoAccounts, password };
  } else if (!(await app.access.hasAccounts())) {
    // Nobody can sign in yet: a new store, or one whose demo was cut short.
    const password = config.demoPassword ?? randomBytes(9).toString('base64url');
    await seedDemo({ access: app.access, meetings: app.meetings, rooms: app.rooms, now }, password);
    demo = { names: demoAccounts, password };
  }

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    // Whatever hangs must not keep the process: what is acknowledged is on disk already.
    setTimeout(() => process.exit(0), 4500).unref();
    app
      .close()
      .then(() => store.close())
      .then(() => process.exit(0))
      .catch((err: unknown) => {
        log.error({ err }, 'stopping failed');
        process.exit(1);
      });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  const port = await app.listen(config.port, config.host);
  const address = config.publicOrigin ?? `http://localhost:${port}`;
  say(`Concord is at ${address}`);
  if (invitation !== null) say(`The first administrator signs up, once, at ${address}/invitations/${invitation}`);
  if (demo !== null) say(`Demo: sign in as ${demo.names.join(', ')} with the password ${demo.password}`);
}

main().catch((error: unknown) => {
  if (error instanceof StoreRefused) give(error.message);
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    give(`The port is taken. Set PORT to another one.`);
  give(error instanceof Error ? (error.stack ?? error.message) : String(error));
});
