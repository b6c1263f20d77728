import { Fragment, Slice } from 'prosemirror-model';
import type { EditorState, Transaction } from 'prosemirror-state';
import { ReplaceStep } from 'prosemirror-transform';
import { ySyncPluginKey } from 'y-prosemirror';
import { z } from 'zod';

const Undone = z.object({ isUndoRedoOperation: z.literal(true) });

/**
 * Reduces a change of the shared document, as y-prosemirror brings it, to the clauses that differ.
 *
 * y-prosemirror replaces the whole text at each remote letter. Decorations and the caret, mapped through that, would
 * lose their places and be looked up again, ten times a second in a text of two hundred clauses.
 */
export function narrowed(tr: Transaction, state: EditorState): Transaction {
  const [step, ...more] = tr.steps;
  const meta: unknown = tr.getMeta(ySyncPluginKey);
  if (meta === undefined || !(step instanceof ReplaceStep) || more.length > 0) return tr;
  const before = state.doc.children;
  const after = tr.doc.children;
  if (step.from !== 0 || step.to !== state.doc.content.size) return tr;

  const least = Math.min(before.length, after.length);
  let front = 0;
  let from = 0;
  for (; front < least && before[front] === after[front]; front++) from += before[front]?.nodeSize ?? 0;
  let back = 0;
  let to = state.doc.content.size;
  for (; back < least - front && before.at(-1 - back) === after.at(-1 - back); back++)
    to -= before.at(-1 - back)?.nodeSize ?? 0;

  const narrow = state.tr.setMeta('addToHistory', tr.getMeta('addToHistory')).setMeta(ySyncPluginKey, meta);
  const fresh = after.slice(front, after.length - back);
  if (fresh.length > 0 || to > from) narrow.replace(from, to, new Slice(Fragment.from(fresh), 0, 0));
  if (tr.selectionSet) narrow.setSelection(tr.selection.getBookmark().resolve(narrow.doc));
  // An undo scrolls to its outcome; remote edits never scroll the page.
  if (Undone.safeParse(meta).success) narrow.scrollIntoView();
  return narrow;
}
