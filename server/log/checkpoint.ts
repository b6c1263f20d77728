import { createHash } from 'node:crypto';
import type { Checkpoint } from './log.ts';

const digestLength = 32;

/**
 * A checkpoint whose state ends in its own digest. No chain holds a derived state, and a changed byte of it may still be
 * a document: without the digest, a room would open from a text that nobody wrote.
 */
export function sealCheckpoint(checkpoint: Checkpoint): Checkpoint {
  return { ...checkpoint, state: Buffer.concat([checkpoint.state, digestOf(checkpoint, checkpoint.state)]) };
}

/** The state without its digest; null where the checkpoint isn't, byte for byte, what `sealCheckpoint` made. */
export function stateOf(checkpoint: Checkpoint): Uint8Array | null {
  const end = checkpoint.state.length - digestLength;
  if (end < 0) return null;
  const state = checkpoint.state.subarray(0, end);
  return Buffer.compare(checkpoint.state.subarray(end), digestOf(checkpoint, state)) === 0 ? state : null;
}

function digestOf({ log, sequence, hash }: Checkpoint, state: Uint8Array): Buffer {
  return createHash('sha256')
    .update(JSON.stringify(['concord-checkpoint-1', log, sequence]))
    .update(hash)
    .update(state)
    .digest();
}
