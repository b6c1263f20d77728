import { wordsOf } from './amendment.ts';
import { type Clause, joinRuns, type RunMarks } from './clause.ts';
import type { MarkId } from './ids.ts';
import type { AmendedWords, Ledger } from './ledger.ts';
import { isStruckBy, madeTo, openParents, ownerOf, type ParentIn, parentsIn } from './ownership.ts';

/** What becomes of one clause: which runs stay and with which marks (null: the words go), or the clause goes whole. */
export type ClauseRewrite =
  | { readonly clause: Clause; readonly remove: true }
  | {
      readonly clause: Clause;
      readonly remove: false;
      readonly insertion: MarkId | null;
      readonly kept: readonly (RunMarks | null)[];
    };

/** An amendment that ended with another's, and the words that it had. */
export interface Ended extends AmendedWords {
  readonly id: MarkId;
}

export interface Disposal {
  readonly rewrites: readonly ClauseRewrite[];
  /** Amendments of others that an adoption left nothing of. */
  readonly superseded: readonly Ended[];
  /** Amendments to one that is no more. */
  readonly fallen: readonly Ended[];
  /** Amendments to one that was adopted: they amend from now on what that one amended. */
  readonly reparented: ReadonlyMap<MarkId, MarkId | null>;
}

/** A text as rewrites leave it. */
export function rewritten(text: readonly Clause[], rewrites: readonly ClauseRewrite[]): readonly Clause[] {
  const known = new Map(rewrites.map((rewrite) => [rewrite.clause.id, rewrite]));
  return text.flatMap((clause): Clause[] => {
    const rewrite = known.get(clause.id);
    if (rewrite === undefined) return [clause];
    if (rewrite.remove) return [];
    const runs = clause.runs.flatMap(({ text: words }, at) => {
      const marks = rewrite.kept[at];
      return marks === null || marks === undefined ? [] : [{ text: words, marks }];
    });
    return [{ ...clause, insertion: rewrite.insertion, runs: joinRuns(runs) }];
  });
}

/**
 * Adopts amendments. One to the text in force: the words that it strikes go, its own become words in force that keep their
 * `origin`, its clauses become clauses of the text. One to another amendment: its words join that one, or leave it, and
 * the text in force is untouched.
 *
 * Every other amendment stays, in place, as far as its words still exist. It is superseded when nothing is left of what
 * it was about: all the words that it struck are gone, or the words in force round its own are.
 */
export const adopt = (text: readonly Clause[], ids: ReadonlySet<MarkId>, ledger: Ledger): Disposal => {
  const disposing = new Disposing(text, ledger);
  disposing.adopt(ids);
  return disposing.done();
};

/**
 * Takes amendments out of the text as if they had never been made: not adopted, or withdrawn. What was made to them falls.
 * Nobody else's words, marks or clauses change.
 */
export const takeOut = (text: readonly Clause[], ids: ReadonlySet<MarkId>, ledger: Ledger): Disposal => {
  const disposing = new Disposing(text, ledger);
  disposing.takeOut(ids);
  return disposing.done();
};

interface Draft {
  readonly clause: Clause;
  remove: boolean;
  insertion: MarkId | null;
  readonly kept: (RunMarks | null)[];
}

const without = (ids: readonly MarkId[], gone: ReadonlySet<MarkId>): readonly MarkId[] =>
  ids.some((id) => gone.has(id)) ? ids.filter((id) => !gone.has(id)) : ids;

/** Several steps on one text, performed as one. */
export class Disposing {
  readonly #text: readonly Clause[];
  readonly #ledger: Ledger;
  readonly #drafts: Draft[];
  /** What each open amendment amended in the text as it was. */
  readonly #parents: ReadonlyMap<MarkId, MarkId | null>;
  readonly #parent: ParentIn;
  readonly #disposed = new Set<MarkId>();
  readonly #superseded: Ended[] = [];
  readonly #fallen: Ended[] = [];
  readonly #reparented = new Map<MarkId, MarkId | null>();

