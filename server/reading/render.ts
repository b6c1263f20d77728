import { html } from 'hono/html';
import type { ObserverView } from '../../shared/meeting/meeting.ts';
import { amendmentNumbers } from '../../shared/negotiation/families/amendment/numbers.ts';
import type { ClauseRecord } from '../../shared/negotiation/families/clause/state.ts';
import type { Status } from '../../shared/negotiation/families/status/state.ts';
import { type MarkRecord, type NegotiationState, statusOf } from '../../shared/negotiation/state.ts';
import type { ClauseId, MarkId } from '../../shared/protocol/ids.ts';
import { sponsorsOf } from '../../shared/text/amendment.ts';
import type { Clause, Run } from '../../shared/text/clause.ts';
import { type ClauseReference, clauseReferences, labelStyleOf } from '../../shared/text/labels.ts';
import { Remembered } from '../../shared/text/remembered.ts';
import { clauseName } from '../../shared/words/references.ts';
import { type Language, message } from '../../shared/words/words.ts';
import type { Fragment } from './sheet.ts';

/** Stands for a text that this version can't open. */
export const unavailable = (language: Language): Fragment => ({
  id: 'unavailable',
  html: String(html`<p id="clause-unavailable">${message(language, 'error.record-newer')}</p>`),
});

/** A view that shows text. */
export type Open = Exclude<ObserverView, 'nothing'>;

/** Words in one bracket, and the amendments and parties that contest them. */
interface Piece {
  readonly text: string;
  /** Neighbours with the same key stand in one bracket. Empty: words in force that nobody contests. */
  readonly key: string;
  readonly isInserted: boolean;
  readonly isStruck: boolean;
  readonly names: readonly string[];
}

export const escaped = (text: string): string => String(html`${text}`);

/** Open marks, each by its number and its parties. A mark that was decided or withdrawn shows nothing. */
function namesOf(ids: readonly MarkId[], negotiation: NegotiationState, numberOf: NumberOf): string[] {
  const names = new Set<string>();
  for (const id of ids) {
    const record = negotiation.marks.get(id);
    if (record?.state !== 'open') continue;
    names.add(record.kind === 'amendment' ? `${numberOf(id)} ${sponsorsOf(record).join(', ')}` : record.party);
  }
  return [...names];
}

/** The number of an amendment. */
export type NumberOf = (id: MarkId) => string;

function piece({ text, marks }: Run, negotiation: NegotiationState, numberOf: NumberOf): Piece {
  const isInserted = marks.insertion.length > 0;
  const isStruck = marks.deletion.length > 0;
  const contested = [...marks.insertion, ...marks.deletion, ...marks.bracket];
  return {
    text,
    key: contested.length === 0 ? '' : `${isInserted} ${isStruck} ${contested.join()}`,
    isInserted,
    isStruck,
    names: namesOf(contested, negotiation, numberOf),
  };
}

/** The words of a clause in a view: `clean` has the words in force and nothing else. */
export function words(
  clause: Clause,
  negotiation: NegotiationState,
  view: Open,
  language: Language,
  numberOf: NumberOf,
): string {
  if (view === 'clean')
    return `<bdi>${escaped(
      clause.runs
        .filter((run) => run.marks.insertion.length === 0)
        .map((run) => run.text)
        .join(''),
    )}</bdi>`;
  const pieces: Piece[] = [];
  for (const run of clause.runs) {
    const next = piece(run, negotiation, numberOf);
    const last = pieces.at(-1);
    if (last !== undefined && last.key === next.key)
      pieces[pieces.length - 1] = { ...last, text: last.text + next.text };
    else pieces.push(next);
  }
  return pieces
    .map(({ text, key, isInserted, isStruck, names }) => {
      if (key === '') return `<bdi>${escaped(text)}</bdi>`;
      const by =
        view === 'attributed' && names.length > 0 ? ` <small class="by">– ${escaped(names.join('; '))}</small>` : '';
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
      return `${before}<span class="contested"><b class="bracket">[</b>${inner}${by}<b class="bracket">]</b></span>${after}`;
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
  readonly reference: ClauseReference;
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
  readonly reference: ClauseReference;
  readonly isCurrent: boolean;
  readonly negotiation: NegotiationState;
  readonly view: Open;
  readonly language: Language;
  readonly numberOf: NumberOf;
}

function draw(clause: Clause, { reference, isCurrent, negotiation, view, language, numberOf }: Drawing): Fragment {
  const status = statusOf(negotiation, clause.id);
  const sponsors = negotiation.clauses.get(clause.id)?.sponsors ?? [];
  const behind =
    view === 'attributed' && sponsors.length > 0 ? ` <small class="by">(${escaped(sponsors.join('; '))})</small>` : '';
  const { label, number } = reference;
  const beside = label === '' ? '' : `<span class="label">${escaped(label)}</span> `;
  const name = label === '' && number !== '' ? ` title="${escaped(clauseName(language, reference))}"` : '';
  const current = isCurrent
    ? ` <small class="now">${escaped(message(language, 'reading.under-discussion'))}</small>`
    : '';
  return {
    id: clause.id,
    html: `<p id="clause-${clause.id}" class="clause ${clause.kind} level-${clause.level} ${status.state.replaceAll(' ', '-')}${isCurrent ? ' current' : ''}"${name}>${beside}<span class="words">${words(clause, negotiation, view, language, numberOf)}</span>${behind}${statusLine(status, view, language)}${current}</p>`,
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
  // Of the whole text: a clause has the same number in every view.
  const references = new Map(
    clauseReferences(text, negotiation, labelStyleOf(language)).map((reference, at) => [text[at]?.id, reference]),
  );
  let numbers: ReadonlyMap<MarkId, string> | null = null;
  const numberOf = (id: MarkId): string => {
    numbers ??= amendmentNumbers(negotiation.marks);
    return numbers.get(id) ?? '';
  };
  const before = drawnBefore(view, language);
  return clausesShown(text, view).map((clause) => {
    const reference = references.get(clause.id) ?? { kind: clause.kind, label: '', number: '' };
    const isCurrent = clause.id === current;
    const record = negotiation.clauses.get(clause.id);
    const known = before.get(clause);
    if (
      known !== undefined &&
      known.isCurrent === isCurrent &&
      known.reference.label === reference.label &&
      known.reference.number === reference.number &&
      known.record === record &&
      known.marks.every(([id, was]) => negotiation.marks.get(id) === was)
    )
      return known.fragment;
    const fragment = draw(clause, { reference, isCurrent, negotiation, view, language, numberOf });
    before.set(clause, { reference, isCurrent, record, marks: contestedIn(clause, negotiation, view), fragment });
    return fragment;
  });
}

/** The clauses that a view shows. */
export const clausesShown = (text: readonly Clause[], view: ObserverView): readonly Clause[] =>
  view === 'nothing' ? [] : text.filter((clause) => isShown(clause, view));
