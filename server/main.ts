import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ConcordError } from '../shared/protocol/errors.ts';
import { createApp } from './app.ts';
import { type Config, readConfig } from './config.ts';
import { demoAccounts, seedDemo } from './demo/seed.ts';
import { sentenceOf } from './http/errors.ts';
import { forLog, openLog } from './runtime/logging.ts';
import { openToOthers } from './storage/private.ts';
import { openStore, StoreRefused } from './storage/store.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Ends the process with a sentence for the operator. */
function give(up: string, code = 1): never {
  process.stderr.write(`${up}\n`);
  process.exit(code);
}

function configOrGiveUp(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    give(error instanceof Error ? error.message : 'The settings cannot be used.');
  }
}

/**
 * Whether a start without a demo is asked for. An unknown argument ends the process with a sentence before anything is
 * made: a typing mistake must not add a demo to a server with real texts.
 */
function isEmptyAsked(args: readonly string[]): boolean {
  try {
    const { values } = parseArgs({ args: [...args], options: { empty: { type: 'boolean' } } });
    return values.empty === true;
  } catch (error) {
    // The first sentence names the argument; the others explain how to pass it after all.
    const [which = ''] = error instanceof Error ? error.message.split('. ') : [];
    give(`${which}. The server takes --empty and nothing else; its settings are environment variables.`, 2);
  }
}

/** Files of the server are private to its account, whatever the shell's umask is. */
process.umask(0o077);

async function main(): Promise<void> {
  const empty = isEmptyAsked(process.argv.slice(2));
  const config = configOrGiveUp();
  const log = openLog(config.logLevel);
  // Node would print the message, which may quote the text being processed.
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (err: unknown) => {
      log.fatal({ err }, 'the server failed');
      log.flush(() => process.exit(1));
      setTimeout(() => process.exit(1), 1000);
    });
  const now = (): number => Date.now();
  const store = await openStore({ dataDir: config.dataDir, databaseUrl: config.databaseUrl ?? undefined });
  if (config.databaseUrl === null)
    for (const path of openToOthers(config.dataDir)) log.warn({ path }, 'others on this machine can read it');
  let demo: { names: readonly string[]; password: string } | null = null;
  const app = await createApp({ store, config, log, now, demo: () => demo });

  let invitation: string | null = null;
  if (empty) {
    if (!(await app.access.hasAdministrator())) invitation = (await app.access.inviteAdministrator()).token;
  } else if (await app.access.hasDemo()) {
    // An existing demo's password is not stored in clear: it is set anew, and printed again.
    const password = config.demoPassword ?? randomBytes(9).toString('base64url');
    await app.access.setDemoPassword(password);
    demo = { names: demoAccounts, password };
  } else if (!(await app.access.hasAccounts())) {
    // Nobody can sign in yet: a new store, or one with an interrupted demo.
    const password = config.demoPassword ?? randomBytes(9).toString('base64url');
    await seedDemo({ access: app.access, meetings: app.meetings, rooms: app.rooms, now }, password);
    demo = { names: demoAccounts, password };
  }

  for (const { id } of app.meetings.all())
    await app.meetings.recordAccreditations(id, await app.access.accreditationsOf(id));

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    // Nothing that hangs may keep the process alive: everything acknowledged is on disk already.
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
  // In one write: a reader that waits for the first line may want the others.
  const lines = [`Concord is at ${address}`];
  if (invitation !== null)
    lines.push(`The first administrator signs up, once, at ${address}/invitations/${invitation}`);
  if (demo !== null) lines.push(`Demo: sign in as ${demo.names.join(', ')} with the password ${demo.password}`);
  say(lines.join('\n'));
}

main().catch((error: unknown) => {
  if (error instanceof StoreRefused) give(error.message);
  // Failures of the disk or the log are no faults of the program: a sentence says more than a stack.
  if (error instanceof ConcordError) give(sentenceOf(error));
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    give(`The port is taken. Set PORT to another one.`);
  // The system's own sentences name files and ports; any other may quote the text being read.
  if (error instanceof Error && 'syscall' in error) give(error.message);
  give(`The server could not start: ${JSON.stringify(forLog(error))}`);
});
