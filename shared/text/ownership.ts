import type { NegotiationState } from '../negotiation/state.ts';
import type { MarkId } from '../protocol/ids.ts';
import type { Clause, RunMarks } from './clause.ts';

/**
 * The owner of a letter, and the target of an amendment.
 *
 * A letter belongs to the amendment in which it was typed; null stands for the text in force. An amendment made inside
 * another party's pending words is a sub-amendment, and has that amendment as its parent. Parents form a tree of any
 * depth with the text in force at its root.
 */

/**
 * The amendment that owns a letter; null for a letter of the text in force. In a proposed clause every letter is
 * pending. Only logs of ruleset 1 hold letters with several insertions: such a letter belongs to the oldest.
 */
export function ownerOf(
  marks: RunMarks,
  clause: Pick<Clause, 'insertion'>,
  negotiation: NegotiationState,
): MarkId | null {
  const [first, ...more] = marks.insertion;
  if (first === undefined) return clause.insertion;
  let owner = first;
  for (const id of more) if (madeAt(id, negotiation) < madeAt(owner, negotiation)) owner = id;
  return owner;
}

const madeAt = (id: MarkId, { marks }: NegotiationState): number => marks.get(id)?.at ?? Number.POSITIVE_INFINITY;

/** The target of an amendment that has words in a clause. */
export type ParentIn = (id: MarkId, clause: Pick<Clause, 'insertion'>) => MarkId | null;

/**
 * Parents as the negotiation state has them; `made`: those of amendments that are only being made. Ruleset 1 recorded
 * none: there, an amendment in another's proposed clause was made to that proposal.
 */
export const parentsIn =
  (negotiation: NegotiationState, made: ReadonlyMap<MarkId, MarkId | null> = new Map()): ParentIn =>
  (id, clause) => {
    const record = negotiation.marks.get(id);
    const known = record?.kind === 'amendment' ? record.parent : made.get(id);
    if (known !== undefined) return known;
    return clause.insertion === id ? null : clause.insertion;
  };

/** An amendment, its parent, and so on up to the text in force, which is null. */
export function lineOf(
  id: MarkId | null,
  clause: Pick<Clause, 'insertion'>,
  parent: ParentIn,
): ReadonlySet<MarkId | null> {
  const line = new Set<MarkId | null>();
  for (let next = id; next !== null && !line.has(next); next = parent(next, clause)) line.add(next);
  return line.add(null);
}

/**
 * The surrounding amendment of each stretch of an amendment's letters in a clause, from left to right: the innermost
 * amendment whose words, or words made to it, stand on both sides; null for the text in force. Sub-amendments inside a
 * stretch don't divide it. `id` null asks for the stretches of the text in force: one that stands inside an amendment
 * splits that amendment's words.
 */
export function hostsOf(
  clause: Clause,
  id: MarkId | null,
  negotiation: NegotiationState,
  parent: ParentIn,
): (MarkId | null)[] {
  const inside = new Map<MarkId | null, boolean>();
  const isWithin = (owner: MarkId | null): boolean => {
    const known = inside.get(owner);
    if (known !== undefined) return known;
    // Every amendment descends from the text in force, so of that only its own letters count.
    const within = id === null ? owner === null : isMadeTo(owner, id, clause, parent);
    inside.set(owner, within);
    return within;
  };
  const owners = ownersIn(clause, negotiation);
  const hosts: (MarkId | null)[] = [];
  // From its own letters outwards: the other amendments of a clause, which may be hundreds, are not looked at. A stretch
  // without an own letter is none of its own: the remainder of an amendment may consist of words made to it alone.
  for (let own = owners.indexOf(id); own >= 0; ) {
    let from = own;
    while (from > 0 && isWithin(owners[from - 1] ?? null)) from -= 1;
    let to = own + 1;
    while (to < owners.length && isWithin(owners[to] ?? null)) to += 1;
    hosts.push(sharedBy(owners[from - 1], owners[to], clause, parent));
    own = owners.indexOf(id, to);
  }
  return hosts;
}

const owned = new WeakMap<Clause, readonly (MarkId | null)[]>();

/** The owner of each run. Computed once for each value: one edit asks for every amendment that it writes in. */
function ownersIn(clause: Clause, negotiation: NegotiationState): readonly (MarkId | null)[] {
  const known = owned.get(clause);
  if (known !== undefined) return known;
  const owners = clause.runs.map(({ marks }) => ownerOf(marks, clause, negotiation));
  owned.set(clause, owners);
  return owners;
}

/** Whether a letter's owner is an amendment, or was made to it at any depth. */
function isMadeTo(owner: MarkId | null, id: MarkId, clause: Clause, parent: ParentIn): boolean {
  for (let next = owner; next !== null; ) {
    if (next === id) return true;
    const above = parent(next, clause);
    if (above === next) return false;
    next = above;
  }
  return false;
}

/**
 * The innermost amendment that two neighbours share. At the edge of a clause, the clause counts: proposed, or in force.
 */
function sharedBy(
  left: MarkId | null | undefined,
  right: MarkId | null | undefined,
  clause: Clause,
  parent: ParentIn,
): MarkId | null {
  const one = lineOf(left === undefined ? clause.insertion : left, clause, parent);
  for (const id of lineOf(right === undefined ? clause.insertion : right, clause, parent)) if (one.has(id)) return id;
  return null;
}

/** Open amendments that were made to any of these, at any depth; none of these themselves. */
export function madeTo(
  ids: ReadonlySet<MarkId>,
  text: readonly Clause[],
  negotiation: NegotiationState,
): ReadonlySet<MarkId> {
  const parents = openParents(text, negotiation);
  /** Whether an amendment is one of these or under one of them. */
  const known = new Map<MarkId, boolean>([...ids].map((id) => [id, true]));
  const found = new Set<MarkId>();
  for (const id of parents.keys()) {
    if (ids.has(id)) continue;
    const path: MarkId[] = [];
    let next: MarkId | null = id;
    for (; next !== null && !known.has(next); next = parents.get(next) ?? null) {
      known.set(next, false);
      path.push(next);
    }
    const under = next !== null && known.get(next) === true;
    for (const one of path) known.set(one, under);
    if (known.get(id) === true) found.add(id);
  }
  return found;
}

/** The target of each open amendment. */
export function openParents(
  text: readonly Clause[],
  negotiation: NegotiationState,
): ReadonlyMap<MarkId, MarkId | null> {
  const parents = new Map<MarkId, MarkId | null>();
  let unrecorded = false;
  for (const [id, record] of negotiation.marks) {
    if (record.kind !== 'amendment' || record.state !== 'open') continue;
    parents.set(id, record.parent ?? null);
    unrecorded ||= record.parent === undefined;
  }
  if (!unrecorded) return parents;
  const isUnrecorded = (id: MarkId): boolean => {
    const record = negotiation.marks.get(id);
    return record?.kind === 'amendment' && record.state === 'open' && record.parent === undefined;
  };
  // One with parts elsewhere was made to the text in force: it doesn't fall with that proposal.
  const told = new Map<MarkId, MarkId | null>();
  for (const clause of text)
    for (const { marks } of clause.runs)
      for (const id of [...marks.insertion, ...marks.deletion]) {
        if (!isUnrecorded(id)) continue;
        const host = clause.insertion === id ? null : clause.insertion;
        told.set(id, told.has(id) && told.get(id) !== host ? null : host);
      }
  for (const [id, parent] of told) parents.set(id, parent);
  return parents;
}
