import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { z } from 'zod';
import type { Principal } from '../../shared/meeting/principal.ts';
import { Cursor, namedBy } from '../../shared/protocol/cursor.ts';
import { messageType } from '../../shared/protocol/wire.ts';

const Claimed = z.object({ cursor: Cursor.nullish() });

interface Present {
  readonly clock: number;
  readonly state: string | null;
}

const longestState = 2000;
/** Changes within this time are sent together, ms. A cursor that is a tenth of a second late disturbs nobody. */
const coalescing = 80;

/**
 * The participants present, with their cursors. A client reports its cursor; the server adds its identity. Bound to the
 * connection: a client can only speak for the client id that it named.
 */
export class Presence {
  readonly #present = new Map<number, Present>();
  readonly #changed = new Set<number>();
  readonly #send: (message: Uint8Array) => void;
  /** The last result of `everybody`, until a cursor moves. */
  #said: Uint8Array | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(send: (message: Uint8Array) => void) {
    this.#send = send;
  }

  /**
   * Takes a client's awareness message, and drops everything in it except the client's own cursor. A cursor that names
   * a struct that isn't in the document (`has`) is dropped too.
   */
  take(
    bytes: Uint8Array,
    client: number | null,
    principal: Principal,
    has: (struct: { readonly client: number; readonly clock: number }) => boolean,
  ): void {
    const decoder = decoding.createDecoder(bytes);
    const count = decoding.readVarUint(decoder);
    for (let at = 0; at < count && at < 100; at++) {
      const who = decoding.readVarUint(decoder);
      const clock = decoding.readVarUint(decoder);
      const state = decoding.readVarString(decoder);
      if (who !== client || state.length > longestState || clock > 2 ** 31) continue;
      const claimed = Claimed.nullable().safeParse(parseJson(state));
      if (!claimed.success) continue;
      if ((this.#present.get(who)?.clock ?? -1) >= clock) continue;
      const { participant, name, party, role } = principal;
      const cursor = claimed.data?.cursor ?? null;
      const said =
        claimed.data === null
          ? null
          : JSON.stringify({
              user: { participant, name, party, role },
              cursor: cursor !== null && namedBy(cursor).every(has) ? cursor : null,
            });
      this.#set(who, { clock, state: said });
    }
  }

  /** The first client id in a message: for a client that named none as it connected, its own. */
  static firstClient(bytes: Uint8Array): number | null {
    const decoder = decoding.createDecoder(bytes);
    return decoding.readVarUint(decoder) === 0 ? null : decoding.readVarUint(decoder);
  }

  /** The connection has closed: its presence goes with it. */
  leave(client: number): void {
    const present = this.#present.get(client);
    if (present !== undefined && present.state !== null) this.#set(client, { clock: present.clock + 1, state: null });
  }

  /** The presence of all participants, as one message. */
  everybody(): Uint8Array | null {
    if (this.#said !== null) return this.#said;
    const here = [...this.#present].filter(([, { state }]) => state !== null).map(([client]) => client);
    this.#said = here.length === 0 ? null : this.#encode(here);
    return this.#said;
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #set(client: number, present: Present): void {
    this.#said = null;
    this.#present.set(client, present);
    this.#changed.add(client);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      const changed = [...this.#changed];
      this.#changed.clear();
      this.#send(this.#encode(changed));
      for (const gone of changed) if (this.#present.get(gone)?.state === null) this.#present.delete(gone);
    }, coalescing);
  }

  #encode(clients: readonly number[]): Uint8Array {
    const states = encoding.createEncoder();
    encoding.writeVarUint(states, clients.length);
    for (const client of clients) {
      const present = this.#present.get(client);
      encoding.writeVarUint(states, client);
      encoding.writeVarUint(states, present?.clock ?? 0);
      encoding.writeVarString(states, present?.state ?? 'null');
    }
    const message = encoding.createEncoder();
    encoding.writeVarUint(message, messageType.awareness);
    encoding.writeVarUint8Array(message, encoding.toUint8Array(states));
    return encoding.toUint8Array(message);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
