import type { AmendedPlace } from '../negotiation/families/amendment/places.ts';
import { ConcordError } from '../protocol/errors.ts';
import type { MarkId } from '../protocol/ids.ts';
import { type Clause, noMarks, type Run, type RunMarks } from './clause.ts';
import { operated, type TextOperation, type WordOperation } from './operations.ts';

/** Letters that are kept of the text in force on each side of a piece. */
const context = 30;
/** The shorter contexts that are tried where the longer ones have changed. */
const contexts = [context, 12, 4];

const isInForce = (marks: RunMarks, clause: Pick<Clause, 'insertion'>): boolean =>
  clause.insertion === null && marks.insertion.length === 0;

const inForce = (clause: Clause): string =>
  clause.runs
    .filter(({ marks }) => isInForce(marks, clause))
    .map(({ text }) => text)
    .join('');

/**
 * The pieces of an amendment to the text in force, in the order of the text. None for an amendment to another amendment:
 * its place is inside words that come and go with that one. `parents`: what each open amendment amends.
 */
export function placesOf(
  text: readonly Clause[],
  id: MarkId,
  parents: ReadonlyMap<MarkId, MarkId | null>,
): readonly AmendedPlace[] {
  if ((parents.get(id) ?? null) !== null) return [];
  const places: AmendedPlace[] = [];
  let behind: Clause | null = null;
  for (const clause of text) {
    const whole = { kind: clause.kind, level: clause.level, behind: behind?.id ?? null };
    behind = clause;
    if (clause.insertion === id) {
      const inserted = clause.runs.map((run) => (isOf(run.marks.insertion, id) ? run.text : '')).join('');
      places.push({ clause: clause.id, at: 0, before: '', struck: '', inserted, after: '', whole });
      continue;
    }
    if (clause.insertion !== null) continue;
    const all = inForce(clause);
    const found: { at: number; struck: string; inserted: string }[] = [];
    let at = 0;
    let open: { at: number; struck: string; inserted: string } | null = null;
    for (const { text: words, marks } of clause.runs) {
      const isBase = marks.insertion.length === 0;
      if (marks.insertion.includes(id) || (isBase && marks.deletion.includes(id))) {
        if (open === null) {
          open = { at, struck: '', inserted: '' };
          found.push(open);
        }
        if (isBase) open.struck += words;
        else open.inserted += words;
      } else if (isBase) open = null;
      if (isBase) at += words.length;
    }
    for (const { at: from, struck, inserted } of found)
      places.push({
        clause: clause.id,
        at: from,
        before: wholeLetters(all.slice(Math.max(0, from - context), from)),
        struck,
        inserted,
        after: wholeLetters(all.slice(from + struck.length, from + struck.length + context)),
        ...(struck !== '' && struck === all ? { whole } : {}),
      });
  }
  return places;
}

/** A text without halves of letters at its ends. */
const wholeLetters = (text: string): string => text.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');

const isOf = (ids: readonly MarkId[], id: MarkId): boolean => ids.length === 0 || ids.includes(id);

/** The place of words in a text, nearest to where they stood; null where they are not there with their surroundings. */
function find(all: string, { before, after, at }: AmendedPlace, words: string): number | null {
  for (const size of contexts) {
    const left = before.slice(-size);
    const needle = left + words + after.slice(0, size);
    if (needle === '') return all === '' ? 0 : null;
    let nearest: number | null = null;
    for (let found = all.indexOf(needle); found >= 0; found = all.indexOf(needle, found + 1)) {
      const place = found + left.length;
      if (nearest === null || Math.abs(place - at) < Math.abs(nearest - at)) nearest = place;
    }
    if (nearest !== null) return nearest;
  }
  return null;
}

/** A letter of a clause, with its marks. */
interface Piece {
  readonly text: string;
  readonly marks: RunMarks;
}

/** The runs of a clause, cut so that a stretch of the text in force begins and ends with a run. */
function cutAt(clause: Clause, from: number, to: number): readonly Run[] {
  const cut: Piece[] = [];
  let at = 0;
  for (const { text, marks } of clause.runs) {
    if (!isInForce(marks, clause)) {
      cut.push({ text, marks });
      continue;
    }
    const ends = [from - at, to - at].filter((end) => end > 0 && end < text.length);
    let last = 0;
    for (const end of [...new Set([...ends, text.length])]) {
      cut.push({ text: text.slice(last, end), marks });
      last = end;
    }
    at += text.length;
  }
  return cut;
}

