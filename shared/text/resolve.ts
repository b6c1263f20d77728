import type { AmendedWords } from '../negotiation/families/amendment/words.ts';
import type { NegotiationState } from '../negotiation/state.ts';
import type { MarkId } from '../protocol/ids.ts';
import { wordsOf } from './amendment.ts';
import type { Clause, RunMarks } from './clause.ts';
import { keepRuns, operated, type TextOperation } from './operations.ts';
import { madeTo, openParents, ownerOf, type ParentIn, parentsIn } from './ownership.ts';

/** An amendment that ended with another's, and the words that it had. */
export interface Ended extends AmendedWords {
  readonly id: MarkId;
}

export interface Resolved {
  readonly operations: readonly TextOperation[];
  /** Amendments of others that an adoption left nothing of. */
  readonly superseded: readonly Ended[];
  /** Amendments to one that is gone. */
  readonly fallen: readonly Ended[];
  /** Amendments to one that was adopted: from now on they amend its target. */
  readonly reparented: ReadonlyMap<MarkId, MarkId | null>;
}

/**
 * Adopts amendments. One to the text in force: the words that it strikes are removed, its own become words in force
 * that keep their `origin`, its clauses become clauses of the text. One to another amendment: its words join that one,
 * or leave it, and the text in force is unchanged.
 *
 * Every other amendment stays, in place, as far as its words still exist. It is superseded when nothing is left of its
 * subject: all the words that it struck are gone, or the words in force around its own are.
 */
export const adopt = (text: readonly Clause[], ids: ReadonlySet<MarkId>, negotiation: NegotiationState): Resolved => {
  const resolution = new Resolution(text, negotiation);
  resolution.adopt(ids);
  return resolution.done();
};

/**
 * Removes amendments from the text as if they had never been made: not adopted, or withdrawn. Amendments to them fall.
 * Nobody else's words, marks or clauses change.
 */
