import * as Y from 'yjs';
import type { Principal } from '../../shared/meeting/principal.ts';
import { consequencesOf, permitLeft, strayStrikes } from '../../shared/negotiation/consequences.ts';
import type { Decision } from '../../shared/negotiation/procedure.ts';
import { type StateChange, serverClient } from '../../shared/negotiation/state.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { type Capacity, type Change, permit } from '../../shared/text/authority.ts';
import { type Clause, sameText } from '../../shared/text/clause.ts';
import { clauseElement, rewriteClause, textOf } from '../../shared/text/document.ts';
import { type ClauseRewrite, rewritten } from '../../shared/text/resolve.ts';
import { checkWork } from '../yjs/bound.ts';
import { decodeStructure, type UpdateStructure } from '../yjs/decode.ts';
import { restoreMarks, wordsDeletedBy } from '../yjs/repair.ts';
import type { Replica } from '../yjs/replica.ts';
import { applyWhole, checkFrames, nothingTouched, type Touched } from '../yjs/validate.ts';
import { checkQuotas, checkShares } from './quotas.ts';

/** The author of an update: a participant, the capacity in which they write, and their connection's client ids. */
export interface Writer {
  readonly principal: Principal;
  /** Looked up only when there is something to judge: readers answer a sync step 1 too. */
  readonly capacity: () => Capacity;
  readonly clients: ReadonlySet<number>;
  /** Whether a client id belongs to no other connected participant. */
  readonly mayBind: (client: number) => boolean;
}

/** The effect of a submission on the head: the server's own bytes, with the changes of the negotiation state. */
export interface Staged {
  readonly content: Uint8Array;
  readonly changes: readonly StateChange[];
  /**
   * Whether the head came to hold it in the same way as a replay of the log: in one transaction, except for mirrored
   * changes, which touch nothing that Yjs would tidy up.
   */
  readonly asReplayed: boolean;
}

/**
 * Applies an update to the head and judges its effect as a whole: structure, authors, completeness, schema, authority.
 *
 * Null when nothing in it was new. Throws a `ConcordError` when it is refused; then the head is invalid and must be
 * made anew. The result is the server's re-encoding of the transaction, never the bytes that came in.
 */
export function stageUpdate(head: Replica, update: Uint8Array, writer: Writer, now: number): Staged | null {
  const structure = decodeStructure(update);
  const bound = checkAuthors(structure, head, writer);
  // Bounds the work: the cost of integrating it, before it is applied.
  checkWork(structure, head.doc);
  checkQuotas(structure, head, bound.length, writer.principal, writer.capacity);
  const known = new Map([...structure.blocks.keys()].map((client) => [client, Y.getState(head.doc.store, client)]));
  const before = head.text();
  return recorded(head, 'one edit', (said) => {
    let touched: Touched = nothingTouched;
    const gone = wordsDeletedBy(head.doc, () => {
      touched = applyWhole(head, update, structure, known, writer.principal.participant);
    });
    if (!said()) return null;
    // Before it is judged: the entry will contain this state.
    head.tidy();
    let after = head.text();
    // Yjs tidies up formats by itself on every screen, also of readers: markers without effect go, and no word or mark
    // changes.
    if (!bringsAnything(structure, known) && !touched.deletes && sameText(before, after)) return [];
    const capacity = writer.capacity();
    checkFrames(touched, capacity, head.negotiation);
    const refusal = refusalOf({ before, after }, capacity, head);
    if (refusal !== null) {
      // Where only marks that Yjs moved break a rule, they are put back. If nothing of the edit is left then, or it
      // still breaks a rule, it stays refused.
      if (!restoreMarks(head, before, { known, gone }, capacity)) throw refusal;
      head.tidy();
      after = head.text();
      if (sameText(before, after) || refusalOf({ before, after }, capacity, head) !== null) throw refusal;
    }
    const stray = strayStrikes({ before, after }, capacity, head.negotiation);
    if (stray.length > 0) {
      head.write(() => perform(head, stray));
      head.tidy();
      after = head.text();
    }
    checkShares(head, before, after, capacity, structure);
    const consequences = consequencesOf({ before, after }, capacity, writer.principal, head.negotiation, now);
    const { rewrites } = consequences;
    const changes = [...bound, ...consequences.changes];
    // The consequences are derived from the text that is left.
    if (rewrites.length > 0)
      permitLeft({ before, after: rewritten(after, rewrites) }, consequences.fallen, capacity, head.negotiation);
    if (changes.length > 0 || rewrites.length > 0)
      head.write(() => {
        perform(head, rewrites);
        head.mirror(changes);
      });
    if (rewrites.length > 0) head.tidy();
    return changes;
  });
}

