import { html } from 'hono/html';
import type { ObserverView } from '../../shared/meeting/meeting.ts';
import type { ClauseRecord } from '../../shared/negotiation/families/clause/state.ts';
import type { Status } from '../../shared/negotiation/families/status/state.ts';
import { type MarkRecord, type NegotiationState, statusOf } from '../../shared/negotiation/state.ts';
import type { ClauseId, MarkId, PartyCode } from '../../shared/protocol/ids.ts';
import type { Clause, Run } from '../../shared/text/clause.ts';
import { labelStyleOf, labels } from '../../shared/text/labels.ts';
import { Remembered } from '../../shared/text/remembered.ts';
import { type Language, message } from '../../shared/words/words.ts';
import type { Fragment } from './sheet.ts';

/** Stands for a text that this version can't open. */
export const unavailable = (language: Language): Fragment => ({
  id: 'unavailable',
  html: String(html`<p id="clause-unavailable">${message(language, 'error.record-newer')}</p>`),
});

/** A view that shows text. */
export type Open = Exclude<ObserverView, 'nothing'>;

/** The label of brackets round words: their parties, where the chair opened that. */
interface Piece {
  readonly text: string;
  /** Neighbours with the same key stand in one bracket. Empty: words in force that nobody contests. */
  readonly key: string;
  readonly isInserted: boolean;
  readonly isStruck: boolean;
  readonly parties: readonly PartyCode[];
}

export const escaped = (text: string): string => String(html`${text}`);

/** The parties of open marks. A mark that was decided or withdrawn shows nothing. */
export function partiesOf(ids: readonly MarkId[], negotiation: NegotiationState): PartyCode[] {
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
  const isInserted = marks.insertion.length > 0;
  const isStruck = marks.deletion.length > 0;
  const contested = [...marks.insertion, ...marks.deletion, ...marks.bracket];
  return {
    text,
    key: contested.length === 0 ? '' : `${isInserted} ${isStruck} ${contested.join()}`,
    isInserted,
    isStruck,
    parties: partiesOf(contested, negotiation),
  };
}

/** The words of a clause in a view: `clean` has the words in force and nothing else. */
export function words(clause: Clause, negotiation: NegotiationState, view: Open, language: Language): string {
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
    .map(({ text, key, isInserted, isStruck, parties }) => {
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
      // A copy of the page as plain text has no lines through words: a word before them says that they are struck.
      const struck = isStruck
        ? `<small class="sign">${escaped(message(language, 'reading.struck'))}</small> <del>${shown}</del>`
        : shown;
      const inner = isInserted && view === 'attributed' ? `<ins>${struck}</ins>` : struck;
      // The brackets are elements: a bracket that somebody typed is a letter inside them.
      return `${before}<span class="contested"><b class="bracket">[</b>${inner}${names}<b class="bracket">]</b></span>${after}`;
    })
    .join('');
}

export function statusLine(status: Status, view: Open, language: Language): string {
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
  readonly isCurrent: boolean;
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

interface Drawing {
  readonly number: string;
  readonly isCurrent: boolean;
  readonly negotiation: NegotiationState;
  readonly view: Open;
  readonly language: Language;
}

function draw(clause: Clause, { number, isCurrent, negotiation, view, language }: Drawing): Fragment {
  const status = statusOf(negotiation, clause.id);
  const sponsors = negotiation.clauses.get(clause.id)?.sponsors ?? [];
  const behind =
    view === 'attributed' && sponsors.length > 0 ? ` <small class="by">(${escaped(sponsors.join('; '))})</small>` : '';
  const label = number === '' ? '' : `<span class="label">${escaped(number)}</span> `;
  const current = isCurrent
    ? ` <small class="now">${escaped(message(language, 'reading.under-discussion'))}</small>`
    : '';
  return {
    id: clause.id,
    html: `<p id="clause-${clause.id}" class="clause ${clause.kind} level-${clause.level} ${status.state.replaceAll(' ', '-')}${isCurrent ? ' current' : ''}">${label}<span class="words">${words(clause, negotiation, view, language)}</span>${behind}${statusLine(status, view, language)}${current}</p>`,
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
  current: ClauseId | null = null,
): readonly Fragment[] {
  if (view === 'nothing') return [];
  const shown = clausesShown(text, view);
  const numbers = labels(shown, labelStyleOf(language));
  const before = drawnBefore(view, language);
  return shown.map((clause, at) => {
    const number = numbers[at] ?? '';
    const isCurrent = clause.id === current;
    const record = negotiation.clauses.get(clause.id);
    const known = before.get(clause);
    if (
      known?.number === number &&
      known.isCurrent === isCurrent &&
      known.record === record &&
      known.marks.every(([id, was]) => negotiation.marks.get(id) === was)
    )
      return known.fragment;
    const fragment = draw(clause, { number, isCurrent, negotiation, view, language });
    before.set(clause, { number, isCurrent, record, marks: contestedIn(clause, negotiation, view), fragment });
    return fragment;
  });
}

/** The clauses that a view shows. */
export const clausesShown = (text: readonly Clause[], view: ObserverView): readonly Clause[] =>
  view === 'nothing' ? [] : text.filter((clause) => isShown(clause, view));
