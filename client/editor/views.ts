import type { Mark, Node } from 'prosemirror-model';
import type { Decoration, MarkView, NodeView } from 'prosemirror-view';
import { MarkId } from '../../shared/ids.ts';
import type { Facts, PartyFace } from './facts.ts';

/** What stands in the gutter of a clause. A string of it says whether it must be drawn anew. */
export interface Gutter {
  readonly label: string;
  readonly level: number;
  readonly kind: string;
  readonly sponsors: readonly PartyFace[];
  readonly status: 'open' | 'agreed' | 'ad-referendum' | 'proposed';
  readonly statusWords: string;
  readonly floorWords: string;
}

export function tag(face: PartyFace): HTMLElement {
  const element = document.createElement('abbr');
  element.className = `party-tag ${face.colour}`;
  element.textContent = face.code;
  element.title = face.name;
  return element;
}

const symbols = { open: '', agreed: '✓', 'ad-referendum': '≈', proposed: '+' } as const;

/** A clause: its gutter, which nobody types in, and its words. */
export class ClauseView implements NodeView {
  readonly dom: HTMLElement;
  readonly contentDOM: HTMLElement;
  readonly #gutter: HTMLElement;
  #drawn = '';

  constructor(node: Node, decorations: readonly Decoration[]) {
    this.dom = document.createElement('div');
    this.#gutter = document.createElement('div');
    this.#gutter.className = 'clause-gutter';
    this.#gutter.contentEditable = 'false';
    this.contentDOM = document.createElement('p');
    this.contentDOM.className = 'clause-words';
    this.dom.append(this.#gutter, this.contentDOM);
    this.#draw(node, decorations);
  }

  update(node: Node, decorations: readonly Decoration[]): boolean {
    if (node.type.name !== 'clause' || `clause-${node.attrs.id}` !== this.dom.id) return false;
    this.#draw(node, decorations);
    return true;
  }

  ignoreMutation(mutation: { readonly target: globalThis.Node }): boolean {
    return !this.contentDOM.contains(mutation.target);
  }

  #draw(node: Node, decorations: readonly Decoration[]): void {
    const drawn: unknown = decorations.find((decoration) => typeof decoration.spec.gutter === 'object')?.spec.gutter;
    const gutter = drawn === undefined ? null : (drawn as Gutter);
    const key = JSON.stringify([node.attrs, gutter]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.dom.id = `clause-${node.attrs.id}`;
    this.dom.className = `clause clause-level-${node.attrs.level} clause-${node.attrs.kind}`;
    if (gutter === null) return;
    this.dom.classList.add(`clause-is-${gutter.status}`);
    this.dom.classList.toggle('clause-has-floor', gutter.floorWords !== '');
    const label = document.createElement('span');
    label.className = 'clause-label';
    label.textContent = gutter.label;
    const status = document.createElement('span');
    status.className = 'clause-status';
    if (gutter.status !== 'open') {
      const symbol = document.createElement('span');
      symbol.ariaHidden = 'true';
      symbol.textContent = symbols[gutter.status];
      status.append(symbol, ` ${gutter.statusWords}`);
    }
    const parties = document.createElement('span');
    parties.className = 'clause-parties';
    parties.append(...gutter.sponsors.map(tag));
    this.#gutter.replaceChildren(label, parties, status);
    if (gutter.floorWords !== '') {
      const floor = document.createElement('span');
      floor.className = 'clause-floor';
      floor.textContent = gutter.floorWords;
      this.#gutter.append(floor);
    }
  }
}

const element = { insertion: 'ins', deletion: 'del', bracket: 'span', comment: 'span', origin: 'span' } as const;

/** Owned words: underlined or struck, in the colour of their party and with its code. */
export function markView(name: keyof typeof element, facts: () => Facts): (mark: Mark) => MarkView {
  return (mark) => {
    const dom = document.createElement(element[name]);
    dom.className = `mark mark-${name}`;
    const id = MarkId.safeParse(mark.attrs.id);
    if (!id.success) return { dom };
    dom.dataset.mark = id.data;
    const { partyOf, face, words } = facts();
    const party = partyOf(id.data);
    if (party === null || name === 'origin' || name === 'comment') return { dom };
    const { code, colour, name: full } = face(party);
    dom.classList.add(colour);
    dom.dataset.code = code;
    const said = name === 'insertion' ? words.insertedBy : name === 'deletion' ? words.struckBy : words.bracketedBy;
    dom.dataset.said = `${said(full)}: `;
    return { dom };
  };
}
