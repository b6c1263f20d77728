import * as Y from 'yjs';
import type { Principal } from '../../shared/meeting/principal.ts';
import type { Act, Actor } from '../../shared/negotiation/act.ts';
import type { Situation, StoredCommand } from '../../shared/negotiation/command.ts';
import { consequencesOf, permitLeft, strayStrikes } from '../../shared/negotiation/consequences.ts';
import { type EntryAction, typing } from '../../shared/negotiation/entry.ts';
import type { StoredEvent } from '../../shared/negotiation/event.ts';
import { effectsOf } from '../../shared/negotiation/events.ts';
import { clientBound } from '../../shared/negotiation/families/authorship/events.ts';
import type { Registry } from '../../shared/negotiation/registry.ts';
import { type StateChange, serverClient } from '../../shared/negotiation/state.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { PartyCode } from '../../shared/protocol/ids.ts';
import { type Capacity, type Change, permit } from '../../shared/text/authority.ts';
import { type Clause, sameText } from '../../shared/text/clause.ts';
import { clauseElement, operate, textOf } from '../../shared/text/document.ts';
import { operated, type TextOperation } from '../../shared/text/operations.ts';
import { checkWork } from '../yjs/bound.ts';
import { decodeStructure, type UpdateStructure } from '../yjs/decode.ts';
import { restoreMarks, type Traces, wordsDeletedBy } from '../yjs/repair.ts';
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

/** An update of a live text, as its connection received it. */
export interface Edit {
  readonly kind: 'edit';
  readonly update: Uint8Array;
  readonly writer: Writer;
  readonly onBehalfOf: PartyCode | null;
  /** The connection that sent it, where its author holds a document. */
  readonly from?: object;
}

/** A command of one of the families. */
export interface GivenCommand {
  readonly kind: 'command';
  readonly by: Principal;
  readonly onBehalfOf: PartyCode | null;
  readonly command: StoredCommand;
  readonly commands: Pick<Registry, 'decide'>;
  /** The actor's rights and the meeting, looked up each time the command is judged. Throws `accreditation-ended`. */
  readonly terms: () => { readonly principal: Principal; readonly meeting: Situation['meeting'] };
}

/** A text that is brought into an empty document. */
export interface BroughtText {
  readonly kind: 'text';
  readonly by: Actor;
  readonly source: string;
  readonly text: readonly Clause[];
  readonly events: readonly StoredEvent[];
}

/** Everything that can become an entry: data, judged on the head as it stands then. */
export type Submission = Edit | GivenCommand | BroughtText;

