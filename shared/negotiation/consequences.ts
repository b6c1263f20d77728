import { ConcordError } from '../protocol/errors.ts';
import type { ClauseId, MarkId } from '../protocol/ids.ts';
import { stands, wordsOf } from '../text/amendment.ts';
import { type Capacity, type Change, ownMarkOf, parentsOfNew, permit } from '../text/authority.ts';
import { type Clause, type ClauseChange, changedClauses, changedRuns, marksOf, type RunMarks } from '../text/clause.ts';
import { amendmentDigest } from '../text/digest.ts';
import { keepRuns, operated, type TextOperation } from '../text/operations.ts';
import { madeTo, openParents, ownerOf, parentsIn } from '../text/ownership.ts';
import { removeAmendments } from '../text/resolve.ts';
import type { StoredEvent } from './event.ts';
import { amendmentReparented, amendmentsClosed, markRegistered } from './families/amendment/events.ts';
import { NewNumbers } from './families/amendment/numbers.ts';
import type { AmendedPlace } from './families/amendment/places.ts';
import type { AmendmentState } from './families/amendment/state.ts';
import type { AmendedWords } from './families/amendment/words.ts';
import { clausesEntered } from './families/clause/events.ts';
import { sponsorsAskedAgain } from './families/sponsoring/events.ts';
import { LiveState, type NegotiationState } from './state.ts';

/** The events of the amendments in one entry: each amendment is closed at most once. */
export class AmendmentEvents {
  readonly #negotiation: NegotiationState;
  readonly #closed = new Map<Closed, Map<MarkId, ClosedWords>>();
  readonly #reparented = new Map<MarkId, MarkId | null>();
  readonly #askedAgain = new Map<MarkId, AmendedWords>();

  constructor(negotiation: NegotiationState) {
    this.#negotiation = negotiation;
  }

