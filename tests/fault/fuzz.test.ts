import { describe, expect, it } from 'vitest';
import { runs, seed } from '../helpers/extent.ts';
import { Draw } from '../helpers/fuzz/draw.ts';
import { Mutator } from '../helpers/fuzz/mutate.ts';
import { RoomFuzzer } from '../helpers/fuzz/roomFuzzer.ts';

/** `CONCORD_SEED=… npx vitest run tests/fault/fuzz.test.ts` sends the same messages again. */
const messages = runs(1500, 200_000);
const messagesAnArena = 750;

async function battle(seed: number, messages: number): Promise<RoomFuzzer> {
  const draw = new Draw(seed);
  const mutator = new Mutator(draw);
  const fuzzer = await RoomFuzzer.open(draw);
  try {
    for (let left = messages; left > 0; left--) {
      if (draw.chance(0.03)) await fuzzer.honest();
      if (draw.chance(0.01)) await fuzzer.decide();
      await fuzzer.attack((generator, others) => mutator.update(generator, others));
    }
    await fuzzer.close();
  } catch (error) {
    throw new Error(`CONCORD_SEED=${seed}`, { cause: error });
  }
  return fuzzer;
}

describe(`[AUTH7] [SUB1] [SUB2] Hostile updates, ${messages} of them (seed ${seed})`, () => {
  it(
    'are refused with a reason, or do no more than their author may; honest edits go on between them',
    async () => {
      const outcomes = new Map<string, number>();
      let slowest = 0;
      const begun = performance.now();
      for (let sent = 0, round = 0; sent < messages; round++) {
        const fuzzer = await battle(seed + round, Math.min(messagesAnArena, messages - sent));
        sent += messagesAnArena;
        for (const [outcome, count] of fuzzer.outcomes) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
        slowest = Math.max(slowest, fuzzer.slowest);
      }
      const seconds = (performance.now() - begun) / 1000;
      process.stdout.write(
        `${messages} hostile updates, ${Math.round(messages / seconds)} a second, the slowest ${slowest.toFixed(0)} ms: ${JSON.stringify(Object.fromEntries([...outcomes].sort(([, one], [, other]) => other - one)))}\n`,
      );
      // A mutator without accepted updates would find nothing.
      expect(outcomes.get('accepted')).toBeGreaterThan(messages / 50);
      for (const code of [
        'malformed-update',
        'unknown-content',
        'unknown-author',
        'update-incomplete',
        'not-your-words',
        'clause-locked',
        'update-too-large',
      ])
        expect([code, outcomes.get(code) ?? 0]).not.toEqual([code, 0]);
    },
    24 * 3_600_000,
  );
});
