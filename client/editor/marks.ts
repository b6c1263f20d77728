import type { Node } from 'prosemirror-model';
import { type ClauseId, ClauseId as ClauseIdSchema, type MarkId } from '../../shared/protocol/ids.ts';
import { type EditContext, idsOn, isOwnText, owns, proposalOf } from './editContext.ts';

/** The target of an amendment: the text in force (null), or the pending words of one other amendment. */
export type Target = MarkId | null;

/** A mark of the writer's own: the targets of its parts, and the clauses in which it has parts. */
export interface OwnMark {
  readonly id: MarkId;
  readonly targets: ReadonlySet<Target>;
  readonly clauses: ReadonlySet<ClauseId>;
}

/** The place in which one gesture writes to amend one target; `newClause`: also in a clause that it proposes. */
export interface Site {
  readonly target: Target;
  readonly clauses: ReadonlySet<ClauseId>;
  readonly newClause: boolean;
}

/**
 * The mark that a gesture continues, or null where it needs a new one.
 *
 * One amendment has one target, and stays in the clauses in which it was made: the server refuses anything else. A mark
 * that has no part in the text yet may begin anywhere.
 */
export const markFor = ({ target, clauses, newClause }: Site, near: readonly OwnMark[]): MarkId | null =>
  near.find(
    (mark) =>
      mark.clauses.size === 0 ||
      (!newClause &&
        [...mark.targets].every((made) => made === target) &&
        [...clauses].every((clause) => mark.clauses.has(clause))),
  )?.id ?? null;

/** The amendment in which a letter was typed; null for a letter of the text in force. */
export function ownerOf(context: EditContext, node: Node, clause: Node): Target {
  const ids = idsOn(node, 'insertion');
  return ids.find((id) => !owns(context, id)) ?? ids[0] ?? proposalOf(clause);
}

/**
 * The target of words typed at a place: the innermost pending words of another party that stand on both sides of it, or
 * the proposed clause around it; null for the text in force. The writer's own letters are ignored.
 */
export function targetAt(doc: Node, position: number, context: EditContext): Target {
  const at = doc.resolve(position);
  if (at.depth === 0) return null;
  const clause = at.parent;
  const index = at.index();
  const within = at.textOffset > 0 ? clause.children.slice(index, index + 1) : [];
  const before = [...within, ...clause.children.slice(0, index).reverse()];
  const after = [...within, ...clause.children.slice(index + within.length)];
  const round = new Set(ownersAlong(after, clause, context));
  return ownersAlong(before, clause, context).find((id) => round.has(id)) ?? null;
}

/** The nearest place, in a direction, where typed words don't fall inside another party's proposed words. */
export function besidePending(doc: Node, position: number, context: EditContext): number {
  if (targetAt(doc, position, context) === null) return position;
  const at = doc.resolve(position);
  const clause = at.parent;
  let end = position - at.textOffset;
  for (const node of clause.children.slice(at.index())) {
    if (ownerOf(context, node, clause) === null) break;
    end += node.nodeSize;
  }
  return end;
}

/**
 * The owners of the pending words that follow one another from a place on, nearest first, up to the first letter in
 * force.
 */
function ownersAlong(nodes: readonly Node[], clause: Node, context: EditContext): readonly MarkId[] {
  const owners: MarkId[] = [];
  for (const node of nodes) {
    const owner = ownerOf(context, node, clause);
    if (owner === null) return owners;
    if (!owns(context, owner)) owners.push(owner);
  }
  const proposal = proposalOf(clause);
  return proposal === null || owns(context, proposal) ? owners : [...owners, proposal];
}

const clauseIdOf = (clause: Node): ClauseId => ClauseIdSchema.parse(clause.attrs.id);

/** The relation of one of the capacity's marks to the text; null for a registered mark of which nothing is left. */
function look(doc: Node, id: MarkId, context: EditContext): OwnMark | null {
  const targets = new Set<Target>();
  const clauses = new Set<ClauseId>();
  doc.forEach((clause, offset) => {
    const note = (target: Target): void => {
      targets.add(target);
      clauses.add(clauseIdOf(clause));
    };
    if (proposalOf(clause) === id) note(null);
    clause.forEach((node, inside) => {
      if (idsOn(node, 'insertion').includes(id)) note(targetAt(doc, offset + 1 + inside, context));
      if (idsOn(node, 'deletion').includes(id)) note(ownerOf(context, node, clause));
    });
  });
  const record = context.negotiation.marks.get(id);
  if (record !== undefined && clauses.size === 0) return null;
  // The negotiation state decides the target, whatever stands beside the mark's letters by now.
  if (record?.kind !== 'amendment' || record.parent === undefined) return { id, targets, clauses };
  return { id, targets: new Set([record.parent]), clauses: new Set([...clauses, ...(record.clauses ?? [])]) };
}