function refusalOf(change: Change, capacity: Capacity, head: Replica): ConcordError | null {
  try {
    permit(change, capacity, head.negotiation);
    return null;
  } catch (error) {
    if (error instanceof ConcordError) return error;
    throw error;
  }
}

/** Performs a decision of the procedure on the head. */
export function stageDecision(head: Replica, decision: Decision): Staged | null {
  return recorded(head, 'several', () => {
    head.write(() => {
      perform(head, decision.rewrites);
      head.mirror(decision.changes);
    });
    head.tidy();
    return decision.changes;
  });
}

/** Rewrites clauses of the head; to be called within `write`. */
function perform(head: Replica, rewrites: readonly ClauseRewrite[]): void {
  if (rewrites.length === 0) return;
  const fragment = textOf(head.doc);
  const places = new Map(head.text().map(({ id }, at) => [id, at]));
  const gone: number[] = [];
  for (const rewrite of rewrites) {
    const at = places.get(rewrite.clause.id);
    const element = at === undefined ? null : fragment.get(at);
    if (at === undefined || !(element instanceof Y.XmlElement))
      throw new ConcordError('internal', { clause: rewrite.clause.id });
    if (rewrite.remove) gone.push(at);
    else {
      if (rewrite.insertion === null) element.removeAttribute('insertion');
      rewriteClause(element, rewrite.kept, rewrite.clause);
    }
  }
  // Elements are found by their index, so removed ones go last, and from the end.
  for (const at of gone.sort((one, other) => other - one)) fragment.delete(at, 1);
}

/** Writes a text into an empty document. */
export function stageText(head: Replica, text: readonly Clause[], changes: readonly StateChange[]): Staged | null {
  return recorded(head, 'several', () => {
    head.write(() => {
      textOf(head.doc).insert(0, text.map(clauseElement));
      head.mirror(changes);
    });
    head.tidy();
    return changes;
  });
}

/** Collects the bytes of all changes of the head during `work`, in one transaction or several. */
function recorded(
  head: Replica,
  steps: 'one edit' | 'several',
  work: (said: () => boolean) => readonly StateChange[] | null,
): Staged | null {
  const updates: Uint8Array[] = [];
  const collect = (bytes: Uint8Array): void => {
    updates.push(bytes);
  };
  head.doc.on('update', collect);
  try {
    const changes = work(() => updates.length > 0);
    const [only, ...more] = updates;
    if (changes === null || only === undefined) return null;
    for (const change of changes) head.negotiation.apply(change);
    return {
      content: more.length === 0 ? only : Y.mergeUpdates(updates),
      changes,
      asReplayed: steps === 'one edit' && updates.length === (changes.length > 0 ? 2 : 1),
    };
  } finally {
    head.doc.off('update', collect);
  }
}

const bringsAnything = ({ blocks }: UpdateStructure, known: ReadonlyMap<number, number>): boolean =>
  [...blocks].some(([client, { to }]) => to > (known.get(client) ?? 0));

/** Every new struct has a client id of the writer's; nothing before it is missing; nothing unknown is deleted. */
function checkAuthors(structure: UpdateStructure, head: Replica, writer: Writer): StateChange[] {
  const { store } = head.doc;
  const bound: StateChange[] = [];
  const { participant, party } = writer.principal;
  for (const [client, { from, to }] of structure.blocks) {
    const known = Y.getState(store, client);
    if (to <= known) continue;
    if (from > known) throw new ConcordError('update-incomplete');
    if (client === serverClient) throw new ConcordError('unknown-author');
    const owner = head.negotiation.clients.get(client);
    if (owner !== undefined) {
      if (owner.participant !== participant) throw new ConcordError('unknown-author');
    } else {
      if (!writer.clients.has(client) && !writer.mayBind(client)) throw new ConcordError('unknown-author');
      bound.push({ of: 'client', id: client, value: { participant, party } });
    }
  }
  if (bound.length > 16) throw new ConcordError('unknown-author');
  for (const [client, ranges] of structure.deletes) {
    const known = Math.max(Y.getState(store, client), structure.blocks.get(client)?.to ?? 0);
    for (const { to } of ranges) if (to > known) throw new ConcordError('update-incomplete');
  }
  return bound;
}