/** The actor, the party and the cause of a submission, as its entry's header names them. */
export function headingOf(submission: Submission): {
  readonly actor: Actor;
  readonly onBehalfOf: PartyCode | null;
  readonly command: EntryAction;
} {
  switch (submission.kind) {
    case 'edit':
      return { actor: submission.writer.principal, onBehalfOf: submission.onBehalfOf, command: typing };
    case 'command':
      return { actor: submission.by, onBehalfOf: submission.onBehalfOf, command: { ...submission.command } };
    case 'text':
      return { actor: submission.by, onBehalfOf: null, command: { type: 'create', source: submission.source } };
  }
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
 * Judges a submission on the head and performs it there. Null when nothing in it was new.
 *
 * Throws a `ConcordError` when it is refused; if the head was touched by then, it is invalid and must be made anew. The
 * result is the server's re-encoding of the transaction, never the bytes that came in.
 */
export function judge(head: Replica, submission: Submission, act: Act): Staged | null {
  switch (submission.kind) {
    case 'edit':
      return judgeEdit(head, submission, act);
    case 'command':
      return judgeCommand(head, submission, act);
    case 'text':
      return bringIn(head, submission, act);
  }
}

/**
 * The way of an edit: decode → bound → stage → permit → conclude. `Room.submit` goes on with: append → (durable) → show.
 */
function judgeEdit(head: Replica, { update, writer }: Edit, act: Act): Staged | null {
  const structure = decodeStructure(update);
  const authors = boundAuthors(structure, head, writer);
  checkWork(structure, head.doc);
  checkQuotas(structure, head, authors.length, writer.principal, writer.capacity);
  return recorded(head, act, 'one edit', (said) => {
    const staged = stageEdit(head, update, structure, writer);
    if (!said()) return null;
    if (!staged.bringsAnything) return [];
    const { before, capacity, after } = permitEdit(head, staged, writer);
    checkShares(head, before, after, capacity, structure);
    return [...authors, ...conclude(head, { before, after }, capacity, [...authors], act)];
  });
}

/** The way of a command: look up the rights → decide → perform. */
function judgeCommand(head: Replica, { command, commands, terms }: GivenCommand, act: Act): Staged | null {
  const { principal, meeting } = terms();
  const situation = { text: head.text(), negotiation: head.negotiation, meeting };
  const { operations, events } = commands.decide(situation, command, principal);
  return recorded(head, act, 'several', () => {
    perform(head, operations, events, act);
    head.tidy();
    return events;
  });
}

function bringIn(head: Replica, { text, events }: BroughtText, act: Act): Staged | null {
  return recorded(head, act, 'several', () => {
    head.write(() => {
      textOf(head.doc).insert(0, text.map(clauseElement));
      head.mirror(effectsOf(events, act, head.negotiation));
    });
    head.tidy();
    return events;
  });
}

/** The head after an update was applied to it whole, and before anything of it was judged by value. */
interface StagedEdit extends Change {
  readonly touched: Touched;
  readonly traces: Traces;
  /** False where Yjs only tidied up formats, as it does by itself on every screen, also of readers. */
  readonly bringsAnything: boolean;
}

function stageEdit(head: Replica, update: Uint8Array, structure: UpdateStructure, { principal }: Writer): StagedEdit {
  const known = new Map([...structure.blocks.keys()].map((client) => [client, Y.getState(head.doc.store, client)]));
  const before = head.text();
  let touched: Touched = nothingTouched;
  const gone = wordsDeletedBy(head.doc, () => {
    touched = applyWhole(head, update, structure, known, principal.participant);
  });
  // Before it is judged: the entry will contain this state.
  head.tidy();
  const after = head.text();
  const isNew = [...structure.blocks].some(([client, { to }]) => to > (known.get(client) ?? 0));
  const bringsAnything = isNew || touched.deletes || !sameText(before, after);
  return { before, after, touched, traces: { known, gone }, bringsAnything };
}

/**
 * Holds the effect of an edit against what its author may do. Where only marks that Yjs moved break a rule, they are put
 * back; if nothing of the edit is left then, or it still breaks a rule, it stays refused.
 */
function permitEdit(
  head: Replica,
  { before, after: staged, touched, traces }: StagedEdit,
  writer: Writer,
): Change & { readonly capacity: Capacity } {
  let after = staged;
  const capacity = writer.capacity();
  checkFrames(touched, capacity, head.negotiation);
  const refusal = refusalOf({ before, after }, capacity, head);
  if (refusal !== null) {
    if (!restoreMarks(head, before, traces, capacity)) throw refusal;
    head.tidy();
    after = head.text();
    if (sameText(before, after) || refusalOf({ before, after }, capacity, head) !== null) throw refusal;
  }
  const stray = strayStrikes({ before, after }, capacity, head.negotiation);
  if (stray.length > 0) {
    head.write(() => operate(head.doc, head.text(), stray));
    head.tidy();
    after = head.text();
  }
  return { before, after, capacity };
}

/** Performs everything that follows from an edit; `bound`: the events before those. The record is judged by what is left. */
function conclude(
  head: Replica,
  { before, after }: Change,
  capacity: Capacity,
  bound: readonly StoredEvent[],
  act: Act,
): readonly StoredEvent[] {
  const { events, operations, fallen } = consequencesOf({ before, after }, capacity, head.negotiation);
  if (operations.length > 0)
    permitLeft({ before, after: operated(after, operations) }, fallen, capacity, head.negotiation);
  const all = [...bound, ...events];
  if (all.length > 0 || operations.length > 0) perform(head, operations, all, act);
  if (operations.length > 0) head.tidy();
  return events;
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

/** Performs operations on the text and mirrors events in the metadata, in the server's own name. */
function perform(head: Replica, operations: readonly TextOperation[], events: readonly StoredEvent[], act: Act): void {
  head.write(() => {
    operate(head.doc, head.text(), operations);
    head.mirror(effectsOf(events, act, head.negotiation));
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

/** Every new struct is by a client id of the writer's; nothing is missing before it; nothing unknown is deleted. */
function boundAuthors(structure: UpdateStructure, head: Replica, writer: Writer): StoredEvent[] {
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
