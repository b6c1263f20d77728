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

/** What one clause holds of an amendment. */
interface Share {
  struck: string;
  inserted: string;
  /** The amendment proposes the whole clause. */
  readonly proposes: boolean;
  /** It strikes every word in force of a clause of the text. */
  strikesAll: boolean;
}

const shares = new WeakMap<Clause, ReadonlyMap<MarkId, Share>>();

/**
 * The amendments that have a share in a clause, in the order of its words. Made once for each value: while people write,
 * only the clause that they write in is gone through again.
 */
function sharesOf(clause: Clause): ReadonlyMap<MarkId, Share> {
  const known = shares.get(clause);
  if (known !== undefined) return known;
  const found = new Map<MarkId, Share>();
  const shareOf = (id: MarkId): Share => {
    const share = found.get(id) ?? { struck: '', inserted: '', proposes: clause.insertion === id, strikesAll: false };
    found.set(id, share);
    return share;
  };
  if (clause.insertion !== null) shareOf(clause.insertion);
  for (const { marks } of clause.runs) for (const id of [...marks.insertion, ...marks.deletion]) shareOf(id);
  for (const [id, share] of found) {
    share.struck = words(clause.runs, (marks) => marks.deletion.includes(id));
    share.inserted = words(clause.runs, (marks) => marks.insertion.includes(id));
    share.strikesAll =
      clause.insertion === null &&
      clause.runs.every(({ marks }) => marks.insertion.length > 0 || marks.deletion.includes(id));
  }
  shares.set(clause, found);
  return found;
}

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

/** Whether an amendment has words in the text, or proposes a clause of it. */
export const stands = (text: readonly Clause[], id: MarkId): boolean => text.some((clause) => sharesOf(clause).has(id));

/** What one amendment strikes and brings in the text as it stands. */
export const wordsOf = (text: readonly Clause[], id: MarkId): { readonly struck: string; readonly inserted: string } =>
  joinShares(
    text.flatMap((clause) => {
      const share = sharesOf(clause).get(id);
      return share === undefined ? [] : [share];
    }),
  );

function joinShares(parts: readonly Share[]): { readonly struck: string; readonly inserted: string } {
  const join = (pieces: readonly string[]): string => pieces.filter((piece) => piece !== '').join(' … ');
  return { struck: join(parts.map(({ struck }) => struck)), inserted: join(parts.map(({ inserted }) => inserted)) };
}

/** The open amendments that have words in the text, in the order of the text. */
export function standingAmendments(text: readonly Clause[], ledger: Ledger): readonly StandingAmendment[] {
  const found = new Map<MarkId, { readonly clauses: ClauseId[]; readonly parts: Share[] }>();
  for (const clause of text)
    for (const [id, share] of sharesOf(clause)) {
      const known = found.get(id) ?? { clauses: [], parts: [] };
      known.clauses.push(clause.id);
      known.parts.push(share);
      found.set(id, known);
    }
  const standing: StandingAmendment[] = [];
  for (const [id, { clauses, parts }] of found) {
    const record = ledger.marks.get(id);
    if (record?.kind !== 'amendment' || record.state !== 'open') continue;
    const { struck, inserted } = joinShares(parts);
    standing.push({ id, record, clauses, struck, inserted, kind: kindOf(parts, struck, inserted) });
  }
  return standing;
}

function kindOf(parts: readonly Share[], struck: string, inserted: string): AmendmentKind {
  if (struck === '') return parts.some(({ proposes }) => proposes) ? 'new clause' : 'add';
  if (inserted !== '') return 'replace';
  return parts.some(({ strikesAll }) => strikesAll) ? 'delete clause' : 'delete';
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
