import type { MeetingState, ObserverView } from '../../shared/meeting/meeting.ts';
import type { Clause } from '../../shared/text/clause.ts';
import { labelStyleOf, labels } from '../../shared/text/labels.ts';
import { type Language, message } from '../../shared/words/words.ts';
import { clausesShown } from './render.ts';
import type { ShownText } from './sheet.ts';

/** The place under discussion, as far as a view shows it. */
export interface Place {
  /** The number of the recommendation in the agenda. */
  readonly number: number;
  readonly heading: string;
  /** Null where the recommendation is discussed as a whole, or the view hides the clause. */
  readonly clause: Clause | null;
  /** The clause's label with those of the clauses above it, "2 (a)"; empty for a clause without a number. */
  readonly label: string;
}

/** Null without a clause under discussion, and in a closed session. */
export function placeUnderDiscussion(
  { currentClause, recommendations, observerView }: MeetingState,
  found: ShownText | null,
  language: Language,
): Place | null {
  if (currentClause === null || observerView === 'nothing') return null;
  const at = recommendations.findIndex(({ id }) => id === currentClause.recommendation);
  const recommendation = recommendations[at];
  if (recommendation === undefined) return null;
  const whole: Place = { number: at + 1, heading: recommendation.heading, clause: null, label: '' };
  const shown = clausesShown(found?.text ?? [], observerView);
  const index = shown.findIndex(({ id }) => id === currentClause.clause);
  const clause = shown[index];
  return clause === undefined ? whole : { ...whole, clause, label: fullLabel(shown, index, language) };
}

function fullLabel(shown: readonly Clause[], index: number, language: Language): string {
  const own = labels(shown, labelStyleOf(language));
  const parts: string[] = [];
  let level = Number.POSITIVE_INFINITY;
  for (let at = index; at >= 0 && level > 0; at -= 1) {
    const clause = shown[at];
    const label = own[at] ?? '';
    if (clause === undefined || label === '') {
      if (at === index) return '';
      break;
    }
    if (clause.level >= level) continue;
    level = clause.level;
    parts.unshift(label.replace(/\.$/, ''));
  }
  return parts.join(' ');
}

/** The name of a place in a sentence: "Recommendation 7, clause 2 (a)". */
export function placeName({ number, clause, label }: Place, language: Language): string {
  if (clause === null) return message(language, 'meeting.untitled', { number });
  return label === ''
    ? message(language, 'reading.place-unnumbered', { number })
    : message(language, 'reading.place', { number, label });
}

/** The heading of a recommendation with its number: "7. Assistance to victims". */
export const numbered = (number: number, heading: string, language: Language): string =>
  heading === '' ? message(language, 'meeting.untitled', { number }) : `${number}. ${heading}`;

/** The views in which words that aren't in force are shown. */
export const showsProposals = (view: ObserverView): boolean => view === 'bracketed' || view === 'attributed';