/** The capacity's open marks that touch a place, the nearest first. */
function touching(doc: Node, position: number, context: EditContext): readonly MarkId[] {
  const at = doc.resolve(position);
  if (at.depth === 0) return [];
  const proposal = proposalOf(at.parent);
  const ids = [at.nodeBefore, at.nodeAfter].flatMap((node) => [
    ...idsOn(node, 'insertion'),
    ...idsOn(node, 'deletion'),
  ]);
  return (proposal === null ? ids : [proposal, ...ids]).filter((id) => owns(context, id));
}

/** Letters that a gesture strikes: neither the capacity's own (which are deleted) nor already struck by it. */
export const isToStrike = (context: EditContext, node: Node, clause: Node): boolean =>
  !isOwnText(context, node, clause) && !idsOn(node, 'deletion').some((id) => owns(context, id));

/** The intended effect of a gesture on the text. */
export interface Gesture {
  /** The stretch that it strikes or deletes. */
  readonly from: number;
  readonly to: number;
  /** The place where words are inserted. */
  readonly typesAt: number | null;
  /** The words in force after that place move into a clause that is proposed after it. */
  readonly splits: boolean;
  /** The mark that an IME writes with. */
  readonly given: MarkId | null;
}

/** The marks with which one gesture writes: one for each target, the same in all its places. */
export class GestureMarks {
  readonly #doc: Node;
  readonly #context: EditContext;
  readonly #near: readonly MarkId[];
  readonly #clauses = new Map<Target, Set<ClauseId>>();
  /** `any`: the mark is new, and may be used in any clause. */
  readonly #chosen = new Map<Target, { readonly id: MarkId; readonly clauses: ReadonlySet<ClauseId> | 'any' }>();
  /** The gesture strikes words and proposes them again in a clause of their own: one amendment. */
  readonly moves: boolean = false;

  /** `doc`: the text before the gesture. */
  constructor(doc: Node, { from, to, typesAt, splits, given }: Gesture, context: EditContext) {
    this.#doc = doc;
    this.#context = context;
    const own: MarkId[] = [];
    doc.nodesBetween(from, to, (node, _position, clause) => {
      if (!node.isText || clause === null) return true;
      if (isToStrike(context, node, clause)) this.#in(ownerOf(context, node, clause), clause);
      else if (isOwnText(context, node, clause)) own.push(...idsOn(node, 'insertion'));
      return false;
    });
    if (typesAt !== null) {
      const at = doc.resolve(typesAt);
      this.#in(targetAt(doc, typesAt, context), at.parent);
      if (splits) this.moves = strikesInForce(doc, typesAt, at.end(), context);
    }
    this.#near = [
      ...(given === null ? [] : [given]),
      ...own,
      ...[from, to, typesAt].flatMap((place) => (place === null ? [] : touching(doc, place, context))),
    ];
  }

  /** The mark for words of a clause that amend a target. `wanted`: a mark to continue, if that is allowed. */
  of(target: Target, clause: Node, wanted: MarkId | null = null): MarkId {
    // In the writer's own proposed clause, words that amend no other party's words belong to that proposal.
    const proposal = proposalOf(clause);
    if (target === null && proposal !== null && owns(this.#context, proposal)) return proposal;
    const chosen = this.#chosen.get(target);
    const clauses = this.#in(target, clause);
    // Words that move up may enter a clause that the gesture didn't reach.
    if (chosen !== undefined && (chosen.clauses === 'any' || chosen.clauses.has(clauseIdOf(clause)))) return chosen.id;
    const near = new Set(wanted === null ? this.#near : [wanted, ...this.#near]);
    const marks = [...near].flatMap((id) => look(this.#doc, id, this.#context) ?? []);
    const newClause = this.moves && target === null;
    const found = marks.find(({ id }) => id === markFor({ target, clauses, newClause }, marks));
    const id = found?.id ?? this.#context.newMark();
    this.#chosen.set(target, { id, clauses: found === undefined || found.clauses.size === 0 ? 'any' : found.clauses });
    return id;
  }

  #in(target: Target, clause: Node): ReadonlySet<ClauseId> {
    const known = this.#clauses.get(target) ?? new Set();
    this.#clauses.set(target, known.add(clauseIdOf(clause)));
    return known;
  }
}

/** Whether a stretch holds words in force that the capacity hasn't struck yet. */
function strikesInForce(doc: Node, from: number, to: number, context: EditContext): boolean {
  let found = false;
  doc.nodesBetween(from, to, (node, _position, clause) => {
    if (!node.isText || clause === null) return true;
    found ||= isToStrike(context, node, clause) && ownerOf(context, node, clause) === null;
    return false;
  });
  return found;
}

/** The mark for words typed at a place, without deletion: an IME gets it before composition starts. */
export function markAt(doc: Node, position: number, context: EditContext): MarkId {
  const gesture = { from: position, to: position, typesAt: position, splits: false, given: null };
  return new GestureMarks(doc, gesture, context).of(targetAt(doc, position, context), doc.resolve(position).parent);
}
