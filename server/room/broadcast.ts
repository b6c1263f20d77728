import * as Y from 'yjs';
import type { Entry } from '../storage/log.ts';
import type { ChainedEntry } from '../yjs/replica.ts';

/** A room's notice to its listeners, after the entries are on disk. */
export interface Shown {
  /**
   * The update that brings a replica from the state before to the state after; empty where only the negotiation state
   * changed.
   */
  readonly update: Uint8Array;
  readonly entries: readonly Entry[];
  /** The connection whose document holds all of it: its own edit, to which the server added nothing. */
  readonly heldBy: object | null;
}

/**
 * Sending takes a quarter of the time at the most: five hundred sockets cost 3 ms a message, so after one the room rests
 * for 9 ms, and entries that become durable meanwhile leave as one. A quiet room has long rested, and waits for nothing.
 */
const mostOfTheTime = 0.25;
/** However many sockets there are, nobody waits longer than this, ms. */
const longestRest = 100;
/** The time for merging updates grows faster than their number. */
const mostInOneMessage = 100;

/** Tells the listeners of a room what was stored: entries that became durable together leave as one message. */
export class Broadcast {
  readonly #listeners = new Set<(shown: Shown) => void>();
  /** The end of the rest, by `performance.now`. */
  #restsUntil = 0;

  onShown(listener: (shown: Shown) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** How long the next message waits, ms. */
  get rest(): number {
    return this.#restsUntil - performance.now();
  }

  send(chained: readonly ChainedEntry[]): void {
    if (chained.length === 0) return;
    const begun = performance.now();
    for (let from = 0; from < chained.length; from += mostInOneMessage) {
      const group = chained.slice(from, from + mostInOneMessage);
      const entries = group.map(({ entry }) => entry);
      const update = merged(entries.map(({ content }) => content).filter((content) => content.length > 0));
      const heldBy = group[0]?.heldBy ?? null;
      const shown = { update, entries, heldBy: group.every((one) => one.heldBy === heldBy) ? heldBy : null };
      for (const listener of this.#listeners) listener(shown);
    }
    const spent = performance.now() - begun;
    this.#restsUntil = begun + Math.min(spent / mostOfTheTime, longestRest);
  }

  close(): void {
    this.#listeners.clear();
  }
}

function merged(updates: readonly Uint8Array[]): Uint8Array {
  const [only, ...more] = updates;
  if (only === undefined) return new Uint8Array();
  return more.length === 0 ? only : Y.mergeUpdates([...updates]);
}
