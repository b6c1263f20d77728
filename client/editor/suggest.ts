import { Fragment, type Mark, type Node, type Slice } from 'prosemirror-model';
import { type EditorState, TextSelection, type Transaction } from 'prosemirror-state';
import { Mapping, ReplaceStep } from 'prosemirror-transform';
import type { MarkId } from '../../shared/protocol/ids.ts';
import { schema } from '../../shared/text/schema.ts';
import { withoutForbidden } from '../../shared/text/visible.ts';
import { bearsOthers, type EditContext, idsOn, isOwnClause, isOwnText, owns, proposalOf } from './editContext.ts';
import { sameWords, withSpace } from './letters.ts';
import { besidePending, GestureMarks, isToStrike, ownerOf, targetAt } from './marks.ts';
import { changedPart } from './step.ts';

/**
 * Turns an edit into one that the writer may make: the only way from the keyboard, a paste, a drop or an IME into the
 * document.
 *
 * 1. Typed words are an insertion in the capacity's name, wherever they stand.
 * 2. Deleted words are struck in the capacity's name; only the capacity's own pending words are really deleted.
 * 3. An edit next to the capacity's own amendment continues it, as far as one amendment has one target and stays in its
 *   clauses (`marks.ts`); so a word typed over another is one replacement.
 * 4. A new line is a new clause, proposed. In the middle of words, the words in force after it are struck and proposed
 *   again there; words that others propose stay in place.
 * 5. A clause is joined to the one before only where the capacity owns it. Where it came from a new line, that is
 *   undone.
 * 6. In the base capacity the rapporteur really edits the base text, but neither words nor clauses that a party
 *   proposes.
 * 7. A selection of whole words includes one adjacent space.
 *
 * Everything else in a transaction (formats, attributes) is left out.
 */
export function suggest(tr: Transaction, state: EditorState, context: EditContext): Transaction {
  const out = state.tr;
  if (context.capacity === null) return out.setSelection(tr.selection.map(state.doc, tr.mapping.invert()));
  const { selection } = state;
  let caret: number | null = null;
  let apart = false;
  tr.steps.forEach((step, index) => {
    if (!(step instanceof ReplaceStep)) return;
    // The step's place in the text before all steps, and in the text after those that are done.
    const back = new Mapping(tr.mapping.maps.slice(0, index)).invert();
    const place = (position: number, side: number): number => out.mapping.map(back.map(position, side), side);
    const from = place(step.from, -1);
    const whole = { from, to: Math.max(from, place(step.to, 1)), lines: linesOf(step.slice) };
    const selected = tr.steps.length === 1 && !selection.empty && from === selection.from && step.to === selection.to;
    const change = selected ? whole : changedPart(out.doc, whole);
    const deletes = change.lines.length === 1 && change.lines[0] === '';
    const { from: start, to: end } = deletes && selected ? withSpace(out.doc, change.from, change.to, context) : change;
    const backwards = selection.empty && out.mapping.map(selection.head) === change.to && change.to > change.from;
    const steps = out.steps.length;
    caret = replace(out, start, end, change.lines, context, backwards, givenWith(step.slice, context));
    apart ||=
      selection.empty &&
      deletes &&
      out.steps.length === steps &&
      !out.doc.resolve(start).sameParent(out.doc.resolve(end));
  });
  if (caret !== null) out.setSelection(TextSelection.near(out.doc.resolve(Math.min(caret, out.doc.content.size)), -1));
  else if (tr.selectionSet)
    out.setSelection(TextSelection.near(out.doc.resolve(Math.min(tr.selection.head, out.doc.content.size))));
  if (tr.scrolledIntoView) out.scrollIntoView();
  return apart ? out.setMeta(stayApart, true) : out;
}

/** Set on a transaction that leaves two clauses apart which somebody tried to join. */
export const stayApart = 'stay apart';

/**
 * Strikes (or deletes) the words between two places, and inserts words after them. `given`: the mark that an IME writes
 * with. Returns the caret's place.
 */
