import { Plugin, type Transaction } from 'prosemirror-state';
import type { EditorView } from 'prosemirror-view';
import { deleteWords, type EditorCommand, joinForward, newLine } from './commands.ts';
import type { EditContext } from './editContext.ts';

/**
 * What a browser is about to do to paragraphs by itself, done as what it is instead.
 *
 * Keyboards on glass, speech and menus press no keys: the browser joins and splits paragraphs of the page, and what the
 * editor reads there looks like words that were deleted and typed anew.
 */
export function inputs(
  context: () => EditContext,
  command: (tr: Transaction) => void,
  travel: (step: 'undo' | 'redo') => void,
  backspace: EditorCommand,
): Plugin {
  return new Plugin({
    props: {
      handleDOMEvents: {
        beforeinput(view, event) {
          if (!event.cancelable || view.composing) return false;
          const instead = insteadOf(view, event, context());
          if (instead === null) return false;
          event.preventDefault();
          instead();
          return true;
        },
      },
    },
  });

  /** What to do in the browser's place; null for what it may do. */
  function insteadOf(view: EditorView, event: InputEvent, now: EditContext): (() => void) | null {
    const { state } = view;
    const { selection } = state;
    const perform = (one: EditorCommand): (() => void) | null => {
      const tr = one(state, now);
      return tr === null ? null : () => command(tr);
    };
    const type = event.inputType;
    // The browser knows nothing of what others did meanwhile.
    if (type === 'historyUndo' || type === 'historyRedo') return () => travel(type === 'historyUndo' ? 'undo' : 'redo');
    if (type === 'insertParagraph' || type === 'insertLineBreak') return perform(newLine) ?? (() => undefined);
    const crosses = !selection.empty && !selection.$from.sameParent(selection.$to);
    if (crosses && type === 'insertText' && event.data !== null) {
      const { data } = event;
      return () => view.dispatch(state.tr.insertText(data));
    }
    if (!/^delete.*(Backward|Forward)$/.test(type)) return null;
    if (!selection.empty) return crosses ? () => view.dispatch(state.tr.deleteSelection().scrollIntoView()) : null;
    const backwards = type.endsWith('Backward');
    const joined = perform(backwards ? backspace : joinForward);
    if (joined !== null || !type.startsWith('deleteWord')) return joined;
    const [range] = event.getTargetRanges();
    if (range === undefined) return null;
    const [from, to] = [
      view.posAtDOM(range.startContainer, range.startOffset),
      view.posAtDOM(range.endContainer, range.endOffset),
    ];
    // A browser may count the end of a clause in.
    const { $head } = selection;
    return perform(deleteWords(Math.max(from, $head.start()), Math.min(to, $head.end()), backwards));
  }
}
