import type { Node } from 'prosemirror-model';
import { type EditContext, idsOn, owns } from './editContext.ts';
import { ownerOf, type Target } from './marks.ts';

/** Half of a surrogate pair counts as a letter, so that a pair is never split. */
const word = /[\p{L}\p{M}\p{N}\p{Join_Control}_\ud800-\udfff]/u;
const space = /\s/u;
/** Signs that stand before words without a space, and signs that stand after them. */
const opening = /[\p{Ps}\p{Pi}¿¡"'“‘«]/u;
const closing = /[\p{Pe}\p{Pf}.,;:!?…%"'”’»]/u;

/** Whether a place between two letters of a text lies outside of a word. */
const isEdge = (before: string | undefined, after: string | undefined): boolean =>
  before === undefined || after === undefined || !word.test(before) || !word.test(after);

/**
 * The length of the common start and the common end of two texts, in whole words; together never more than either text.
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
 * A stretch of whole words with one adjacent space, so that none is left over: the space after it, or the one before it
 * where the words end a clause or punctuation follows. A space of another owner stays, and all spaces stay where only a
 * part of a word is struck. Words that the capacity has struck are ignored.
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
  // A no-break space belongs to the word after it.
  if (mayTakeAfter && !(mayTakeBefore && after.text !== ' ')) return { from, to: start + right + 1 };
  return mayTakeBefore ? { from: start + left, to } : { from, to };
}
