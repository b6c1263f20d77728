import { z } from 'zod';
import { ClauseId, MarkId, ParticipantId, PartyCode } from '../protocol/ids.ts';

/**
 * What the meeting knows of a recommendation beside its words: who stands behind a clause, a mark, a Yjs client id, and
 * what has been decided. It is folded from the entries' headers, never read from the document; the document's `record`
 * mirrors it for the screens.
 */
const Decided = z.object({
  by: z.string(),
  at: z.number(),
  reason: z.string().optional(),
  /** The party in whose name the rapporteur acted. */
  onBehalfOf: PartyCode.optional(),
});
export type Decided = z.infer<typeof Decided>;

export const Status = z.discriminatedUnion('state', [
  z.object({ state: z.literal('open'), decided: Decided.optional() }),
  /** The room agrees; the named parties wait for their capital. */
  z.object({ state: z.literal('agreed ad referendum'), parties: z.array(PartyCode), decided: Decided }),
  z.object({ state: z.literal('agreed'), decided: Decided }),
]);
export type Status = z.infer<typeof Status>;

export const ClauseRecord = z.object({
  sponsors: z.array(PartyCode),
  status: Status,
  /** Where a proposed clause was adopted: the amendment it came from. */
  origin: MarkId.optional(),
});
export type ClauseRecord = z.infer<typeof ClauseRecord>;

/** The words that an amendment strikes and those that it brings. */
export const AmendedWords = z.object({ struck: z.string(), inserted: z.string() });
export type AmendedWords = z.infer<typeof AmendedWords>;

/** A party that was asked to sponsor; it is a sponsor once it has accepted. */
export const CoSponsor = z.object({
  party: PartyCode,
  accepted: z.boolean(),
  /** The words that the party had agreed to sponsor, where the amendment has changed since: it is asked again. */
  agreedTo: AmendedWords.optional(),
});
export type CoSponsor = z.infer<typeof CoSponsor>;

const owned = {
  /** The party whose mark it is. */
  party: PartyCode,
  /** Who typed it: the delegate, or the rapporteur on the party's behalf. */
  typedBy: z.string(),
  participant: ParticipantId,
  at: z.number(),
  /** The clause where it was made. Words stay in their clause. */
  clause: ClauseId,
};

/** `superseded`: an adoption took away what it was about. `fallen`: it was made to an amendment that is no more. */
export const AmendmentState = z.enum(['open', 'adopted', 'not adopted', 'withdrawn', 'superseded', 'fallen']);
export type AmendmentState = z.infer<typeof AmendmentState>;

export const MarkRecord = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('amendment'),
    ...owned,
    state: AmendmentState,
    sponsors: z.array(CoSponsor),
    reason: z.string(),
    /** Once it is closed: the words it struck and the words it brought, since the text no longer shows them. */
    closed: Decided.extend(AmendedWords.shape).optional(),
    /**
     * The pending amendment that it amends, recorded when it is made; null for one to the text in force. When its parent
     * is adopted it becomes one to what its parent amended. Absent in records of ruleset 1: there it is told from the text.
     */
    parent: MarkId.nullable().optional(),
    /** The clauses of the gesture that made it: it is never extended into another. Absent in records of ruleset 1. */
    clauses: z.array(ClauseId).optional(),
  }),
  z.object({
    kind: z.literal('bracket'),
    ...owned,
    state: z.enum(['open', 'lifted']),
    closed: Decided.optional(),
  }),
  z.object({ kind: z.literal('comment'), ...owned, state: z.enum(['open', 'closed']), closed: Decided.optional() }),
]);
export type MarkRecord = z.infer<typeof MarkRecord>;
export type AmendmentRecord = Extract<MarkRecord, { kind: 'amendment' }>;

/** Who a Yjs client id belongs to, for ever. */
export const ClientRecord = z.object({ participant: ParticipantId, party: PartyCode.nullable() });
export type ClientRecord = z.infer<typeof ClientRecord>;

/** One change of the ledger, as it stands in an entry's header. */
export const StateChange = z.discriminatedUnion('of', [
  z.object({ of: z.literal('clause'), id: ClauseId, value: ClauseRecord }),
  z.object({ of: z.literal('mark'), id: MarkId, value: MarkRecord }),
  z.object({ of: z.literal('client'), id: z.number().int().nonnegative(), value: ClientRecord }),
]);
export type StateChange = z.infer<typeof StateChange>;

export interface NegotiationState {
  readonly clauses: ReadonlyMap<ClauseId, ClauseRecord>;
  readonly marks: ReadonlyMap<MarkId, MarkRecord>;
  readonly clients: ReadonlyMap<number, ClientRecord>;
}

/** The Yjs client id of the server, in every document. No participant can have it. */
export const serverClient = 1;

/** A ledger that grows in place: one for a room's head, one for what it has committed. */
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
    const negotiation = new LiveState();
    for (const change of changes) negotiation.apply(change);
    return negotiation;
  }
}

/** The key of a change in the document's `record` map: `clause:…`, `mark:…`, `client:…`. */
export const recordKey = (change: Pick<StateChange, 'of' | 'id'>): string => `${change.of}:${change.id}`;

/** Reads one item of a document's `record` map; null for a key of a later version. */
export function readRecordItem(key: string, value: unknown): StateChange | null {
  const split = key.indexOf(':');
  const of = key.slice(0, split);
  const id = key.slice(split + 1);
  const parsed = StateChange.safeParse({ of, id: of === 'client' ? Number(id) : id, value });
  return parsed.success ? parsed.data : null;
}

export const openStatus: Status = { state: 'open' };

export const statusOf = (negotiation: NegotiationState, clause: ClauseId): Status =>
  negotiation.clauses.get(clause)?.status ?? openStatus;

/** Agreed text, also ad referendum, can't be touched: the room agreed on these words. */
export const isLocked = (negotiation: NegotiationState, clause: ClauseId): boolean =>
  statusOf(negotiation, clause).state !== 'open';
