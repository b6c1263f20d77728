import type { LogName } from '../../shared/protocol/ids.ts';

/**
 * One accepted change. `content` and `header` are opaque bytes to the log: an update and its principal in a
 * recommendation's log, an event in a meeting's.
 */
export interface Entry {
  readonly log: LogName;
  /** 1 for a log's first entry, then without gaps. */
  readonly sequence: number;
  /** UTF-8 JSON: the actor, the party, the time, the command. The log's reader parses it. */
  readonly header: Uint8Array;
  /** The change: a Yjs update (V1) for a recommendation, UTF-8 JSON for a meeting. */
  readonly content: Uint8Array;
  /** SHA-256 of the entry before, 32 bytes; zeros before the first. */
  readonly previous: Uint8Array;
  /** SHA-256 over log name, sequence, previous, header and content: see `chain.ts`. */
  readonly hash: Uint8Array;
}

/** The newest entry as the log knows it; `null` where a log has none. */
export interface LogHead {
  readonly sequence: number;
  readonly hash: Uint8Array;
}

/** A derived state that makes opening fast. It can be dropped at any time: only the entries count. */
export interface Checkpoint {
  readonly log: LogName;
  /** The last entry that the state contains. */
  readonly sequence: number;
  readonly hash: Uint8Array;
  readonly state: Uint8Array;
}

/**
 * The log: append-only, conditional, durable.
 *
 * `append` resolves only when the entries are on disk. It is all or nothing for its own entries, and conditional: it
 * resolves `false` and stores nothing if the log's head is not exactly the one on which the first entry builds (another
 * writer was first: read the new entries, judge again). Appends that arrive while a commit runs share the next commit,
 * but each succeeds or fails alone. It rejects with `ConcordError('not-stored')` when the disk or the database fails;
 * then nothing of it was stored. Entries of one call are consecutive entries of one log.
 *
 * `read` yields entries after a sequence number, in order, at most `limit`.
 *
 * `subscribe` calls back, after the commit, with the name of each log that grew, on any node; it may call once too
 * often, and never misses one. It returns the function that ends the subscription.
 */
export interface Log {
  append(entries: readonly Entry[]): Promise<boolean>;
  read(log: LogName, after: number, limit: number): Promise<readonly Entry[]>;
  head(log: LogName): Promise<LogHead | null>;
  /** All logs that have an entry, in order of name. */
  names(): Promise<readonly LogName[]>;
  subscribe(listener: (log: LogName) => void): () => void;
  /** Keeps the newest checkpoint of a log: the new one is stored before the old one is dropped. */
  saveCheckpoint(checkpoint: Checkpoint): Promise<void>;
  checkpoint(log: LogName): Promise<Checkpoint | null>;
  /** Resolves when a write reached the disk; rejects as `append` does. For `/healthz`. */
  check(): Promise<void>;
  /** Waits for the commits under way, then closes files and connections. */
  close(): Promise<void>;
}
