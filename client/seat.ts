import { type MeetingId, ParticipantId } from '../shared/protocol/ids.ts';

const key = (meeting: MeetingId): string => `concord.seat.${meeting}`;

/** Each tab keeps its own choice, also over a reload. */
const chosen = new Map<MeetingId, ParticipantId | null>();

/** The accreditation under which this tab acts in a meeting; null for the account's first. */
export function chosenSeat(meeting: MeetingId): ParticipantId | null {
  const known = chosen.get(meeting);
  if (known !== undefined) return known;
  try {
    const kept = ParticipantId.safeParse(sessionStorage.getItem(key(meeting)));
    return kept.success ? kept.data : null;
  } catch {
    return null;
  }
}

export function chooseSeat(meeting: MeetingId, seat: ParticipantId | null): void {
  chosen.set(meeting, seat);
  try {
    if (seat === null) sessionStorage.removeItem(key(meeting));
    else sessionStorage.setItem(key(meeting), seat);
  } catch {
    // Without storage the choice holds for this page.
  }
}

/** An address of the server, requested under an accreditation. */
export const inSeat = (path: string, seat: ParticipantId | null): string =>
  seat === null ? path : `${path}${path.includes('?') ? '&' : '?'}seat=${seat}`;
