import type { Node } from 'prosemirror-model';
import { type EditorState, Plugin, PluginKey } from 'prosemirror-state';
import { Decoration, DecorationSet } from 'prosemirror-view';
import type { MarkId } from '../../shared/protocol/ids.ts';
import { idsOn } from './editContext.ts';
import type { Facts, PartyFace } from './facts.ts';
import { tag } from './views.ts';

interface Drawn {
  readonly set: DecorationSet;
  /** Counts the redraws of decorations that come from the negotiation state. */
  readonly times: number;
}
const key = new PluginKey<Drawn>('facts');

/**
 * Set on a transaction to redraw the decorations that come from the negotiation state: status, sponsors, current
 * clause.
 */
export const redraw = 'redraw';

/** The number of redraws so far. */
export const drawings = (state: EditorState): number => key.getState(state)?.times ?? 0;

/** Decorates brackets and the mark under the pointer, at every change of text or negotiation state. */
export function decorations(facts: () => Facts): Plugin<Drawn> {
  return new Plugin<Drawn>({
    key,
    state: {
      init: (_config, state) => ({ set: draw(state.doc, facts()), times: 0 }),
      apply: (tr, drawn) => {
        const anew = tr.getMeta(redraw) === true;
        return tr.docChanged || anew ? { set: draw(tr.doc, facts()), times: drawn.times + (anew ? 1 : 0) } : drawn;
      },
    },
    props: { decorations: (state: EditorState) => key.getState(state)?.set },
  });
}

interface Stretch {
  readonly id: MarkId;
  readonly from: number;
  readonly to: number;
}
const stretches = new WeakMap<Node, readonly Stretch[]>();

/** The bracketed stretches of a clause, counted from its start; each node is computed once. */
function bracketsIn(clause: Node): readonly Stretch[] {
  const known = stretches.get(clause);
  if (known !== undefined) return known;
  const found: Stretch[] = [];
  clause.forEach((text, inside) => {
    for (const id of idsOn(text, 'bracket')) found.push({ id, from: 1 + inside, to: 1 + inside + text.nodeSize });
  });
  stretches.set(clause, found);
  return found;
}

function draw(doc: Node, facts: Facts): DecorationSet {
  const drawn: Decoration[] = [];
  const brackets = new Map<MarkId, { from: number; to: number }>();
  doc.forEach((clause, offset) => {
    for (const { id, from, to } of bracketsIn(clause)) {
      const known = brackets.get(id);
      brackets.set(id, { from: known?.from ?? offset + from, to: offset + to });
    }
    if (facts.active === null) return;
    if (clause.attrs.insertion === facts.active)
      drawn.push(Decoration.node(offset, offset + clause.nodeSize, { class: 'is-active' }));
    clause.forEach((text, inside) => {
      const from = offset + 1 + inside;
      if (text.marks.some((mark) => mark.attrs.id === facts.active))
        drawn.push(Decoration.inline(from, from + text.nodeSize, { class: 'is-active' }));
    });
  });
  for (const [id, { from, to }] of brackets) {
    const party = facts.partyOf(id);
    const face = party === null ? null : facts.face(party);
    drawn.push(
      Decoration.widget(from, () => sign('[', face), { side: 1, key: `[${id}${face?.code}`, marks: [] }),
      Decoration.widget(to, () => sign(']', face), { side: -1, key: `]${id}${face?.code}`, marks: [] }),
    );
  }
  return DecorationSet.create(doc, drawn);
}

function sign(text: '[' | ']', face: PartyFace | null): HTMLElement {
  const element = document.createElement('span');
  element.className = `bracket ${face?.colour ?? ''}`;
  element.append(text);
  if (face !== null && text === ']') element.append(tag(face));
  return element;
}
