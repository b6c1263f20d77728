import * as Y from 'yjs';
import type { Principal } from '../../shared/meeting/principal.ts';
import type { Act } from '../../shared/negotiation/act.ts';
import type { Decision } from '../../shared/negotiation/command.ts';
import { consequencesOf, permitLeft, strayStrikes } from '../../shared/negotiation/consequences.ts';
import type { StoredEvent } from '../../shared/negotiation/event.ts';
import { effectsOf } from '../../shared/negotiation/events.ts';
import { clientBound } from '../../shared/negotiation/families/authorship/events.ts';
import { type StateChange, serverClient } from '../../shared/negotiation/state.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { type Capacity, type Change, permit } from '../../shared/text/authority.ts';
import { type Clause, sameText } from '../../shared/text/clause.ts';
import { clauseElement, operate, textOf } from '../../shared/text/document.ts';
import { operated, type TextOperation } from '../../shared/text/operations.ts';
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

/** The effect of a submission on the head: the server's own bytes, and the events that go with them. */
export interface Staged {
  readonly content: Uint8Array;
  readonly events: readonly StoredEvent[];
  /** The records that the events changed, whole. */
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
export function stageUpdate(head: Replica, update: Uint8Array, writer: Writer, act: Act): Staged | null {
  const structure = decodeStructure(update);
  const bound = checkAuthors(structure, head, writer);
  // Bounds the work: the cost of integrating it, before it is applied.
  checkWork(structure, head.doc);
  checkQuotas(structure, head, bound.length, writer.principal, writer.capacity);
  const known = new Map([...structure.blocks.keys()].map((client) => [client, Y.getState(head.doc.store, client)]));
  const before = head.text();
  return recorded(head, act, 'one edit', (said) => {
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
    const { events: followed, operations, fallen } = consequencesOf({ before, after }, capacity, head.negotiation);
    const events = [...bound, ...followed];
    // The record is judged by what it says was left.
    if (operations.length > 0)
      permitLeft({ before, after: operated(after, operations) }, fallen, capacity, head.negotiation);
    if (events.length > 0 || operations.length > 0)
      head.write(() => {
        perform(head, operations);
        head.mirror(effectsOf(events, act, head.negotiation));
      });
    if (operations.length > 0) head.tidy();
    return events;
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

/** Performs a decision on the head. */
export function stageDecision(head: Replica, { operations, events }: Decision, act: Act): Staged | null {
  return recorded(head, act, 'several', () => {
    head.write(() => {
      perform(head, operations);
      head.mirror(effectsOf(events, act, head.negotiation));
    });
    head.tidy();
    return events;
  });
}

/** Performs operations on the text of the head; to be called within `write`. */
function perform(head: Replica, operations: readonly TextOperation[]): void {
  if (operations.length > 0) operate(head.doc, head.text(), operations);
}

/** Brings a text into an empty document. */
export function stageText(
  head: Replica,
  text: readonly Clause[],
  events: readonly StoredEvent[],
  act: Act,
): Staged | null {
  return recorded(head, act, 'several', () => {
    head.write(() => {
      textOf(head.doc).insert(0, text.map(clauseElement));
      head.mirror(effectsOf(events, act, head.negotiation));
    });
    head.tidy();
    return events;
  });
}

/** Collects the bytes of all changes of the head during `work`, in one transaction or several. */
function recorded(
  head: Replica,
  act: Act,
  steps: 'one edit' | 'several',
  work: (said: () => boolean) => readonly StoredEvent[] | null,
): Staged | null {
  const updates: Uint8Array[] = [];
  const collect = (bytes: Uint8Array): void => {
    updates.push(bytes);
  };
  head.doc.on('update', collect);
  try {
    const events = work(() => updates.length > 0);
    const [only, ...more] = updates;
    if (events === null || (only === undefined && events.length === 0)) return null;
    const changes = effectsOf(events, act, head.negotiation);
    for (const change of changes) head.negotiation.apply(change);
    return {
      content: only === undefined ? new Uint8Array() : more.length === 0 ? only : Y.mergeUpdates(updates),
      events,
      changes,
      asReplayed: steps === 'one edit' && updates.length === (changes.length > 0 ? 2 : 1),
    };
  } finally {
    head.doc.off('update', collect);
  }
}

const bringsAnything = ({ blocks }: UpdateStructure, known: ReadonlyMap<number, number>): boolean =>
  [...blocks].some(([client, { to }]) => to > (known.get(client) ?? 0));

/** Every new struct is by a client id of the writer's; nothing is missing before it; nothing unknown is deleted. */
function checkAuthors(structure: UpdateStructure, head: Replica, writer: Writer): StoredEvent[] {
  const { store } = head.doc;
  const bound: StoredEvent[] = [];
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
      bound.push(clientBound.make({ client, participant, party }));
    }
  }
  if (bound.length > 16) throw new ConcordError('unknown-author');
  for (const [client, ranges] of structure.deletes) {
    const known = Math.max(Y.getState(store, client), structure.blocks.get(client)?.to ?? 0);
    for (const { to } of ranges) if (to > known) throw new ConcordError('update-incomplete');
  }
  return bound;
}
