import type { Mark, Node } from 'prosemirror-model';
import type { MarkView, NodeView } from 'prosemirror-view';
import { MarkId } from '../../shared/protocol/ids.ts';
import type { Facts, PartyFace } from './facts.ts';

/** The contents of a clause's gutter. */
export interface Gutter {
  readonly label: string;
  readonly sponsors: readonly PartyFace[];
  readonly status: 'open' | 'agreed' | 'ad-referendum' | 'proposed';
  readonly statusWords: string;
  readonly currentWords: string;
}

export function tag(face: PartyFace): HTMLElement {
  const element = document.createElement('abbr');
  element.className = `party-tag ${face.colour}`;
  element.textContent = face.code;
  element.title = face.name;
  return element;
}

const symbols = { open: '', agreed: '✓', 'ad-referendum': '≈', proposed: '+' } as const;

/** The clauses on screen, by id: gutters are drawn into them outside of ProseMirror's own updates. */
export type ClauseViews = Map<string, ClauseView>;

/** A clause: its gutter, which is not editable, and its words. */
export class ClauseView implements NodeView {
  readonly dom: HTMLElement;
  readonly contentDOM: HTMLElement;
  readonly #gutter: HTMLElement;
  readonly #id: string;
  readonly #views: ClauseViews;
  /** The classes that this view sets; decorations add and remove their own. */
  readonly #classes = { seat: '', status: '' };
  #drawn = '';

  constructor(node: Node, views: ClauseViews) {
    this.#id = String(node.attrs.id);
    this.#views = views;
    this.dom = document.createElement('div');
    this.dom.id = `clause-${this.#id}`;
    this.dom.className = 'clause';
    this.#gutter = document.createElement('div');
    this.#gutter.className = 'clause-gutter';
    this.#gutter.contentEditable = 'false';
    this.contentDOM = document.createElement('p');
    this.contentDOM.className = 'clause-words';
    this.dom.append(this.#gutter, this.contentDOM);
    this.#sit(node);
    views.set(this.#id, this);
  }

  update(node: Node): boolean {
    if (node.type.name !== 'clause' || node.attrs.id !== this.#id) return false;
    this.#sit(node);
    return true;
  }

  /**
   * Changes of the gutter and of its classes are not edits. A selection that begins beside the words is a selection all
   * the same.
   */
  ignoreMutation({ target, type }: { readonly target: globalThis.Node; readonly type: string }): boolean {
    return this.#gutter.contains(target) || (target === this.dom && type === 'attributes');
  }

  destroy(): void {
    if (this.#views.get(this.#id) === this) this.#views.delete(this.#id);
  }

  /** Draws the gutter, where its contents have changed. */
  show(gutter: Gutter): void {
    const key = JSON.stringify(gutter);
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.#wear('status', `clause-is-${gutter.status}${gutter.currentWords === '' ? '' : ' clause-is-current'}`);
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
    if (gutter.currentWords !== '') {
      const currentClause = document.createElement('span');
      currentClause.className = 'clause-current';
      currentClause.textContent = gutter.currentWords;
      this.#gutter.append(currentClause);
    }
  }

  #sit(node: Node): void {
    this.#wear('seat', `clause-level-${node.attrs.level} clause-${node.attrs.kind}`);
  }

  #wear(what: 'seat' | 'status', classes: string): void {
    const worn = this.#classes[what];
    if (worn === classes) return;
    this.#classes[what] = classes;
    if (worn !== '') this.dom.classList.remove(...worn.split(' '));
    this.dom.classList.add(...classes.split(' '));
  }
}

const element = { insertion: 'ins', deletion: 'del', bracket: 'span', comment: 'span', origin: 'span' } as const;

/** The marks on screen that have no number yet; each tries again and says whether it has one now. */
export type Unnumbered = Set<() => boolean>;

/** Owned words: underlined or struck, in the colour of their party and with its code, and with the number as title. */
export function markView(
  name: keyof typeof element,
  facts: () => Facts,
  unnumbered: Unnumbered,
): (mark: Mark) => MarkView {
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
    if (name === 'bracket') return { dom };
    const number = (): boolean => {
      const given = facts().numberOf(id.data);
      if (given === '') return false;
      dom.dataset.number = given;
      dom.title = `${given} ${full}`;
      dom.dataset.said = `${given}, ${said(full)}: `;
      return true;
    };
    if (!number()) unnumbered.add(number);
    return {
      dom,
      // The number is no edit.
      ignoreMutation: ({ type }) => type === 'attributes',
      destroy: () => unnumbered.delete(number),
    };
  };
}
