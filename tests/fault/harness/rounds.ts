import { execFileSync } from 'node:child_process';
import { seed } from '../../helpers/extent.ts';
import { randomFrom } from '../../helpers/random.ts';
import { Episode, type EpisodeOptions } from './episode.ts';
import { drawFault, type Fault } from './fault.ts';

/** A new meeting after so many rounds: so any round can be repeated without all earlier ones. */
const roundsOfAnEpisode = 20;
/** `CONCORD_SEED=… CONCORD_ROUND=…` repeats the episode of that round, up to it. */
const only = process.env.CONCORD_ROUND === undefined ? null : Number(process.env.CONCORD_ROUND);

/**
 * Kills a server round after round, each drawn from the seed and the round's number alone, and checks the state that is
 * left. At the end of each meeting the operator's own `verify` checks it.
 */
export async function killAgainAndAgain({
  rounds,
  kinds,
  begin,
  file,
}: {
  readonly rounds: number;
  readonly kinds: readonly Fault['kind'][];
  readonly begin: () => Promise<EpisodeOptions>;
  /** The test's name, for the command that repeats a round. */
  readonly file: string;
}): Promise<void> {
  const last = only ?? rounds - 1;
  const first = only === null ? 0 : only - (only % roundsOfAnEpisode);
  for (let from = first; from <= last; from += roundsOfAnEpisode) {
    const options = await begin();
    const episode = await Episode.begin(options);
    try {
      for (let round = from; round <= last && round < from + roundsOfAnEpisode; round++) {
        const random = randomFrom(seed * 1009 + round);
        const fault = drawFault(round, random, kinds);
        try {
          await episode.round(fault, random);
        } catch (cause) {
          const why = cause instanceof Error ? cause.message : String(cause);
          throw new Error(
            `${why}\nin round ${round}: ${JSON.stringify(fault)}\nagain: CONCORD_SEED=${seed} CONCORD_ROUND=${round} npx vitest run ${file}`,
            { cause },
          );
        }
      }
    } finally {
      await episode.end();
    }
    verifyByCommand(options.dataDir, options.postgres?.databaseUrl);
  }
}

/** Throws where `concord verify` finds a fault. */
export function verifyByCommand(dataDir: string, databaseUrl?: string): void {
  const said = execFileSync(process.execPath, ['dist/server/concord.js', 'verify'], {
    env: {
      ...process.env,
      DATA_DIR: dataDir,
      ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
    },
    encoding: 'utf8',
  });
  if (!said.includes('The record is whole')) throw new Error(said);
}
