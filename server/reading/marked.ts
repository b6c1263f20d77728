import type { MeetingState } from '../../shared/meeting/meeting.ts';
import { amendmentNumbers } from '../../shared/negotiation/families/amendment/numbers.ts';
import type { NegotiationState } from '../../shared/negotiation/state.ts';
import type { MarkId, PartyCode } from '../../shared/protocol/ids.ts';
import { sponsorsOf } from '../../shared/text/amendment.ts';
import type { Clause, Run } from '../../shared/text/clause.ts';
import { counted, type Language, message } from '../../shared/words/words.ts';
import { escaped } from './render.ts';

/**
 * A clause with its parties' amendments, for a reader who is far away. Words stay in ink; the line under or through
 * them has the colour of the party, whose code stands at the end of the mark. Where several amendments touch the same
 * words, those are drawn once, and each wording stands in a row below.
 */
export interface MarkedClause {
  readonly prose: string;
  /** The rows; empty where no words have several wordings. */
  readonly wordings: string;
  /** Letters of the text in force that take as much space on a screen, names and rows included. */
  readonly letters: number;
}

/** Space that a name at a mark, a row, and the title of rows take, in letters. */
const lettersOf = { name: 6, row: 45, title: 60 } as const;

const colours = 24;

/** The parties of open marks. A mark that was decided or withdrawn shows nothing. */
function partiesOf(ids: readonly MarkId[], negotiation: NegotiationState): readonly PartyCode[] {
  const parties = new Set<PartyCode>();
  for (const id of ids) {
    const record = negotiation.marks.get(id);
    if (record?.state !== 'open') continue;
    for (const party of record.kind === 'amendment' ? sponsorsOf(record) : [record.party]) parties.add(party);
  }
  return [...parties];
}

type Meeting = Pick<MeetingState, 'partyPlaces'>;

const colourOf = (party: PartyCode | undefined, { partyPlaces }: Meeting): string =>
  party === undefined ? 'party-none' : `party-${(partyPlaces.get(party) ?? 0) % colours}`;

/** Neighbouring contested runs, or words in force. */
type Stretch = { readonly contested: boolean; readonly runs: Run[] };

const isContested = ({ marks }: Run): boolean => marks.insertion.length > 0 || marks.deletion.length > 0;

function stretchesOf(clause: Clause): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const run of clause.runs) {
    const last = stretches.at(-1);
    if (last !== undefined && last.contested === isContested(run)) last.runs.push(run);
    else stretches.push({ contested: isContested(run), runs: [run] });
  }
  return stretches;
}

const amendmentsIn = (runs: readonly Run[]): readonly MarkId[] => [
  ...new Set(runs.flatMap(({ marks }) => [...marks.insertion, ...marks.deletion])),
];

/** Beyond this number of amendments, words can't be read with all marks in them. */
const mostInline = 2;

/** Rows of one stretch: more can't be read from afar, and each costs a walk through its words. */
const mostRows = 24;

/** Whether the wordings of a stretch stand in rows: several amendments strike the same words, or there are many. */
const isFolded = (runs: readonly Run[], clause: Clause): boolean =>
  // The words of a proposed clause are one amendment; those made to it stand in it.
  clause.insertion === null &&
  (amendmentsIn(runs).length > mostInline || runs.some(({ marks }) => marks.deletion.length > 1));

export function markedClause(
  clause: Clause,
  meeting: Meeting,
  negotiation: NegotiationState,
  language: Language,
): MarkedClause {
  let prose = '';
  let wordings = '';
  let letters = 0;
  for (const { contested, runs } of stretchesOf(clause)) {
    letters += runs.reduce((sum, { text }) => sum + text.length, 0);
    if (!contested) prose += runs.map((run) => bracketed(run, negotiation)).join('');
    else if (isFolded(runs, clause)) {
      const fold = folded(runs, meeting, negotiation, language);
      prose += fold.prose;
      wordings += fold.rows;
      letters += lettersOf.title + lettersOf.row * amendmentsIn(runs).length;
    } else {
      prose += inline(runs, meeting, negotiation);
      letters += lettersOf.name * amendmentsIn(runs).length;
    }
  }
  return { prose, wordings, letters };
}

/** Words in force, in the brackets that a party put round them. */
function bracketed({ text, marks }: Run, negotiation: NegotiationState): string {
  const shown = `<bdi>${escaped(text)}</bdi>`;
  if (marks.bracket.length === 0) return shown;
  return `<b class="bracket">[</b>${shown}<span class="codes">${escaped(partiesOf(marks.bracket, negotiation).join(' '))}</span><b class="bracket">]</b>`;
}