export function replace(
  tr: Transaction,
  from: number,
  to: number,
  brought: readonly string[],
  context: EditContext,
  backwards = false,
  given: MarkId | null = null,
): number {
  const lines = brought.map(withoutForbidden);
  const bringing = lines.length > 1 || lines[0] !== '';
  const start = tr.doc.resolve(from);
  if (start.depth === 0)
    return bringing ? insertClauses(tr, from, lines, context) : removeClauses(tr, from, to, context);

  const edge = tr.mapping.maps.length;
  // A stretch that ends between two clauses ends at the end of the first.
  const end = to > from && tr.doc.resolve(to).depth === 0 ? to - 1 : to;
  const typesAt = bringing ? placeToType(tr.doc, from, Math.min(end, start.end()), context) : null;
  const marks = new GestureMarks(tr.doc, { from, to: end, typesAt, splits: lines.length > 1, given }, context);
  const steps = tr.steps.length;
  strike(tr, from, end, context, marks);
  const strikes = tr.steps.length > steps;
  const struck = tr.mapping.slice(edge);
  const joined = join(tr, struck.map(from, -1), struck.map(end, 1), context, marks);
  const mapped = tr.mapping.slice(edge);
  if (typesAt === null) {
    // Where nothing was struck between two clauses, the caret stays where their words meet.
    if (joined !== null && joined.words !== null && !strikes) return joined.words;
    return backwards ? mapped.map(from, -1) : mapped.map(end, joined === null ? 1 : -1);
  }
  const place = mapped.map(typesAt, -1);
  // Where an empty clause was removed, its words go into the next one.
  return insert(tr, tr.doc.resolve(place).depth === 0 ? place + 1 : place, lines, context, marks);
}

/**
 * Words are typed after those that they replace; where those are in force, not inside pending words that are struck
 * too.
 */
function placeToType(doc: Node, from: number, end: number, context: EditContext): number {
  if (targetAt(doc, end, context) === null) return end;
  const inForce = pieces(doc, from, end).filter(({ node, clause }) => ownerOf(context, node, clause) === null);
  return inForce.at(-1)?.to ?? end;
}

/** Each paragraph of a slice as plain words: a paste brings no marks and no ids. */
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

/** An IME writes with the mark that the caret was given and must continue it, so that its text node stays unchanged. */
function givenWith(slice: Slice, context: EditContext): MarkId | null {
  const first = slice.content.firstChild;
  if (first === null || !first.isText) return null;
  return idsOn(first, 'insertion').find((id) => owns(context, id)) ?? null;
}

const marked = (name: 'insertion' | 'deletion', id: MarkId): Mark => schema.mark(name, { id });

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly node: Node;
  readonly clause: Node;
}

function pieces(doc: Node, from: number, to: number): Piece[] {
  const found: Piece[] = [];
  doc.nodesBetween(from, to, (node, position, clause) => {
    if (!node.isText || clause === null) return true;
    found.push({ from: Math.max(from, position), to: Math.min(to, position + node.nodeSize), node, clause });
    return false;
  });
  return found;
}

/** Strikes the words of others between two places, and deletes the capacity's own. */
function strike(tr: Transaction, from: number, to: number, context: EditContext, marks: GestureMarks): void {
  const gone: Piece[] = [];
  for (const piece of pieces(tr.doc, from, to)) {
    const { node, clause } = piece;
    if (isOwnText(context, node, clause)) gone.push(piece);
    else strikePiece(tr, piece, context, marks);
  }
  for (const piece of gone.reverse()) tr.delete(piece.from, piece.to);
}

function strikePiece(
  tr: Transaction,
  { from, to, node, clause }: Piece,
  context: EditContext,
  marks: GestureMarks,
): void {
  if (context.capacity === null || !('proposesFor' in context.capacity) || !isToStrike(context, node, clause)) return;
  tr.addMark(from, to, marked('deletion', marks.of(ownerOf(context, node, clause), clause)));
}

/**
 * Where a deleted stretch crosses into clauses of the capacity's own, their remaining words move up. Null where nothing
 * is joined; `words`: the place where the moved words begin.
 */
function join(
  tr: Transaction,
  from: number,
  to: number,
  context: EditContext,
  marks: GestureMarks,
): { readonly words: number | null } | null {
  let joined: { words: number | null } | null = null;
  const first = tr.doc.resolve(from).index(0);
  for (let index = tr.doc.resolve(to).index(0); index > first; index--) {
    const clause = tr.doc.child(index);
    const before = tr.doc.child(index - 1);
    const at = placeOf(tr.doc, index);
    if (
      isOwnClause(context, clause) &&
      clause.children.every((node) => isOwnText(context, node, clause) && !othersOn(context, node))
    ) {
      // In the base text a clause is joined only to one of the base.
      if (
        clause.childCount > 0 &&
        context.capacity !== null &&
        'edits' in context.capacity &&
        proposalOf(before) !== null
      )
        continue;
      const words = clause.textContent;
      tr.delete(at, at + clause.nodeSize);
      joined = { words: words === '' ? null : moveUp(tr, index - 1, words, proposalOf(clause), context, marks) };
    } else if (isOwnClause(context, before) && before.childCount === 0) {
      const start = placeOf(tr.doc, index - 1);
      tr.delete(start, start + before.nodeSize);
      joined = { words: null };
    }
  }
  return joined;
}

