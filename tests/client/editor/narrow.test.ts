import { Fragment, type Node, Slice } from 'prosemirror-model';
import { EditorState, TextSelection, type Transaction } from 'prosemirror-state';
import { ReplaceStep } from 'prosemirror-transform';
import { describe, expect, it } from 'vitest';
import { ySyncPluginKey } from 'y-prosemirror';
import { narrowed } from '../../../client/editor/narrow.ts';
import { schema } from '../../../shared/text/schema.ts';

const clause = (id: string, words: string): Node =>
  schema.node('clause', { id }, words === '' ? [] : [schema.text(words)]);
const [one, two, three] = [clause('one', 'Urge'), clause('two', 'Invite'), clause('three', 'Encourage')];
const text = [one, two, three];

/** A remote change as y-prosemirror brings it: the whole text anew, with the nodes of unchanged clauses. */
function brought(state: EditorState, clauses: readonly Node[], undone = false): Transaction {
  return state.tr
    .setMeta('addToHistory', false)
    .replace(0, state.doc.content.size, new Slice(Fragment.from(clauses), 0, 0))
    .setMeta(ySyncPluginKey, { isChangeOrigin: true, isUndoRedoOperation: undone });
}
const stateOf = (clauses: readonly Node[], caret = 1): EditorState => {
  const doc = schema.node('doc', null, clauses);
  return EditorState.create({ doc, selection: TextSelection.create(doc, caret) });
};

describe('[SCR9] A change of others touches the clauses that it changes', () => {
  const added = clause('added', 'Note');
  it.each([
    ['words', [one, clause('two', 'Invite all'), three], 1],
    ['a clause at the start', [added, ...text], 1],
    ['a clause in the middle', [one, added, two, three], 1],
    ['a clause at the end', [...text, added], 1],
    ['a clause that goes', [one, three], 0],
    ['a clause that moves', [two, one, three], 2],
    ['all clauses that go', [], 0],
    ['nothing', text, 0],
  ] as const)('%s', (_what, after, count) => {
    const state = stateOf(text);
    const tr = narrowed(brought(state, after), state);
    expect(tr.doc.children).toEqual(after);
    expect(tr.steps.length).toBe(after === text ? 0 : 1);
    for (const step of tr.steps) expect(step instanceof ReplaceStep ? step.slice.content.childCount : null).toBe(count);
    expect(tr.getMeta(ySyncPluginKey)).toMatchObject({ isChangeOrigin: true });
    expect(tr.getMeta('addToHistory')).toBe(false);
  });

  it('the caret stays at its letter, and nobody’s page moves, except for the person who undoes', () => {
    const state = stateOf(text, 1 + one.nodeSize + 3);
    const after = [clause('one', 'Urge all'), two, three];
    const tr = narrowed(brought(state, after), state);
    expect(tr.selection.$head.parent).toBe(two);
    expect(tr.selection.$head.parentOffset).toBe(3);
    expect(tr.scrolledIntoView).toBe(false);
    expect(narrowed(brought(state, after, true), state).scrolledIntoView).toBe(true);
  });

  it('a place that is asked for is kept', () => {
    const state = stateOf(text);
    const wanted = brought(state, [clause('one', 'U'), two, three]);
    wanted.setSelection(TextSelection.create(wanted.doc, 5));
    expect(narrowed(wanted, state).selection.head).toBe(5);
  });

  it('a local edit is left as it is', () => {
    const state = stateOf(text);
    const own = state.tr.insertText('!', 2);
    expect(narrowed(own, state)).toBe(own);
  });
});
