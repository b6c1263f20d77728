import type { Mark, Node } from 'prosemirror-model';
import type { Transaction } from 'prosemirror-state';
import { AddMarkStep, RemoveMarkStep, ReplaceStep, type Step } from 'prosemirror-transform';
import { getRelativeSelection, type ProsemirrorBinding, updateYFragment } from 'y-prosemirror';
import * as Y from 'yjs';
import { MarkId } from '../../shared/protocol/ids.ts';
import { markKey, readMark } from '../../shared/text/document.ts';
import { markNames } from '../../shared/text/schema.ts';

/**
 * Writes the editor's steps into the shared document exactly: these letters, at this place, with these marks.
 *
 * y-prosemirror compares two strings and then formats the whole clause anew. Beside an equal letter it may take the
 * wrong one for the new one; and when two delegations write at one place at once, each writes the other's formats too,
 * so that the server has to refuse an honest edit. Whole clauses that are added or removed, and all other changes, are
 * still written by y-prosemirror.
 *
 * Returns a function to call with the transactions of the next state, before that state is shown.
 */
export function writeExactly(
  binding: ProsemirrorBinding,
  fragment: Y.XmlFragment,
): (transactions: readonly Transaction[]) => void {
  let pending: readonly Transaction[] = [];
  binding._prosemirrorChanged = (doc: Node): void => {
    const changes = pending.filter((tr) => tr.docChanged);
    pending = [];
    // Without a local edit nothing is written. The editor may be redrawn while a remote change is in the document but
    // not in the editor yet: a comparison would then revert that change.
    if (changes.length === 0) return;
    binding.doc.transact(() => {
      for (const tr of changes)
        tr.steps.forEach((step, at) => {
          const before = tr.docs[at];
          if (before !== undefined) write(fragment, before, step);
        });
      updateYFragment(binding.doc, fragment, doc, binding);
      binding.beforeTransactionSelection = getRelativeSelection(binding, binding.prosemirrorView.state);
    });
  };
  return (transactions) => {
    pending = transactions;
  };
}

function write(fragment: Y.XmlFragment, doc: Node, step: Step): void {
  if (step instanceof ReplaceStep) {
    const from = doc.resolve(step.from);
    const { content, openStart, openEnd } = step.slice;
    if (from.depth !== 1 || !from.sameParent(doc.resolve(step.to)) || openStart > 0 || openEnd > 0) return;
    const text = textOfClause(fragment, from.parent);
    if (text === null) return;
    let at = from.parentOffset;
    if (step.to > step.from) text.delete(at, step.to - step.from);
    content.forEach((node) => {
      text.insert(at, node.text ?? '', storedMarks(text, node.marks));
      at += node.nodeSize;
    });
  } else if (step instanceof AddMarkStep || step instanceof RemoveMarkStep) {
    doc.nodesBetween(step.from, step.to, (clause, start) => {
      const text = textOfClause(fragment, clause);
      if (text === null) return false;
      const from = Math.max(0, step.from - start - 1);
      const to = Math.min(text.length, step.to - start - 1);
      if (to <= from) return false;
      if (step instanceof AddMarkStep) text.format(from, to - from, storedMarks(text, [step.mark]));
      else
        text.format(
          from,
          to - from,
          Object.fromEntries(storedKeys(text, step.mark).map((key) => [key, null] as const)),
        );
      return false;
    });
  }
}

/** The one text of a clause, where it equals the editor's text; otherwise y-prosemirror writes the clause. */
function textOfClause(fragment: Y.XmlFragment, clause: Node): Y.XmlText | null {
  const element = fragment
    .toArray()
    .find((one) => one instanceof Y.XmlElement && one.getAttribute('id') === clause.attrs.id);
  if (!(element instanceof Y.XmlElement) || element.length !== 1) return null;
  const [text] = element.toArray();
  return text instanceof Y.XmlText && text.length === clause.content.size ? text : null;
}

/** The keys under which a text holds a mark: the server and older clients name them differently. */
function storedKeys(text: Y.XmlText, mark: Mark): readonly string[] {
  const found = new Set<string>();
  const delta: readonly { readonly attributes?: Readonly<Record<string, unknown>> }[] = text.toDelta();
  for (const { attributes } of delta)
    for (const [key, value] of Object.entries(attributes ?? {})) {
      const { name, id } = readMark(key, value);
      if (name === mark.type.name && id === mark.attrs.id) found.add(key);
    }
  return [...found];
}

function storedMarks(text: Y.XmlText, marks: readonly Mark[]): Record<string, { id: MarkId }> {
  const stored: Record<string, { id: MarkId }> = {};
  for (const mark of marks) {
    const name = markNames.find((candidate) => candidate === mark.type.name);
    if (name === undefined) continue;
    const id = MarkId.parse(mark.attrs.id);
    stored[storedKeys(text, mark)[0] ?? markKey(name, id)] = { id };
  }
  return stored;
}
