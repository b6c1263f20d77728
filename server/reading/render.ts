import { html, raw } from 'hono/html';
import type { Clause, Run } from '../../shared/clause.ts';
import type { MarkId, PartyCode } from '../../shared/ids.ts';
import { labelStyleOf, labels } from '../../shared/label.ts';
import { type Ledger, type Status, statusOf } from '../../shared/ledger.ts';
import type { MeetingState, ObserverView } from '../../shared/meeting.ts';
import { type Language, message } from '../../shared/words/words.ts';

/** A clause as observers are shown it: one fragment of HTML, the same bytes for everybody. */
export interface Fragment {
  readonly id: string;
  readonly html: string;
}

type Open = Exclude<ObserverView, 'nothing'>;

/** What the brackets round some words say: whose they are, where the chair opened that. */
interface Piece {
  readonly text: string;
  /** Neighbours with the same key stand in one bracket. Empty: words in force that nobody contests. */
  readonly key: string;
  readonly tag: 'ins' | 'del' | 'span';
  readonly parties: readonly PartyCode[];
}

const escaped = (text: string): string => String(html`${text}`);

/** The parties behind marks that are open. A mark that was decided or withdrawn says nothing any more. */
function partiesOf(ids: readonly MarkId[], ledger: Ledger): PartyCode[] {
  const parties = new Set<PartyCode>();
  for (const id of ids) {
    const record = ledger.marks.get(id);
    if (record?.state !== 'open') continue;
    parties.add(record.party);
    if (record.kind === 'amendment')
      for (const sponsor of record.sponsors) if (sponsor.accepted) parties.add(sponsor.party);
  }
  return [...parties];
}

function piece({ text, marks }: Run, ledger: Ledger): Piece {
  const tag = marks.insertion.length > 0 ? 'ins' : marks.deletion.length > 0 ? 'del' : 'span';
  const contested = [...marks.insertion, ...marks.deletion, ...marks.bracket];
  return {
    text,
    key: contested.length === 0 ? '' : `${tag} ${contested.join()}`,
    tag,
    parties: partiesOf(contested, ledger),
  };
}

/** The words of a clause in a view: `clean` has the words in force and nothing else. */
function words(clause: Clause, ledger: Ledger, view: Open): string {
  if (view === 'clean')
    return escaped(
      clause.runs
        .filter((run) => run.marks.insertion.length === 0)
        .map((run) => run.text)
        .join(''),
    );
  const pieces: Piece[] = [];
  for (const run of clause.runs) {
    const next = piece(run, ledger);
    const last = pieces.at(-1);
    if (last !== undefined && last.key === next.key)
      pieces[pieces.length - 1] = { ...last, text: last.text + next.text };
    else pieces.push(next);
  }
  return pieces
    .map(({ text, key, tag, parties }) => {
      if (key === '') return escaped(text);
      const names =
        view === 'attributed' && parties.length > 0
          ? ` <small class="by">– ${escaped(parties.join(', '))}</small>`
          : '';
      // The space between words stands outside of their brackets.
      const bare = text.trim();
      const [before, after] = bare === '' ? ['', ''] : [/^\s*/.exec(text)?.[0] ?? '', /\s*$/.exec(text)?.[0] ?? ''];
      const shown = escaped(bare === '' ? text : bare);
      const inner = tag === 'span' || view !== 'attributed' ? shown : `<${tag}>${shown}</${tag}>`;
      return `${before}<span class="contested">[${inner}${names}]</span>${after}`;
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

/** Whether a clause is there at all in a view: a proposed one only where brackets are shown, an emptied one nowhere. */
const isShown = (clause: Clause, view: Open): boolean =>
  clause.insertion === null
    ? view !== 'clean' || clause.runs.length === 0 || clause.runs.some((run) => run.marks.insertion.length === 0)
    : view !== 'clean';

/**
 * The clauses of a recommendation as observers see them. Nothing else of the document is in the bytes: no mark, no
 * participant, no reason, no decided amendment, and names of parties only in `attributed`.
 */
export function renderClauses(
  text: readonly Clause[],
  ledger: Ledger,
  view: ObserverView,
  language: Language,
): readonly Fragment[] {
  if (view === 'nothing') return [];
  const shown = text.filter((clause) => isShown(clause, view));
  const numbers = labels(shown, labelStyleOf(language));
  return shown.map((clause, at) => {
    const status = statusOf(ledger, clause.id);
    const sponsors = ledger.clauses.get(clause.id)?.sponsors ?? [];
    const behind =
      view === 'attributed' && sponsors.length > 0
        ? ` <small class="by">(${escaped(sponsors.join('; '))})</small>`
        : '';
    const number = numbers[at] ?? '';
    const label = number === '' ? '' : `<span class="label">${escaped(number)}</span> `;
    return {
      id: clause.id,
      html: `<p id="clause-${clause.id}" class="clause ${clause.kind} level-${clause.level} ${status.state.replaceAll(' ', '-')}">${label}<span class="words">${words(clause, ledger, view)}</span>${behind}${statusLine(status, view, language)}</p>`,
    };
  });
}

export interface Section {
  readonly id: string;
  readonly heading: string;
  readonly topic: string;
  readonly fragments: readonly Fragment[];
}

/** The whole page, complete without JavaScript. `version` is the patch that the event stream goes on from. */
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
  // In a closed session not even the agenda is told.
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
