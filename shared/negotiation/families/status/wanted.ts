import { ConcordError } from '../../../protocol/errors.ts';
import type { ClauseId, PartyCode } from '../../../protocol/ids.ts';
import type { Clause } from '../../../text/clause.ts';
import { absentDigest, clauseDigest, type Seen } from '../../../text/digest.ts';
import type { Situation } from '../../command.ts';
import type { StoredEvent } from '../../event.ts';
import { statusOf } from '../../state.ts';
import { clauseStatusSet } from './events.ts';
import type { Status } from './state.ts';

interface Wanted {
  readonly status: Status['state'];
  readonly parties?: readonly PartyCode[] | undefined;
  readonly reason?: string | undefined;
}

/** The event that gives clauses a status; none where all of them have it. Throws `party-unknown`. */
export function statusEvents(
  { meeting, negotiation }: Situation,
  clauses: Iterable<ClauseId>,
  { status, parties: named, reason }: Wanted,
): readonly StoredEvent[] {
  const parties = [...new Set(named ?? [])];
  const isWaiting = status === 'agreed ad referendum';
  if (isWaiting) {
    const unknown = parties.find((code) => !meeting.parties.has(code));
    // Ad referendum to nobody would be plain agreement.
    if (unknown !== undefined || parties.length === 0) throw new ConcordError('party-unknown', { field: 'parties' });
  }
  const changed = [...clauses].filter((id) => isWaiting || statusOf(negotiation, id).state !== status);
  if (changed.length === 0) return [];
  return [
    clauseStatusSet.make({
      clauses: changed,
      status,
      ...(isWaiting ? { parties } : {}),
      ...(reason === undefined || reason === '' ? {} : { reason }),
    }),
  ];
}

/** The digests of clauses as they are shown; of one that isn't there, a digest that no clause has. */
export const seenClauses = (ids: readonly ClauseId[], text: readonly Clause[]): Seen =>
  Object.fromEntries(
    ids.map((id) => {
      const clause = text.find((one) => one.id === id);
      return [id, clause === undefined ? absentDigest(id) : clauseDigest(clause)];
    }),
  );
