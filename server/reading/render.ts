import { html, raw } from 'hono/html';
import type { MeetingState, ObserverView } from '../../shared/meeting/meeting.ts';
import type { ClauseRecord } from '../../shared/negotiation/families/clause/state.ts';
import type { Status } from '../../shared/negotiation/families/status/state.ts';
import { type MarkRecord, type NegotiationState, statusOf } from '../../shared/negotiation/state.ts';
import type { MarkId, PartyCode } from '../../shared/protocol/ids.ts';
import type { Clause, Run } from '../../shared/text/clause.ts';
import { labelStyleOf, labels } from '../../shared/text/labels.ts';
import { Remembered } from '../../shared/text/remembered.ts';
import { type Language, message } from '../../shared/words/words.ts';

/** A clause as observers see it: one fragment of HTML, the same bytes for all. */
export interface Fragment {
  readonly id: string;
  readonly html: string;
}

/** Stands for a text that this version can't open. */
export const unavailable = (language: Language): Fragment => ({
  id: 'unavailable',
  html: String(html`<p id="clause-unavailable">${message(language, 'error.record-newer')}</p>`),
});

type Open = Exclude<ObserverView, 'nothing'>;

/** The label of brackets round words: their parties, where the chair opened that. */
interface Piece {
  readonly text: string;
  /** Neighbours with the same key stand in one bracket. Empty: words in force that nobody contests. */
  readonly key: string;
  readonly tag: 'ins' | 'del' | 'span';
  readonly parties: readonly PartyCode[];
}

const escaped = (text: string): string => String(html`${text}`);

/** The parties of open marks. A mark that was decided or withdrawn shows nothing. */
function partiesOf(ids: readonly MarkId[], negotiation: NegotiationState): PartyCode[] {
  const parties = new Set<PartyCode>();
  for (const id of ids) {
    const record = negotiation.marks.get(id);
    if (record?.state !== 'open') continue;
    parties.add(record.party);
    if (record.kind === 'amendment')
      for (const sponsor of record.sponsors) if (sponsor.accepted) parties.add(sponsor.party);
  }
  return [...parties];
}

function piece({ text, marks }: Run, negotiation: NegotiationState): Piece {
  const tag = marks.insertion.length > 0 ? 'ins' : marks.deletion.length > 0 ? 'del' : 'span';
  const contested = [...marks.insertion, ...marks.deletion, ...marks.bracket];
  return {
    text,
    key: contested.length === 0 ? '' : `${tag} ${contested.join()}`,
    tag,
    parties: partiesOf(contested, negotiation),
  };
}

/** The words of a clause in a view: `clean` has the words in force and nothing else. */
function words(clause: Clause, negotiation: NegotiationState, view: Open): string {
  if (view === 'clean')
    return `<bdi>${escaped(
      clause.runs
        .filter((run) => run.marks.insertion.length === 0)
        .map((run) => run.text)
        .join(''),
    )}</bdi>`;
  const pieces: Piece[] = [];
  for (const run of clause.runs) {
    const next = piece(run, negotiation);
    const last = pieces.at(-1);
    if (last !== undefined && last.key === next.key)
      pieces[pieces.length - 1] = { ...last, text: last.text + next.text };
    else pieces.push(next);
  }
  return pieces
    .map(({ text, key, tag, parties }) => {
      if (key === '') return `<bdi>${escaped(text)}</bdi>`;
      const names =
        view === 'attributed' && parties.length > 0
          ? ` <small class="by">– ${escaped(parties.join(', '))}</small>`
          : '';
      // The space between words stands outside of their brackets.
      const bare = text.trim();
      const [before, after] =
        bare === ''
          ? ['', '']
          : [text.slice(0, text.length - text.trimStart().length), text.slice(text.trimEnd().length)];
      const shown = `<bdi>${escaped(bare === '' ? text : bare)}</bdi>`;
      const inner = tag === 'span' || view !== 'attributed' ? shown : `<${tag}>${shown}</${tag}>`;
      // The brackets are elements: a bracket that somebody typed is a letter inside them.
      return `${before}<span class="contested"><b class="bracket">[</b>${inner}${names}<b class="bracket">]</b></span>${after}`;
    })
    .join('');
}

function statusLine(status: Status, view: Open, language: Language): string {
  if (status.state === 'open') return '';
  const word = message(language, status.state === 'agreed' ? 'status.agreed' : 'status.ad-referendum');
  const waiting =
    view === 'attributed' && status.state === 'agreed ad referendum'
      ? ` (${message(language, 'status.waiting', { parties: status.parties.join(', ') })})`
      : '';
  return ` <small class="status">${escaped(word + waiting)}</small>`;
}

/** Whether a view shows a clause: a proposed one only with brackets, an emptied one never. */
const isShown = (clause: Clause, view: Open): boolean =>
  clause.insertion === null
    ? view !== 'clean' || clause.runs.length === 0 || clause.runs.some((run) => run.marks.insertion.length === 0)
    : view !== 'clean';

