import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createAccess } from './access/access.ts';
import { verify } from './audit/verify.ts';
import { readConfig } from './config.ts';
import { sentenceOf } from './http/errors.ts';
import { importCompilation } from './imports/compilation.ts';
import { printCompilation } from './imports/print.ts';
import { createMeeting } from './meetings/create.ts';
import { Meetings } from './meetings/meetings.ts';
import { Rooms } from './room/rooms.ts';
import { forLog } from './runtime/logging.ts';
import { openStore } from './storage/store.ts';

const usage = `concord: the operator's commands

  npm run -s concord -- import FILE --meeting "NAME"   make a meeting of a text compilation (the server must not be running)
  npm run -s concord -- import FILE --dry-run [--json] only show what would be imported
  npm run -s concord -- verify                         check the record; also while the server runs

DATA_DIR and DATABASE_URL say which store is meant, as for the server.
`;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

class Usage extends Error {}

/** Returns the exit code: 0 done, 1 failed or a fault found, 2 unknown arguments. */
async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === 'import') return importFile(rest);
  if (command === 'verify') return verifyStore();
  if (command === 'help' || command === '--help') {
    say(usage);
    return 0;
  }
  throw new Usage(command === undefined ? 'a command is missing' : `there is no command "${command}"`);
}

async function importFile(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { meeting: { type: 'string' }, 'dry-run': { type: 'boolean' }, json: { type: 'boolean' } },
  });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new Usage('import takes one file');
  const dry = values['dry-run'] === true;
  if (!dry && (values.meeting === undefined || values.meeting.trim() === ''))
    throw new Usage('--meeting "NAME" is missing');
  const compilation = importCompilation(new Uint8Array(await readFile(file)));
  if (dry) {
    process.stdout.write(
      values.json === true ? `${JSON.stringify(compilation, null, 2)}\n` : printCompilation(compilation),
    );
    return 0;
  }
  const config = readConfig(process.env);
  const store = await openStore({ dataDir: config.dataDir, databaseUrl: config.databaseUrl ?? undefined });
  try {
    const now = (): number => Date.now();
    const meetings = await Meetings.open(store.log, now);
    const rooms = new Rooms({
      log: store.log,
      exists: (id) => meetings.of(id) !== null,
      now,
      manyNodes: false,
      onInternal: (error) => process.stderr.write(`${JSON.stringify(forLog(error))}\n`),
    });
    const { meeting, importer } = await createMeeting(
      { meetings, rooms, now },
      { meeting: (values.meeting ?? '').trim(), compilation },
      { name: 'Rapporteur', role: 'rapporteur' },
    );
    await rooms.close();
    const state = meetings.get(meeting);
    say(`${state?.name}: ${state?.recommendations.length} recommendations, ${state?.parties.size} parties`);
    for (const { line, reason } of compilation.warnings) say(`  line ${line}: ${reason}`);
    const access = createAccess({
      tables: store.tables,
      now,
      secure: config.secure,
      publicOrigin: config.publicOrigin,
    });
    const { token } = await access.inviteParticipant({ meeting, participant: importer, createdBy: null });
    access.close();
    say(`It is at /meetings/${meeting}`);
    say(`Its rapporteur signs up, once, at /invitations/${token}`);
    return 0;
  } finally {
    await store.close();
  }
}

async function verifyStore(): Promise<number> {
  const config = readConfig(process.env);
  const store = await openStore({
    dataDir: config.dataDir,
    databaseUrl: config.databaseUrl ?? undefined,
    readOnly: true,
  });
  try {
    const { logs, entries, faults } = await verify(store.log);
    for (const { log, sequence, reason } of faults)
      say(`${log}${sequence === null ? '' : ` entry ${sequence}`}: ${reason}`);
    say(
      faults.length === 0
        ? `The record is whole: ${entries} entries in ${logs} logs.`
        : `${faults.length} of ${logs} logs ${faults.length === 1 ? 'is' : 'are'} not as ${faults.length === 1 ? 'it' : 'they'} should be.`,
    );
    return faults.length === 0 ? 0 : 1;
  } finally {
    await store.close();
  }
}

// Files that an import makes are private to the server's account.
process.umask(0o077);

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const wrongly = error instanceof Usage || (error instanceof TypeError && 'code' in error);
    if (wrongly) process.stderr.write(`${error.message}\n\n${usage}`);
    else process.stderr.write(`${sentenceOf(error)}\n`);
    process.exitCode = wrongly ? 2 : 1;
  },
);
