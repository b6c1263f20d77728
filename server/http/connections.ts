import type { Duplex } from 'node:stream';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { AccountId } from '../../shared/protocol/ids.ts';

/** The share of connections that is reserved for requests, and for connections without a request yet. */
const shareForRequests = 1 / 5;

/** Long-lived uses of a connection: drafting (a socket, a screen's event stream), or reading. */
export type Use = 'drafting' | 'reading';

/**
 * The server's connections and their accounts. Drafting always has room: other uses are limited, and their connections
 * are closed for it.
 *
 * When too many connections are idle or carry occasional requests, the one that was quiet for longest is closed. Of too
 * many readers, one of the account with the most is disconnected.
 */
export class Connections {
  readonly #most: number;
  readonly #mostReaders: number;
  readonly #mostRequests: number;
  /** Neither drafting nor reading; in order of use, the one that was quiet for longest first. */
  readonly #others = new Set<Duplex>();
  readonly #readers = new Map<AccountId, Set<() => void>>();
  #reading = 0;
  #drafting = 0;

  constructor({ most, mostReaders }: { readonly most: number; readonly mostReaders: number }) {
    this.#most = most;
    this.#mostRequests = Math.ceil(most * shareForRequests);
    this.#mostReaders = Math.min(mostReaders, most - this.#mostRequests);
  }

  /** Registers a connection. `isBusy` says of another whether a request of it is being answered. */
  arrive(connection: Duplex, isBusy: (other: Duplex) => boolean): void {
    this.#others.add(connection);
    connection.once('close', () => this.#others.delete(connection));
    if (this.#others.size < this.#mostRequests) return;
    let quietest: Duplex | null = null;
    for (const other of this.#others) {
      if (other === connection) continue;
      quietest ??= other;
      if (isBusy(other)) continue;
      quietest = other;
      break;
    }
    quietest?.destroy();
  }

  /** The connection carried a request or an answer. */
  use(connection: Duplex): void {
    if (this.#others.delete(connection)) this.#others.add(connection);
  }

  /**
   * Counts a long-lived use. `letGo` ends it where drafting needs the connection. Returns the function that ends the
   * count. Throws `too-many-connections`.
   */
  hold(use: Use, whose: AccountId, connection: Duplex | null, letGo: () => void): () => void {
    if (use === 'drafting') this.#makeRoom();
    else this.#makeRoomForReader(whose);
    if (connection !== null) this.#others.delete(connection);
    let held = true;
    if (use === 'drafting') {
      this.#drafting += 1;
      return () => {
        if (held) this.#drafting -= 1;
        held = false;
      };
    }
    const own = this.#readers.get(whose) ?? new Set();
    this.#readers.set(whose, own);
    this.#reading += 1;
    const free = (): void => {
      if (!held) return;
      held = false;
      this.#reading -= 1;
      own.delete(goes);
      if (own.size === 0 && this.#readers.get(whose) === own) this.#readers.delete(whose);
    };
    // The count drops at once, and not only when the connection has closed.
    const goes = (): void => {
      free();
      letGo();
    };
    own.add(goes);
    return free;
  }

  get #room(): number {
    return this.#most - this.#mostRequests - this.#drafting - this.#reading;
  }

  /** Drafting takes precedence over reading. */
  #makeRoom(): void {
    if (this.#room > 0) return;
    const [, readers] = this.#largest();
    const [first] = readers;
    if (first === undefined) throw new ConcordError('too-many-connections');
    first();
  }

  #makeRoomForReader(whose: AccountId): void {
    if (this.#room > 0 && this.#reading < this.#mostReaders) return;
    const [largest, readers] = this.#largest();
    const [first] = readers;
    const own = this.#readers.get(whose)?.size ?? 0;
    if (first === undefined || largest === whose || own + 1 >= readers.size)
      throw new ConcordError('too-many-connections');
    first();
  }

  /** The account with the most reading streams. */
  #largest(): readonly [AccountId | null, ReadonlySet<() => void>] {
    let found: readonly [AccountId | null, ReadonlySet<() => void>] = [null, new Set()];
    for (const [account, readers] of this.#readers) if (readers.size > found[1].size) found = [account, readers];
    return found;
  }
}
