import type { Node } from 'prosemirror-model';

/** A stretch of a text, and the lines that replace it. */
export interface Change {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

/**
 * The actual change in a step that was read back from the page.
 *
 * A browser that deletes a letter may rewrite the words after it with other spaces; one that joins or splits paragraphs
 * rewrites whole clauses. The parts that are the same before and after are left out, at both ends.
 */
export function changedPart(doc: Node, whole: Change): Change {
  const { from, lines } = whole;
  // A stretch that ends between two clauses ends at the end of the first.
  const to = whole.to > from && doc.resolve(whole.to).depth === 0 ? whole.to - 1 : whole.to;
  if (doc.resolve(from).depth === 0 || doc.resolve(to).depth === 0) return whole;
  const was = doc.textBetween(from, to, '\n');
  const is = lines.join('\n');
  const most = Math.min(was.length, is.length);
  let back = 0;
  while (back < most && isAlike(was.at(-1 - back), is.at(-1 - back))) back += 1;
  let front = 0;
  while (front < most - back && isAlike(was[front], is[front])) front += 1;
  return {
    from: from + sizeOf(was.slice(0, front)),
    to: to - sizeOf(was.slice(was.length - back)),
    lines: is.slice(front, is.length - back).split('\n'),
  };
}

const space = /[ \u00a0]/;
const isAlike = (one = '', other = ''): boolean => one === other || (space.test(one) && space.test(other));

/** The number of positions that words take: between two lines a clause ends and another begins. */
const sizeOf = (words: string): number => words.length + (words.split('\n').length - 1);
