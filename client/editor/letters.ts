import type { Node } from 'prosemirror-model';
import { type EditContext, idsOn, owns } from './editContext.ts';
import { ownerOf, type Target } from './marks.ts';

/** A half of a letter beyond the first plane counts as a letter: a pair is never taken apart. */
const word = /[\p{L}\p{M}\p{N}\p{Join_Control}_\ud800-\udfff]/u;
const space = /\s/u;
/** What stands before words without a space, and what stands after them. */
const opening = /[\p{Ps}\p{Pi}¿¡"'“‘«]/u;
const closing = /[\p{Pe}\p{Pf}.,;:!?…%"'”’»]/u;

/** Whether a place between two letters of a text is no place within a word. */
const isEdge = (before: string | undefined, after: string | undefined): boolean =>
  before === undefined || after === undefined || !word.test(before) || !word.test(after);

/**
 * How much of two texts is the same at the front and at the back, whole words only; together never more than either has.
 */
export function sameWords(one: string, other: string): { readonly front: number; readonly back: number } {
  const most = Math.min(one.length, other.length);
  const edges = (at: number, end: number): boolean =>
    isEdge(one[at - 1], one[at]) && isEdge(other[end - 1], other[end]);
  let front = 0;
  for (let at = 1; at <= most && one[at - 1] === other[at - 1]; at++) if (edges(at, at)) front = at;
  let back = 0;
  for (let at = 1; at <= most - front && one.at(-at) === other.at(-at); at++)
    if (edges(one.length - at, other.length - at)) back = at;
  return { front, back };
}

interface Letter {
  readonly text: string;
  readonly owner: Target;
}

/**
 * A stretch of whole words with one of the spaces beside it, so that none is left over: the one behind, or the one before
 * where the words end a clause or punctuation follows. A space of another owner stays, and so does each space where only a
 * part of a word is meant. What the hand has struck is looked through.
 */
export function withSpace(
  doc: Node,
  from: number,
  to: number,
  context: EditContext,
): { readonly from: number; readonly to: number } {
  const at = doc.resolve(from);
  if (from >= to || at.depth === 0 || !at.sameParent(doc.resolve(to))) return { from, to };
  const clause = at.parent;
  const start = at.start();
  const letters = clause.children.flatMap((node): (Letter | null)[] => {
    const struck = idsOn(node, 'deletion').some((id) => owns(context, id));
    const owner = ownerOf(context, node, clause);
    return Array.from({ length: node.nodeSize }, (_, index) =>
      struck ? null : { text: node.text?.[index] ?? '', owner },
    );
  });
  const find = (index: number, step: 1 | -1): number => {
    let found = index;
    while (letters[found] === null) found += step;
    return found;
  };
  const [first, last] = [find(from - start, 1), find(to - start - 1, -1)];
  const [one, other] = [letters[first], letters[last]];
  if (one == null || other == null || first > last || space.test(one.text) || space.test(other.text))
    return { from, to };
  const [left, right] = [find(from - start - 1, -1), find(to - start, 1)];
  const [before, after] = [letters[left] ?? undefined, letters[right] ?? undefined];
  if (!isEdge(before?.text, one.text) || !isEdge(other.text, after?.text)) return { from, to };
  const mayTakeBefore =
    before !== undefined &&
    space.test(before.text) &&
    before.owner === one.owner &&
    (after === undefined || space.test(after.text) || closing.test(after.text));
  const mayTakeAfter =
    after !== undefined &&
    space.test(after.text) &&
    after.owner === other.owner &&
    (before === undefined || space.test(before.text) || opening.test(before.text));
  // A space that keeps a line together belongs to what follows it.
  if (mayTakeAfter && !(mayTakeBefore && after.text !== ' ')) return { from, to: start + right + 1 };
  return mayTakeBefore ? { from: start + left, to } : { from, to };
}
