import type { Principal } from '../../shared/meeting/principal.ts';
import { openStatus, type Status } from '../../shared/negotiation/families/status/state.ts';
import { LiveState, type MarkRecord } from '../../shared/negotiation/state.ts';
import { ClauseId, MarkId, ParticipantId, PartyCode } from '../../shared/protocol/ids.ts';
import { parentsOfNew } from '../../shared/text/authority.ts';
import { type Clause, joinRuns, noMarks, type Run, type RunMarks } from '../../shared/text/clause.ts';
import type { ClauseKind } from '../../shared/text/schema.ts';

/** Texts in tests look like texts: `text(op('c1', 'Urge ', ins('arg1', 'all '), 'states'))`. */
type Part = string | Run;

export const mark = (id: string): MarkId => MarkId.parse(id.padEnd(8, '0'));
export const clauseId = (id: string): ClauseId => ClauseId.parse(id.padEnd(8, '0'));
export const party = (code: string): PartyCode => PartyCode.parse(code);

const wrap =
  (name: keyof RunMarks) =>
  (id: string, ...parts: readonly Part[]): Run => {
    const [first] = parts;
    const inner: Run = typeof first === 'object' ? first : { text: first ?? '', marks: noMarks };
    return { text: inner.text, marks: { ...inner.marks, [name]: [...inner.marks[name], mark(id)].sort() } };
  };
export const ins = wrap('insertion');
export const del = wrap('deletion');
export const brk = wrap('bracket');
export const from = wrap('origin');

const clause = (
  kind: ClauseKind,
  level: number,
  id: string,
  insertion: string | null,
  parts: readonly Part[],
): Clause => ({
  id: clauseId(id),
  kind,
  level,
  insertion: insertion === null ? null : mark(insertion),
  runs: joinRuns(parts.map((part) => (typeof part === 'string' ? { text: part, marks: noMarks } : part))),
});

export const op = (id: string, ...parts: readonly Part[]): Clause => clause('operative', 0, id, null, parts);
export const sub = (id: string, ...parts: readonly Part[]): Clause => clause('operative', 1, id, null, parts);
export const chapeau = (id: string, ...parts: readonly Part[]): Clause => clause('chapeau', 0, id, null, parts);
export const recital = (id: string, ...parts: readonly Part[]): Clause => clause('preambular', 0, id, null, parts);
/** A clause that an amendment proposes. */
export const proposed = (id: string, amendment: string, ...parts: readonly Part[]): Clause =>
  clause('operative', 0, id, amendment, parts);

/** Words as a string, with marks as `+ARG:all +` and `-USA:shall-`: to read the outcome of a disposal. */
export const show = (clauses: readonly Clause[]): string[] =>
  clauses.map((one) =>
    one.runs
      .map(({ text, marks }) => {
        let shown = text;
        for (const id of marks.insertion) shown = `{+${id.replace(/0+$/, '')} ${shown}}`;
        for (const id of marks.deletion) shown = `{-${id.replace(/0+$/, '')} ${shown}}`;
        for (const id of marks.bracket) shown = `[${id.replace(/0+$/, '')} ${shown}]`;
        return shown;
      })
      .join(''),
  );

export const participant = (id: string): ParticipantId => ParticipantId.parse(id.padEnd(8, '0'));

export const delegate = (code: string): Principal => ({
  participant: participant(code.toLowerCase()),
  name: `Delegate of ${code}`,
  party: party(code),
  role: 'delegate',
});
export const chair: Principal = { participant: participant('chair'), name: 'Chair', party: null, role: 'chair' };
export const rapporteur: Principal = {
  participant: participant('rapporteur'),
  name: 'Rapporteur',
  party: null,
  role: 'rapporteur',
};

const amendment = (
  code: string,
  state: 'open' | 'withdrawn' | 'adopted' = 'open',
  parent: MarkId | null = null,
): MarkRecord => ({
  kind: 'amendment',
  party: party(code),
  typedBy: `Delegate of ${code}`,
  participant: participant(code.toLowerCase()),
  at: 1,
  clause: clauseId('c1'),
  state,
  sponsors: [],
  reason: '',
  parent,
});

/** The target of each mark, as the server would record it if the text came in one edit. */
function parentsOf(clauses: readonly Clause[]): ReadonlyMap<MarkId, MarkId | null> {
  try {
    return parentsOfNew(
      clauses.map((is) => ({ was: undefined, is })),
      new LiveState(),
    );
  } catch {
    // A text that no edit could have made: then everything is made to the text in force.
    return new Map();
  }
}

/**
 * A negotiation state in which each mark belongs to the party with which its id starts (`arg1` is Argentina's), and
 * marks inside another's pending words were made to those.
 */
export function negotiationOf(
  clauses: readonly Clause[],
  {
    statuses = {},
    closed = [],
    brackets = [],
    parents: made = {},
  }: {
    statuses?: Record<string, Status>;
    closed?: string[];
    brackets?: string[];
    /** Where the present text doesn't show a mark's target. */
    parents?: Record<string, string | null>;
  } = {},
): LiveState {
  const negotiation = new LiveState();
  const parents = new Map([
    ...parentsOf(clauses),
    ...Object.entries(made).map(([id, parent]) => [mark(id), parent === null ? null : mark(parent)] as const),
  ]);
  const note = (id: MarkId): void => {
    const code = id.slice(0, 3).toUpperCase();
    const isClosed = closed.some((one) => mark(one) === id);
    const owned = amendment(code, isClosed ? 'withdrawn' : 'open', parents.get(id) ?? null);
    negotiation.marks.set(
      id,
      brackets.some((one) => mark(one) === id) ? ({ ...owned, kind: 'bracket', state: 'open' } as MarkRecord) : owned,
    );
  };
  for (const one of clauses) {
    negotiation.clauses.set(one.id, { sponsors: [], status: openStatus });
    if (one.insertion !== null) note(one.insertion);
    for (const { marks } of one.runs)
      for (const ids of [marks.insertion, marks.deletion, marks.bracket]) for (const id of ids) note(id);
  }
  for (const id of closed) note(mark(id));
  for (const [id, status] of Object.entries(statuses)) negotiation.clauses.set(clauseId(id), { sponsors: [], status });
  return negotiation;
}
