import { z } from 'zod';
import { ClauseId, MarkId } from '../protocol/ids.ts';
import { AmendmentRecord } from './families/amendment/state.ts';
import { ClientRecord } from './families/authorship/state.ts';
import { BracketRecord } from './families/bracket/state.ts';
import { ClauseRecord } from './families/clause/state.ts';
import { CommentRecord } from './families/comment/state.ts';
import { openStatus, type Status } from './families/status/state.ts';

/**
 * The state of a negotiation beside the words of its text: sponsors and status of clauses, amendments and other marks, the
 * participants behind Yjs client ids. It is a fold of the events in the entries, never read from the document; the
 * document's metadata mirrors it for the screens (`metadata.ts`).
 */
export interface NegotiationState {
  readonly clauses: ReadonlyMap<ClauseId, ClauseRecord>;
  readonly marks: ReadonlyMap<MarkId, MarkRecord>;
  readonly clients: ReadonlyMap<number, ClientRecord>;
}

export const MarkRecord = z.discriminatedUnion('kind', [AmendmentRecord, BracketRecord, CommentRecord]);
export type MarkRecord = z.infer<typeof MarkRecord>;

/** The whole record of one clause, mark or client as events left it. */
export const StateChange = z.discriminatedUnion('of', [
  z.object({ of: z.literal('clause'), id: ClauseId, value: ClauseRecord }),
  z.object({ of: z.literal('mark'), id: MarkId, value: MarkRecord }),
  z.object({ of: z.literal('client'), id: z.number().int().nonnegative(), value: ClientRecord }),
]);
export type StateChange = z.infer<typeof StateChange>;

/** The Yjs client id of the server, in every document. No participant can have it. */
export const serverClient = 1;

/** A state that grows in place: one for the head of a room, one for what the room has shown. */
export class LiveState implements NegotiationState {
  readonly clauses: Map<ClauseId, ClauseRecord>;
  readonly marks: Map<MarkId, MarkRecord>;
  readonly clients: Map<number, ClientRecord>;
  constructor(from?: NegotiationState) {
    this.clauses = new Map(from?.clauses);
    this.marks = new Map(from?.marks);
    this.clients = new Map(from?.clients);
  }
  apply(change: StateChange): void {
    if (change.of === 'clause') this.clauses.set(change.id, change.value);
    else if (change.of === 'mark') this.marks.set(change.id, change.value);
    else this.clients.set(change.id, change.value);
  }
  /** For a checkpoint; `LiveState.fold` reads it back. */
  changes(): StateChange[] {
    return [
      ...[...this.clauses].map(([id, value]) => ({ of: 'clause' as const, id, value })),
      ...[...this.marks].map(([id, value]) => ({ of: 'mark' as const, id, value })),
      ...[...this.clients].map(([id, value]) => ({ of: 'client' as const, id, value })),
    ];
  }
  static fold(changes: Iterable<StateChange>): LiveState {
    const state = new LiveState();
    for (const change of changes) state.apply(change);
    return state;
  }
}

export const statusOf = (state: NegotiationState, clause: ClauseId): Status =>
  state.clauses.get(clause)?.status ?? openStatus;

/** Agreed text, also ad referendum, can't be touched: the room agreed on these words. */
export const isLocked = (state: NegotiationState, clause: ClauseId): boolean =>
  statusOf(state, clause).state !== 'open';

/** The record of a clause; one that no entry spoke of is open and nobody's. */
export const clauseRecord = (state: NegotiationState, clause: ClauseId): ClauseRecord =>
  state.clauses.get(clause) ?? { sponsors: [], status: openStatus };
