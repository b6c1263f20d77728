import * as buffer from 'lib0/buffer';
import * as sha256 from 'lib0/hash/sha256';
import * as Y from 'yjs';
import { z } from 'zod';
import { ConcordError } from '../protocol/errors.ts';
import { ClauseId, MarkId } from '../protocol/ids.ts';
import { type Clause, joinRuns, keepKey, marksKey, noMarks, type Run, type RunMarks } from './clause.ts';
import { cutRuns, operated, operatedRuns, type TextOperation, type WordOperation } from './operations.ts';
import { Remembered } from './remembered.ts';
import { clauseKinds, deepestLevel, type MarkName, markNames } from './schema.ts';

/**
 * Y.Doc → values, without y-prosemirror, which deletes content that the schema rejects while it reads a document. This
 * reader repairs nothing: content outside of the schema is refused (`unknown-content`).
 */
export const textOf = (doc: Y.Doc): Y.XmlFragment => doc.getXmlFragment('text');
export const recordOf = (doc: Y.Doc): Y.Map<unknown> => doc.getMap('record');

/**
 * Limits of one document, pending content included. A real compilation has some two hundred rows; a clause is a
 * paragraph. A party's own limits are far lower: see `server/room/quotas.ts`.
 */
export const mostClauses = 8_000;
export const longestClause = 250_000;

const attributes = z.strictObject({
  id: ClauseId,
  kind: z.enum(clauseKinds),
  level: z.number().int().min(0).max(deepestLevel),
  insertion: MarkId.optional(),
});
const markValue = z.strictObject({ id: MarkId });

