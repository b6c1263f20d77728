import type { Node } from 'prosemirror-model';
import { type EditorState, Plugin, PluginKey } from 'prosemirror-state';
import { Decoration, DecorationSet } from 'prosemirror-view';
import type { MarkId } from '../../shared/ids.ts';
import { clauseOf } from './clauses.ts';
import type { Facts, PartyFace } from './facts.ts';
import { idsOn } from './pen.ts';
import type { Gutter } from './views.ts';
import { tag } from './views.ts';

const key = new PluginKey<DecorationSet>('facts');

/** Set on a transaction to draw anew what the record says: a status, a sponsor, the floor. */
export const redraw = 'redraw';

/** The gutter, brackets and what is pointed at: drawn from the record at every change of text or record. */
export function decorations(facts: () => Facts): Plugin<DecorationSet> {
  return new Plugin<DecorationSet>({
    key,
    state: {
      init: (_config, state) => draw(state.doc, facts()),
      apply: (tr, set) => (tr.docChanged || tr.getMeta(redraw) === true ? draw(tr.doc, facts()) : set),
    },
    props: { decorations: (state: EditorState) => key.getState(state) },
  });
}

const statusNames = { open: 'open', agreed: 'agreed', 'agreed ad referendum': 'ad-referendum' } as const;

function draw(doc: Node, facts: Facts): DecorationSet {
  const drawn: Decoration[] = [];
  const clauses = doc.children.map(clauseOf);
  const labels = facts.labels(clauses);
  const brackets = new Map<MarkId, { from: number; to: number }>();
  doc.forEach((node, offset, index) => {
    const clause = clauses[index];
    if (clause === undefined) return;
    const status = facts.statusOf(clause.id);
    const proposed = clause.insertion !== null;
    const sponsors = clause.insertion === null ? facts.sponsorsOf(clause.id) : facts.supportersOf(clause.insertion);
    const gutter: Gutter = {
      label: labels[index] ?? '',
      level: clause.level,
      kind: clause.kind,
      sponsors: sponsors.map((party): PartyFace => facts.face(party)),
      status: proposed ? 'proposed' : statusNames[status.state],
      statusWords: proposed ? facts.words.proposed : facts.words.status(status),
      floorWords: facts.floor === clause.id ? facts.words.floor : '',
    };
    drawn.push(Decoration.node(offset, offset + node.nodeSize, {}, { gutter, key: JSON.stringify(gutter) }));
    if (clause.insertion !== null && clause.insertion === facts.active)
      drawn.push(Decoration.node(offset, offset + node.nodeSize, { class: 'is-active' }));
    node.forEach((text, inside) => {
      const from = offset + 1 + inside;
      const to = from + text.nodeSize;
      for (const id of idsOn(text, 'bracket')) {
        const known = brackets.get(id);
        brackets.set(id, { from: known?.from ?? from, to });
      }
      if (facts.active !== null && text.marks.some((mark) => mark.attrs.id === facts.active))
        drawn.push(Decoration.inline(from, to, { class: 'is-active' }));
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
