import { ySyncPluginKey } from 'y-prosemirror';
import * as Y from 'yjs';
import { readMark } from '../../shared/text/document.ts';
import { type EditContext, owns } from './editContext.ts';

type Act = Y.UndoManager['undoStack'][number];

/** What came of undoing or redoing: `kept` where it would have taken words or marks of somebody else along. */
export type Outcome = 'done' | 'kept' | 'nothing';

/**
 * What a person did to a text and may undo, act by act.
 *
 * An act in which somebody else has written since is over: it can't be undone by a key, only withdrawn or edited. What
 * stands inside it would lose its place, or fall with it.
 */
export class Past {
  readonly manager: Y.UndoManager;
  readonly #context: () => EditContext;
  /** How far everybody had come when an act was done: what is later is no part of what it was done to. */
  readonly #since = new WeakMap<Act, Map<number, number>>();

  constructor(fragment: Y.XmlFragment, context: () => EditContext) {
    this.#context = context;
    this.manager = new Y.UndoManager(fragment, {
      trackedOrigins: new Set([ySyncPluginKey]),
      deleteFilter: mayGo,
    });
    const { doc } = this.manager;
    this.manager.on('stack-item-added', ({ stackItem }) => {
      this.#since.set(stackItem, Y.decodeStateVector(Y.encodeStateVector(doc)));
    });
  }

  undo(): Outcome {
    return this.#step(this.manager.undoStack, () => this.manager.undo());
  }

  redo(): Outcome {
    return this.#step(this.manager.redoStack, () => this.manager.redo());
  }

  #step(acts: Act[], perform: () => unknown): Outcome {
    const act = acts.at(-1);
    if (act === undefined) return 'nothing';
    const { doc } = this.manager;
    const since = this.#since.get(act) ?? new Map();
    if (isBuiltUpon(act, doc, since, this.#context())) {
      acts.pop();
      return 'kept';
    }
    return perform() === null ? 'nothing' : 'done';
  }
}

/**
 * What undoing may delete: a clause only where nothing is left in it, and never what a clause is (its id, its kind), which
 * goes with the clause.
 */
const mayGo = (item: unknown): boolean =>
  !(item instanceof Y.Item) ||
  (item.parentSub === null && (!(item.content instanceof Y.ContentType) || lengthOf(item.content.type) === 0));

const lengthOf = (type: Y.AbstractType<unknown>): number =>
  type instanceof Y.XmlText || type instanceof Y.XmlElement ? type.length : 1;

/** Whether somebody else's words stand within what an act brought into a text since, or marks of somebody else on it. */
function isBuiltUpon(act: Act, doc: Y.Doc, since: ReadonlyMap<number, number>, context: EditContext): boolean {
  const texts = new Set<Y.XmlText>();
  const isOfAct = (item: Y.Item): boolean => Y.isDeleted(act.insertions, item.id);
  let built = false;
  doc.transact((transaction) => {
    Y.iterateDeletedStructs(transaction, act.insertions, (struct) => {
      if (!(struct instanceof Y.Item) || struct.deleted) return;
      if (struct.parent instanceof Y.XmlText) texts.add(struct.parent);
      else if (struct.content instanceof Y.ContentType) built ||= holdsOthers(struct.content.type, isOfAct);
    });
  });
  return built || [...texts].some((text) => hasOthersWithin(text, isOfAct, since, context));
}

/** Whether a clause that an act brought in holds words that it didn't. Those of later acts of one's own were undone before. */
function holdsOthers(type: Y.AbstractType<unknown>, isOfAct: (item: Y.Item) => boolean): boolean {
  for (let item = type._start; item !== null; item = item.right) {
    if (item.deleted) continue;
    if (item.content instanceof Y.ContentString && !isOfAct(item)) return true;
    if (item.content instanceof Y.ContentType && holdsOthers(item.content.type, isOfAct)) return true;
  }
  return false;
}

function hasOthersWithin(
  text: Y.XmlText,
  isOfAct: (item: Y.Item) => boolean,
  since: ReadonlyMap<number, number>,
  context: EditContext,
): boolean {
  const marks = new Set<string>();
  let begun = false;
  let others = false;
  for (let item = text._start; item !== null; item = item.right) {
    if (item.deleted) continue;
    const { content } = item;
    if (content instanceof Y.ContentFormat) {
      if (content.value === null) marks.delete(content.key);
      else if (isOthers(content.key, content.value, context)) marks.add(content.key);
    }
    if (isOfAct(item)) {
      if (others || (content instanceof Y.ContentString && marks.size > 0)) return true;
      begun = true;
    } else if (begun && content instanceof Y.ContentString && item.id.clock >= (since.get(item.id.client) ?? 0))
      others = true;
  }
  return false;
}

function isOthers(key: string, value: unknown, context: EditContext): boolean {
  const { name, id } = readMark(key, value);
  return name !== 'origin' && !owns(context, id);
}