  constructor(text: readonly Clause[], ledger: Ledger) {
    this.#text = text;
    this.#ledger = ledger;
    this.#drafts = text.map(
      (clause): Draft => ({
        clause,
        remove: false,
        insertion: clause.insertion,
        kept: clause.runs.map((run) => run.marks),
      }),
    );
    this.#parents = openParents(text, ledger);
    const recorded = parentsIn(ledger);
    this.#parent = (id, clause) => {
      const moved = this.#reparented.get(id);
      return moved === undefined ? recorded(id, clause) : moved;
    };
  }

  adopt(ids: ReadonlySet<MarkId>): void {
    const deepestFirst = [...ids]
      .map((id) => ({ id, depth: this.#depthOf(id) }))
      .sort((one, other) => other.depth - one.depth);
    const inForceGone = new Set<Draft>();
    for (const draft of this.#drafts) {
      const here = new Set<MarkId | null>([draft.insertion]);
      for (const marks of draft.kept)
        for (const id of [...(marks?.insertion ?? []), ...(marks?.deletion ?? [])]) here.add(id);
      for (const { id } of deepestFirst)
        if (here.has(id)) {
          this.#adoptIn(draft, id, inForceGone);
          here.add(this.#parent(id, draft.clause));
        }
      // A proposal of which nothing is left brings no clause.
      if (draft.insertion !== draft.clause.insertion && draft.kept.every((marks) => marks === null))
        draft.remove = true;
    }
    for (const id of ids) this.#disposed.add(id);
    this.#moveUp(ids);
    const superseded = this.#leftWithNothing(inForceGone);
    for (const id of superseded) this.#superseded.push({ id, ...wordsOf(this.#text, id) });
    this.takeOut(superseded);
    // Only an adoption that strikes all words in force strikes the clause.
    for (const draft of inForceGone) if (draft.kept.every((marks) => marks === null)) draft.remove = true;
  }

  takeOut(ids: ReadonlySet<MarkId>): void {
    if (ids.size === 0) return;
    const falling = [...madeTo(ids, this.#text, this.#ledger)].filter(
      (id) => !this.#disposed.has(id) && !this.#isFree(id, ids),
    );
    for (const id of falling) this.#fallen.push({ id, ...wordsOf(this.#text, id) });
    const gone = new Set([...ids, ...falling]);
    for (const id of gone) this.#disposed.add(id);
    for (const draft of this.#drafts) this.#takeOutOf(draft, gone);
  }

  /** Lifts brackets: the words stay. */
  lift(brackets: ReadonlySet<MarkId>): void {
    for (const { kept } of this.#drafts)
      for (const [at, marks] of kept.entries())
        if (marks?.bracket.some((id) => brackets.has(id)))
          kept[at] = { ...marks, bracket: without(marks.bracket, brackets) };
  }

  /** The text as it stands now. */
  text(): readonly Clause[] {
    return rewritten(this.#text, this.#rewrites());
  }

  done(): Disposal {
    for (const id of this.#disposed) this.#reparented.delete(id);
    return {
      rewrites: this.#rewrites(),
      superseded: this.#superseded,
      fallen: this.#fallen,
      reparented: this.#reparented,
    };
  }

  #rewrites(): readonly ClauseRewrite[] {
    return this.#drafts.filter(changed).map(finish);
  }

  #depthOf(id: MarkId): number {
    const line = new Set<MarkId>();
    for (let next: MarkId | null = id; next !== null && !line.has(next); next = this.#parents.get(next) ?? null)
      line.add(next);
    return line.size;
  }

  #adoptIn(draft: Draft, id: MarkId, inForceGone: Set<Draft>): void {
    const seat = { insertion: draft.insertion };
    if (draft.insertion === id) draft.insertion = null;
    for (const [at, marks] of draft.kept.entries()) {
      const run = draft.clause.runs[at];
      if (marks === null || run === undefined) continue;
      const owner = ownerOf(marks, seat, this.#ledger);
      const clause = { ...draft.clause, insertion: seat.insertion };
      if (marks.deletion.includes(id) && isStruckBy(id, { ...run, marks }, clause, this.#ledger, this.#parent)) {
        draft.kept[at] = null;
        if (owner === null) inForceGone.add(draft);
      } else if (bears(marks, id)) {
        const parent = this.#parent(id, seat);
        const deletion = marks.deletion.filter((one) => one !== id);
        // A mark on letters that belong to another amendment says nothing of them.
        draft.kept[at] =
          owner !== id
            ? { ...marks, deletion, insertion: marks.insertion.filter((one) => one !== id) }
            : {
                ...marks,
                deletion,
                insertion: parent === null ? [] : [parent],
                // A letter keeps the origin in which it was typed.
                origin: marks.origin.length > 0 ? marks.origin : [id],
              };
      }
    }
  }

  /** What was made to an adopted amendment amends from now on what that one amended. */
  #moveUp(adopted: ReadonlySet<MarkId>): void {
    const parents = this.#parents;
    for (const [id, parent] of parents) {
      const record = this.#ledger.marks.get(id);
      if (adopted.has(id) || parent === null || !adopted.has(parent)) continue;
      // Where the record names none, the text says it, also afterwards.
      if (record?.kind !== 'amendment' || record.parent === undefined) continue;
      let next: MarkId | null = parent;
      while (next !== null && adopted.has(next)) next = parents.get(next) ?? null;
      this.#reparented.set(id, next);
    }
  }

  /** Whether an amendment, in the text as it was, was made to one of these only by way of one that is adopted. */
  #isFree(id: MarkId, ids: ReadonlySet<MarkId>): boolean {
    const seen = new Set<MarkId>();
    for (let next: MarkId | null = id; next !== null && !seen.has(next); ) {
      if (ids.has(next)) return false;
      seen.add(next);
      const moved = this.#reparented.get(next);
      next = moved === undefined ? (this.#parents.get(next) ?? null) : moved;
    }
    return true;
  }

  #takeOutOf(draft: Draft, ids: ReadonlySet<MarkId>): void {
    if (draft.insertion !== null && ids.has(draft.insertion)) draft.remove = true;
    for (const [at, marks] of draft.kept.entries()) {
      if (marks === null || !(hasAny(marks.insertion, ids) || hasAny(marks.deletion, ids))) continue;
      const owner = ownerOf(marks, draft, this.#ledger);
      draft.kept[at] =
        owner !== null && ids.has(owner) && marks.insertion.length > 0
          ? null
          : { ...marks, insertion: without(marks.insertion, ids), deletion: without(marks.deletion, ids) };
    }
  }

  /** Open amendments of which an adoption leaves nothing that could still be adopted. */
  #leftWithNothing(inForceGone: ReadonlySet<Draft>): ReadonlySet<MarkId> {
    const open = new Map<MarkId, Standing>();
    for (const draft of this.#drafts) {
      const orphaned = inForceGone.has(draft) ? placesGone(draft, this.#ledger) : null;
      if (draft.clause.insertion !== null) look(open, draft.clause.insertion).clause ||= !draft.remove;
      for (const [at, { marks }] of draft.clause.runs.entries()) {
        const left = draft.remove ? null : (draft.kept[at] ?? null);
        for (const id of marks.deletion) {
          const standing = look(open, id);
          standing.struck = true;
          standing.struckLeft ||= left?.deletion.includes(id) ?? false;
        }
        for (const id of marks.insertion) {
          const standing = look(open, id);
          const isToForce = this.#parent(id, draft.clause) === null;
          if (left?.insertion.includes(id) && !(isToForce && orphaned?.[at])) standing.insertedLeft = true;
        }
      }
    }
    const nothing = new Set<MarkId>();
    for (const [id, { clause, struck, struckLeft, insertedLeft }] of open) {
      const record = this.#ledger.marks.get(id);
      if (this.#disposed.has(id) || record?.kind !== 'amendment' || record.state !== 'open') continue;
      // A replacement lives as long as some of the words that it replaces; an addition as long as its place.
      if (!clause && (struck ? !struckLeft : !insertedLeft)) nothing.add(id);
    }
    return nothing;
  }
}

interface Standing {
  clause: boolean;
  struck: boolean;
  struckLeft: boolean;
  insertedLeft: boolean;
}

function look(all: Map<MarkId, Standing>, id: MarkId): Standing {
  const found = all.get(id) ?? { clause: false, struck: false, struckLeft: false, insertedLeft: false };
  all.set(id, found);
  return found;
}

const bears = (marks: RunMarks, id: MarkId): boolean => marks.insertion.includes(id) || marks.deletion.includes(id);
const hasAny = (ids: readonly MarkId[], some: ReadonlySet<MarkId>): boolean => ids.some((id) => some.has(id));

/**
 * For each run, whether an addition there has lost its place: words in force stood on one of its sides, and on neither
 * side any are left. Other words that wait to be adopted are no place to stand.
 */
function placesGone(draft: Draft, ledger: Ledger): readonly boolean[] {
  const { runs } = draft.clause;
  type Side = 'kept' | 'gone' | 'edge';
  const sideOf = (at: number, before: Side): Side => {
    const run = runs[at];
    const left = draft.kept[at] ?? null;
    if (left !== null && ownerOf(left, draft, ledger) === null) return 'kept';
    return run !== undefined && ownerOf(run.marks, draft.clause, ledger) === null ? 'gone' : before;
  };
  const before: Side[] = [];
  for (let at = 0, side: Side = 'edge'; at < runs.length; at++) {
    before.push(side);
    side = sideOf(at, side);
  }
  const gone: boolean[] = new Array<boolean>(runs.length).fill(false);
  for (let at = runs.length - 1, side: Side = 'edge'; at >= 0; at--) {
    const other = before[at];
    gone[at] = side !== 'kept' && other !== 'kept' && (side === 'gone' || other === 'gone');
    side = sideOf(at, side);
  }
  return gone;
}

const changed = (draft: Draft): boolean =>
  draft.remove ||
  draft.insertion !== draft.clause.insertion ||
  draft.kept.some((marks, at) => marks !== draft.clause.runs[at]?.marks);

function finish(draft: Draft): ClauseRewrite {
  return draft.remove
    ? { clause: draft.clause, remove: true }
    : { clause: draft.clause, remove: false, insertion: draft.insertion, kept: draft.kept };
}