/** Words with their marks; the codes of an amendment follow its last words in the stretch. */
function inline(runs: readonly Run[], meeting: Meeting, negotiation: NegotiationState): string {
  const last = new Map<MarkId, number>();
  for (const [at, run] of runs.entries()) for (const id of amendmentsIn([run])) last.set(id, at);
  return runs
    .map((run, at) => {
      // Spaces before and after the words stand outside of the line, and after their codes.
      const bare = run.text.trim() === '' ? run.text : run.text.trim();
      const start = run.text.indexOf(bare);
      let shown = `<bdi>${escaped(bare)}</bdi>`;
      for (const [tag, ids] of [
        ['ins', run.marks.insertion],
        ['del', run.marks.deletion],
      ] as const)
        if (ids.length > 0)
          shown = `<${tag} class="${colourOf(partiesOf(ids, negotiation)[0], meeting)}">${shown}</${tag}>`;
      const ending = amendmentsIn([run]).filter((id) => last.get(id) === at);
      const names = ending.map((id) => codes(id, meeting, negotiation)).join('');
      return `${run.text.slice(0, start)}<span class="contested">${shown}</span>${names}${run.text.slice(start + bare.length)}`;
    })
    .join('');
}

/** The codes of an amendment's parties, its own party first. */
function codes(id: MarkId, meeting: Meeting, negotiation: NegotiationState): string {
  const record = negotiation.marks.get(id);
  if (record?.kind !== 'amendment' || record.state !== 'open') return '';
  return `<span class="codes ${colourOf(record.party, meeting)}">${escaped(`${amendmentNumbers(negotiation.marks).get(id) ?? ''} ${sponsorsOf(record).join(' ')}`.trim())}</span>`;
}

/** The words in force of a stretch, once, and a row for each amendment: the words as they would be with it alone. */
function folded(
  runs: readonly Run[],
  meeting: Meeting,
  negotiation: NegotiationState,
  language: Language,
): { readonly prose: string; readonly rows: string } {
  const base = runs
    .filter(({ marks }) => marks.insertion.length === 0)
    .map(({ text }) => text)
    .join('');
  const ids = amendmentsIn(runs)
    .map((id) => ({ id, at: negotiation.marks.get(id)?.at ?? 0 }))
    .sort((one, other) => one.at - other.at);
  const count = escaped(counted(language, 'screen.wordings', ids.length));
  const title =
    base.trim() === ''
      ? count
      : escaped(message(language, 'screen.in-place-of', { words: base.trim() })).replace(
          '{wordings}',
          `<b>${count}</b>`,
        );
  const rows = ids.slice(0, mostRows).map(({ id }) => row(id, runs, meeting, negotiation));
  if (ids.length > mostRows)
    rows.push(`<li class="more">${escaped(message(language, 'screen.more', { count: ids.length - mostRows }))}</li>`);
  return {
    prose: `<span class="contested fold"><bdi>${escaped(base)}</bdi></span><span class="count">${count}</span>`,
    rows: `<section><h2>${title}</h2><ul>${rows.join('')}</ul></section>`,
  };
}

function row(id: MarkId, runs: readonly Run[], meeting: Meeting, negotiation: NegotiationState): string {
  // An amendment to an amendment is read together with the amendments that it amends.
  const together = new Set<MarkId>();
  for (let one: MarkId | null | undefined = id; one !== null && one !== undefined && !together.has(one); ) {
    together.add(one);
    const record = negotiation.marks.get(one);
    one = record?.kind === 'amendment' ? record.parent : null;
  }
  const own = runs.filter(({ marks }) => marks.insertion.every((one) => together.has(one)));
  const isStruck = ({ marks }: Run): boolean => marks.deletion.some((one) => together.has(one));
  // Words that are replaced stand in the title. Where words are only struck, the row shows which.
  const onlyStrikes = own.every((run) => isStruck(run) || run.marks.insertion.length === 0);
  const shown = own
    .filter((run) => onlyStrikes || !isStruck(run))
    .map((run) => {
      const words = `<bdi>${escaped(run.text)}</bdi>`;
      if (isStruck(run)) return `<del>${words}</del>`;
      return run.marks.insertion.length === 0 ? words : `<ins>${words}</ins>`;
    })
    .join('');
  const record = negotiation.marks.get(id);
  return `<li class="${colourOf(record?.party, meeting)}">${codes(id, meeting, negotiation)} <span class="reading">${shown}</span></li>`;
}
