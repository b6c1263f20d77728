import * as buffer from 'lib0/buffer';
import * as sha256 from 'lib0/hash/sha256';
import { z } from 'zod';
import type { NegotiationState } from '../negotiation/state.ts';
import type { ClauseId, MarkId } from '../protocol/ids.ts';
import { baseText, type Clause } from './clause.ts';
import { openParents, ownerOf } from './ownership.ts';

/**
 * A digest of the words on the screen when somebody decides or consents: 96 bits of SHA-256, base64url.
 *
 * A decision names an id, and the words behind it may change at any moment. So a decision carries the digest of the
 * words that were meant, and is refused on others (`changed-since`).
 */
export const Digest = z
  .string()
  .regex(/^[A-Za-z0-9_-]{16}$/)
  .brand<'Digest'>();
export type Digest = z.infer<typeof Digest>;

/** Digests by the id of the amendment, bracket or clause. */
export const Seen = z.record(z.string().max(32), Digest);
export type Seen = z.infer<typeof Seen>;

const encoder = new TextEncoder();

const digestOf = (value: unknown): Digest =>
  Digest.parse(
    buffer
      .toBase64(sha256.digest(encoder.encode(JSON.stringify(value))).slice(0, 12))
      .replaceAll('+', '-')
      .replaceAll('/', '_'),
  );

type Segment = [sign: '=' | '+' | '-', words: string];

const add = (segments: Segment[], sign: Segment[0], words: string): void => {
  const last = segments.at(-1);
  if (last?.[0] === sign) last[1] += words;
  else segments.push([sign, words]);
};

/** Digests of the parts of a text; the values that they need are looked up once. */
export class Digests {
  readonly #negotiation: NegotiationState;
  readonly #parents: ReadonlyMap<MarkId, MarkId | null>;
  /** The clauses in which each amendment has a part. */
  readonly #clauses = new Map<MarkId, Clause[]>();
  /** The clause in force before each clause; null for none. */
  readonly #behind = new Map<Clause, ClauseId | null>();

  constructor(text: readonly Clause[], negotiation: NegotiationState) {
    this.#negotiation = negotiation;
    this.#parents = openParents(text, negotiation);
    let behind: ClauseId | null = null;
    for (const clause of text) {
      this.#behind.set(clause, behind);
      if (clause.insertion === null) behind = clause.id;
      const ids = new Set<MarkId>(clause.insertion === null ? [] : [clause.insertion]);
      for (const { marks } of clause.runs) for (const id of [...marks.insertion, ...marks.deletion]) ids.add(id);
      for (const id of ids) {
        const known = this.#clauses.get(id);
        if (known === undefined) this.#clauses.set(id, [clause]);
        else known.push(clause);
      }
    }
  }

  /**
   * An amendment in its clauses: the words that it strikes and inserts, and their place in the words that it amends.
   * Others' pending amendments don't count, except for its parent's words.
   */
  amendment(id: MarkId): Digest {
    const line = new Set<MarkId | null>([null]);
    for (
      let next = this.#parents.get(id) ?? null;
      next !== null && !line.has(next);
      next = this.#parents.get(next) ?? null
    )
      line.add(next);
    const parts = (this.#clauses.get(id) ?? []).map((clause) => {
      const segments: Segment[] = [];
      for (const { text: words, marks } of clause.runs)
        if (marks.deletion.includes(id)) add(segments, '-', words);
        else if (marks.insertion.includes(id)) add(segments, '+', words);
        else if (line.has(ownerOf(marks, clause, this.#negotiation))) add(segments, '=', words);
      // Its own clauses may be moved; clauses of the text stay in place.
      const proposes = clause.insertion === id ? [this.#behind.get(clause) ?? null] : [];
      return [clause.id, clause.kind, clause.level, proposes, segments];
    });
    return digestOf(['amendment', parts]);
  }
}

export const amendmentDigest = (text: readonly Clause[], id: MarkId, negotiation: NegotiationState): Digest =>
  new Digests(text, negotiation).amendment(id);

/** A bracket: the words in it, clause by clause. */
export function bracketDigest(text: readonly Clause[], id: MarkId): Digest {
  const parts = text.flatMap((clause) => {
    const words = clause.runs.filter(({ marks }) => marks.bracket.includes(id)).map((run) => run.text);
    return words.length === 0 ? [] : [[clause.id, words.join('')]];
  });
  return digestOf(['bracket', parts]);
}

/** A clause as it would be agreed: its words in force. */
export const clauseDigest = (clause: Clause): Digest =>
  digestOf(['clause', clause.id, clause.kind, clause.level, baseText(clause)]);

/** A clause that isn't there: no decision can have been on its words. */
export const absentDigest = (clause: ClauseId): Digest => digestOf(['no clause', clause]);