  /** Whether an amendment is open after the events so far. */
  isOpen(id: MarkId): boolean {
    const record = this.#negotiation.marks.get(id);
    const isClosed = [...this.#closed.values()].some((closed) => closed.has(id));
    return record?.kind === 'amendment' && record.state === 'open' && !isClosed;
  }
  close(id: MarkId, state: Closed, words: ClosedWords): void {
    if (this.#negotiation.marks.get(id)?.kind !== 'amendment') return;
    for (const closed of this.#closed.values()) closed.delete(id);
    const closed = this.#closed.get(state) ?? new Map<MarkId, ClosedWords>();
    const { struck, inserted, places } = words;
    const kept = places === undefined || places.length === 0 ? { struck, inserted } : { struck, inserted, places };
    this.#closed.set(state, closed.set(id, kept));
  }
  reparent(id: MarkId, parent: MarkId | null): void {
    if (this.#negotiation.marks.get(id)?.kind === 'amendment') this.#reparented.set(id, parent);
  }
  /**
   * Sponsors agree to words: those who had agreed to other words are asked again, with the words that they had agreed
   * to.
   */
  askAgain(id: MarkId, agreedTo: AmendedWords): void {
    const record = this.#negotiation.marks.get(id);
    if (record?.kind !== 'amendment' || !this.isOpen(id) || !record.sponsors.some(({ accepted }) => accepted)) return;
    this.#askedAgain.set(id, agreedTo);
  }
  list(reason?: string): readonly StoredEvent[] {
    const because = reason === undefined || reason === '' ? {} : { reason };
    return [
      ...[...this.#closed].flatMap(([state, closed]) =>
        closed.size === 0
          ? []
          : [
              amendmentsClosed.make({
                state,
                amendments: [...closed].map(([amendment, { places, ...words }]) => ({
                  amendment,
                  ...words,
                  ...(places === undefined ? {} : { places: [...places] }),
                })),
                ...because,
              }),
            ],
      ),
      ...[...this.#reparented].map(([amendment, parent]) => amendmentReparented.make({ amendment, parent })),
      ...[...this.#askedAgain].map(([amendment, agreedTo]) => sponsorsAskedAgain.make({ amendment, agreedTo })),
    ];
  }
}

type Closed = Exclude<AmendmentState, 'open'>;
/** The words of an amendment as it ends, and where they stood if it may be taken back. */
type ClosedWords = AmendedWords & { readonly places?: readonly AmendedPlace[] };

type Keep = Extract<TextOperation, { op: 'keep' }>;

/**
 * Removes the capacity's strikes from letters outside of their amendment's target: where two people edit one place, Yjs
 * stretches a strike over another person's new words, which nobody meant.
 */
export function strayStrikes(
  { before, after }: Change,
  capacity: Capacity,
  negotiation: NegotiationState,
): readonly Keep[] {
  if ('edits' in capacity) return [];
  const { changes } = changedClauses(before, after);
  const own = ownMarkOf(capacity, negotiation);
  let made: ReadonlyMap<MarkId, MarkId | null> | null = null;
  const isStray = (id: MarkId, marks: RunMarks, clause: Clause): boolean => {
    const record = negotiation.marks.get(id);
    if (!own(id) || (record?.kind === 'amendment' && record.parent === undefined)) return false;
    const owner = ownerOf(marks, clause, negotiation);
    // Nobody strikes words of their own: those are really deleted.
    if (owner !== null && own(owner)) return true;
    made ??= parentsOfNew(changes, negotiation);
    return owner !== parentsIn(negotiation, made)(id, clause);
  };
  return changes.flatMap(({ was, is }): Keep[] => {
    if (is === undefined) return [];
    const touched = changedRuns(was?.runs ?? [], is.runs).after;
    if (!touched.some(({ marks }) => marks.deletion.some((id) => isStray(id, marks, is)))) return [];
    const kept = is.runs.map(({ marks }) => ({
      ...marks,
      deletion: marks.deletion.filter((id) => !isStray(id, marks, is)),
    }));
    return [keepRuns(is, is.insertion, kept)];
  });
}

/** The consequences of a permitted edit. */
export interface Consequences {
  readonly events: readonly StoredEvent[];
  /** The operations on the text. */
  readonly operations: readonly TextOperation[];
  /** Amendments, of any party, that fall with one that the edit withdraws: their words are removed. */
  readonly fallen: ReadonlySet<MarkId>;
}

/**
 * The consequences of a permitted edit: new marks and clauses belong to the capacity's party; sponsors of a changed
 * amendment are asked again; deleting the last words of an amendment withdraws it from the amendments that others made
 * to it, which fall; and an amendment of which no struck words are left falls too.
 *
 * All of it is derived from the text before and the text that is left: derived again from those two, it is the same.
 *
 * Throws `not-your-words` for a clause that comes back in another's name, and `mark-misused` where a new amendment has
 * parts in different targets once others' words have fallen.
 */
export function consequencesOf(change: Change, capacity: Capacity, negotiation: NegotiationState): Consequences {
  const { before } = change;
  const amendments = new AmendmentEvents(negotiation);
  const { fallen, operations } = withdraw(change, capacity, negotiation, amendments);
  const after = operated(change.after, operations);
  const { changes: clauses } = changedClauses(before, after);
  loseStruck({ before, after }, clauses, capacity, negotiation, amendments);
  askAgain({ before, after }, clauses, capacity, negotiation, amendments);
  // The targets of new amendments are found in the text that is left.
  return { events: [...registrations(clauses, capacity, negotiation), ...amendments.list()], operations, fallen };
}

/**
 * Judges the outcome of an edit by which amendments of others fell: their words are removed before, since their removal
 * is no part of the author's own edit. Throws as `permit` does.
 */
export function permitLeft(
  { before, after }: Change,
  fallen: ReadonlySet<MarkId>,
  capacity: Capacity,
  negotiation: NegotiationState,
): void {
  if (fallen.size === 0) judgeLeft({ before, after }, capacity, negotiation);
  else {
    const judged = new LiveState(negotiation);
    for (const id of fallen) judged.marks.delete(id);
    judgeLeft(
      { before: operated(before, removeAmendments(before, fallen, negotiation).operations), after },
      capacity,
      judged,
    );
  }
}

function judgeLeft(change: Change, capacity: Capacity, negotiation: NegotiationState): void {
  permit(change, capacity, negotiation);
  const [stray] = strayStrikes(change, capacity, negotiation);
  if (stray !== undefined) throw new ConcordError('mark-misused', { clause: stray.clause });
}

/** The clauses and marks that an edit made. Throws `not-your-words` for a clause that comes back in another's name. */
function registrations(
  clauses: readonly ClauseChange[],
  capacity: Capacity,
  negotiation: NegotiationState,
): readonly StoredEvent[] {
  const party = 'proposesFor' in capacity ? capacity.proposesFor : null;
  const sponsors = party === null ? [] : [party];
  const entered: ClauseId[] = [];
  const made = new Map<MarkId, { readonly name: string; readonly clauses: ClauseId[] }>();
  for (const { was, is: clause } of clauses) {
    if (clause === undefined) continue;
    if (party !== null)
      for (const [name, id] of marksOf({
        insertion: clause.insertion,
        runs: changedRuns(was?.runs ?? [], clause.runs).after,
      })) {
        if (name === 'origin' || negotiation.marks.has(id)) continue;
        const known = made.get(id);
        if (known === undefined) made.set(id, { name, clauses: [clause.id] });
        else if (known.clauses.at(-1) !== clause.id) known.clauses.push(clause.id);
      }
    if (was !== undefined) continue;
    const known = negotiation.clauses.get(clause.id);
    if (known === undefined) entered.push(clause.id);
    // An id that comes back (the undo of a person's own deletion) must not bring another party's name with it. The
    // rapporteur, who sets the sponsors of clauses, brings it back with its sponsors.
    else if ((party !== null && known.sponsors.join() !== sponsors.join()) || known.status.state !== 'open')
      throw new ConcordError('not-your-words', { clause: clause.id });
  }
  const fresh = entered.length === 0 ? [] : [clausesEntered.make({ clauses: entered, sponsors })];
  if (party === null || made.size === 0) return fresh;
  const parents = parentsOfNew(clauses, negotiation);
  const numbers = new NewNumbers(negotiation.marks);
  const marks = [...made].map(([mark, { name, clauses: within }]) => {
    if (name === 'bracket' || name === 'comment')
      return markRegistered.make({ mark, kind: name, party, clauses: within });
    const parent = parents.get(mark) ?? null;
    const number = numbers.next(mark, parent);
    return markRegistered.make({ mark, kind: 'amendment', party, clauses: within, parent, number });
  });
  return [...fresh, ...marks];
}

const idsIn = ({ insertion, runs }: Pick<Clause, 'insertion' | 'runs'>): ReadonlySet<MarkId> => {
  const ids = new Set<MarkId>(insertion === null ? [] : [insertion]);
  for (const { marks } of runs) {
    for (const id of marks.insertion) ids.add(id);
    for (const id of marks.deletion) ids.add(id);
  }
  return ids;
};

/** Whether nothing is left of an amendment except, perhaps, its empty clause. */
const isEmptied = (text: readonly Clause[], id: MarkId): boolean => {
  const { struck, inserted } = wordsOf(text, id);
  return struck === '' && inserted === '';
};

/** The open amendments of which an edit deleted the last words. */
function emptiedBy(
  { before, after }: Change,
  clauses: readonly ClauseChange[],
  negotiation: NegotiationState,
): ReadonlySet<MarkId> {
  const emptied = new Set<MarkId>();
  for (const { was, is } of clauses) {
    if (was === undefined) continue;
    const left = is === undefined ? new Set<MarkId>() : idsIn({ insertion: null, runs: is.runs });
    for (const id of idsIn(was))
      if (
        !left.has(id) &&
        negotiation.marks.get(id)?.state === 'open' &&
        isEmptied(after, id) &&
        !isEmptied(before, id)
      )
        emptied.add(id);
  }
  return emptied;
}

/** Closes amendments of which the edit deleted the last words, if others made amendments to them, and closes those. */
function withdraw(
  { before, after }: Change,
  capacity: Capacity,
  negotiation: NegotiationState,
  amendments: AmendmentEvents,
): { readonly fallen: ReadonlySet<MarkId>; readonly operations: readonly TextOperation[] } {
  const own = ownMarkOf(capacity, negotiation);
  const { changes } = changedClauses(before, after);
  const emptied = new Set<MarkId>();
  for (const id of emptiedBy({ before, after }, changes, negotiation))
    if (own(id) && !holdsNewWords(after, id, negotiation)) emptied.add(id);
  if (emptied.size === 0) return { fallen: emptied, operations: [] };
  const parents = openParents(before, negotiation);
  /** The outermost emptied one, of an amendment and its ancestors. */
  const outermost = (id: MarkId): MarkId | null => {
    let found: MarkId | null = null;
    for (let next: MarkId | null = id; next !== null; next = parents.get(next) ?? null)
      if (emptied.has(next)) found = next;
    return found;
  };
  // Without amendments of others to it, a deleted amendment may come back by an undo.
  const withdrawn = new Set<MarkId>();
  for (const id of madeTo(emptied, before, negotiation)) {
    const top = !own(id) && stands(before, id) ? outermost(id) : null;
    if (top !== null) withdrawn.add(top);
  }
  const fallen = madeTo(withdrawn, before, negotiation);
  const { operations } = removeAmendments(after, new Set([...withdrawn, ...fallen]), negotiation);
  for (const id of withdrawn) amendments.close(id, 'withdrawn', wordsOf(before, id));
  // With all their words, also those that they struck in the removed ones.
  for (const id of fallen) amendments.close(id, 'fallen', wordsOf(before, id));
  return { fallen, operations };
}

/** Whether words of a new amendment stand in a clause that this one proposes. */
const holdsNewWords = (text: readonly Clause[], id: MarkId, { marks: known }: NegotiationState): boolean =>
  text.some(
    ({ insertion, runs }) =>
      insertion === id && runs.some(({ marks }) => marks.insertion.some((one) => !known.has(one))),
  );

/**
 * Closes amendments of others that only struck words, all of which the edit deleted, unless amendments of others depend
 * on them.
 */
function loseStruck(
  change: Change,
  clauses: readonly ClauseChange[],
  capacity: Capacity,
  negotiation: NegotiationState,
  amendments: AmendmentEvents,
): void {
  const own = ownMarkOf(capacity, negotiation);
  for (const id of emptiedBy(change, clauses, negotiation)) {
    if (own(id) || !amendments.isOpen(id)) continue;
    if (change.after.some(({ insertion }) => insertion === id)) continue;
    const hangsOn = [...madeTo(new Set([id]), change.after, negotiation)].some((one) => stands(change.after, one));
    if (!hangsOn) amendments.close(id, 'fallen', wordsOf(change.before, id));
  }
}

function askAgain(
  { before, after }: Change,
  clauses: readonly ClauseChange[],
  capacity: Capacity,
  negotiation: NegotiationState,
  amendments: AmendmentEvents,
): void {
  const own = ownMarkOf(capacity, negotiation);
  const seen = new Set<MarkId>();
  for (const { was, is } of clauses)
    for (const clause of [was, is])
      for (const id of clause === undefined ? [] : idsIn(clause)) {
        const record = negotiation.marks.get(id);
        if (seen.has(id) || record?.kind !== 'amendment' || !record.sponsors.some(({ accepted }) => accepted)) continue;
        seen.add(id);
        // Its own party may also move its words; others can only delete the words that it strikes.
        const changed = own(id)
          ? amendmentDigest(before, id, negotiation) !== amendmentDigest(after, id, negotiation)
          : !sameWords(wordsOf(before, id), wordsOf(after, id));
        if (changed) amendments.askAgain(id, wordsOf(before, id));
      }
}

export const sameWords = (one: AmendedWords, other: AmendedWords): boolean =>
  one.struck === other.struck && one.inserted === other.inserted;
