import type { Node } from 'prosemirror-model';
import type { NegotiationState } from '../../shared/negotiation/state.ts';
import type { ClauseId, MarkId } from '../../shared/protocol/ids.ts';
import { MarkId as MarkIdSchema } from '../../shared/protocol/ids.ts';
import type { Capacity } from '../../shared/text/authority.ts';
import type { MarkName } from '../../shared/text/schema.ts';

/** The context of an edit: a capacity (null for readers), the known marks of all parties, and a source of ids. */
export interface EditContext {
  readonly capacity: Capacity | null;
  readonly negotiation: NegotiationState;
  readonly newMark: () => MarkId;
  readonly newClause: () => ClauseId;
}

/** An unregistered mark was made here a moment ago: another party's mark is registered before it is shown. */
export function owns(context: EditContext, id: MarkId): boolean {
  if (context.capacity === null || 'edits' in context.capacity) return false;
  const mark = context.negotiation.marks.get(id);
  return mark === undefined || (mark.party === context.capacity.proposesFor && mark.state === 'open');
}

/** The ids of one family of marks on a piece of text. */
export function idsOn(node: Node | null, name: MarkName): MarkId[] {
  if (node === null) return [];
  return node.marks.flatMap((mark) => {
    if (mark.type.name !== name) return [];
    const id = MarkIdSchema.safeParse(mark.attrs.id);
    return id.success ? [id.data] : [];
  });
}

/**
 * Words in a clause that the capacity may really delete: a delegate's own pending words, the rapporteur's base text.
 */
export function isOwnText(context: EditContext, node: Node, clause: Node | null): boolean {
  if (context.capacity === null) return false;
  const insertion = idsOn(node, 'insertion');
  if ('edits' in context.capacity) return insertion.length === 0 && clause !== null && proposalOf(clause) === null;
  return insertion.length > 0 && insertion.every((id) => owns(context, id));
}

/** The amendment that proposes a whole clause, or null for a clause of the text. */
export function proposalOf(clause: Node): MarkId | null {
  const id = MarkIdSchema.safeParse(clause.attrs.insertion);
  return id.success ? id.data : null;
}

/**
 * A clause that the capacity may really remove or move: a delegate's own proposed one, the rapporteur's base clause.
 */
export function isOwnClause(context: EditContext, clause: Node): boolean {
  if (context.capacity === null) return false;
  const proposal = proposalOf(clause);
  if ('edits' in context.capacity) return proposal === null;
  return proposal !== null && owns(context, proposal);
}

/** Whether others have marks on these words: then they can't be moved, only struck in place. */
export function bearsOthers(context: EditContext, node: Node): boolean {
  return node.marks.some((mark) => {
    const id = MarkIdSchema.safeParse(mark.attrs.id);
    return !id.success || !owns(context, id.data);
  });
}
