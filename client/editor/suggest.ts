import { Fragment, type Mark, type Node, Slice } from 'prosemirror-model';
import { type EditorState, TextSelection, type Transaction } from 'prosemirror-state';
import { Mapping, ReplaceStep } from 'prosemirror-transform';
import type { MarkId } from '../../shared/ids.ts';
import { schema } from '../../shared/schema.ts';
import { bearsOthers, idsOn, isOwnClause, isOwnText, owns, type Pen, proposalOf } from './pen.ts';

/**
 * What a person does to the text, turned into what the person may do to it: the one way from the keyboard, a paste, a
 * drop or an IME into the document.
 *
 * 1. Words that are typed are an insertion in the hand's name, wherever they stand.
 * 2. Words that are deleted are struck, in the hand's name; only the hand's own pending words really go.
 * 3. What stands next to the hand's own amendment belongs to it; so a word typed over another is one replacement.
 * 4. A new line is a new clause, proposed. In the middle of words, those after it are struck and proposed again there.
 * 5. A clause is joined to the one before only where it is the hand's own.
 * 6. The rapporteur's hand on the base text really edits it, but neither words nor clauses that a party proposes.
 *
 * Anything else that a transaction does (formats, attributes) is left out.
 */
export function suggest(tr: Transaction, state: EditorState, pen: Pen): Transaction {
  const out = state.tr;
  if (pen.hand === null) return out.setSelection(tr.selection.map(state.doc, tr.mapping.invert()));
  let caret: number | null = null;
  tr.steps.forEach((step, index) => {
    if (!(step instanceof ReplaceStep)) return;
    // Where the step stood in the text before all of them, and stands in what has come of them.
    const back = new Mapping(tr.mapping.maps.slice(0, index)).invert();
    const place = (position: number, side: number): number => out.mapping.map(back.map(position, side), side);
    const from = place(step.from, -1);
    const to = Math.max(from, place(step.to, 1));
    const backwards = state.selection.empty && state.selection.head === step.to && step.to > step.from;
    caret = replace(out, from, to, step.slice, pen, backwards);
  });
  if (caret !== null) out.setSelection(TextSelection.near(out.doc.resolve(Math.min(caret, out.doc.content.size)), -1));
  else if (tr.selectionSet)
    out.setSelection(TextSelection.near(out.doc.resolve(Math.min(tr.selection.head, out.doc.content.size))));
  if (tr.scrolledIntoView) out.scrollIntoView();
  return out;
}

/** Strikes (or deletes) what stands between two places, and brings words in after it. Returns where the caret goes. */
export function replace(
  tr: Transaction,
  from: number,
  to: number,
  slice: Slice | readonly string[],
  pen: Pen,
  backwards = false,
): number {
  const lines = slice instanceof Slice ? linesOf(slice) : slice;
  const bringing = lines.length > 1 || lines[0] !== '';
  const start = tr.doc.resolve(from);
  if (start.depth === 0) return bringing ? insertClauses(tr, from, lines, pen) : removeClauses(tr, from, to, pen);

  const given = slice instanceof Slice ? givenWith(slice, pen) : null;
  const edge = tr.mapping.maps.length;
  // A stretch that ends between two clauses ends at the end of the first.
  const end = to > from && tr.doc.resolve(to).depth === 0 ? to - 1 : to;
  const id = strike(tr, from, end, pen, given);
  const struck = tr.mapping.slice(edge);
  const joined = join(tr, struck.map(from, -1), struck.map(end, 1), pen);
  const mapped = tr.mapping.slice(edge);
  if (!bringing) return backwards ? mapped.map(from, -1) : mapped.map(end, joined ? -1 : 1);
  const place = mapped.map(Math.min(end, start.end()), -1);
  // Where an empty clause went, its words go into the next.
  return insert(tr, tr.doc.resolve(place).depth === 0 ? place + 1 : place, lines, pen, id ?? given);
}

/** Each paragraph of a slice as its words, nothing else: what is pasted brings no marks and no ids along. */
function linesOf(slice: Slice): readonly string[] {
  const lines: string[] = [];
  let inline = false;
  slice.content.forEach((node) => {
    if (!node.isText) lines.push(node.textContent);
    else if (inline) lines[lines.length - 1] += node.text ?? '';
    else lines.push(node.text ?? '');
    inline = node.isText;
  });
  return lines.length === 0 ? [''] : lines;
}

/** An IME writes with the mark that the caret was given, and must go on with it: its text node stays what it is. */
function givenWith(slice: Slice, pen: Pen): MarkId | null {
  const first = slice.content.firstChild;
  if (first === null || !first.isText) return null;
  return idsOn(first, 'insertion').find((id) => owns(pen, id)) ?? null;
}

const marked = (name: 'insertion' | 'deletion', id: MarkId): Mark => schema.mark(name, { id });

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly node: Node;
  readonly clause: Node | null;
}

