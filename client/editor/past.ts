import { ySyncPluginKey } from 'y-prosemirror';
import * as Y from 'yjs';
import { readMark } from '../../shared/text/document.ts';
import { type EditContext, owns } from './editContext.ts';

type Act = Y.UndoManager['undoStack'][number];

/** The outcome of an undo or redo: `kept` where it would have affected another person's words or marks. */
export type Outcome = 'done' | 'kept' | 'nothing';

/**
 * The undo stack of one person, edit by edit.
 *
 * An edit in which another person has written since can't be undone by a key, only withdrawn or edited: the other
 * person's words would lose their place, or be deleted with it.
 */
export class Past {
  readonly manager: Y.UndoManager;
  readonly #context: () => EditContext;
  /** Every client's clock at the moment of the edit: later structs are not part of the text that it changed. */
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
 * The structs that an undo may delete: a clause only where it is empty, and never its attributes (id, kind), which are
 * deleted with the clause.
 */
const mayGo = (item: unknown): boolean =>
  !(item instanceof Y.Item) ||
  (item.parentSub === null && (!(item.content instanceof Y.ContentType) || lengthOf(item.content.type) === 0));

const lengthOf = (type: Y.AbstractType<unknown>): number =>
  type instanceof Y.XmlText || type instanceof Y.XmlElement ? type.length : 1;

/**
 * Whether other people's words have been written inside the words that an edit inserted, or their marks laid on them.
 */
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

/**
 * Whether a clause that an edit inserted holds words that it didn't insert. The person's own later edits were undone
 * before.
 */
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
