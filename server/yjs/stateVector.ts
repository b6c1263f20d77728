import * as decoding from 'lib0/decoding';
import * as Y from 'yjs';
import { highestClient } from '../../shared/protocol/cursor.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';

/** The clocks of a document: how much of each client it holds. */
export type StateVector = ReadonlyMap<number, number>;

/** Reads a client's state vector. Throws `malformed-message` for anything else, and for more clients than `most`. */
export function readStateVector(bytes: Uint8Array, most: number): StateVector {
  const vector = new Map<number, number>();
  try {
    const decoder = decoding.createDecoder(bytes);
    const count = decoding.readVarUint(decoder);
    if (count > most) throw new ConcordError('malformed-message');
    for (let at = 0; at < count; at++) {
      const client = decoding.readVarUint(decoder);
      const clock = decoding.readVarUint(decoder);
      if (client <= highestClient) vector.set(client, clock);
    }
  } catch (error) {
    throw error instanceof ConcordError ? error : new ConcordError('malformed-message', {}, { cause: error });
  }
  return vector;
}

/** The common part of documents with either of two vectors: the answer to it serves both. */
export function heldByBoth(one: StateVector, other: StateVector): StateVector {
  const both = new Map<number, number>();
  for (const [client, clock] of one) {
    const least = Math.min(clock, other.get(client) ?? 0);
    if (least > 0) both.set(client, least);
  }
  return both;
}

/**
 * A state vector as bytes, reduced to the clients that a document holds: vectors with the same answer become equal.
 * `clockOf` gives a client's clock in the document.
 */
export function knownPart(vector: StateVector, clockOf: (client: number) => number): Uint8Array {
  const known = new Map<number, number>();
  for (const [client, clock] of vector) {
    const held = Math.min(clock, clockOf(client));
    if (held > 0) known.set(client, held);
  }
  return Y.encodeStateVector(known);
}
