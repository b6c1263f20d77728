import { createHash } from 'node:crypto';
import type { Checkpoint } from './log.ts';

const digestLength = 32;

/**
 * A checkpoint whose state ends in its own digest. No chain covers a derived state, and a state with a changed byte may
 * still be a valid document: without the digest, a room would open with a text that nobody wrote.
 */
export function sealCheckpoint(checkpoint: Checkpoint): Checkpoint {
  return { ...checkpoint, state: Buffer.concat([checkpoint.state, digestOf(checkpoint, checkpoint.state)]) };
}

/** The checkpoint without its digest; null where it isn't, byte for byte, a result of `sealCheckpoint`. */
export function openCheckpoint(checkpoint: Checkpoint): Checkpoint | null {
  const end = checkpoint.state.length - digestLength;
  if (end < 0) return null;
  const state = checkpoint.state.slice(0, end);
  const digest = checkpoint.state.subarray(end);
  return Buffer.compare(digest, digestOf(checkpoint, state)) === 0 ? { ...checkpoint, state } : null;
}

function digestOf({ log, sequence, hash }: Checkpoint, state: Uint8Array): Buffer {
  return createHash('sha256')
    .update(JSON.stringify(['concord-checkpoint-1', log, sequence]))
    .update(hash)
    .update(state)
    .digest();
}
