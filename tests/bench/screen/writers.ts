import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { randomFrom } from '../../helpers/random.ts';
import { Writer } from './writer.ts';

/**
 * The writers' thread. It proposes the amendments, reports `seated`, and answers each `type` and `stop` with the number
 * of letters typed so far; so its work delays none of the measured keys.
 */
const Plan = z.object({
  address: z.string(),
  recommendation: z.string(),
  cookies: z.array(z.string()),
  amendments: z.number(),
  /** Letters a second of each. */
  rate: z.number(),
  seed: z.number(),
});
export type Plan = z.infer<typeof Plan>;

const plan = Plan.parse(workerData);
const random = randomFrom(plan.seed);
const kinds = ['add', 'delete', 'replace'] as const;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Each proposes in every remaining clause; half of them stay at the top, where the screen looks. */
async function seat(): Promise<Writer[]> {
  const writers: Writer[] = [];
  for (const cookie of plan.cookies) writers.push(await Writer.connect(plan.address, plan.recommendation, cookie));
  for (let at = 0; at < plan.amendments; at++) {
    const number = at % writers.length;
    const turn = Math.floor(at / writers.length);
    const mark = await writers[number]?.amend(2 * at, kinds[turn % kinds.length] ?? 'add');
    if (mark !== undefined && turn === (number % 2 === 0 ? 0 : number)) writers[number]?.sit(2 * at, mark);
  }
  return writers;
}

const writers = await seat();
let going = false;
const letters = (): number => writers.reduce((sum, { letters: typed }) => sum + typed, 0);
const all = async (): Promise<void> => {
  await Promise.all(
    writers.map(async (writer) => {
      while (going) {
        writer.key();
        await pause((1000 / plan.rate) * (0.5 + random()));
      }
    }),
  );
};
let typing = Promise.resolve();
parentPort?.on('message', async (order: unknown) => {
  if (order === 'type' && !going) {
    going = true;
    typing = all();
  } else if (order === 'stop') {
    going = false;
    await typing;
  }
  const failure = writers.map((writer) => writer.failure).find((one) => one !== null);
  if (failure != null) throw new Error(`a writer was refused: ${failure}`);
  parentPort?.postMessage(letters());
});
parentPort?.postMessage('seated');