function pieces(doc: Node, from: number, to: number): Piece[] {
  const found: Piece[] = [];
  doc.nodesBetween(from, to, (node, position, clause) => {
    if (!node.isText) return true;
    found.push({ from: Math.max(from, position), to: Math.min(to, position + node.nodeSize), node, clause });
    return false;
  });
  return found;
}

/** An open amendment of the hand's that touches a place, so that what is done there belongs to it. */
export function neighbour(doc: Node, position: number, pen: Pen): MarkId | null {
  const at = doc.resolve(position);
  if (at.depth === 0) return null;
  const proposal = proposalOf(at.parent);
  if (proposal !== null && owns(pen, proposal)) return proposal;
  for (const node of [at.nodeBefore, at.nodeAfter])
    for (const name of ['insertion', 'deletion'] as const) {
      const id = idsOn(node, name).find((candidate) => owns(pen, candidate));
      if (id !== undefined) return id;
    }
  return null;
}

/** Strikes the words of others between two places, and deletes the hand's own. Returns the amendment that strikes. */
function strike(tr: Transaction, from: number, to: number, pen: Pen, given: MarkId | null): MarkId | null {
  let id: MarkId | null = null;
  const gone: Piece[] = [];
  const stretch = pieces(tr.doc, from, to);
  const own = stretch.flatMap(({ node, clause }) => (isOwnText(pen, node, clause) ? idsOn(node, 'insertion') : []))[0];
  for (const piece of stretch) {
    if (isOwnText(pen, piece.node, piece.clause)) gone.push(piece);
    else if (pen.hand !== null && 'proposesFor' in pen.hand) {
      if (idsOn(piece.node, 'deletion').some((deletion) => owns(pen, deletion))) continue;
      id ??= given ?? own ?? neighbour(tr.doc, from, pen) ?? neighbour(tr.doc, to, pen) ?? pen.newMark();
      tr.addMark(piece.from, piece.to, marked('deletion', id));
    }
  }
  for (const piece of gone.reverse()) tr.delete(piece.from, piece.to);
  return id;
}

/** Where a stretch that is deleted crosses into clauses of the hand's own, what is left of them moves up. */
function join(tr: Transaction, from: number, to: number, pen: Pen): boolean {
  let joined = false;
  const first = tr.doc.resolve(from).index(0);
  for (let index = tr.doc.resolve(to).index(0); index > first; index--) {
    const clause = tr.doc.child(index);
    const before = tr.doc.child(index - 1);
    const at = placeOf(tr.doc, index);
    if (
      isOwnClause(pen, clause) &&
      clause.children.every((node) => isOwnText(pen, node, clause) && !othersOn(pen, node))
    ) {
      // In the base text a clause is joined only to one of the base.
      if (clause.childCount > 0 && pen.hand !== null && 'edits' in pen.hand && proposalOf(before) !== null) continue;
      const words = clause.textContent;
      tr.delete(at, at + clause.nodeSize);
      if (words !== '') put(tr, at - 1, words, pen, proposalOf(clause));
      joined = true;
    } else if (isOwnClause(pen, before) && before.childCount === 0) {
      const start = placeOf(tr.doc, index - 1);
      tr.delete(start, start + before.nodeSize);
      joined = true;
    }
  }
  return joined;
}

const othersOn = (pen: Pen, node: Node): boolean =>
  pen.hand !== null && 'edits' in pen.hand ? node.marks.length > 0 : bearsOthers(pen, node);

function placeOf(doc: Node, index: number): number {
  let position = 0;
  for (let at = 0; at < index; at++) position += doc.child(at).nodeSize;
  return position;
}

function put(tr: Transaction, position: number, words: string, pen: Pen, wanted: MarkId | null): number {
  const proposal = proposalOf(tr.doc.resolve(position).parent);
  if (pen.hand !== null && 'edits' in pen.hand) {
    // A clause that a party proposes is that party's as a whole.
    if (proposal !== null) return position;
    tr.insert(position, schema.text(words));
  } else {
    const own = proposal !== null && owns(pen, proposal) ? proposal : null;
    const id = own ?? wanted ?? neighbour(tr.doc, position, pen) ?? pen.newMark();
    tr.insert(position, schema.text(words, [marked('insertion', id)]));
  }
  return position + words.length;
}

/** Brings words in at a place in a clause. Each further line is a clause of its own. */
function insert(tr: Transaction, position: number, lines: readonly string[], pen: Pen, wanted: MarkId | null): number {
  const [first = '', ...more] = lines;
  const caret = first === '' ? position : put(tr, position, first, pen, wanted);
  return more.length === 0 ? caret : split(tr, caret, more, pen, wanted);
}

