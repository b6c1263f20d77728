import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundle } from '../helpers/bundle.ts';
import { runs, seed } from '../helpers/extent.ts';
import { type Cluster, startPostgres } from '../helpers/postgres.ts';
import { freePort } from '../helpers/process.ts';
import { temporaryDirectory } from '../helpers/temporary.ts';

import { faultKindsOnPostgres } from './harness/fault.ts';
import { killAgainAndAgain } from './harness/rounds.ts';
import { newTally, sayTally } from './harness/tally.ts';

const rounds = runs(2, 60);

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startPostgres();
}, 120_000);
afterAll(() => cluster.stop());

it(
  `[LOG2] On PostgreSQL, killing the server or the database under it loses nothing that anybody was shown or told was saved, ${rounds} times (seed ${seed})`,
  async () => {
    const trigger = await bundle('tests/fault/harness/trigger.ts');
    const port = await freePort();
    const tally = newTally();
    await killAgainAndAgain({
      rounds,
      kinds: faultKindsOnPostgres,
      begin: async () => ({
        dataDir: temporaryDirectory(),
        port,
        trigger,
        tally,
        postgres: { cluster, databaseUrl: await cluster.database() },
      }),
      file: 'tests/fault/killPostgres.test.ts',
    });
    sayTally(tally);
    expect(tally.told).toBeGreaterThan(tally.kills * 5);
  },
  60_000 + rounds * 30_000,
);
