import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { AccountId } from '../../shared/protocol/ids.ts';
import type { Turns } from '../runtime/turns.ts';

/** Bytes of all kept bodies together; a larger body is made at each request. */
const mostBytes = 32 * 1024 * 1024;

interface Body {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The values from which it was made; when one of them is another object, it is made anew. */
  readonly of: readonly unknown[];
}

/**
 * JSON answers that are costly to make: made once while nothing changes, and the same memory for all readers. One
 * account is sent a few at once, so that a reader that accepts nothing keeps no more than those in memory.
 */
export class Bodies {
  readonly #turns: Turns;
  /** In order of use, the most recent last. */
  readonly #kept = new Map<string, Body>();
  #bytes = 0;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /**
   * Answers with the JSON of the object that `make` returns. `find` is called when it is the account's turn: it gives
   * the body's key, and the values on which the body depends; `own` holds this reader's own fields. Throws
   * `too-many-requests` where too many wait for the account.
   */
  async answer(
    c: Context,
    whose: AccountId,
    find: () => {
      readonly key: string;
      readonly of: readonly unknown[];
      readonly make: () => object;
      readonly own?: object;
    },
  ): Promise<Response> {
    const turn = await this.#turns.take(whose);
    try {
      const { key, of, make, own } = find();
      const shared = (this.#known(key, of) ?? turn.hold(() => this.#make(key, of, make))).bytes;
      const bytes = own === undefined ? shared : joined(own, shared);
      const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>;
      if (outgoing === undefined || outgoing.destroyed) turn.end();
      else outgoing.once('close', () => turn.end());
      return c.body(bytes, 200, { 'Content-Type': 'application/json', 'Content-Length': String(bytes.length) });
    } catch (error) {
      turn.end();
      throw error;
    }
  }

  #known(key: string, of: readonly unknown[]): Body | null {
    const known = this.#kept.get(key);
    if (known === undefined || known.of.length !== of.length || !of.every((one, at) => one === known.of[at]))
      return null;
    this.#kept.delete(key);
    this.#kept.set(key, known);
    return known;
  }

  #make(key: string, of: readonly unknown[], make: () => object): Body {
    const body: Body = { bytes: new TextEncoder().encode(JSON.stringify(make())), of };
    this.#forget(key);
    if (body.bytes.length > mostBytes) return body;
    this.#kept.set(key, body);
    this.#bytes += body.bytes.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= mostBytes) break;
      this.#forget(oldest);
    }
    return body;
  }

  #forget(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes.length ?? 0;
    this.#kept.delete(key);
  }
}

/** The JSON of two objects merged into one. */
function joined(own: object, shared: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const first = new TextEncoder().encode(`${JSON.stringify(own).slice(0, -1)},`);
  const bytes = new Uint8Array(first.length + shared.length - 1);
  bytes.set(first);
  bytes.set(shared.subarray(1), first.length);
  return bytes;
}