/** A new line: clauses after this one, the last of them with the words that stood after the caret. */
function split(tr: Transaction, position: number, lines: readonly string[], pen: Pen, wanted: MarkId | null): number {
  const at = tr.doc.resolve(position);
  const clause = at.parent;
  const end = at.end();
  // At the very start of a clause with words, the new clause comes before it.
  if (at.parentOffset === 0 && clause.childCount > 0 && lines.length === 1 && lines[0] === '')
    return addClauses(tr, at.before(), clause, [{ words: '', id: null }], pen, false);
  const tail = pieces(tr.doc, position, end);
  const base = pen.hand !== null && 'edits' in pen.hand;
  let words = '';
  let id: MarkId | null = null;
  if (base) {
    // Words that bear a party's mark can't move; then all of them stay.
    if (tail.every(({ node }) => isOwnText(pen, node, clause) && node.marks.length === 0)) {
      words = tr.doc.textBetween(position, end);
      if (words !== '') tr.delete(position, end);
    }
  } else if (tail.length > 0) {
    for (const { from, to, node, clause: within } of tail) {
      const struck = idsOn(node, 'deletion').some((deletion) => owns(pen, deletion));
      const others = idsOn(node, 'insertion').length > 0 && !isOwnText(pen, node, within);
      if (!struck && !others) words += tr.doc.textBetween(from, to);
    }
    id = strike(tr, position, end, pen, wanted);
  }
  const last = lines.length - 1;
  const rows = lines.map((line, index) => ({
    words: index === last ? line + words : line,
    id: index === last ? id : null,
  }));
  const place = tr.doc.resolve(Math.min(position, tr.doc.content.size));
  return addClauses(tr, place.after(1), clause, rows, pen, true, lines[last]?.length ?? 0);
}

/** Puts proposed (or, by the rapporteur, new base) clauses at a place between clauses; the caret goes into the last. */
function addClauses(
  tr: Transaction,
  position: number,
  like: Node,
  rows: readonly { readonly words: string; readonly id: MarkId | null }[],
  pen: Pen,
  after: boolean,
  caretIn = 0,
): number {
  const base = pen.hand !== null && 'edits' in pen.hand;
  // What follows an opening line is what it opens.
  const kind = after && like.attrs.kind === 'chapeau' ? 'operative' : like.attrs.kind;
  const nodes = rows.map(({ words, id }) => {
    const insertion = base ? null : (id ?? pen.newMark());
    const text = words === '' ? null : schema.text(words, insertion === null ? [] : [marked('insertion', insertion)]);
    return schema.node('clause', { id: pen.newClause(), kind, level: like.attrs.level, insertion }, text ?? undefined);
  });
  tr.insert(position, Fragment.from(nodes));
  const last = nodes.at(-1);
  const size = nodes.reduce((sum, node) => sum + node.nodeSize, 0);
  return position + size - (last?.nodeSize ?? 0) + 1 + caretIn;
}

/** Clauses at a place between clauses, where a text is empty or somebody drops paragraphs there. */
function insertClauses(tr: Transaction, position: number, lines: readonly string[], pen: Pen): number {
  const at = tr.doc.resolve(position);
  const like = at.nodeBefore ?? at.nodeAfter ?? schema.node('clause', { id: 'none', kind: 'operative', level: 0 });
  const rows = lines.filter((line) => line.trim() !== '').map((words) => ({ words, id: null }));
  return addClauses(
    tr,
    position,
    like,
    rows.length === 0 ? [{ words: '', id: null }] : rows,
    pen,
    true,
    rows.at(-1)?.words.length ?? 0,
  );
}

/** Whole clauses that are deleted: the hand's own go, the words of others are struck. */
function removeClauses(tr: Transaction, from: number, to: number, pen: Pen): number {
  const edge = tr.mapping.maps.length;
  strike(tr, from, to, pen, null);
  const mapped = tr.mapping.slice(edge);
  const start = mapped.map(from, -1);
  for (let index = tr.doc.childCount - 1; index >= 0; index--) {
    const clause = tr.doc.child(index);
    const at = placeOf(tr.doc, index);
    if (at >= start && at + clause.nodeSize <= mapped.map(to, 1) && isOwnClause(pen, clause) && clause.childCount === 0)
      tr.delete(at, at + clause.nodeSize);
  }
  return Math.min(start + 1, tr.doc.content.size);
}

/** A proposed clause after the one with the caret, whatever stands behind the caret. */
export function proposeAfter(tr: Transaction, index: number, pen: Pen): Transaction {
  const like = index < 0 ? undefined : tr.doc.child(index);
  if (like === undefined) {
    const caret = insertClauses(tr, tr.doc.content.size, [''], pen);
    return tr.setSelection(TextSelection.near(tr.doc.resolve(caret)));
  }
  const caret = addClauses(tr, placeOf(tr.doc, index) + like.nodeSize, like, [{ words: '', id: null }], pen, true);
  return tr.setSelection(TextSelection.near(tr.doc.resolve(caret)));
}