/**
 * Inserts the words of a removed clause at the end of the clause before it. Words that their amendment struck there (a
 * new line does that) are no longer struck instead. Returns the place where the words begin.
 */
function moveUp(
  tr: Transaction,
  index: number,
  words: string,
  proposal: MarkId | null,
  context: EditContext,
  marks: GestureMarks,
): number {
  const clause = tr.doc.child(index);
  const start = placeOf(tr.doc, index) + 1;
  const end = start + clause.content.size;
  const struck =
    proposal === null
      ? []
      : pieces(tr.doc, start, end).filter(({ node }) => idsOn(node, 'deletion').includes(proposal));
  const letters = struck.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, at) => from + at));
  const was = struck.map(({ from, to }) => tr.doc.textBetween(from, to)).join('');
  const { front, back } = sameWords(was, words);
  const gone = letters.length - back;
  for (const { from, to } of struck)
    for (const [first, past] of [
      [from, Math.min(to, (letters[front - 1] ?? -1) + 1)],
      [Math.max(from, letters[gone] ?? to), to],
    ] as const)
      if (proposal !== null && first < past) tr.removeMark(first, past, marked('deletion', proposal));
  const last = letters[gone - 1];
  const place = front + back === 0 ? end : last === undefined ? (letters[0] ?? end) : last + 1;
  const more = words.slice(front, words.length - back);
  if (more !== '') put(tr, place, more, context, marks, proposal);
  return front > 0 ? (letters[0] ?? place) : place;
}

const othersOn = (context: EditContext, node: Node): boolean =>
  context.capacity !== null && 'edits' in context.capacity ? node.marks.length > 0 : bearsOthers(context, node);

function placeOf(doc: Node, index: number): number {
  let position = 0;
  for (let at = 0; at < index; at++) position += doc.child(at).nodeSize;
  return position;
}

function put(
  tr: Transaction,
  position: number,
  words: string,
  context: EditContext,
  marks: GestureMarks,
  wanted: MarkId | null = null,
): number {
  const clause = tr.doc.resolve(position).parent;
  if (context.capacity !== null && 'edits' in context.capacity) {
    // A clause that a party proposes is that party's as a whole.
    if (proposalOf(clause) !== null) return position;
    const place = besidePending(tr.doc, position, context);
    tr.insert(place, schema.text(words));
    return place + words.length;
  } else {
    const id = marks.of(targetAt(tr.doc, position, context), clause, wanted);
    tr.insert(position, schema.text(words, [marked('insertion', id)]));
  }
  return position + words.length;
}

/** Inserts words at a place in a clause. Each further line is a clause of its own. */
function insert(
  tr: Transaction,
  position: number,
  lines: readonly string[],
  context: EditContext,
  marks: GestureMarks,
): number {
  const [first = '', ...more] = lines;
  const caret = first === '' ? position : put(tr, position, first, context, marks);
  return more.length === 0 ? caret : split(tr, caret, more, context, marks);
}

/** A new line: clauses after this one, the last of them with the words after the caret. */
function split(
  tr: Transaction,
  position: number,
  lines: readonly string[],
  context: EditContext,
  marks: GestureMarks,
): number {
  const at = tr.doc.resolve(position);
  const clause = at.parent;
  const end = at.end();
  // At the very start of a clause with words, the new clause comes before it.
  if (at.parentOffset === 0 && clause.childCount > 0 && lines.length === 1 && lines[0] === '')
    return addClauses(tr, at.before(), clause, [{ words: '', id: null }], context, false);
  const tail = pieces(tr.doc, position, end);
  let words = '';
  if (context.capacity !== null && 'edits' in context.capacity) {
    // Words that bear a party's mark can't move; then all words stay.
    if (tail.every(({ node }) => isOwnText(context, node, clause) && node.marks.length === 0)) {
      words = tr.doc.textBetween(position, end);
      if (words !== '') tr.delete(position, end);
    }
  } else {
    const moving = tail.filter(({ from, node }) =>
      isOwnText(context, node, clause) ? targetAt(tr.doc, from, context) === null : isToMove(node, clause, context),
    );
    words = moving.map(({ from, to }) => tr.doc.textBetween(from, to)).join('');
    for (const piece of moving.reverse())
      if (isOwnText(context, piece.node, clause)) tr.delete(piece.from, piece.to);
      else strikePiece(tr, piece, context, marks);
  }
  const last = lines.length - 1;
  const rows = lines.map((line, index) => ({
    words: index === last ? line + words : line,
    id: index === last && marks.moves ? marks.of(null, clause) : null,
  }));
  const place = tr.doc.resolve(Math.min(position, tr.doc.content.size));
  return addClauses(tr, place.after(1), clause, rows, context, true, lines[last]?.length ?? 0);
}

