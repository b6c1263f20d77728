import * as buffer from 'lib0/buffer';
import { z } from 'zod';
import type { ParticipantId, RecommendationId } from '../../shared/ids.ts';

/**
 * Words that the server hasn't on disk yet, kept on this device: who closes the tab while offline finds them on the next
 * visit, and they are sent then, under the client ids that they were written with.
 */
const Unsent = z.object({
  clients: z.array(z.number().int().nonnegative()).min(1),
  /** The rapporteur's hand that they were written with. */
  as: z.string().nullable(),
  update: z.string(),
  at: z.number(),
});
export interface Unsent {
  readonly key: string;
  readonly clients: readonly number[];
  readonly as: string | null;
  readonly update: Uint8Array;
  readonly at: number;
}

const prefix = (recommendation: RecommendationId, participant: ParticipantId): string =>
  `concord.unsent.${recommendation}.${participant}.`;

export const unsentKey = (recommendation: RecommendationId, participant: ParticipantId, client: number): string =>
  `${prefix(recommendation, participant)}${client}`;

/** Keeps an update. False where the device refuses to keep it (no room, or storage is switched off). */
export function keep(key: string, unsent: Omit<Unsent, 'key'>): boolean {
  try {
    localStorage.setItem(key, JSON.stringify({ ...unsent, update: buffer.toBase64(unsent.update) }));
    return true;
  } catch {
    return false;
  }
}

export function forget(key: string): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // Storage that can't be reached holds nothing.
  }
}

/** A tab that lives holds a lock of its words' name; where the browser has no locks, fresh words are left alone. */
export function hold(key: string): () => void {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  if ('locks' in navigator) navigator.locks.request(key, () => held).catch(() => undefined);
  return release;
}

const youngest = 15_000;

/** Words of earlier tabs of this participant on this recommendation that no living tab holds. */
export async function abandoned(
  recommendation: RecommendationId,
  participant: ParticipantId,
  now: number,
): Promise<readonly Unsent[]> {
  const found: Unsent[] = [];
  const living = 'locks' in navigator ? new Set((await navigator.locks.query()).held?.map(({ name }) => name)) : null;
  try {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(prefix(recommendation, participant)) || living?.has(key) === true) continue;
      const read = Unsent.safeParse(parse(localStorage.getItem(key)));
      if (!read.success) continue;
      if (living === null && now - read.data.at < youngest) continue;
      found.push({ ...read.data, key, update: buffer.fromBase64(read.data.update) });
    }
  } catch {
    return [];
  }
  return found.sort((one, other) => one.at - other.at);
}

function parse(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
