import * as buffer from 'lib0/buffer';
import * as Y from 'yjs';
import { z } from 'zod';
import type { ParticipantId, RecommendationId } from '../../shared/protocol/ids.ts';

/**
 * Edits that are not on the server's disk yet, kept on this device. A person who closes the tab while offline finds
 * them on the next visit; they are then sent under the client ids with which they were written.
 */
const Unsent = z.object({
  clients: z.array(z.number().int().nonnegative()).min(1),
  /** The rapporteur's capacity in which they were written. */
  as: z.string().nullable(),
  /** The account name; absent in edits kept by earlier versions. */
  account: z.string().optional(),
  update: z.string(),
  at: z.number(),
});
export interface Unsent {
  readonly key: string;
  readonly clients: readonly number[];
  readonly as: string | null;
  readonly account?: string | undefined;
  readonly update: Uint8Array;
  readonly at: number;
}

const prefix = (recommendation: RecommendationId, participant: ParticipantId): string =>
  `concord.unsent.${recommendation}.${participant}.`;

export const unsentKey = (recommendation: RecommendationId, participant: ParticipantId, client: number): string =>
  `${prefix(recommendation, participant)}${client}`;

/** Keeps an update. False where the device has no room, or storage is switched off. */
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
    // Storage that can't be read holds nothing.
  }
}

/** An open tab holds a lock on the key of its edits. In browsers without locks, recent edits count as held. */
export function hold(key: string): () => void {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  if ('locks' in navigator) navigator.locks.request(key, () => held).catch(() => undefined);
  return release;
}

/**
 * The letters that some clients wrote in an update, as far as they can be read: all that can be given back where there
 * is no text.
 */
export function lettersIn(update: Uint8Array, clients: readonly number[]): readonly string[] {
  const words: { client: number; next: number; text: string }[] = [];
  for (const struct of Y.decodeUpdate(update).structs) {
    const { client, clock } = struct.id;
    if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentString) || !clients.includes(client))
      continue;
    const last = words.at(-1);
    const follows = last?.client === client && last.next === clock;
    if (last !== undefined && follows) last.text += struct.content.str;
    else words.push({ client, next: 0, text: struct.content.str });
    const now = words.at(-1);
    if (now !== undefined) now.next = clock + struct.length;
  }
  return words.map(({ text }) => text).filter((text) => text.trim() !== '');
}

/** Edits that an account left on this device for a recommendation, with a function that deletes them. */
export function keptWords(
  recommendation: RecommendationId,
  account: string,
): readonly { readonly key: string; readonly words: readonly string[] }[] {
  return storedUnder(`concord.unsent.${recommendation}.`).flatMap(({ key, unsent }) => {
    if (unsent.account !== account) return [];
    const words = lettersIn(unsent.update, unsent.clients);
    return words.length === 0 ? [] : [{ key, words }];
  });
}

function storedUnder(start: string): readonly { readonly key: string; readonly unsent: Omit<Unsent, 'key'> }[] {
  try {
    return Object.keys(localStorage).flatMap((key) => {
      if (!key.startsWith(start)) return [];
      const read = Unsent.safeParse(parse(localStorage.getItem(key)));
      return read.success ? [{ key, unsent: { ...read.data, update: buffer.fromBase64(read.data.update) } }] : [];
    });
  } catch {
    return [];
  }
}

const youngest = 15_000;

/** Edits that earlier tabs of this participant kept for this recommendation, and that no open tab holds. */
export async function abandoned(
  recommendation: RecommendationId,
  participant: ParticipantId,
  now: number,
): Promise<readonly Unsent[]> {
  const living = 'locks' in navigator ? new Set((await navigator.locks.query()).held?.map(({ name }) => name)) : null;
  return storedUnder(prefix(recommendation, participant))
    .flatMap(({ key, unsent }): Unsent[] => {
      const isLiving = living === null ? now - unsent.at < youngest : living.has(key);
      if (isLiving) return [];
      // A connection names a limited number of ids, so ids that wrote nothing are left out.
      const written = Y.parseUpdateMeta(unsent.update).from;
      return [{ ...unsent, key, clients: unsent.clients.filter((client) => written.has(client)) }];
    })
    .sort((one, other) => one.at - other.at);
}

function parse(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
