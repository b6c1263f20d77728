import type { MeetingState, ObserverView } from '../../shared/meeting/meeting.ts';
import type { Clause } from '../../shared/text/clause.ts';
import { type ClauseReference, clauseReferences, labelStyleOf } from '../../shared/text/labels.ts';
import { clausePlace } from '../../shared/words/references.ts';
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
  /** The clause's number within the recommendation, and its name; null where the clause is. */
  readonly reference: ClauseReference | null;
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
  const whole: Place = { number: at + 1, heading: recommendation.heading, clause: null, reference: null };
  const shown = clausesShown(found?.text ?? [], observerView);
  const clause = shown.find(({ id }) => id === currentClause.clause);
  if (clause === undefined || found === null) return whole;
  // Of the whole text: a clause has the same number in every view.
  const references = clauseReferences(found.text, found.negotiation, labelStyleOf(language));
  return { ...whole, clause, reference: references[found.text.indexOf(clause)] ?? null };
}

/** The name of a place in a sentence: "Recommendation 7, clause 2 (a)". */
export const placeName = ({ number, reference }: Place, language: Language): string =>
  reference === null ? message(language, 'meeting.untitled', { number }) : clausePlace(language, number, reference);

/** The views in which words that aren't in force are shown. */
export const showsProposals = (view: ObserverView): boolean => view === 'bracketed' || view === 'attributed';
