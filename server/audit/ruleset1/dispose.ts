/** What became of the text under ruleset 1. Nothing here changes: records that name no ruleset are judged by it. */

import type { NegotiationState } from '../../../shared/negotiation/state.ts';
import type { MarkId } from '../../../shared/protocol/ids.ts';
import { type Clause, joinRuns, type Run, type RunMarks } from '../../../shared/text/clause.ts';
import { wordsOf } from './amendment.ts';

/** What becomes of one clause: which runs stay and with which marks (null: the words go), or the clause goes whole. */
export type ClauseRewrite =
  | { readonly clause: Clause; readonly remove: true }
  | {
      readonly clause: Clause;
      readonly remove: false;
      readonly insertion: MarkId | null;
      readonly kept: readonly (RunMarks | null)[];
    };

export interface Resolved {
  readonly rewrites: readonly ClauseRewrite[];
  /** Amendments of others that nothing is left of, with the words that they had. */
  readonly superseded: readonly { readonly id: MarkId; readonly struck: string; readonly inserted: string }[];
}

interface Draft {
  readonly clause: Clause;
  remove: boolean;
  insertion: MarkId | null;
  readonly kept: (RunMarks | null)[];
}

const without = (ids: readonly MarkId[], gone: ReadonlySet<MarkId>): readonly MarkId[] =>
  ids.filter((id) => !gone.has(id));

/**
 * Adopts amendments into the text: their struck words go, their new words become words in force that keep their
 * `origin`, their clauses become clauses of the text.
 *
 * Every other amendment stays valid, in place, as far as its words still exist. It is superseded when nothing is left
 * of what it was about: all the words that it struck are gone, or the words round its own are.
 */
export function adopt(text: readonly Clause[], ids: ReadonlySet<MarkId>, negotiation: NegotiationState): Resolved {
  return dispose(text, ids, negotiation, (draft) => {
    const { clause } = draft;
    if (draft.insertion !== null && ids.has(draft.insertion)) draft.insertion = null;
    for (const [at, { marks }] of clause.runs.entries()) {
      if (marks.deletion.some((id) => ids.has(id))) draft.kept[at] = null;
      else {
        const source = marks.insertion.find((id) => ids.has(id));
        if (source !== undefined)
          draft.kept[at] = { ...marks, insertion: [], origin: [...new Set([...marks.origin, source])].sort() };
      }
    }
  });
}

/** Takes amendments out of the text as if they had never been made: not adopted, or withdrawn. */
export function removeAmendments(
  text: readonly Clause[],
  ids: ReadonlySet<MarkId>,
  negotiation: NegotiationState,
): Resolved {
  return dispose(text, ids, negotiation, (draft) => removedFrom(draft, ids));
}

function removedFrom(draft: Draft, ids: ReadonlySet<MarkId>): void {
  if (draft.insertion !== null && ids.has(draft.insertion)) draft.remove = true;
  for (const [at, marks] of draft.kept.entries()) {
    if (marks === null) continue;
    const insertion = without(marks.insertion, ids);
    if (marks.insertion.length > 0 && insertion.length === 0) draft.kept[at] = null;
    else draft.kept[at] = { ...marks, insertion, deletion: without(marks.deletion, ids) };
  }
}

function dispose(
  text: readonly Clause[],
  ids: ReadonlySet<MarkId>,
  negotiation: NegotiationState,
  apply: (draft: Draft) => void,
): Resolved {
  const drafts = text.map(
    (clause): Draft => ({
      clause,
      remove: false,
      insertion: clause.insertion,
      kept: clause.runs.map((run) => run.marks),
    }),
  );
  for (const draft of drafts) apply(draft);

  const superseded: { id: MarkId; struck: string; inserted: string }[] = [];
  // What supersedes one amendment may orphan a third that was made to it: until nothing more falls.
  for (let fallen = fallenIn(drafts, ids, superseded, negotiation); fallen.size > 0; ) {
    for (const id of fallen) superseded.push({ id, ...wordsOf(text, id) });
    for (const draft of drafts) removedFrom(draft, fallen);
    fallen = fallenIn(drafts, ids, superseded, negotiation);
  }
  // Whoever strikes all the words of a clause strikes the clause.
  for (const draft of drafts)
    if (draft.clause.insertion === null && draft.kept.length > 0 && draft.kept.every((marks) => marks === null))
      draft.remove = true;
  return { rewrites: drafts.filter(changed).map(finish), superseded };
}

/** Open amendments that had words and of which the drafts leave nothing that could still be adopted. */
function fallenIn(
  drafts: readonly Draft[],
  ids: ReadonlySet<MarkId>,
  already: readonly { readonly id: MarkId }[],
  negotiation: NegotiationState,
): ReadonlySet<MarkId> {
  const done = new Set([...ids, ...already.map(({ id }) => id)]);
  const open = new Map<MarkId, Standing>();
  for (const draft of drafts) {
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
        if (left?.insertion.includes(id) && !isOrphan(draft, at, id)) standing.insertedLeft = true;
      }
    }
  }
  const fallen = new Set<MarkId>();
  for (const [id, { clause, struck, struckLeft, insertedLeft }] of open) {
    const record = negotiation.marks.get(id);
    if (done.has(id) || record?.kind !== 'amendment' || record.state !== 'open') continue;
    // A replacement lives as long as some of the words that it replaces; an addition as long as its place.
    if (!clause && (struck ? !struckLeft : !insertedLeft)) fallen.add(id);
  }
  return fallen;
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

/** An addition loses its place when the words on both sides of it went: it stood inside what is gone. */
function isOrphan(draft: Draft, at: number, id: MarkId): boolean {
  const neighbour = (step: 1 | -1): 'kept' | 'gone' | 'edge' => {
    for (let next = at + step; next >= 0 && next < draft.kept.length; next += step) {
      const run: Run | undefined = draft.clause.runs[next];
      if (run === undefined) break;
      const left = draft.kept[next] ?? null;
      if (left === null) return 'gone';
      // Other words that wait to be adopted are no place to stand; nor are one's own.
      if (left.insertion.length > 0 && (left.insertion.includes(id) || draft.insertion === null)) continue;
      return 'kept';
    }
    return 'edge';
  };
  const [one, other] = [neighbour(-1), neighbour(1)];
  return one !== 'kept' && other !== 'kept' && (one === 'gone' || other === 'gone');
}

const changed = (draft: Draft): boolean =>
  draft.remove ||
  draft.insertion !== draft.clause.insertion ||
  draft.kept.some((marks, at) => marks !== draft.clause.runs[at]?.marks && !sameMarks(marks, draft.clause.runs[at]));

const sameMarks = (marks: RunMarks | null, run: Run | undefined): boolean =>
  marks !== null &&
  run !== undefined &&
  (['insertion', 'deletion', 'bracket', 'comment', 'origin'] as const).every(
    (name) => marks[name].join() === run.marks[name].join(),
  );

function finish(draft: Draft): ClauseRewrite {
  return draft.remove
    ? { clause: draft.clause, remove: true }
    : { clause: draft.clause, remove: false, insertion: draft.insertion, kept: draft.kept };
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
