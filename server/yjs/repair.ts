import * as Y from 'yjs';
import type { MarkId } from '../../shared/protocol/ids.ts';
import { type Capacity, ownMarkOf } from '../../shared/text/authority.ts';
import type { Clause, RunMarks } from '../../shared/text/clause.ts';
import { deltaOf, markKey, readMark, textOf } from '../../shared/text/document.ts';
import { type MarkName, markNames } from '../../shared/text/schema.ts';
import type { Replica } from './replica.ts';

/** The effect of an update: all structs since `known` are new, the letters in `gone` were deleted with it. */
export interface Traces {
  /** The clocks of the update's clients before it; of other clients it brought nothing. */
  readonly known: ReadonlyMap<number, number>;
  readonly gone: Letters;
}

/** Letters by the id of their struct: client, and ranges of clocks, in order. */
export type Letters = ReadonlyMap<number, readonly { readonly from: number; readonly to: number }[]>;

/** Does some work on a document, and returns the letters that it deleted. */
export function wordsDeletedBy(doc: Y.Doc, work: () => void): Letters {
  const gone = new Map<number, { from: number; to: number }[]>();
  // After the transaction, and before Yjs drops the contents of deleted structs.
  const note = (transaction: Y.Transaction): void =>
    Y.iterateDeletedStructs(transaction, transaction.deleteSet, (struct) => {
      if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentString)) return;
      const { client, clock } = struct.id;
      const ranges = gone.get(client) ?? [];
      ranges.push({ from: clock, to: clock + struct.length });
      gone.set(client, ranges);
    });
  doc.on('afterTransaction', note);
  try {
    work();
  } finally {
    doc.off('afterTransaction', note);
  }
  return gone;
}

/**
 * Puts marks back that an honest edit moved unintentionally.
 *
 * In Yjs a mark is a beginning and an end between letters. Where two people edit one place at the same time, or one of
 * them undoes, letters fall into a stretch that another party strikes at that moment, or Yjs tidies away the end of a
 * mark while another's words arrive there. No person did that, so no edit is refused for it: new words bear their
 * writer's marks alone, and existing words keep exactly the marks of others that they bore.
 *
 * Words themselves are never put back. False where there was nothing to do, or where letters can't be identified. The
 * caller judges the outcome.
 */
export function restoreMarks(head: Replica, before: readonly Clause[], traces: Traces, capacity: Capacity): boolean {
  const own = ownMarkOf(capacity, head.negotiation);
  const had = new Map(before.map((clause) => [clause.id, clause]));
  const fragment = textOf(head.doc);
  const work = head.text().flatMap((clause, at) => {
    const element = fragment.get(at);
    if (had.get(clause.id) === clause || !(element instanceof Y.XmlElement)) return [];
    return changesIn(element, had.get(clause.id), traces, own);
  });
  head.write(() => {
    for (const { text, at, length, marks } of work) text.format(at, length, marks);
  });
  return work.length > 0;
}

interface MarkChange {
  readonly text: Y.XmlText;
  readonly at: number;
  readonly length: number;
  readonly marks: Marks;
}

type Marks = Readonly<Record<string, { readonly id: MarkId } | null>>;
type Stored = Readonly<Record<string, unknown>>;

function changesIn(
  element: Y.XmlElement,
  old: Clause | undefined,
  traces: Traces,
  own: (id: MarkId) => boolean,
): readonly MarkChange[] {
  const were = old?.runs.flatMap(({ text, marks }) => Array.from({ length: text.length }, () => marks)) ?? [];
  const changes: MarkChange[] = [];
  let next = 0;
  for (const text of element.toArray()) {
    if (!(text instanceof Y.XmlText)) return [];
    const letters = lettersOf(text, traces);
    const stored = deltaOf(text).flatMap(({ insert, attributes }) =>
      Array.from({ length: insert.length }, () => attributes ?? noneStored),
    );
    let at = 0;
    // Letters of one stretch need the same change: it is computed once.
    let same: { readonly stored: Stored; readonly was: RunMarks | null; readonly marks: Marks | null } | null = null;
    for (const letter of letters) {
      const was = letter === 'new' ? null : (were[next++] ?? noMarksKnown);
      if (letter === 'gone') continue;
      if (was === noMarksKnown) return [];
      const now = stored[at] ?? noneStored;
      if (same === null || same.stored !== now || same.was !== was)
        same = { stored: now, was, marks: difference(now, was, own) };
      const { marks } = same;
      const last = changes.at(-1);
      if (marks !== null) {
        // Neighbours that need the same are one change.
        if (last?.text === text && last.at + last.length === at && isSame(last.marks, marks))
          changes[changes.length - 1] = { ...last, length: last.length + 1 };
        else changes.push({ text, at, length: 1, marks });
      }
      at += 1;
    }
  }
  // The former letters must be exactly the present and the deleted ones; otherwise letters can't be identified.
  return next === were.length ? changes : [];
}

const noneStored: Stored = {};
const noMarksKnown = Symbol('a letter that was not there');

/** The letters of a text in their order, those that the update deleted too. */
function lettersOf(text: Y.XmlText, { known, gone }: Traces): readonly ('old' | 'new' | 'gone')[] {
  const letters: ('old' | 'new' | 'gone')[] = [];
  for (let item = text._start; item !== null; item = item.right) {
    const { client, clock } = item.id;
    const since = known.get(client) ?? Number.POSITIVE_INFINITY;
    const ranges = item.deleted ? gone.get(client) : undefined;
    if (item.deleted ? ranges === undefined : !item.countable) continue;
    for (let at = clock; at < clock + item.length; at++) {
      if (!item.deleted) letters.push(at < since ? 'old' : 'new');
      else if (at < since && ranges !== undefined && holds(ranges, at)) letters.push('gone');
    }
  }
  return letters;
}

/** Whether a clock is in one of the ranges, which are in order: there may be as many as there are letters. */
function holds(ranges: readonly { readonly from: number; readonly to: number }[], clock: number): boolean {
  let [first, end] = [0, ranges.length];
  while (first < end) {
    const middle = (first + end) >> 1;
    const range = ranges[middle];
    if (range === undefined || clock < range.from) end = middle;
    else if (clock >= range.to) first = middle + 1;
    else return true;
  }
  return false;
}

/** The change of a letter's marks; null where there is none. `was`: null for a new letter. */
function difference(stored: Stored, was: RunMarks | null, own: (id: MarkId) => boolean): Marks | null {
  const changes: Record<string, { readonly id: MarkId } | null> = {};
  const present = new Set<string>();
  for (const [key, value] of Object.entries(stored)) {
    const { name, id } = readMark(key, value);
    present.add(`${name} ${id}`);
    if (was === null ? !own(id) : !was[name].includes(id) && isFixed(name, id, own)) changes[key] = null;
  }
  if (was !== null)
    for (const name of markNames)
      for (const id of was[name])
        if (isFixed(name, id, own) && !present.has(`${name} ${id}`)) changes[markKey(name, id)] = { id };
  return Object.keys(changes).length === 0 ? null : changes;
}

/** On an existing letter, others' marks stay, and its owner never changes. */
const isFixed = (name: MarkName, id: MarkId, own: (id: MarkId) => boolean): boolean =>
  name === 'insertion' || name === 'origin' || !own(id);

const isSame = (one: Marks, other: Marks): boolean => {
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length && keys.every((key) => key in other && one[key]?.id === other[key]?.id)
  );
};
