import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as encoding from 'lib0/encoding';
import { MeetingList, MeetingView } from '../../shared/protocol/contract.ts';
import { newClauseId } from '../../shared/protocol/ids.ts';
import { noMarks } from '../../shared/text/clause.ts';
import { clauseElement, textOf } from '../../shared/text/document.ts';
import { randomFrom } from '../helpers/random.ts';
import { recommendations } from './load/text.ts';
import { type Line, numbersIn, Person } from './lost/person.ts';
import { apiOf } from './support/api.ts';
import { builtBench, freePort, launch, launchConcord, type ServerProcess } from './support/server.ts';

/**
 * Losses when a server's process is killed: the same people type into each server, it is killed at the same moments of
 * a seed, and a new page counts the surviving edits among those that others had been shown: once before anybody
 * reconnects, and once when all pages that stayed open have reconnected.
 *
 * `node dist/bench/lost.js [KILLS] [SEED]`
 */
const kills = Number(process.argv[2] ?? 20);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const people = 5;
const editsASecond = 4;
/** A meeting types for hours; the longest stretch must exceed every server's delay before storing. Milliseconds. */
const longestStretch = 14_000;

interface Contestant {
  readonly name: string;
  start(dataDir: string, port: number): Promise<ServerProcess>;
  /** One connection a person, and one for the counting page. */
  lines(url: string): Promise<readonly Line[]>;
  /** Whether the first client sends the text. */
  readonly isEmpty: boolean;
}

const names = ['argentina', 'brazil', 'canada', 'colombia', 'ecuador'];
let concordLines: ((url: string) => readonly Line[]) | null = null;
const concord: Contestant = {
  name: 'Concord',
  start: (dataDir, port) => launchConcord(dataDir, port),
  isEmpty: false,
  async lines(url) {
    if (concordLines === null) {
      const { ask, signIn } = apiOf(url);
      const cookies = await Promise.all([...names, 'chair'].map(signIn));
      const get = async (path: string): Promise<unknown> => (await ask(cookies[0] ?? '', path)).json();
      const [meeting] = MeetingList.parse(await get('/api/meetings'));
      if (meeting === undefined) throw new Error('the demo has no meeting');
      const { recommendations: texts } = MeetingView.parse(await get(`/api/meetings/${meeting.id}`));
      // A text without agreed clauses: everybody types everywhere.
      const place = texts.find(
        ({ progress }) => progress !== null && progress.clauses > 2 && progress.clauses === progress.open,
      );
      if (place === undefined) throw new Error('the demo has no text that is open throughout');
      concordLines = (at) =>
        cookies.map((cookie) => ({
          url: (client) => `${at.replace('http', 'ws')}/sync/${place.id}?client=${client}&schema=1`,
          headers: { cookie },
          greeting: null,
          prefix: new Uint8Array(),
        }));
    }
    return concordLines(url);
  },
};

const named = (write: (encoder: encoding.Encoder) => void): Uint8Array => {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, 'text');
  write(encoder);
  return encoding.toUint8Array(encoder);
};
const hocuspocus: Contestant = {
  name: 'Hocuspocus 4 + SQLite',
  start: (dataDir, port) => launch({ program: builtBench('hocuspocus'), env: { DATA_DIR: dataDir }, port }),
  isEmpty: true,
  async lines(url) {
    const line: Line = {
      url: () => url.replace('http', 'ws'),
      headers: {},
      // It needs a token before it listens, with any content.
      greeting: named((encoder) => {
        encoding.writeVarUint(encoder, 2);
        encoding.writeVarUint(encoder, 0);
        encoding.writeVarString(encoder, 'token');
        encoding.writeVarString(encoder, '4.7.0');
      }),
      prefix: named(() => undefined),
    };
    return Array.from({ length: people + 1 }, () => line);
  },
};

interface Outcome {
  shown: number;
  /** Of those, missing in the next process. */
  missing: number;
  /** Still missing when everybody has reconnected. */
  lost: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function bringText({ doc }: Person): void {
  const clauses = recommendations[0]?.clauses ?? [];
  const clause = ({ text }: { text: string }) =>
    clauseElement({
      id: newClauseId(),
      kind: 'operative',
      level: 0,
      insertion: null,
      runs: [{ text, marks: noMarks }],
    });
  textOf(doc).insert(0, clauses.map(clause));
}

/** The edits that a new page finds. */
async function found(lines: readonly Line[]): Promise<ReadonlySet<number>> {
  const reader = new Person();
  const line = lines[people];
  if (line === undefined) throw new Error('no line to count on');
  await reader.connect(line);
  const numbers = new Set(numbersIn(reader.text));
  await reader.leave();
  return numbers;
}

async function measure(contestant: Contestant): Promise<Outcome> {
  const dataDir = mkdtempSync(join(tmpdir(), 'concord-lost-'));
  const port = await freePort();
  const random = randomFrom(seed);
  const persons = Array.from({ length: people }, () => new Person());
  const outcome: Outcome = { shown: 0, missing: 0, lost: 0 };
  /** Shown since the last count. */
  let due: readonly number[] = [];
  const missingOf = (there: ReadonlySet<number>): number => due.filter((number) => !there.has(number)).length;
  let edits = 0;
  try {
    for (let round = 0; round <= kills; round++) {
      const server = await contestant.start(dataDir, port);
      const lines = await contestant.lines(server.url);
      if (round > 0) outcome.missing += missingOf(await found(lines));
      await Promise.all(persons.map((person, at) => person.connect(lines[at] ?? fail())));
      if (round === 0 && contestant.isEmpty) {
        bringText(persons[0] ?? fail());
        // Until it has stored that: only typed edits count.
        await pause(12_000);
      } else await pause(500);
      if (round > 0) outcome.lost += missingOf(await found(lines));
      for (const person of persons) person.shown.clear();
      if (round === kills) {
        await server.kill('SIGKILL');
        break;
      }
      const until = performance.now() + 500 + random() * longestStretch;
      await Promise.all(
        persons.map(async (person, at) => {
          await pause((at * 1000) / editsASecond / people);
          while (performance.now() < until) {
            person.edit(edits++, round);
            await pause(1000 / editsASecond);
          }
        }),
      );
      await server.kill('SIGKILL');
      for (const person of persons) await person.leave();
      due = [...new Set(persons.flatMap(({ shown }) => [...shown]))];
      outcome.shown += due.length;
    }
    return outcome;
  } finally {
    for (const person of persons) await person.leave();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function fail(): never {
  throw new Error('nobody there');
}

const outcomes = await Promise.all([concord, hocuspocus].map(measure));
console.log(`seed ${seed}\n`);
console.log(
  '| Server | Kills | Edits that others had been shown | of those missing after the restart | still missing when every open page was back |',
);
console.log('|---|--:|--:|--:|--:|');
for (const [at, { name }] of [concord, hocuspocus].entries()) {
  const { shown, missing, lost } = outcomes[at] ?? fail();
  console.log(`| ${name} | ${kills} | ${shown} | ${missing} | ${lost} |`);
}
