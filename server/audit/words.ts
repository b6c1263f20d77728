import { diffSplitBy } from 'lib0/diff/patience';
import type { MarkId } from '../../shared/protocol/ids.ts';
import type { Clause } from '../../shared/text/clause.ts';

/** Characters of one piece of words in a history; longer ones are cut. */
export const longestWords = 600;
/** Characters of context beside a difference, so that readers can find it in the text. */
const beside = 60;
/** Longer pieces are not compared: finding their common part takes more than proportional time. */
const longestToSearch = 4000;
const apart = ' … ';

/** A part of a text that begins and ends with whole characters. */
function piece(text: string, from: number, to: number): string {
  const isLow = (at: number): boolean => (text.charCodeAt(at) & 0xfc00) === 0xdc00;
  return text.slice(isLow(from) ? from + 1 : from, isLow(to) ? to - 1 : to);
}

/** Words cut to a length; an ellipsis in the middle stands for the rest. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const half = Math.floor((most - apart.length) / 2);
  return half <= 0 ? '…' : piece(text, 0, half) + apart + piece(text, text.length - half, text.length);
}

/** The lengths of the common start and end of two texts. */
function common(one: string, other: string): { readonly front: number; readonly back: number } {
  const least = Math.min(one.length, other.length);
  let front = 0;
  while (front < least && one.charCodeAt(front) === other.charCodeAt(front)) front += 1;
  let back = 0;
  while (back < least - front && one.charCodeAt(one.length - 1 - back) === other.charCodeAt(other.length - 1 - back))
    back += 1;
  return { front, back };
}

/** Two versions of words, long ones cut to the part that differs. */
export function cutPair(before: string, after: string, most: number): readonly [before: string, after: string] {
  if (before.length <= most && after.length <= most) return [before, after];
  const { front, back } = common(before, after);
  const [from, behind] = [Math.max(0, front - beside), Math.max(0, back - beside)];
  const difference = (text: string): string => {
    const left = piece(text, from, text.length - behind);
    return cut(`${from > 0 ? '… ' : ''}${left}${behind > 0 ? ' …' : ''}`, most);
  };
  return [difference(before), difference(after)];
}

/** The words that a text lost, and those that it gained; an ellipsis stands for the words between them. */
export function changedWords(before: string, after: string): { readonly struck: string; readonly brought: string } {
  let { front, back } = common(before, after);
  // Whole words: a letter alone says nothing.
  while (front > 0 && /\S/.test(before.charAt(front - 1))) front -= 1;
  while (back > 0 && /\S/.test(before.charAt(before.length - back))) back -= 1;
  const [was, is] = [before.slice(front, before.length - back), after.slice(front, after.length - back)];
  if (was.length > longestToSearch || is.length > longestToSearch) return { struck: was.trim(), brought: is.trim() };
  let [struck, brought, end] = ['', '', 0];
  for (const { index, remove, insert } of diffSplitBy(was, is, /\s+/g)) {
    const between = was.slice(end, index);
    const gap = between.trim() === '' ? between : apart;
    if (remove !== '') struck += struck === '' ? remove : gap + remove;
    if (insert !== '') brought += brought === '' ? insert : gap + insert;
    end = index + remove.length;
  }
  return { struck: struck.trim(), brought: brought.trim() };
}

export type Marked = 'insertion' | 'deletion' | 'bracket' | 'comment';
const families: readonly Marked[] = ['insertion', 'deletion', 'bracket', 'comment'];

/** The words of a clause that bear each of some marks, by family; an ellipsis stands for the words between them. */
export function markedWords(
  clause: Clause | null,
  ids: ReadonlySet<MarkId>,
): Readonly<Record<Marked, ReadonlyMap<MarkId, string>>> {
  const found = {
    insertion: new Map<MarkId, string>(),
    deletion: new Map<MarkId, string>(),
    bracket: new Map<MarkId, string>(),
    comment: new Map<MarkId, string>(),
  };
  const last = new Map<string, number>();
  if (clause === null || ids.size === 0) return found;
  for (const [at, { text, marks }] of clause.runs.entries())
    for (const family of families)
      for (const id of marks[family]) {
        if (!ids.has(id)) continue;
        const before = found[family].get(id);
        const isNext = last.get(family + id) === at - 1;
        found[family].set(id, before === undefined ? text : before + (isNext ? '' : apart) + text);
        last.set(family + id, at);
      }
  return found;
}
