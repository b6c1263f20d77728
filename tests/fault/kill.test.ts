import { expect, it } from 'vitest';
import { bundle } from '../helpers/bundle.ts';
import { runs, seed } from '../helpers/extent.ts';
import { freePort, launchConcord } from '../helpers/process.ts';
import { randomFrom } from '../helpers/random.ts';
import { temporaryDirectory } from '../helpers/temporary.ts';
import { Episode } from './harness/episode.ts';
import { faultKinds } from './harness/fault.ts';
import { killAgainAndAgain } from './harness/rounds.ts';
import { newTally, sayTally } from './harness/tally.ts';

/** The short form has one of each kind. */
const rounds = runs(faultKinds.length, 500);

it(
  `[LOG2] Killing the process while everybody is at work loses nothing that anybody was shown or told was saved, ${rounds} times (seed ${seed})`,
  async () => {
    const trigger = await bundle('tests/fault/harness/trigger.ts');
    const port = await freePort();
    const tally = newTally();
    await killAgainAndAgain({
      rounds,
      kinds: faultKinds,
      begin: async () => ({ dataDir: temporaryDirectory(), port, trigger, tally }),
      file: 'tests/fault/kill.test.ts',
    });
    sayTally(tally);
    expect(tally.shown).toBeGreaterThan(tally.kills * 5);
    expect(tally.told).toBeGreaterThan(tally.kills * 5);
  },
  60_000 + rounds * 20_000,
);

it(`[ROOM3] SIGTERM finishes what is under way, tells clients to come back, and exits 0 within five seconds (seed ${seed})`, async () => {
  const trigger = await bundle('tests/fault/harness/trigger.ts');
  const options = { dataDir: temporaryDirectory(), port: await freePort(), trigger, tally: newTally() };
  const episode = await Episode.begin(options);
  try {
    const { exit, took, codes } = await episode.stop(randomFrom(seed));
    expect(exit).toBe(0);
    expect(took).toBeLessThan(5000);
    expect(new Set(codes)).toEqual(new Set([1012]));
  } finally {
    await episode.end();
  }
}, 120_000);

it('[ROOM3] A signal that comes as soon as the server says that it is there is heard', async () => {
  const server = launchConcord({ dataDir: temporaryDirectory(), port: await freePort(), args: ['--empty'] });
  await server.ready;
  expect(await server.kill('SIGTERM')).toBe(0);
}, 60_000);
