import type { LogName } from '../../../shared/protocol/ids.ts';
import type { Checkpoint, Entry, LogHead } from '../log.ts';
import type { RefusedReason } from '../refused.ts';

/** A compiled statement with its bound values. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  /** The statement must change a row, or the whole transaction is undone. */
  readonly mustChange: boolean;
}

/** The result of one statement. */
export interface StatementResult {
  readonly rows: readonly Record<string, unknown>[];
  readonly changes: number;
}

/** The requests that the event loop sends to the database thread. */
export type Request =
  | { readonly kind: 'read'; readonly log: LogName; readonly after: number; readonly limit: number }
  | { readonly kind: 'head'; readonly log: LogName }
  | { readonly kind: 'names' }
  | { readonly kind: 'saveCheckpoint'; readonly checkpoint: Checkpoint }
  | { readonly kind: 'checkpoint'; readonly log: LogName }
  | { readonly kind: 'check' }
  /** Several statements are one transaction. `null` answers that one of them should have changed a row, and didn't. */
  | { readonly kind: 'execute'; readonly statements: readonly Statement[] };

/** The most frequent request, and so apart from the others. The answer: whether it was stored. */
export interface Append {
  readonly id: number;
  readonly entries: readonly Entry[];
}

export interface Answers {
  read: readonly Entry[];
  head: LogHead | null;
  names: readonly string[];
  saveCheckpoint: null;
  checkpoint: Checkpoint | null;
  check: null;
  execute: readonly StatementResult[] | null;
}

export type Kind = Request['kind'];
export type RequestOf<K extends Kind> = Extract<Request, { kind: K }>;

/**
 * The outcome of a request; `answer` is of the request's kind, and for an append whether it was stored. `code` is
 * SQLite's name for the failure. A `storage` failure is the disk's or the file's; any other is the statement's own (a
 * name that is taken).
 */
export type Outcome =
  | { readonly ok: true; readonly answer: Answers[Kind] | boolean }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly storage: boolean };

export interface Numbered {
  readonly id: number;
  readonly request: Request;
}

/** Requests that arrived together: appends, and then the others in their order. */
export interface Batch {
  readonly appends: readonly Append[];
  readonly requests: readonly Numbered[];
}

export interface NumberedOutcome {
  readonly id: number;
  readonly outcome: Outcome;
}

/** To the thread: requests that arrived together. Nothing follows `close`. */
export type ToWorker = Batch | { readonly close: true };

/**
 * From the thread: `opened` or `refused` first, then the outcomes of each batch, at last `closed`. Stored appends are
 * named by their ids alone.
 */
export type FromWorker =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly reason: RefusedReason; readonly message: string }
  | {
      readonly kind: 'outcomes';
      readonly stored: readonly number[];
      readonly outcomes: readonly NumberedOutcome[];
    }
  | { readonly kind: 'closed' };

/** The thread's start parameters. */
export interface WorkerStart {
  readonly dataDir: string;
  readonly readOnly: boolean;
}
