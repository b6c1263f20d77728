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

/** A seat in words: the role, and the party that it speaks for. */
export const seatWords = ({ role, party }: Principal): string =>
  party === null ? t(roleKeys[role]) : `${t(roleKeys[role])} · ${party}`;

/**
 * In whose name an account with several seats in a meeting acts: each press of a button takes another seat. `mayLeave`
 * says no, and tells the person why, while the present one is still needed.
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
