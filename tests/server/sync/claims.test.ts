import { expect, it, vi } from 'vitest';
import { Claims } from '../../../server/sync/claims.ts';
import { ParticipantId, RecommendationId } from '../../../shared/protocol/ids.ts';

const [text, other] = [RecommendationId.parse('thistext'), RecommendationId.parse('othertext')];
const [brazil, canada] = [ParticipantId.parse('brazil00'), ParticipantId.parse('canada00')];

it('[SUB2] A client id is whose named it first, for a week, and nobody’s many ids cost anybody else one', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const claims = new Claims();
    claims.note(text, 7, brazil);
    expect([brazil, canada].map((one) => claims.mayHave(text, 7, one))).toEqual([true, false]);
    // Ids belong to one text.
    expect(claims.mayHave(other, 7, canada)).toBe(true);
    for (let client = 100; client < 2000; client++) claims.note(text, client, canada);
    expect(claims.mayHave(text, 7, canada)).toBe(false);
    // Of a participant's own ids, the last are remembered.
    expect([100, 1743, 1744, 1999].map((client) => claims.mayHave(text, client, brazil))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    vi.advanceTimersByTime(6 * 24 * 3600_000);
    expect(claims.mayHave(text, 7, canada)).toBe(false);
    claims.note(text, 7, brazil);
    vi.advanceTimersByTime(6 * 24 * 3600_000);
    expect(claims.mayHave(text, 7, canada)).toBe(false);
    vi.advanceTimersByTime(2 * 24 * 3600_000);
    expect(claims.mayHave(text, 7, canada)).toBe(true);
    claims.note(text, 7, canada);
    expect(claims.mayHave(text, 7, brazil)).toBe(false);
  } finally {
    vi.useRealTimers();
  }
});
