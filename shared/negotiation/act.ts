import { z } from 'zod';
import { Principal } from '../meeting/principal.ts';
import { PartyCode } from '../protocol/ids.ts';

/** The actor of an entry: a participant, an operator of the server, or the server itself with the cause (a deadline that passed). */
export const Actor = z.union([
  Principal,
  z.object({ operator: z.string() }),
  z.object({ system: z.string().describe('the cause') }),
]);
export type Actor = z.infer<typeof Actor>;

/** An actor's name for the record. */
export const nameOf = (actor: Actor): string =>
  'role' in actor ? actor.name : 'operator' in actor ? actor.operator : actor.system;

/** One act: all events of an entry happened by it. */
export interface Act {
  readonly actor: Actor;
  /** The party in whose name the rapporteur acted; null where actors act in their own. */
  readonly onBehalfOf: PartyCode | null;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Who decided what a record says, when and why. */
export const Decided = z.object({
  by: z.string(),
  at: z.number(),
  reason: z.string().optional(),
  /** The party in whose name the rapporteur acted. */
  onBehalfOf: PartyCode.optional(),
});
export type Decided = z.infer<typeof Decided>;

export const decidedBy = ({ actor, onBehalfOf, at }: Act, reason: string | undefined): Decided => ({
  by: nameOf(actor),
  at,
  ...(reason === undefined || reason === '' ? {} : { reason }),
  ...(onBehalfOf !== null && 'role' in actor && actor.role === 'rapporteur' ? { onBehalfOf } : {}),
});
