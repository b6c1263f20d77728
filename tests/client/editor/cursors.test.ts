import { EditorState } from 'prosemirror-state';
import { expect, it } from 'vitest';
import { initProseMirrorDoc, yCursorPluginKey, ySyncPlugin } from 'y-prosemirror';
import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { cursors } from '../../../client/editor/cursors.ts';
import { clauseElement, textOf } from '../../../shared/text/document.ts';
import { schema } from '../../../shared/text/schema.ts';
import { op } from '../../helpers/texts.ts';

const doc = new Y.Doc();
const text = textOf(doc);
text.insert(0, [clauseElement(op('c1', 'Urge all states')), clauseElement(op('c2', 'Invite all states'))]);
const { client } = text.get(0)._item?.id ?? { client: 0 };
const { doc: shown, mapping } = initProseMirrorDoc(text, schema);

/** The cursors that are drawn when other clients report these, beside an honest one. */
function drawn(...said: readonly unknown[]): number {
  const awareness = new Awareness(doc);
  const words = (text.get(0) as Y.XmlElement).get(0);
  const honest = Y.createRelativePositionFromTypeIndex(words as Y.XmlText, 3);
  for (const [at, cursor] of [...said, { anchor: honest, head: honest }].entries())
    awareness.states.set(100 + at, { user: {}, cursor });
  const state = EditorState.create({
    doc: shown,
    plugins: [ySyncPlugin(text, { mapping }), cursors(awareness, () => ({ colour: '', code: '', name: '' }))],
  });
  const after = state.apply(state.tr.setMeta(yCursorPluginKey, { awarenessUpdated: true }));
  const found = yCursorPluginKey.getState(after).find();
  for (const { from, to } of found) expect([from, to].every(Number.isInteger)).toBe(true);
  awareness.destroy();
  return found.length;
}

const at = (item: unknown) => ({ anchor: { item }, head: { item } });
it.each([
  ['a negative clock', at({ client, clock: -1 })],
  ['a fractional clock', at({ client, clock: 7.5 })],
  ['a clock that no document has', at({ client, clock: 2 ** 60 })],
  ['a clock that is a word', at({ client, clock: 'first' })],
  ['a negative clock of a stranger', at({ client: 999, clock: -5 })],
  ['a type with a negative clock', { anchor: { type: { client, clock: -1 } }, head: { type: { client, clock: 0 } } }],
  ['no name at all', { anchor: {}, head: {} }],
  ['no ends', {}],
  ['a root that isn’t there', { anchor: { tname: 'elsewhere' }, head: { tname: 'elsewhere' } }],
  ['no object', 'here'],
])('[ROOM2] A cursor with %s hides nobody else’s, and no words', (_what, cursor) => {
  expect(drawn()).toBeGreaterThan(0);
  expect(drawn(cursor)).toBe(drawn());
  expect([...doc.share.keys()]).toEqual(['text']);
});

it('[ROOM2] A cursor that looks right and can’t be placed hides nobody else’s', () => {
  // As if the editor hadn't taken the last clause over: an end after it is nowhere.
  const clause = text.get(1);
  const known = mapping.get(clause);
  mapping.delete(clause);
  try {
    expect(drawn({ anchor: { tname: 'text' }, head: { tname: 'text' } })).toBe(drawn());
  } finally {
    if (known !== undefined) mapping.set(clause, known);
  }
  expect(drawn({ anchor: { tname: 'text' }, head: { tname: 'text' } })).toBeGreaterThan(drawn());
});
