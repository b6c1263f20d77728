import type { AmendmentRecord } from '../negotiation/families/amendment/state.ts';
import type { AmendedWords } from '../negotiation/families/amendment/words.ts';
import { isLocked, type NegotiationState } from '../negotiation/state.ts';
import type { ClauseId, MarkId, PartyCode } from '../protocol/ids.ts';
import type { Clause } from './clause.ts';
import { openParents } from './ownership.ts';

/** The effect of an amendment on the text. */
export type AmendmentKind = 'add' | 'delete' | 'replace' | 'new clause' | 'delete clause';

/** An amendment as it stands in the text now: derived, never stored. */
export interface StandingAmendment {
  readonly id: MarkId;
  readonly record: AmendmentRecord;
  /** The pending amendment that it amends; null for one to the text in force. */
  readonly parent: MarkId | null;
  readonly kind: AmendmentKind;
  /** The clauses that hold its words, in their order; its card stands beside the first. */
  readonly clauses: readonly ClauseId[];
  /** The words that it would strike, and the words that it would insert; "…" between separate parts. */
  readonly struck: string;
  readonly inserted: string;
}

/** The parts of an amendment in one clause. */
interface Share {
  readonly struck: string;
  readonly inserted: string;
  /** The amendment proposes the whole clause. */
  readonly proposes: boolean;
  /** It strikes every word in force of a clause of the text. */
  readonly strikesAll: boolean;
}

const shares = new WeakMap<Clause, ReadonlyMap<MarkId, Share>>();

/**
 * The amendments with a part in a clause, in the order of its words. Computed once for each value: while people write,
 * only the changed clause is computed again.
 */
function sharesOf(clause: Clause): ReadonlyMap<MarkId, Share> {
  const known = shares.get(clause);
  if (known !== undefined) return known;
  const found = new Map<MarkId, Counted>();
  const shareOf = (id: MarkId): Counted => {
    const share = found.get(id) ?? { struck: new Words(), inserted: new Words(), struckInForce: 0 };
    found.set(id, share);
    return share;
  };
  if (clause.insertion !== null) shareOf(clause.insertion);
  let inForce = 0;
  // One walk for any number of amendments: a clause may bear hundreds.
  for (const [at, { text, marks }] of clause.runs.entries()) {
    const pending = marks.insertion.length > 0;
    // Other parties' proposed words between two pieces don't separate them; words in force do.
    for (const id of marks.insertion) shareOf(id).inserted.add(text, inForce, inForce);
    for (const id of marks.deletion) {
      const share = shareOf(id);
      if (pending) share.struck.add(text, at, at + 1);
      else share.struck.add(text, inForce, inForce + 1);
      if (!pending) share.struckInForce += 1;
    }
    if (!pending) inForce += 1;
  }
  const read = new Map(
    [...found].map(([id, { struck, inserted, struckInForce }]): [MarkId, Share] => [
      id,
      {
        struck: struck.text,
        inserted: inserted.text,
        proposes: clause.insertion === id,
        strikesAll: clause.insertion === null && struckInForce === inForce,
      },
    ]),
  );
  shares.set(clause, read);
  return read;
}

interface Counted {
  readonly struck: Words;
  readonly inserted: Words;
  /** Runs in force that it strikes. */
  struckInForce: number;
}

/** Words of runs; an ellipsis stands for the words between them. */
class Words {
  text = '';
  #next = 0;
  /** `from`: the place of the piece; `next`: the place where an adjacent piece would begin. */
  add(text: string, from: number, next: number): void {
    this.text += this.text !== '' && from !== this.#next ? ` … ${text}` : text;
    this.#next = next;
  }
}

/** Whether an amendment has words in the text, or proposes a clause of it. */
export const stands = (text: readonly Clause[], id: MarkId): boolean => text.some((clause) => sharesOf(clause).has(id));

/** The words that one amendment strikes and inserts in the text as it stands. */
export const wordsOf = (text: readonly Clause[], id: MarkId): AmendedWords =>
  joinShares(
    text.flatMap((clause) => {
      const share = sharesOf(clause).get(id);
      return share === undefined ? [] : [share];
    }),
  );

