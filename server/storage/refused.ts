/**
 * The reasons why a store can't be opened. The server repairs none of them by itself: the operator decides.
 *
 * - `in-use`: another process has the data directory open for writing
 * - `not-concord`: the database holds something else
 * - `newer`: a later version of the program has written it
 * - `older`: it needs its migrations, and was opened for reading only
 * - `damaged`: the file is cut short or its structure is broken
 * - `missing`: nothing to read there
 * - `unreachable`: the directory or the database server denies access
 */
export type RefusedReason = 'in-use' | 'not-concord' | 'newer' | 'older' | 'damaged' | 'missing' | 'unreachable';

/** The store was not opened. `message` is a sentence for the operator. */
export class StoreRefused extends Error {
  constructor(
    readonly reason: RefusedReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'StoreRefused';
  }
}
