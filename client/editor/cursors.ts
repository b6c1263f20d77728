import { type EditorState, Plugin } from 'prosemirror-state';
import { type DecorationAttrs, DecorationSet } from 'prosemirror-view';
import { relativePositionToAbsolutePosition, yCursorPlugin, ySyncPluginKey } from 'y-prosemirror';
import type { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { z } from 'zod';
import { Presence } from '../../shared/protocol/contract.ts';
import { Cursor } from '../../shared/protocol/cursor.ts';
import type { PartyCode } from '../../shared/protocol/ids.ts';
import type { PartyFace } from './facts.ts';

/** The server names the owner of a cursor; y-prosemirror passes on the `user` part. */
const User = z.object({ user: Presence.shape.user });

const faceOf = (
  user: unknown,
  face: (party: PartyCode) => PartyFace,
): { colour: string; label: string; name: string } => {
  const parsed = User.safeParse({ user });
  if (!parsed.success) return { colour: '', label: '', name: '' };
  const { name, party } = parsed.data.user;
  if (party === null) return { colour: 'party-none', label: name, name };
  const { colour, code } = face(party);
  return { colour, label: code, name };
};

/** A caret with the party's code: classes only, since the page's policy forbids inline styles. */
export const cursorBuilder =
  (face: (party: PartyCode) => PartyFace) =>
  (user: unknown): HTMLElement => {
    const { colour, label, name } = faceOf(user, face);
    const caret = document.createElement('span');
    caret.className = `cursor ${colour}`;
    caret.ariaHidden = 'true';
    const flag = document.createElement('span');
    flag.className = 'cursor-flag';
    flag.textContent = label;
    flag.title = name;
    // Word joiners prevent a line break at the caret.
    caret.append('\u2060', flag, '\u2060');
    return caret;
  };

export const selectionBuilder =
  (face: (party: PartyCode) => PartyFace) =>
  (user: unknown): DecorationAttrs => ({ class: `cursor-selection ${faceOf(user, face).colour}` });

/**
 * All remote cursors, by y-prosemirror. The plugin throws where a cursor can't be placed, in the middle of applying a
 * remote edit; this wrapper leaves such a cursor out, so that everything else is still drawn.
 */
export function cursors(awareness: Awareness, face: (party: PartyCode) => PartyFace): Plugin<DecorationSet> {
  // A changed state is a new object.
  const judged = new WeakMap<object, boolean>();
  const canBePlaced = (state: object): boolean => {
    const known = judged.get(state);
    if (known !== undefined) return known;
    const judgement = !('cursor' in state) || state.cursor === null || Cursor.safeParse(state.cursor).success;
    judged.set(state, judgement);
    return judgement;
  };
  const plugin: Plugin<DecorationSet> = yCursorPlugin(awareness, {
    awarenessStateFilter: (own: number, other: number, state: object) => own !== other && canBePlaced(state),
    cursorBuilder: cursorBuilder(face),
    selectionBuilder: selectionBuilder(face),
  });
  const { state: field } = plugin.spec;
  if (field === undefined) return plugin;
  /**
   * Draws; where that fails, without the cursors that can't be placed; where it fails again, returns the given
   * decorations.
   */
  const orElse = (draw: () => DecorationSet, state: EditorState, last: () => DecorationSet): DecorationSet => {
    try {
      return draw();
    } catch {
      const { doc, type, binding } = ySyncPluginKey.getState(state);
      for (const said of awareness.getStates().values())
        if (!isPlaced(said, doc, type, binding.mapping)) judged.set(said, false);
    }
    try {
      return draw();
    } catch {
      return last();
    }
  };
  return new Plugin({
    ...plugin.spec,
    state: {
      ...field,
      init(config, state) {
        const draw = (): DecorationSet => field.init.call(this, config, state);
        return orElse(draw, state, () => DecorationSet.empty);
      },
      apply(tr, drawn, before, after) {
        const draw = (): DecorationSet => field.apply.call(this, tr, drawn, before, after);
        return orElse(draw, after, () => drawn.map(tr.mapping, tr.doc));
      },
    },
  });
}

/** Whether both ends of a cursor can be placed without an error; a cursor that is nowhere now is no error. */
function isPlaced(
  { cursor }: { readonly cursor?: unknown },
  doc: Y.Doc,
  text: Y.XmlFragment,
  mapping: Parameters<typeof relativePositionToAbsolutePosition>[3],
): boolean {
  const parsed = Cursor.nullish().safeParse(cursor);
  if (!parsed.success) return false;
  try {
    for (const end of [parsed.data?.anchor, parsed.data?.head])
      if (end !== undefined)
        relativePositionToAbsolutePosition(doc, text, Y.createRelativePositionFromJSON(end), mapping);
    return true;
  } catch {
    return false;
  }
}