export interface Stretch {
  readonly insert: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/**
 * A text as Yjs lists it. Yjs makes the list itself, so only a client's possible contribution is checked: embedded
 * objects.
 */
export function deltaOf(text: Y.XmlText): readonly Stretch[] {
  const delta: readonly { readonly insert: unknown }[] = text.toDelta();
  const isWords = (stretch: { readonly insert: unknown }): stretch is Stretch => typeof stretch.insert === 'string';
  if (!delta.every(isWords)) throw new ConcordError('unknown-content');
  return delta;
}

/**
 * y-prosemirror stores overlapping marks under `name--hash`. The client chooses the hash: only name and value count.
 */
const storedMark = new RegExp(`^(${markNames.join('|')})(?:--[A-Za-z0-9+/=]{8})?$`);

const families = new Map<string, MarkName>();
/** The families of stored keys: few occur, but a client chooses them, so their number is limited. */
function familyOf(key: string): MarkName {
  const known = families.get(key);
  if (known !== undefined) return known;
  const found = storedMark.exec(key)?.[1];
  const name = markNames.find((candidate) => candidate === found);
  if (name === undefined) throw new ConcordError('unknown-content');
  if (families.size > 10_000) families.clear();
  families.set(key, name);
  return name;
}

/** Some megabytes at most, and more than the texts of a screen hold. */
const ids = new Remembered<object, MarkId>(50_000);

/** The family and id of a stored text attribute; throws `unknown-content` for anything else. */
export function readMark(key: string, value: unknown): { readonly name: MarkName; readonly id: MarkId } {
  const name = familyOf(key);
  // Yjs returns the same value each time; it is parsed once. This is the server's most frequent operation.
  const known = typeof value === 'object' && value !== null ? ids.get(value) : undefined;
  if (known !== undefined) return { name, id: known };
  const parsed = markValue.safeParse(value);
  if (!parsed.success) throw new ConcordError('unknown-content');
  if (typeof value === 'object' && value !== null) ids.set(value, parsed.data.id);
  return { name, id: parsed.data.id };
}

/** The key under which the server stores its own marks. */
export const markKey = (name: MarkName, id: MarkId): string =>
  `${name}--${buffer.toBase64(sha256.digest(new TextEncoder().encode(`${name} ${id}`)).slice(0, 6))}`;

/** Equal marks are one value, so that runs are compared by identity. Some hundred bytes each. */
const interned = new Map<string, RunMarks>();

function intern(key: string, make: () => RunMarks): RunMarks {
  const known = interned.get(key);
  if (known !== undefined) return known;
  if (interned.size > 10_000) interned.clear();
  const marks = keepKey(make());
  interned.set(key, marks);
  return marks;
}

function marksOfRun(stored: Readonly<Record<string, unknown>> | undefined): RunMarks {
  if (stored === undefined) return noMarks;
  const entries = Object.entries(stored);
  const [only] = entries;
  if (only === undefined) return noMarks;
  if (entries.length === 1) {
    const { name, id } = readMark(only[0], only[1]);
    return intern(`${name} ${id}`, () => ({ ...noMarks, [name]: [id] }));
  }
  const marks: { [name in MarkName]: MarkId[] } = { insertion: [], deletion: [], bracket: [], comment: [], origin: [] };
  for (const [key, value] of entries) {
    const { name, id } = readMark(key, value);
    // The same id under two keys is still one mark.
    if (!marks[name].includes(id)) marks[name].push(id);
  }
  for (const name of markNames) marks[name].sort();
  return intern(marksKey(marks), () => marks);
}

const readRun = (insert: string, stored: Readonly<Record<string, unknown>> | undefined): Run => ({
  text: insert,
  marks: marksOfRun(stored),
});

type Seat = Pick<Clause, 'id' | 'kind' | 'level' | 'insertion'>;

function readSeat(element: Y.XmlElement): Seat {
  const parsed = attributes.safeParse(element.getAttributes());
  if (!parsed.success) throw new ConcordError('unknown-content');
  const { id, kind, level, insertion } = parsed.data;
  return { id, kind, level, insertion: insertion ?? null };
}

/**
 * One clause. Throws `unknown-content` where it holds anything outside of the schema. `known` is its former value,
 * where its attributes and children are known to be the same and only words changed.
 */
export function readClause(element: unknown, known?: Seat): Clause {
  if (!(element instanceof Y.XmlElement) || element.nodeName !== 'clause') throw new ConcordError('unknown-content');
  const { id, kind, level, insertion } = known ?? readSeat(element);
  const runs: Run[] = [];
  // Two clients that type into an empty clause at once each bring a text node: their words stand one after the other.
  for (const child of element.toArray()) {
    if (!(child instanceof Y.XmlText) || Object.keys(child.getAttributes()).length > 0)
      throw new ConcordError('unknown-content');
    for (const { insert, attributes: stored } of deltaOf(child)) runs.push(readRun(insert, stored));
  }
  const clause: Clause = { id, kind, level, insertion, runs: joinRuns(runs) };
  let length = 0;
  for (const run of clause.runs) length += run.text.length;
  if (length > longestClause) throw new ConcordError('update-too-large', { clause: id });
  return clause;
}

/** The whole text. `known` gives unchanged clauses, so that an edit reads only its own clause. */
export function readText(doc: Y.Doc, known?: ReadonlyMap<unknown, Clause>): readonly Clause[] {
  const children = textOf(doc).toArray();
  if (children.length > mostClauses) throw new ConcordError('update-too-large');
  const text = children.map((child) => known?.get(child) ?? readClause(child));
  const ids = new Set<ClauseId>();
  for (const { id } of text) {
    if (ids.has(id)) throw new ConcordError('unknown-content', { clause: id });
    ids.add(id);
  }
  return text;
}

function storedMarks(marks: RunMarks): Record<string, { id: MarkId }> {
  const stored: Record<string, { id: MarkId }> = {};
  for (const name of markNames) for (const id of marks[name]) stored[markKey(name, id)] = { id };
  return stored;
}

/** A clause as a Yjs element, to be inserted into a document. */
export function clauseElement(clause: Clause): Y.XmlElement {
  const element = new Y.XmlElement<Record<string, string | number>>('clause');
  element.setAttribute('id', clause.id);
  element.setAttribute('kind', clause.kind);
  element.setAttribute('level', clause.level);
  if (clause.insertion !== null) element.setAttribute('insertion', clause.insertion);
  const text = new Y.XmlText();
  text.applyDelta(
    clause.runs.map((run) => ({ insert: run.text, attributes: storedMarks(run.marks) })),
    { sanitize: false },
  );
  element.insert(0, [text]);
  // Yjs types a fragment's children as elements with string attributes only; `level` is a number, as y-prosemirror stores it.
  return element as unknown as Y.XmlElement;
}

/**
 * Performs operations on the words of one clause, touching nothing but what differs: words that stay keep their Yjs
 * identity, so the cursors and concurrent edits of others stay where they were.
 */
function rewriteClause(element: Y.XmlElement, words: readonly WordOperation[]): void {
  const left = words.map((word) => ({ word, rest: 'insert' in word ? 0 : 'keep' in word ? word.keep : word.strike }));
  const texts = element.toArray().filter((child) => child instanceof Y.XmlText);
  for (const [at, child] of texts.entries()) {
    // Performed in one walk: to find each place anew takes as long as the clause has pieces, piece by piece.
    const steps: Step[] = [];
    const bringIn = (): void => {
      for (let next = left[0]; next !== undefined && 'insert' in next.word; next = left[0]) {
        steps.push({ insert: next.word.insert, attributes: storedMarks(next.word.marks) });
        left.shift();
      }
    };
    for (const { insert, attributes: stored } of deltaOf(child)) {
      for (let rest = insert.length; rest > 0; ) {
        bringIn();
        const next = left[0];
        if (next === undefined) {
          steps.push({ delete: rest });
          break;
        }
        const take = Math.min(rest, next.rest);
        if ('keep' in next.word) steps.push({ retain: take, attributes: markChanges(stored, next.word.marks) });
        else steps.push({ delete: take });
        next.rest -= take;
        rest -= take;
        if (next.rest === 0) left.shift();
      }
    }
    // Words at the end belong to the last of the texts.
    if (at === texts.length - 1) bringIn();
    const last = steps.findLastIndex((step) => !('retain' in step) || Object.keys(step.attributes).length > 0);
    if (last >= 0) child.applyDelta(steps.slice(0, last + 1), { sanitize: false });
  }
  if (left.some(({ word, rest }) => 'insert' in word || rest > 0))
    throw new RangeError('the clause has fewer letters than the operations name');
}

/**
 * Performs operations on a document, as `operated` does on its values; to be called in a transaction. `text`: the document's
 * text before. Throws a `RangeError` for an operation on a clause that isn't there.
 */
export function operate(doc: Y.Doc, text: readonly Clause[], operations: readonly TextOperation[]): void {
  if (operations.length === 0) return;
  const fragment = textOf(doc);
  let now = text;
  // Struck clauses go last, and from the end: until then every other clause is found where it stood.
  const struck: ClauseId[] = [];
  let places: Map<ClauseId, number> | null = null;
  const placeOf = (id: ClauseId): number => {
    places ??= new Map(now.map((clause, at) => [clause.id, at]));
    const at = places.get(id);
    if (at === undefined) throw new RangeError('the operation is about a clause that is not in the text');
    return at;
  };
  const elementOf = (id: ClauseId): Y.XmlElement => {
    const element = fragment.get(placeOf(id));
    if (!(element instanceof Y.XmlElement)) throw new RangeError('no clause stands there');
    return element;
  };
  const clauseOf = (id: ClauseId): Clause => {
    const clause = now[placeOf(id)];
    if (clause === undefined) throw new RangeError('no clause stands there');
    return clause;
  };
  const behind = (after: ClauseId | null): number => (after === null ? 0 : placeOf(after) + 1);
  const all = ({ runs }: Clause): WordOperation[] => runs.map(({ text, marks }) => ({ keep: text.length, marks }));
  const reorder = (operation: TextOperation): void => {
    now = operated(now, [operation]);
    places = null;
  };
  for (const operation of operations) {
    switch (operation.op) {
      case 'keep': {
        const element = elementOf(operation.clause);
        if (operation.insertion === null) element.removeAttribute('insertion');
        else if (element.getAttribute('insertion') !== operation.insertion)
          element.setAttribute('insertion', operation.insertion);
        rewriteClause(element, operation.words);
        const at = placeOf(operation.clause);
        const clause = clauseOf(operation.clause);
        const runs = operatedRuns(clause.runs, operation.words);
        now = now.with(at, { ...clause, insertion: operation.insertion, runs });
        break;
      }
      case 'strike':
        placeOf(operation.clause);
        struck.push(operation.clause);
        break;
      case 'insert':
        fragment.insert(behind(operation.after), [clauseElement(operation.clause)]);
        reorder(operation);
        break;
      case 'move': {
        const clause = clauseOf(operation.clause);
        fragment.delete(placeOf(operation.clause), 1);
        reorder(operation);
        fragment.insert(placeOf(operation.clause), [clauseElement(clause)]);
        break;
      }
      case 'split': {
        const clause = clauseOf(operation.clause);
        const [, rest] = cutRuns(clause.runs, operation.at);
        rewriteClause(elementOf(operation.clause), all({ ...clause, runs: cutRuns(clause.runs, operation.at)[0] }));
        fragment.insert(placeOf(operation.clause) + 1, [clauseElement({ ...clause, id: operation.into, runs: rest })]);
        reorder(operation);
        break;
      }
      case 'merge': {
        const into = clauseOf(operation.into);
        const brought = clauseOf(operation.clause).runs.map(({ text: insert, marks }) => ({ insert, marks }));
        rewriteClause(elementOf(operation.into), [...all(into), ...brought]);
        fragment.delete(placeOf(operation.clause), 1);
        reorder(operation);
        break;
      }
    }
  }
  for (const at of struck.map(placeOf).sort((one, other) => other - one)) fragment.delete(at, 1);
}

type Step =
  | { readonly delete: number }
  | { readonly insert: string; readonly attributes: Record<string, { id: MarkId }> }
  | { readonly retain: number; readonly attributes: Record<string, { id: MarkId } | null> };

/** The changes of stored marks that give the wanted ones. */
function markChanges(
  stored: Readonly<Record<string, unknown>> | undefined,
  wanted: RunMarks,
): Record<string, { id: MarkId } | null> {
  const changes: Record<string, { id: MarkId } | null> = {};
  const present = new Set<string>();
  for (const [key, value] of Object.entries(stored ?? {})) {
    const { name, id } = readMark(key, value);
    if (wanted[name].includes(id)) present.add(`${name} ${id}`);
    else changes[key] = null;
  }
  for (const name of markNames)
    for (const id of wanted[name]) if (!present.has(`${name} ${id}`)) changes[markKey(name, id)] = { id };
  return changes;
}
