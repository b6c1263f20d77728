import { Plugin, type Transaction } from 'prosemirror-state';
import type { EditorView } from 'prosemirror-view';
import { deleteWords, type EditorCommand, joinForward, newLine } from './commands.ts';
import type { EditContext } from './editContext.ts';

/**
 * Replaces the browser's own changes of paragraphs by commands.
 *
 * On-screen keyboards, dictation and menus press no keys: the browser joins and splits paragraphs in the page, and the
 * editor would read that as words deleted and typed anew.
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

  /** The command to run instead of the browser's action; null where the browser may act. */
  function insteadOf(view: EditorView, event: InputEvent, now: EditContext): (() => void) | null {
    const { state } = view;
    const { selection } = state;
    const perform = (one: EditorCommand): (() => void) | null => {
      const tr = one(state, now);
      return tr === null ? null : () => command(tr);
    };
    const type = event.inputType;
    // The browser's target range may be older than the latest remote edit.
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
    // A browser may include the end of a clause in the range.
    const { $head } = selection;
    return perform(deleteWords(Math.max(from, $head.start()), Math.min(to, $head.end()), backwards));
  }
}