/** The inputs of a fragment beside its clause, view and language; a changed record is another object. */
interface Drawn {
  readonly number: string;
  readonly record: ClauseRecord | undefined;
  readonly marks: readonly (readonly [MarkId, MarkRecord | undefined])[];
  readonly fragment: Fragment;
}

/** Clauses with kept fragments, for one view and language. A fragment is several times as long as its words. */
const mostDrawn = 10_000;
const drawnIn = new Map<string, Remembered<Clause, Drawn>>();

function drawnBefore(view: Open, language: Language): Remembered<Clause, Drawn> {
  const key = `${view} ${language}`;
  const known = drawnIn.get(key) ?? new Remembered<Clause, Drawn>(mostDrawn);
  drawnIn.set(key, known);
  return known;
}

/** The marks of a clause on which its fragment depends, with their negotiation state. */
function contestedIn(clause: Clause, negotiation: NegotiationState, view: Open): Drawn['marks'] {
  // Only `attributed` names their parties.
  if (view !== 'attributed') return [];
  const ids = new Set<MarkId>();
  for (const { marks } of clause.runs)
    for (const list of [marks.insertion, marks.deletion, marks.bracket]) for (const id of list) ids.add(id);
  return [...ids].map((id) => [id, negotiation.marks.get(id)]);
}

function draw(clause: Clause, number: string, negotiation: NegotiationState, view: Open, language: Language): Fragment {
  const status = statusOf(negotiation, clause.id);
  const sponsors = negotiation.clauses.get(clause.id)?.sponsors ?? [];
  const behind =
    view === 'attributed' && sponsors.length > 0 ? ` <small class="by">(${escaped(sponsors.join('; '))})</small>` : '';
  const label = number === '' ? '' : `<span class="label">${escaped(number)}</span> `;
  return {
    id: clause.id,
    html: `<p id="clause-${clause.id}" class="clause ${clause.kind} level-${clause.level} ${status.state.replaceAll(' ', '-')}">${label}<span class="words">${words(clause, negotiation, view)}</span>${behind}${statusLine(status, view, language)}</p>`,
  };
}

/**
 * The clauses of a recommendation as observers see them. The bytes hold nothing else of the document: no mark, no
 * participant, no reason, no decided amendment, and party names only in `attributed`. An unchanged clause with
 * unchanged records is the same fragment, so an entry renders only its own changes.
 */
export function renderClauses(
  text: readonly Clause[],
  negotiation: NegotiationState,
  view: ObserverView,
  language: Language,
): readonly Fragment[] {
  if (view === 'nothing') return [];
  const shown = clausesShown(text, view);
  const numbers = labels(shown, labelStyleOf(language));
  const before = drawnBefore(view, language);
  return shown.map((clause, at) => {
    const number = numbers[at] ?? '';
    const record = negotiation.clauses.get(clause.id);
    const known = before.get(clause);
    if (
      known?.number === number &&
      known.record === record &&
      known.marks.every(([id, was]) => negotiation.marks.get(id) === was)
    )
      return known.fragment;
    const fragment = draw(clause, number, negotiation, view, language);
    before.set(clause, { number, record, marks: contestedIn(clause, negotiation, view), fragment });
    return fragment;
  });
}

/** The clauses that a view shows. */
export const clausesShown = (text: readonly Clause[], view: ObserverView): readonly Clause[] =>
  view === 'nothing' ? [] : text.filter((clause) => isShown(clause, view));

export interface Section {
  readonly id: string;
  readonly heading: string;
  readonly topic: string;
  readonly fragments: readonly Fragment[];
}

/** The whole page, complete without JavaScript. `version` is the patch from which the event stream continues. */
export function renderPage(
  meeting: MeetingState,
  sections: readonly Section[],
  version: number,
  language: Language,
): string {
  const { observerView: view } = meeting;
  const words = (key: Parameters<typeof message>[1]): string => message(language, key);
  const body =
    view === 'nothing'
      ? `<p class="closed">${escaped(words('reading.closed'))}</p>`
      : meeting.topics
          .map((topic) => {
            const own = sections.filter((section) => section.topic === topic.id);
            const level = Math.min(topic.level + 1, 5);
            return `<section><h${level}>${escaped(topic.heading)}</h${level}>${own.map((section) => renderSection(section, level + 1)).join('')}</section>`;
          })
          .join('');
  const kind = view === 'nothing' ? '' : `<p class="view">${escaped(words(`reading.${view}`))}</p>`;
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
<header><a href="/">${words('reading.back')}</a><h1>${meeting.name}</h1>${raw(kind)}<p id="connection" role="status"></p></header>
<main id="text">${raw(body)}</main>
</body>
</html>`);
}

function renderSection({ id, heading, fragments }: Section, level: number): string {
  const title = heading === '' ? '' : `<h${level}>${escaped(heading)}</h${level}>`;
  return `<article>${title}<div id="recommendation-${id}">${fragments.map((fragment) => fragment.html).join('')}</div></article>`;
}