/** Words in force that the capacity hasn't struck: other parties' proposed words stay in place. */
const isToMove = (node: Node, clause: Node, context: EditContext): boolean =>
  ownerOf(context, node, clause) === null && isToStrike(context, node, clause);

/**
 * Inserts proposed clauses (new base clauses in the base capacity) at a place between clauses; the caret goes into the
 * last.
 */
function addClauses(
  tr: Transaction,
  position: number,
  like: Node,
  rows: readonly { readonly words: string; readonly id: MarkId | null }[],
  context: EditContext,
  after: boolean,
  caretIn = 0,
): number {
  const base = context.capacity !== null && 'edits' in context.capacity;
  // A clause after an opening line stands one level below it.
  const kind = after && like.attrs.kind === 'chapeau' ? 'operative' : like.attrs.kind;
  const nodes = rows.map(({ words, id }) => {
    const insertion = base ? null : (id ?? context.newMark());
    const text = words === '' ? null : schema.text(words, insertion === null ? [] : [marked('insertion', insertion)]);
    return schema.node(
      'clause',
      { id: context.newClause(), kind, level: like.attrs.level, insertion },
      text ?? undefined,
    );
  });
  tr.insert(position, Fragment.from(nodes));
  const last = nodes.at(-1);
  const size = nodes.reduce((sum, node) => sum + node.nodeSize, 0);
  return position + size - (last?.nodeSize ?? 0) + 1 + caretIn;
}

/** Clauses at a place between clauses, where a text is empty or paragraphs are dropped there. */
function insertClauses(tr: Transaction, position: number, lines: readonly string[], context: EditContext): number {
  const at = tr.doc.resolve(position);
  const like = at.nodeBefore ?? at.nodeAfter ?? schema.node('clause', { id: 'none', kind: 'operative', level: 0 });
  const rows = lines.filter((line) => line.trim() !== '').map((words) => ({ words, id: null }));
  return addClauses(
    tr,
    position,
    like,
    rows.length === 0 ? [{ words: '', id: null }] : rows,
    context,
    true,
    rows.at(-1)?.words.length ?? 0,
  );
}

/** Deleted whole clauses: the capacity's own are removed, the words of others are struck. */
function removeClauses(tr: Transaction, from: number, to: number, context: EditContext): number {
  const edge = tr.mapping.maps.length;
  strike(
    tr,
    from,
    to,
    context,
    new GestureMarks(tr.doc, { from, to, typesAt: null, splits: false, given: null }, context),
  );
  const mapped = tr.mapping.slice(edge);
  const start = mapped.map(from, -1);
  for (let index = tr.doc.childCount - 1; index >= 0; index--) {
    const clause = tr.doc.child(index);
    const at = placeOf(tr.doc, index);
    if (
      at >= start &&
      at + clause.nodeSize <= mapped.map(to, 1) &&
      isOwnClause(context, clause) &&
      clause.childCount === 0
    )
      tr.delete(at, at + clause.nodeSize);
  }
  return Math.min(start + 1, tr.doc.content.size);
}

/** A proposed clause after the one with the caret, wherever in it the caret stands. */
export function proposeAfter(tr: Transaction, index: number, context: EditContext): Transaction {
  const like = index < 0 ? undefined : tr.doc.child(index);
  if (like === undefined) {
    const caret = insertClauses(tr, tr.doc.content.size, [''], context);
    return tr.setSelection(TextSelection.near(tr.doc.resolve(caret)));
  }
  const caret = addClauses(tr, placeOf(tr.doc, index) + like.nodeSize, like, [{ words: '', id: null }], context, true);
  return tr.setSelection(TextSelection.near(tr.doc.resolve(caret)));
}
