import type { MeetingState } from '../../shared/meeting/meeting.ts';
import type { Principal } from '../../shared/meeting/principal.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { AccountId } from '../../shared/protocol/ids.ts';
import type { Access } from '../access/access.ts';
import type { Meetings } from './meetings.ts';

/** An account's accreditations of one meeting that have not ended, in the order of accreditation. */
export function principalsAmong(
  held: Awaited<ReturnType<Access['participantsOf']>>,
  meetings: Meetings,
  meeting: MeetingState,
): Principal[] {
  const own = new Set(held.flatMap((one) => (one.meeting === meeting.id ? [one.participant] : [])));
  if (own.size === 0) return [];
  return [...meeting.participants.keys()].flatMap((participant) =>
    own.has(participant) ? (meetings.principal(meeting.id, participant) ?? []) : [],
  );
}

/** The participants as whom an account may act now. */
export const principalsIn = async (
  { access, meetings }: { readonly access: Access; readonly meetings: Meetings },
  account: AccountId,
  meeting: MeetingState,
): Promise<Principal[]> => principalsAmong(await access.participantsOf(account), meetings, meeting);

/**
 * The participant as whom an account acts in a meeting now: the one that it names (`?seat=`), else its first; null
 * where it has no accreditation there. Throws `not-found` for an accreditation that is not the account's in this
 * meeting, also where another account holds it.
 */
export async function principalIn(
  services: { readonly access: Access; readonly meetings: Meetings },
  account: AccountId,
  named: string | undefined,
  meeting: MeetingState,
): Promise<Principal | null> {
  const principals = await principalsIn(services, account, meeting);
  if (named === undefined) return principals[0] ?? null;
  const found = principals.find(({ participant }) => participant === named);
  if (found === undefined) throw new ConcordError('not-found');
  return found;
}
