import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { bundle } from '../helpers/bundle.ts';
import { runs, seed } from '../helpers/extent.ts';
import { freePort } from '../helpers/process.ts';
import { randomFrom } from '../helpers/random.ts';
import { temporaryDirectory } from '../helpers/temporary.ts';
import { Episode, newTally } from './harness/episode.ts';
import { drawFault } from './harness/fault.ts';

const rounds = runs(10, 500);
/** A new meeting after so many rounds: so any round can be had again without all that came before. */
const roundsOfAnEpisode = 20;
/** `CONCORD_SEED=… CONCORD_ROUND=…` does the episode of that round again, up to it. */
const only = process.env.CONCORD_ROUND === undefined ? null : Number(process.env.CONCORD_ROUND);

describe(`[LOG2] Killing the process while everybody is at work (seed ${seed})`, () => {
  it(
    `loses nothing that anybody was shown or told was saved, ${rounds} times`,
    async () => {
      const trigger = await bundle('tests/fault/harness/trigger.ts');
      const port = await freePort();
      const tally = newTally();
      const last = only ?? rounds - 1;
      const first = only === null ? 0 : only - (only % roundsOfAnEpisode);
      for (let from = first; from <= last; from += roundsOfAnEpisode) {
        const dataDir = temporaryDirectory();
        const episode = await Episode.begin({ dataDir, port, trigger, tally });
        try {
          for (let round = from; round <= last && round < from + roundsOfAnEpisode; round++) {
            const random = randomFrom(seed * 1009 + round);
            const fault = drawFault(round, random);
            try {
              await episode.round(fault, random);
            } catch (cause) {
              const why = cause instanceof Error ? cause.message : String(cause);
              throw new Error(
                `${why}\nin round ${round}, killed ${fault.kind}: ${JSON.stringify(fault)}\nagain: CONCORD_SEED=${seed} CONCORD_ROUND=${round} npx vitest run tests/fault/kill.test.ts`,
                { cause },
              );
            }
          }
        } finally {
          await episode.end();
        }
        const verified = execFileSync(process.execPath, ['dist/server/concord.js', 'verify'], {
          env: { ...process.env, DATA_DIR: dataDir },
          encoding: 'utf8',
        });
        expect(verified).toContain('The record is whole');
      }
      process.stdout.write(`${JSON.stringify({ ...tally, refused: Object.fromEntries(tally.refused) })}\n`);
      expect(tally.shown).toBeGreaterThan(rounds * 10);
      expect(tally.told).toBeGreaterThan(rounds * 10);
    },
    60_000 + rounds * 10_000,
  );
});
