import type { MeetingState } from '../../shared/meeting/meeting.ts';
import type { NegotiationState } from '../../shared/negotiation/state.ts';
import type { MarkId, PartyCode } from '../../shared/protocol/ids.ts';
import { sponsorsOf } from '../../shared/text/amendment.ts';
import type { Clause, Run } from '../../shared/text/clause.ts';
import { counted, type Language, message } from '../../shared/words/words.ts';
import { escaped, partiesOf } from './render.ts';

/**
 * A clause with its parties' amendments, for a reader who is far away. Words stay in ink; the line under or through
 * them has the colour of the party, whose code stands at the end of the mark. Where several amendments touch the same
 * words, those are drawn once, and each wording stands in a row below.
 */
export interface MarkedClause {
  readonly prose: string;
  /** The rows; empty where no words have several wordings. */
  readonly wordings: string;
  readonly amendments: number;
}

const colours = 24;

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
  for (const { contested, runs } of stretchesOf(clause)) {
    if (!contested) prose += runs.map((run) => bracketed(run, negotiation)).join('');
    else if (isFolded(runs, clause)) {
      const fold = folded(runs, meeting, negotiation, language);
      prose += fold.prose;
      wordings += fold.rows;
    } else prose += inline(runs, meeting, negotiation);
  }
  return { prose, wordings, amendments: amendmentsIn(clause.runs).length };
}

/** Words in force, in the brackets that a party put round them. */
function bracketed({ text, marks }: Run, negotiation: NegotiationState): string {
  const shown = `<bdi>${escaped(text)}</bdi>`;
  if (marks.bracket.length === 0) return shown;
  return `<b class="bracket">[</b>${shown}<span class="codes">${escaped(partiesOf(marks.bracket, negotiation).join(' '))}</span><b class="bracket">]</b>`;
}

/** Words with their marks; the codes of an amendment follow its last words in the stretch. */
function inline(runs: readonly Run[], meeting: Meeting, negotiation: NegotiationState): string {
  return runs
    .map((run, at) => {
      const { insertion, deletion } = run.marks;
      // The space after the words stands after their codes.
      const bare = run.text.trimEnd() === '' ? run.text : run.text.trimEnd();
      let shown = `<bdi>${escaped(bare)}</bdi>`;
      for (const [tag, ids] of [
        ['ins', insertion],
        ['del', deletion],
      ] as const)
        if (ids.length > 0)
          shown = `<${tag} class="${colourOf(partiesOf(ids, negotiation)[0], meeting)}">${shown}</${tag}>`;
      const ending = [...insertion, ...deletion].filter(
        (id) => !runs.slice(at + 1).some(({ marks }) => marks.insertion.includes(id) || marks.deletion.includes(id)),
      );
      return `<span class="contested">${shown}</span>${ending.map((id) => codes(id, meeting, negotiation)).join('')}${run.text.slice(bare.length)}`;
    })
    .join('');
}

/** The codes of an amendment's parties, its own party first. */
function codes(id: MarkId, meeting: Meeting, negotiation: NegotiationState): string {
  const record = negotiation.marks.get(id);
  if (record?.kind !== 'amendment' || record.state !== 'open') return '';
  return `<span class="codes ${colourOf(record.party, meeting)}">${escaped(sponsorsOf(record).join(' '))}</span>`;
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
  const rows = ids.map(({ id }) => row(id, runs, meeting, negotiation));
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