export const removeAmendments = (
  text: readonly Clause[],
  ids: ReadonlySet<MarkId>,
  negotiation: NegotiationState,
): Resolved => {
  const resolution = new Resolution(text, negotiation);
  resolution.removeAmendments(ids);
  return resolution.done();
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
export class Resolution {
  readonly #text: readonly Clause[];
  readonly #negotiation: NegotiationState;
  readonly #drafts: Draft[];
  /** The target of each open amendment in the text as it was. */
  readonly #parents: ReadonlyMap<MarkId, MarkId | null>;
  readonly #parent: ParentIn;
  readonly #disposed = new Set<MarkId>();
  readonly #superseded: Ended[] = [];
  readonly #fallen: Ended[] = [];
  readonly #reparented = new Map<MarkId, MarkId | null>();

  constructor(text: readonly Clause[], negotiation: NegotiationState) {
    this.#text = text;
    this.#negotiation = negotiation;
    this.#drafts = text.map(
      (clause): Draft => ({
        clause,
        remove: false,
        insertion: clause.insertion,
        kept: clause.runs.map((run) => run.marks),
      }),
    );
    this.#parents = openParents(text, negotiation);
    const recorded = parentsIn(negotiation);
    this.#parent = (id, clause) => {
      const moved = this.#reparented.get(id);
      return moved === undefined ? recorded(id, clause) : moved;
    };
  }

  adopt(ids: ReadonlySet<MarkId>): void {
    const depths = new Map([...ids].map((id) => [id, this.#depthOf(id)]));
    const inForceGone = new Set<Draft>();
    for (const draft of this.#drafts) {
      for (const [at, marks] of draft.kept.entries())
        if (marks !== null) draft.kept[at] = this.#adoptOn(marks, draft, depths, inForceGone);
      if (draft.insertion === null || !ids.has(draft.insertion)) continue;
      draft.insertion = null;
      // A proposal of which nothing is left adds no clause.
      if (draft.kept.every((marks) => marks === null)) draft.remove = true;
    }
    for (const id of ids) this.#disposed.add(id);
    this.#moveUp(ids);
    const superseded = this.#leftWithNothing(inForceGone);
    for (const id of superseded) this.#superseded.push({ id, ...wordsOf(this.#text, id) });
    this.removeAmendments(superseded);
    // Only an adoption that strikes all words in force strikes the clause.
    for (const draft of inForceGone) if (draft.kept.every((marks) => marks === null)) draft.remove = true;
  }

  removeAmendments(ids: ReadonlySet<MarkId>): void {
    if (ids.size === 0) return;
    const falling = [...madeTo(ids, this.#text, this.#negotiation)].filter(
      (id) => !this.#disposed.has(id) && !this.#isFree(id, ids),
    );
    for (const id of falling) this.#fallen.push({ id, ...wordsOf(this.#text, id) });
    const gone = new Set([...ids, ...falling]);
    for (const id of gone) this.#disposed.add(id);
    for (const draft of this.#drafts) this.#removedFrom(draft, gone);
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
    return operated(this.#text, this.#operations());
  }

  done(): Resolved {
    for (const id of this.#disposed) this.#reparented.delete(id);
    return {
      operations: this.#operations(),
      superseded: this.#superseded,
      fallen: this.#fallen,
      reparented: this.#reparented,
    };
  }

  #operations(): readonly TextOperation[] {
    return this.#drafts.filter(changed).map(finish);
  }

  #depthOf(id: MarkId): number {
    const line = new Set<MarkId>();
    for (let next: MarkId | null = id; next !== null && !line.has(next); next = this.#parents.get(next) ?? null)
      line.add(next);
    return line.size;
  }

  /**
   * The marks on some words after an adoption; null where the words are removed. An amendment to another comes before
   * it.
   */
  #adoptOn(
    marks: RunMarks,
    draft: Draft,
    depths: ReadonlyMap<MarkId, number>,
    inForceGone: Set<Draft>,
  ): RunMarks | null {
    let now = marks;
    for (;;) {
      const id = deepest([...now.deletion, ...now.insertion], depths);
      if (id === null) return now;
      const owner = ownerOf(now, draft, this.#negotiation);
      const deletion = now.deletion.filter((one) => one !== id);
      if (deletion.length < now.deletion.length && this.#strikes(id, owner, draft)) {
        if (owner === null) inForceGone.add(draft);
        return null;
      }
      const parent = this.#parent(id, draft);
      now =
        owner !== id
          ? // A mark on letters that belong to another amendment has no effect on them.
            { ...now, deletion, insertion: now.insertion.filter((one) => one !== id) }
          : {
              ...now,
              deletion,
              insertion: parent === null ? [] : [parent],
              // A letter keeps the origin in which it was typed.
              origin: now.origin.length > 0 ? now.origin : [id],
            };
    }
  }

  /** The letters that an adopted strike removes: those of its amendment's target. */
  #strikes(id: MarkId, owner: MarkId | null, draft: Draft): boolean {
    const record = this.#negotiation.marks.get(id);
    // Under ruleset 1 one amendment struck letters of any owner.
    if (record?.kind === 'amendment' && record.parent === undefined) return true;
    return owner === this.#parent(id, draft);
  }

  /** Amendments to an adopted amendment amend its target from now on. */
  #moveUp(adopted: ReadonlySet<MarkId>): void {
    const parents = this.#parents;
    for (const [id, parent] of parents) {
      const record = this.#negotiation.marks.get(id);
      if (adopted.has(id) || parent === null || !adopted.has(parent)) continue;
      // Where the negotiation state names none, it is derived from the text, also afterwards.
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

  #removedFrom(draft: Draft, ids: ReadonlySet<MarkId>): void {
    if (draft.insertion !== null && ids.has(draft.insertion)) draft.remove = true;
    for (const [at, marks] of draft.kept.entries()) {
      if (marks === null || !(hasAny(marks.insertion, ids) || hasAny(marks.deletion, ids))) continue;
      const owner = ownerOf(marks, draft, this.#negotiation);
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
      const orphaned = inForceGone.has(draft) ? placesGone(draft, this.#negotiation) : null;
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
      const record = this.#negotiation.marks.get(id);
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

function deepest(ids: readonly MarkId[], depths: ReadonlyMap<MarkId, number>): MarkId | null {
  let found: MarkId | null = null;
  for (const id of ids) {
    const depth = depths.get(id);
    if (depth !== undefined && (found === null || depth > (depths.get(found) ?? 0))) found = id;
  }
  return found;
}

const hasAny = (ids: readonly MarkId[], some: ReadonlySet<MarkId>): boolean => ids.some((id) => some.has(id));

/**
 * For each run, whether an addition there has lost its place: words in force stood on one of its sides, and on neither
 * side any are left. Other pending words are no place to stand.
 */
function placesGone(draft: Draft, negotiation: NegotiationState): readonly boolean[] {
  const { runs } = draft.clause;
  type Side = 'kept' | 'gone' | 'edge';
  const sideOf = (at: number, before: Side): Side => {
    const run = runs[at];
    const left = draft.kept[at] ?? null;
    if (left !== null && ownerOf(left, draft, negotiation) === null) return 'kept';
    return run !== undefined && ownerOf(run.marks, draft.clause, negotiation) === null ? 'gone' : before;
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

const finish = ({ clause, remove, insertion, kept }: Draft): TextOperation =>
  remove ? { op: 'strike', clause: clause.id } : keepRuns(clause, insertion, kept);
