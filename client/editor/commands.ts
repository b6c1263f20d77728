import { type Command, type EditorState, TextSelection, type Transaction } from 'prosemirror-state';
import { MarkId } from '../../shared/protocol/ids.ts';
import { deepestLevel, schema } from '../../shared/text/schema.ts';
import { type EditContext, isOwnClause, owns } from './editContext.ts';
import { withSpace } from './letters.ts';
import { proposeAfter, replace, stayApart } from './suggest.ts';

/** A command gives a transaction that is a proposal already, or null where there is nothing to do. */
export type EditorCommand = (state: EditorState, context: EditContext) => Transaction | null;

const withCaret = (tr: Transaction, caret: number): Transaction =>
  tr.setSelection(TextSelection.near(tr.doc.resolve(Math.min(caret, tr.doc.content.size)), -1)).scrollIntoView();

/** Enter: a new clause after this one; in the middle of words, with those behind the caret. */
export const newLine: EditorCommand = (state, context) => {
  if (context.capacity === null) return null;
  const { from, to } = state.selection;
  const { tr } = state;
  return withCaret(tr, replace(tr, from, to, ['', ''], context));
};

/** A clause after the one with the caret, wherever in it the caret stands. */
export const clauseAfter: EditorCommand = (state, context) => {
  if (context.capacity === null) return null;
  const { $head } = state.selection;
  return proposeAfter(state.tr, state.doc.childCount === 0 ? -1 : $head.index(0), context).scrollIntoView();
};

/**
 * Backspace at the start of a clause, or Delete at its end: joins clauses that the writer's capacity owns. Elsewhere
 * the caret stays, so that a key held down doesn't continue into a neighbouring clause.
 */
export const joinBackward: EditorCommand = (state, context) => {
  const { empty, $head } = state.selection;
  if (!empty || $head.depth === 0 || $head.parentOffset > 0 || $head.index(0) === 0) return null;
  return joinAt(state, $head.before() - 1, $head.pos, true, context);
};
export const joinForward: EditorCommand = (state, context) => {
  const { empty, $head } = state.selection;
  if (!empty || $head.depth === 0 || $head.pos < $head.end() || $head.index(0) === state.doc.childCount - 1)
    return null;
  return joinAt(state, $head.pos, $head.after() + 1, false, context);
};
function joinAt(state: EditorState, from: number, to: number, backwards: boolean, context: EditContext): Transaction {
  const { tr } = state;
  if (context.capacity === null) return withCaret(tr, backwards ? from : to);
  const caret = replace(tr, from, to, [''], context, backwards);
  return tr.docChanged ? withCaret(tr, caret) : tr.setMeta(stayApart, true);
}

/** Strikes words from the caret on, as keys for whole words do, with the space that would be left over. */
export const deleteWords =
  (from: number, to: number, backwards: boolean): EditorCommand =>
  (state, context) => {
    if (context.capacity === null || from >= to) return null;
    const { tr } = state;
    const words = withSpace(tr.doc, from, to, context);
    return withCaret(tr, replace(tr, words.from, words.to, [''], context, backwards));
  };

/** Puts brackets round the selected words, in the name of the writer's capacity. */
export const bracket: EditorCommand = (state, context) => {
  const { from, to, empty } = state.selection;
  if (empty || context.capacity === null || !('proposesFor' in context.capacity)) return null;
  return state.tr.addMark(from, to, schema.mark('bracket', { id: context.newMark() }));
};

/** Removes a bracket of the writer's own that is not registered yet or still open; the chair lifts others. */
export const unbracket: EditorCommand = (state, context) => {
  const { from, to, $head } = state.selection;
  const marks = state.selection.empty ? [...$head.marks()] : [];
  state.doc.nodesBetween(from, to, (node) => {
    marks.push(...node.marks);
  });
  const own = marks.filter((mark) => {
    const id = MarkId.safeParse(mark.attrs.id);
    return mark.type.name === 'bracket' && id.success && owns(context, id.data);
  });
  if (own.length === 0) return null;
  const { tr } = state;
  for (const mark of own) tr.removeMark(0, state.doc.content.size, mark);
  return tr;
};

/**
 * Changes a clause's level: of a proposed clause of the writer's own capacity, or of the base text by the rapporteur.
 */
export const shiftLevel =
  (by: 1 | -1): EditorCommand =>
  (state, context) => {
    const { $head } = state.selection;
    if ($head.depth === 0 || !isOwnClause(context, $head.parent)) return null;
    const level = Number($head.parent.attrs.level) + by;
    if (level < 0 || level > deepestLevel || $head.parent.attrs.kind !== 'operative') return null;
    return state.tr.setNodeAttribute($head.before(), 'level', level);
  };

/** Binds a command to a key; where there is nothing to do, the key keeps its usual meaning, unless it is `final`. */
export const onKey =
  (command: EditorCommand, context: () => EditContext, perform: (tr: Transaction) => void, final = false): Command =>
  (state, dispatch) => {
    const tr = command(state, context());
    if (tr === null) return final;
    if (dispatch !== undefined) perform(tr);
    return true;
  };
