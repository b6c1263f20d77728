import type { Principal } from '../../shared/meeting/principal.ts';
import type { MeetingView } from '../../shared/protocol/contract.ts';
import type { Meeting } from '../meeting.ts';
import { t } from '../words.ts';

const roleKeys = {
  chair: 'role.chair',
  rapporteur: 'role.rapporteur',
  delegate: 'role.delegate',
  observer: 'role.observer',
} as const;

/** An accreditation in words: the role, and the party. */
export const seatWords = ({ role, party }: Principal): string =>
  party === null ? t(roleKeys[role]) : `${t(roleKeys[role])} · ${party}`;

/**
 * Chooses the accreditation under which an account with several in one meeting acts; each press takes the next one.
 * `mayLeave` refuses, and tells the person why, while the present one is still needed.
 */
export function SeatChooser({
  meeting,
  view,
  mayLeave = () => true,
}: {
  meeting: Meeting;
  view: MeetingView;
  mayLeave?: () => boolean;
}) {
  if (view.seats.length < 2) return null;
  return (
    <fieldset class="row seats">
      <legend>{t('meeting.seats')}</legend>
      {view.seats.map((seat) => (
        <button
          key={seat.participant}
          type="button"
          class="button"
          aria-pressed={seat.participant === view.me?.participant}
          onClick={() => {
            if (seat.participant !== view.me?.participant && mayLeave()) void meeting.sitAt(seat.participant);
          }}
        >
          {seat.name} ({seatWords(seat)})
        </button>
      ))}
    </fieldset>
  );
}
