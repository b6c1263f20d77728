import { type EditorState, Plugin, TextSelection, type Transaction } from 'prosemirror-state';
import { ySyncPluginKey } from 'y-prosemirror';
import * as Y from 'yjs';

/** A relative position: it stays after the letter that stands before it now, whatever others insert. */
type Place = Y.RelativePosition;

/**
 * Keeps the caret after the writer's own last letter while others write at the same place.
 *
 * y-prosemirror ties the caret to the letter after it, or at the end of a clause to the end: with two delegations
 * typing there at once, each caret would move behind the other's letters and the words would be mixed.
 */
export function steadyCaret(doc: Y.Doc, fragment: Y.XmlFragment): Plugin {
  let before: { readonly anchor: Place; readonly head: Place } | null = null;
  return new Plugin({
    view(view) {
      const remember = (): void => {
        const { selection } = view.state;
        const anchor = placeAt(fragment, view.state, selection.anchor);
        const head = placeAt(fragment, view.state, selection.head);
        before = selection instanceof TextSelection && anchor !== null && head !== null ? { anchor, head } : null;
      };
      const forget = (): void => {
        before = null;
      };
      doc.on('beforeAllTransactions', remember);
      doc.on('afterAllTransactions', forget);
      return {
        destroy() {
          doc.off('beforeAllTransactions', remember);
          doc.off('afterAllTransactions', forget);
        },
      };
    },
    appendTransaction(transactions, _old, state) {
      const change = transactions.map((tr): unknown => tr.getMeta(ySyncPluginKey)).find((meta) => meta !== undefined);
      if (before === null || !isRemote(change)) return null;
      const anchor = positionOf(doc, fragment, before.anchor);
      const head = positionOf(doc, fragment, before.head);
      if (anchor === null || head === null) return null;
      return moved(state, anchor, head);
    },
  });
}

const isRemote = (change: unknown): boolean =>
  typeof change === 'object' &&
  change !== null &&
  'isChangeOrigin' in change &&
  change.isChangeOrigin === true &&
  !('isUndoRedoOperation' in change && change.isUndoRedoOperation === true);

function moved(state: EditorState, anchor: number, head: number): Transaction | null {
  const size = state.doc.content.size;
  if (anchor > size || head > size) return null;
  const selection = TextSelection.between(state.doc.resolve(anchor), state.doc.resolve(head));
  return selection.eq(state.selection) ? null : state.tr.setSelection(selection).setMeta('addToHistory', false);
}

/** The place of a position in the editor's document, which is the shared document as it was before. */
function placeAt(fragment: Y.XmlFragment, state: EditorState, position: number): Place | null {
  const at = state.doc.resolve(position);
  if (at.depth === 0 || at.index(0) >= fragment.length) return null;
  const clause = fragment.get(at.index(0));
  if (!(clause instanceof Y.XmlElement)) return null;
  let rest = at.parentOffset;
  for (const text of clause.toArray()) {
    if (!(text instanceof Y.XmlText)) return null;
    if (rest <= text.length) return Y.createRelativePositionFromTypeIndex(text, rest, -1);
    rest -= text.length;
  }
  return rest === 0 ? Y.createRelativePositionFromTypeIndex(clause, 0, -1) : null;
}

function positionOf(doc: Y.Doc, fragment: Y.XmlFragment, place: Place): number | null {
  const found = Y.createAbsolutePositionFromRelativePosition(place, doc);
  if (found === null) return null;
  let position = 0;
  for (const clause of fragment.toArray()) {
    if (!(clause instanceof Y.XmlElement)) return null;
    let inside = position + 1;
    if (found.type === clause) return inside;
    for (const text of clause.toArray()) {
      if (!(text instanceof Y.XmlText)) return null;
      if (found.type === text) return inside + found.index;
      inside += text.length;
    }
    position = inside + 1;
  }
  return null;
}