/**
 * The operations by which a closed amendment stands in the text again. Where it was adopted its words are taken out of force,
 * and the words that it struck come back under its strike; else its words come in again as proposed.
 *
 * Throws `cannot-restore` where its words, or their surroundings, are no longer there, and `clause-locked` in agreed clauses.
 */
export function reinstated(
  text: readonly Clause[],
  id: MarkId,
  places: readonly AmendedPlace[],
  wasAdopted: boolean,
  isLocked: (clause: Clause) => boolean,
): readonly TextOperation[] {
  if (places.length === 0) throw new ConcordError('cannot-restore', { mark: id });
  const operations: TextOperation[] = [];
  let now = text;
  for (const place of places) {
    const operation = restore(now, id, place, wasAdopted, isLocked);
    operations.push(operation);
    now = operated(now, [operation]);
  }
  return operations;
}

function restore(
  text: readonly Clause[],
  id: MarkId,
  place: AmendedPlace,
  wasAdopted: boolean,
  isLocked: (clause: Clause) => boolean,
): TextOperation {
  const gone = new ConcordError('cannot-restore', { mark: id, clause: place.clause });
  const clause = text.find((one) => one.id === place.clause);
  if (clause === undefined) {
    // A proposal that was not adopted, or a clause that was struck as a whole: it comes back where it stood.
    const { whole } = place;
    if (whole === undefined || (wasAdopted && place.struck === '')) throw gone;
    if (whole.behind !== null && !text.some((one) => one.id === whole.behind)) throw gone;
    const isProposal = place.struck === '';
    const marks = isProposal ? { ...noMarks, insertion: [id] } : { ...noMarks, deletion: [id] };
    const words = isProposal ? place.inserted : place.struck;
    return {
      op: 'insert',
      after: whole.behind,
      clause: {
        id: place.clause,
        kind: whole.kind,
        level: whole.level,
        insertion: isProposal ? id : null,
        runs: words === '' ? [] : [{ text: words, marks }],
      },
    };
  }
  if (isLocked(clause)) throw new ConcordError('clause-locked', { clause: clause.id });
  if (place.whole !== undefined && place.struck === '') return repropose(clause, id, gone);
  if (clause.insertion !== null) throw gone;
  const words = wasAdopted ? place.inserted : place.struck;
  const from = find(inForce(clause), place, words);
  if (from === null) throw gone;
  const to = from + words.length;
  const done: WordOperation[] = [];
  let at = 0;
  let isIn = false;
  const bringIn = (): void => {
    if (isIn) return;
    isIn = true;
    const brought = wasAdopted ? place.struck : place.inserted;
    const marks = wasAdopted ? { ...noMarks, deletion: [id] } : { ...noMarks, insertion: [id] };
    if (brought !== '') done.push({ insert: brought, marks });
  };
  for (const { text: piece, marks } of cutAt(clause, from, to)) {
    // Struck words stand before the words that replace them.
    if (isInForce(marks, clause) && at === (wasAdopted ? from : to)) bringIn();
    const isWithin = isInForce(marks, clause) && at >= from && at < to;
    if (!isWithin) done.push({ keep: piece.length, marks });
    else if (!wasAdopted)
      done.push({ keep: piece.length, marks: { ...marks, deletion: [...marks.deletion, id].sort() } });
    else if (!marks.origin.includes(id)) throw gone;
    else
      done.push({
        keep: piece.length,
        marks: { ...marks, insertion: [id], origin: marks.origin.filter((one) => one !== id) },
      });
    if (isInForce(marks, clause)) at += piece.length;
    if (isInForce(marks, clause) && at === (wasAdopted ? from : to)) bringIn();
  }
  bringIn();
  return { op: 'keep', clause: clause.id, insertion: null, words: done };
}

/** An adopted clause becomes a proposed one again, with the words that came with it. */
function repropose(clause: Clause, id: MarkId, gone: ConcordError): TextOperation {
  if (clause.insertion !== null) throw gone;
  // Words that others brought into it since would have no place.
  if (!clause.runs.every(({ marks }) => marks.insertion.length > 0 || marks.origin.includes(id))) throw gone;
  return {
    op: 'keep',
    clause: clause.id,
    insertion: id,
    words: clause.runs.map(({ text, marks }) => ({
      keep: text.length,
      marks:
        marks.insertion.length > 0
          ? marks
          : { ...marks, insertion: [id], origin: marks.origin.filter((one) => one !== id) },
    })),
  };
}
