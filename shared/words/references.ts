import type { ClauseReference } from '../text/labels.ts';
import { type Language, message } from './words.ts';

/** The name of a clause within its recommendation: "Clause 2 (a)", "Preambular paragraph 3", "Opening line". */
export function clauseName(language: Language, { kind, number }: ClauseReference): string {
  if (number === '') return message(language, 'clause.empty');
  // There is one opening line, as a rule.
  if (kind === 'chapeau' && number === '1') return message(language, 'clause.chapeau');
  return message(language, clauseKeys[kind], { number });
}

/** Its name within the meeting: "Recommendation 4, clause 2 (a)". */
export function clausePlace(language: Language, recommendation: number, { kind, number }: ClauseReference): string {
  const values = { recommendation, number };
  if (number === '') return message(language, 'meeting.untitled', { number: recommendation });
  if (kind === 'chapeau' && number === '1') return message(language, 'place.chapeau', values);
  return message(language, placeKeys[kind], values);
}

const clauseKeys = {
  operative: 'clause.title',
  preambular: 'clause.preambular',
  chapeau: 'clause.chapeau-numbered',
} as const;
const placeKeys = {
  operative: 'place.clause',
  preambular: 'place.preambular',
  chapeau: 'place.chapeau-numbered',
} as const;

/** The title of a recommendation: its number on the agenda, and its heading, where it has one. */
export const recommendationTitle = (language: Language, number: number, heading: string): string =>
  heading === ''
    ? message(language, 'meeting.untitled', { number })
    : message(language, 'meeting.titled', { number, heading });
