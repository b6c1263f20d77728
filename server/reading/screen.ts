import { html, raw } from 'hono/html';
import type { MeetingState } from '../../shared/meeting/meeting.ts';
import { amendmentNumbers } from '../../shared/negotiation/families/amendment/numbers.ts';
import { isLocked, type NegotiationState, statusOf } from '../../shared/negotiation/state.ts';
import { isUnresolved } from '../../shared/text/amendment.ts';
import { type Clause, clauseText } from '../../shared/text/clause.ts';
import { clauseName } from '../../shared/words/references.ts';
import { counted, type Language, message } from '../../shared/words/words.ts';
import { markedClause } from './marked.ts';
import { type Place, placeUnderDiscussion, showsProposals } from './place.ts';
import { clausesShown, escaped, type Open, unavailable, words } from './render.ts';
import type { Fragment, Sheet, ShownText } from './sheet.ts';
import { momentTag } from './time.ts';

/**
 * The projector: the clause under discussion in large type. It has no controls: it follows the chair. All of it is
 * parts, so the next clause is a patch and not a reload.
 */
export const screenSheet: Sheet = {
  isSamePage: (before, after) => before.observerView === after.observerView && before.name === after.name,

  parts(meeting, found, language) {
    const { observerView: view } = meeting;
    if (view === 'nothing') return said(meeting.name, message(language, 'reading.closed'));
    const place = placeUnderDiscussion(meeting, found, language);
    if (place === null) return said(meeting.name, message(language, 'screen.none'));
    const [clause, wordings] = clauseParts(meeting, place, found, view, language);
    return [heading(place, found, view, language), clause, wordings, counts(place, found, view, language)];
  },

  page({ meeting, parts, version, at, language }) {
    const view = meeting.observerView;
    const part = (id: string): string => parts.find((one) => one.id === id)?.html ?? '';
    const kind = view === 'nothing' ? '' : `<p class="view">${escaped(message(language, `reading.${view}`))}</p>`;
    return String(html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${message(language, 'screen.title')}: ${meeting.name}</title>
<link rel="stylesheet" href="/screen.css">
<script src="/reading.js" defer></script>
<noscript><meta http-equiv="refresh" content="20"></noscript>
</head>
<body data-version="${String(version)}" data-offline="${message(language, 'reading.offline')}" data-live="">
<div aria-live="polite">${raw(part('heading'))}</div>
<main id="text" tabindex="0" aria-labelledby="title">${raw(part('clause'))}${raw(part('wordings'))}</main>
<footer>${raw(part('counts'))}${raw(kind)}<p id="connection" role="status"></p><p class="clock">${raw(momentTag(at, language, 'hour'))}</p></footer>
</body>
</html>`);
  },
};

const hidden = (id: string): Fragment => ({ id, html: `<p id="part-${id}" hidden></p>` });

/** A sentence in the place of a clause. */
const said = (title: string, sentence: string): readonly Fragment[] => [
  { id: 'heading', html: `<header id="part-heading"><h1 id="title">${escaped(title)}</h1></header>` },
  {
    id: 'clause',
    html: `<section id="part-clause" class="fit-0"><p class="sentence">${escaped(sentence)}</p></section>`,
  },
  hidden('wordings'),
  hidden('counts'),
];

function heading(
  { number, heading: title, clause, reference }: Place,
  found: ShownText | null,
  view: Open,
  language: Language,
): Fragment {
  const name = message(language, 'meeting.untitled', { number }) + (title === '' ? '' : `. ${title}`);
  const where =
    clause === null ? '' : `<p class="where">${escaped(reference === null ? '' : clauseName(language, reference))}</p>`;
  const status = clause === null || found === null ? '' : statusOfClause(clause, found.negotiation, view, language);
  return {
    id: 'heading',
    html: `<header id="part-heading"><h1 id="title">${escaped(name)}</h1>${where}${status}</header>`,
  };
}

function statusOfClause(clause: Clause, negotiation: NegotiationState, view: Open, language: Language): string {
  const status = statusOf(negotiation, clause.id);
  const key = {
    open: clause.insertion === null ? 'status.open' : 'status.proposed',
    agreed: 'status.agreed',
    'agreed ad referendum': 'status.ad-referendum',
  } as const;
  const waiting =
    view === 'attributed' && status.state === 'agreed ad referendum' && status.parties.length > 0
      ? ` (${message(language, 'status.waiting', { parties: status.parties.join(', ') })})`
      : '';
  return `<p class="state ${status.state.replaceAll(' ', '-')}">${escaped(message(language, key[status.state]) + waiting)}</p>`;
}

/**
 * The sizes of type, the largest first: letters of a clause that fit on a screen at each. The script measures; without
 * it this estimate holds. A longer clause has the smallest, and its page scrolls.
 */
const lettersAtSize = [330, 480, 750, 950, 1200, 1500] as const;
const sizeOf = (letters: number): number => {
  const size = lettersAtSize.findIndex((most) => letters <= most);
  return size === -1 ? lettersAtSize.length : size;
};

function clauseParts(
  meeting: MeetingState,
  { clause, reference }: Place,
  found: ShownText | null,
  view: Open,
  language: Language,
): readonly [Fragment, Fragment] {
  if (found === null) return [unavailablePart(language), hidden('wordings')];
  // The recommendation as a whole is under discussion: its heading stands above.
  if (clause === null)
    return [{ id: 'clause', html: '<section id="part-clause" class="fit-0"></section>' }, hidden('wordings')];
  const { negotiation } = found;
  const marked = view === 'attributed' ? markedClause(clause, meeting, negotiation, language) : null;
  const numbers = amendmentNumbers(negotiation.marks);
  const prose = marked?.prose ?? words(clause, negotiation, view, language, (id) => numbers.get(id) ?? '');
  const sponsors = view === 'attributed' ? (negotiation.clauses.get(clause.id)?.sponsors ?? []) : [];
  const behind = sponsors.length === 0 ? '' : ` <span class="sponsors">(${escaped(sponsors.join('; '))})</span>`;
  const size = sizeOf(marked?.letters ?? clauseText(clause).length);
  const label = reference?.label ?? '';
  const number = label === '' ? '' : `<p class="number">${escaped(label)}</p>`;
  return [
    {
      id: 'clause',
      html: `<section id="part-clause" class="fit-${size} ${clause.kind}" data-clause="${clause.id}">${number}<p class="prose">${prose}${behind}</p></section>`,
    },
    marked === null || marked.wordings === ''
      ? hidden('wordings')
      : { id: 'wordings', html: `<div id="part-wordings">${marked.wordings}</div>` },
  ];
}

const unavailablePart = (language: Language): Fragment => ({
  id: 'clause',
  html: `<section id="part-clause" class="fit-0">${unavailable(language).html}</section>`,
});

/** The counts of the recommendation: of the clauses that the view shows, and of amendments where it shows them. */
function counts({ clause }: Place, found: ShownText | null, view: Open, language: Language): Fragment {
  if (found === null) return hidden('counts');
  const { text, negotiation } = found;
  // A proposed clause is an amendment, not a clause of the text.
  const inForce = clausesShown(text, view).filter(({ insertion }) => insertion === null);
  const locked = inForce.filter(({ id }) => isLocked(negotiation, id));
  const agreed = locked.filter(({ id }) => statusOf(negotiation, id).state === 'agreed').length;
  const open = inForce.length - locked.length;
  const values = {
    clauses: counted(language, 'progress.clauses', inForce.length),
    agreed,
    adReferendum: locked.length - agreed,
    open,
  };
  // As on the other screens, an open clause is counted once: with amendments, or without.
  const unresolved = inForce.filter((one) => !isLocked(negotiation, one.id) && isUnresolved(one, negotiation)).length;
  const sentence = showsProposals(view)
    ? message(language, values.adReferendum === 0 ? 'progress.counts' : 'progress.counts-ad-referendum', {
        ...values,
        open: open - unresolved,
        unresolved,
      })
    : message(language, 'screen.counts', values);
  const own = view === 'attributed' && clause !== null ? ownCounts(clause, negotiation, language) : '';
  return { id: 'counts', html: `<div id="part-counts"><p>${escaped(sentence)}</p>${own}</div>` };
}

/** "15 amendments, 8 parties" to the clause under discussion. */
function ownCounts(clause: Clause, negotiation: NegotiationState, language: Language): string {
  const ids = new Set([
    ...(clause.insertion === null ? [] : [clause.insertion]),
    ...clause.runs.flatMap(({ marks }) => [...marks.insertion, ...marks.deletion]),
  ]);
  const parties = new Set<string>();
  let amendments = 0;
  for (const id of ids) {
    const record = negotiation.marks.get(id);
    if (record?.kind !== 'amendment' || record.state !== 'open') continue;
    amendments += 1;
    parties.add(record.party);
  }
  if (amendments === 0) return '';
  const sentence = `${counted(language, 'screen.amendments', amendments)}, ${counted(language, 'screen.parties', parties.size)}`;
  return `<p>${escaped(sentence)}</p>`;
}
