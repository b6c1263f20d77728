import type { Clause, Run, RunMarks } from './clause.ts';
import type { ClauseId, MarkId, PartyCode } from './ids.ts';
import { type AmendmentRecord, isLocked, type Ledger } from './ledger.ts';

/** What an amendment does to the text. */
export type AmendmentKind = 'add' | 'delete' | 'replace' | 'new clause' | 'delete clause';

/** An amendment as it stands in the text at this moment: derived, never stored. */
export interface StandingAmendment {
  readonly id: MarkId;
  readonly record: AmendmentRecord;
  readonly kind: AmendmentKind;
  /** The clauses that hold its words, in their order; the first is where its card stands. */
  readonly clauses: readonly ClauseId[];
  /** The words it would strike, and the words it would bring; "…" where they are apart. */
  readonly struck: string;
  readonly inserted: string;
}

const has = (marks: RunMarks, id: MarkId): boolean => marks.insertion.includes(id) || marks.deletion.includes(id);

/** The words of the runs that answer yes; an ellipsis stands for what lies between. */
function words(runs: readonly Run[], pick: (marks: RunMarks) => boolean): string {
  let text = '';
  let gap = false;
  for (const run of runs) {
    if (pick(run.marks)) {
      text += gap && text !== '' ? ` … ${run.text}` : run.text;
      gap = false;
    } else gap = true;
  }
  return text;
}

/** What one amendment strikes and brings in the text as it stands. */
export function wordsOf(text: readonly Clause[], id: MarkId): { readonly struck: string; readonly inserted: string } {
  const touched = text.filter((clause) => clause.insertion === id || clause.runs.some((run) => has(run.marks, id)));
  const join = (parts: readonly string[]): string => parts.filter((part) => part !== '').join(' … ');
  return {
    struck: join(touched.map((clause) => words(clause.runs, (marks) => marks.deletion.includes(id)))),
    inserted: join(touched.map((clause) => words(clause.runs, (marks) => marks.insertion.includes(id)))),
  };
}

/** The open amendments that have words in the text, in the order of the text. */
export function standingAmendments(text: readonly Clause[], ledger: Ledger): readonly StandingAmendment[] {
  const found = new Map<MarkId, ClauseId[]>();
  const note = (id: MarkId, clause: ClauseId): void => {
    const clauses = found.get(id);
    if (clauses === undefined) found.set(id, [clause]);
    else if (clauses.at(-1) !== clause) clauses.push(clause);
  };
  for (const clause of text) {
    if (clause.insertion !== null) note(clause.insertion, clause.id);
    for (const { marks } of clause.runs) for (const id of [...marks.insertion, ...marks.deletion]) note(id, clause.id);
  }
  const standing: StandingAmendment[] = [];
  for (const [id, clauses] of found) {
    const record = ledger.marks.get(id);
    if (record?.kind !== 'amendment' || record.state !== 'open') continue;
    const { struck, inserted } = wordsOf(text, id);
    standing.push({ id, record, clauses, struck, inserted, kind: kindOf(text, id, clauses, struck, inserted) });
  }
  return standing;
}

function kindOf(
  text: readonly Clause[],
  id: MarkId,
  clauses: readonly ClauseId[],
  struck: string,
  inserted: string,
): AmendmentKind {
  const touched = text.filter((clause) => clauses.includes(clause.id));
  if (touched.some((clause) => clause.insertion === id) && struck === '') return 'new clause';
  if (struck === '') return 'add';
  if (inserted !== '') return 'replace';
  const whole = touched.some(
    (clause) =>
      clause.insertion === null &&
      clause.runs.every((run) => run.marks.insertion.length > 0 || run.marks.deletion.includes(id)),
  );
  return whole ? 'delete clause' : 'delete';
}

/** The open brackets in a clause. */
export function standingBrackets(clause: Clause, ledger: Ledger): readonly MarkId[] {
  const ids = new Set<MarkId>();
  for (const { marks } of clause.runs)
    for (const id of marks.bracket) {
      const record = ledger.marks.get(id);
      if (record?.kind === 'bracket' && record.state === 'open') ids.add(id);
    }
  return [...ids];
}

/** While an amendment or a bracket of a clause is unresolved, the clause can't be marked agreed. */
export const isUnresolved = (clause: Clause, ledger: Ledger): boolean =>
  clause.insertion !== null ||
  clause.runs.some((run) => run.marks.insertion.length > 0 || run.marks.deletion.length > 0) ||
  standingBrackets(clause, ledger).length > 0;

/** How far a text has come, as a meeting tells it: "12 clauses: 7 agreed, 3 open, 2 with amendments". */
export interface Progress {
  readonly clauses: number;
  readonly agreed: number;
  readonly adReferendum: number;
  readonly open: number;
  /** Of the open ones: those with an amendment or a bracket. */
  readonly unresolved: number;
  readonly amendments: number;
}

export function progressOf(text: readonly Clause[], ledger: Ledger): Progress {
  // A proposed clause is an amendment yet, not a clause of the text.
  const inForce = text.filter((clause) => clause.insertion === null);
  const agreed = inForce.filter((clause) => ledger.clauses.get(clause.id)?.status.state === 'agreed').length;
  const locked = inForce.filter((clause) => isLocked(ledger, clause.id)).length;
  return {
    clauses: inForce.length,
    agreed,
    adReferendum: locked - agreed,
    open: inForce.length - locked,
    unresolved: inForce.filter((clause) => !isLocked(ledger, clause.id) && isUnresolved(clause, ledger)).length,
    amendments: standingAmendments(text, ledger).length,
  };
}

/** Who stands behind an amendment: its party, then those that accepted to sponsor it. */
export const sponsorsOf = (record: AmendmentRecord): readonly PartyCode[] => [
  record.party,
  ...record.sponsors.filter((sponsor) => sponsor.accepted).map((sponsor) => sponsor.party),
];
