import { html, raw } from 'hono/html';
import type { MeetingState } from '../../shared/meeting/meeting.ts';
import { recommendationTitle } from '../../shared/words/references.ts';
import { type Language, message } from '../../shared/words/words.ts';
import { placeName, placeUnderDiscussion } from './place.ts';
import { escaped, renderClauses, unavailable } from './render.ts';
import type { Fragment, PageContent, Sheet, ShownText } from './sheet.ts';
import { asAt } from './time.ts';

/** The observers' page: every text of the meeting, in the view that the chair chose. */
export const textSheet: Sheet = {
  // A new agenda or another view is another page. In a closed session a new agenda isn't, since a reload would reveal
  // that something changed.
  isSamePage: (before, after) =>
    before.observerView === after.observerView &&
    before.name === after.name &&
    (after.observerView === 'nothing' ||
      (before.topics === after.topics && before.recommendations === after.recommendations)),

  clauses(found, recommendation, { observerView, currentClause }, language) {
    if (found === null) return [unavailable(language)];
    const current = currentClause?.recommendation === recommendation ? currentClause.clause : null;
    return renderClauses(found.text, found.negotiation, observerView, language, current);
  },

  parts: (meeting, found, language) => [underDiscussion(meeting, found, language)],

  page({ meeting, clauses, parts, version, at, language }) {
    const { observerView: view } = meeting;
    const words = (key: Parameters<typeof message>[1]): string => message(language, key);
    const body =
      view === 'nothing'
        ? `<p class="closed">${escaped(words('reading.closed'))}</p>`
        : meeting.topics
            .map(({ id, heading, level }) => topic(meeting, clauses, language, id, heading, level))
            .join('');
    const kind =
      view === 'nothing'
        ? ''
        : `<p class="view">${escaped(words(`reading.${view}`))}<span class="as-at"> · ${asAt(at, language)}</span></p>`;
    // A closed session hides the agenda too.
    return String(html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${meeting.name} – Concord</title>
<link rel="stylesheet" href="/reading.css">
<script src="/reading.js" defer></script>
</head>
<body data-version="${String(version)}" data-offline="${words('reading.offline')}" data-live="${words('reading.live')}">
<a class="skip" href="#text">${words('reading.skip')}</a>
<header><a href="/">${words('reading.back')}</a><h1>${meeting.name}</h1>${raw(kind)}<p id="connection" role="status"></p><div aria-live="polite">${raw(parts.map((part) => part.html).join(''))}</div></header>
<main id="text">${raw(body)}</main>
</body>
</html>`);
  },
};

/** The sentence that names the clause under discussion, and leads to it. */
function underDiscussion(meeting: MeetingState, found: ShownText | null, language: Language): Fragment {
  const place = placeUnderDiscussion(meeting, found, language);
  if (place === null) return { id: 'current', html: '<p id="part-current" hidden></p>' };
  const target =
    place.clause === null ? `recommendation-${meeting.currentClause?.recommendation}` : `clause-${place.clause.id}`;
  const name = message(language, 'meeting.current', { place: placeName(place, language) });
  return { id: 'current', html: `<p id="part-current"><a href="#${target}">${escaped(name)}</a></p>` };
}

function topic(
  { recommendations }: MeetingState,
  clauses: PageContent['clauses'],
  language: Language,
  id: MeetingState['topics'][number]['id'],
  heading: string,
  topicLevel: number,
): string {
  const level = Math.min(topicLevel + 1, 5);
  const own = recommendations.map((one, at) => ({ ...one, number: at + 1 })).filter((one) => one.topic === id);
  const articles = own.map(({ id: recommendation, heading: title, number }) => {
    const text = (clauses.get(recommendation) ?? []).map((fragment) => fragment.html).join('');
    return `<article><h${level + 1}>${escaped(recommendationTitle(language, number, title))}</h${level + 1}><div id="recommendation-${recommendation}">${text}</div></article>`;
  });
  return `<section><h${level}>${escaped(heading)}</h${level}>${articles.join('')}</section>`;
}