function joinShares(parts: readonly Share[]): AmendedWords {
  const join = (pieces: readonly string[]): string => pieces.filter((piece) => piece !== '').join(' … ');
  return { struck: join(parts.map(({ struck }) => struck)), inserted: join(parts.map(({ inserted }) => inserted)) };
}

/** The open amendments that have words in the text, in the order of the text. */
export function standingAmendments(
  text: readonly Clause[],
  negotiation: NegotiationState,
): readonly StandingAmendment[] {
  const found = new Map<MarkId, { readonly clauses: ClauseId[]; readonly parts: Share[] }>();
  for (const clause of text)
    for (const [id, share] of sharesOf(clause)) {
      const known = found.get(id) ?? { clauses: [], parts: [] };
      known.clauses.push(clause.id);
      known.parts.push(share);
      found.set(id, known);
    }
  const parents = openParents(text, negotiation);
  const standing: StandingAmendment[] = [];
  for (const [id, { clauses, parts }] of found) {
    const record = negotiation.marks.get(id);
    if (record?.kind !== 'amendment' || record.state !== 'open') continue;
    const { struck, inserted } = joinShares(parts);
    const parent = parents.get(id) ?? null;
    standing.push({ id, record, parent, clauses, struck, inserted, kind: kindOf(parts, struck, inserted) });
  }
  return standing;
}

function kindOf(parts: readonly Share[], struck: string, inserted: string): AmendmentKind {
  if (struck === '') return parts.some(({ proposes }) => proposes) ? 'new clause' : 'add';
  if (inserted !== '') return 'replace';
  return parts.some(({ strikesAll }) => strikesAll) ? 'delete clause' : 'delete';
}

/** The open brackets in a clause. */
export function standingBrackets(clause: Clause, negotiation: NegotiationState): readonly MarkId[] {
  const ids = new Set<MarkId>();
  for (const { marks } of clause.runs)
    for (const id of marks.bracket) {
      const record = negotiation.marks.get(id);
      if (record?.kind === 'bracket' && record.state === 'open') ids.add(id);
    }
  return [...ids];
}

/** While an amendment or a bracket of a clause is unresolved, the clause can't be marked agreed. */
export const isUnresolved = (clause: Clause, negotiation: NegotiationState): boolean =>
  clause.insertion !== null ||
  clause.runs.some((run) => run.marks.insertion.length > 0 || run.marks.deletion.length > 0) ||
  standingBrackets(clause, negotiation).length > 0;

/** The progress of a text, as meetings report it: "12 clauses: 7 agreed, 3 open, 2 with amendments". */
export interface Progress {
  readonly clauses: number;
  readonly agreed: number;
  readonly adReferendum: number;
  readonly open: number;
  /** Of the open ones: those with an amendment or a bracket. */
  readonly unresolved: number;
  readonly amendments: number;
}

export function progressOf(text: readonly Clause[], negotiation: NegotiationState): Progress {
  // A proposed clause is still an amendment, not a clause of the text.
  const inForce = text.filter((clause) => clause.insertion === null);
  const agreed = inForce.filter((clause) => negotiation.clauses.get(clause.id)?.status.state === 'agreed').length;
  const locked = inForce.filter((clause) => isLocked(negotiation, clause.id)).length;
  return {
    clauses: inForce.length,
    agreed,
    adReferendum: locked - agreed,
    open: inForce.length - locked,
    unresolved: inForce.filter((clause) => !isLocked(negotiation, clause.id) && isUnresolved(clause, negotiation))
      .length,
    amendments: standingAmendments(text, negotiation).length,
  };
}

/** The sponsors of an amendment: its party, then those that accepted to sponsor it. */
export const sponsorsOf = (record: AmendmentRecord): readonly PartyCode[] => [
  record.party,
  ...record.sponsors.filter((sponsor) => sponsor.accepted).map((sponsor) => sponsor.party),
];
