import { baseKeymap } from 'prosemirror-commands';
import { keymap } from 'prosemirror-keymap';
import type { Node } from 'prosemirror-model';
import { type Command, EditorState, Plugin, TextSelection, type Transaction } from 'prosemirror-state';
import { EditorView } from 'prosemirror-view';
import { type ProsemirrorBinding, ySyncPlugin, ySyncPluginKey, yUndoPlugin } from 'y-prosemirror';
import type { Awareness } from 'y-protocols/awareness';
import type * as Y from 'yjs';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { ClauseId, MarkId } from '../../shared/protocol/ids.ts';
import { permit } from '../../shared/text/authority.ts';
import type { Clause } from '../../shared/text/clause.ts';
import { textOf } from '../../shared/text/document.ts';
import { schema } from '../../shared/text/schema.ts';
import { steadyCaret } from './caret.ts';
import { clausesOf } from './clauses.ts';
import {
  bracket,
  clauseAfter,
  type EditorCommand,
  joinBackward,
  joinForward,
  newLine,
  onKey,
  shiftLevel,
  unbracket,
} from './commands.ts';
import { cursors } from './cursors.ts';
import { decorations, redraw } from './decorations.ts';
import type { EditContext } from './editContext.ts';
import { writeExactly } from './exact.ts';
import type { Facts } from './facts.ts';
import { gutters } from './gutters.ts';
import { inputs } from './inputs.ts';
import { markAt } from './marks.ts';
import { narrowed } from './narrow.ts';
import { Past } from './past.ts';
import { pasting } from './paste.ts';
import { replace, stayApart, suggest } from './suggest.ts';
import { ClauseView, type ClauseViews, markView, type Unnumbered } from './views.ts';

/** The editor's interface to its page. */
export interface EditorHost {
  readonly doc: Y.Doc;
  readonly awareness: Awareness;
  readonly context: () => EditContext;
  readonly facts: () => Facts;
  /** An edit is not allowed and was not made. */
  readonly onRefused: (error: ConcordError) => void;
  /** Two clauses were not joined. */
  readonly onApart: () => void;
  /** An edit was not undone, since another person has written in it since. */
  readonly onKept: () => void;
  /**
   * The text or the caret has changed; `here` where the local person did it. The callback's work can wait for the
   * paint.
   */
  readonly onChange: (here: boolean) => void;
}

/** The clause with the caret, and the marks at or beside the caret. */
export interface Caret {
  readonly clause: ClauseId | null;
  readonly marks: readonly MarkId[];
}

export interface Editor {
  readonly view: EditorView;
  /** The current text of the editor; the same value while the text is the same. */
  text(): readonly Clause[];
  caret(): Caret;
  /** Redraws the decorations that come from the negotiation state. */
  redraw(): void;
  perform(command: EditorCommand): void;
  undo(): void;
  redo(): void;
  /** Clears the undo stack: a decision of the chair can't be undone. */
  forgetPast(): void;
  /** Scrolls to words; with `caret`, puts the caret there. */
  showMark(id: MarkId, caret: boolean): void;
  showClause(id: ClauseId, caret: boolean): void;
  destroy(): void;
}

/**
 * Time, ms, for which Backspace pauses after it joined two clauses. In numbered lists of word processors, removing a
 * new line takes two presses, and a key held down would continue into other words.
 */
const pauseAfterJoin = 700;

/** Mounts the text of a recommendation in an element. Requires a synced document. */
export function createEditor(place: HTMLElement, host: EditorHost, label: string): Editor {
  const fragment = textOf(host.doc);
  const past = new Past(fragment, host.context);
  /** Undoes or redoes, for participants with write access. */
  const travel = (step: 'undo' | 'redo'): boolean => {
    if (host.context().capacity === null) host.onRefused(new ConcordError('role-may-not'));
    else if (past[step]() === 'kept') host.onKept();
    return true;
  };
  const command = (tr: Transaction): void => view.dispatch(tr.setMeta('deed', true));
  const onAction = (one: EditorCommand, final = false): Command => onKey(one, host.context, command, final);
  /** The text and caret that Backspace left when it joined two clauses, with the time. */
  let joined: { readonly doc: Node; readonly head: number; readonly at: number } | null = null;
  const backspace: EditorCommand = (state, context) => {
    const same = joined !== null && joined.doc === state.doc && joined.head === state.selection.head;
    if (same && joined !== null && performance.now() - joined.at < pauseAfterJoin) return state.tr;
    const tr = joinBackward(state, context);
    joined = tr?.docChanged ? { doc: tr.doc, head: tr.selection.head, at: performance.now() } : null;
    return tr;
  };

  const clauseViews: ClauseViews = new Map();
  const unnumbered: Unnumbered = new Set();
  const state = EditorState.create({
    schema,
    plugins: [
      ySyncPlugin(fragment),
      cursors(host.awareness, (party) => host.facts().face(party)),
      yUndoPlugin({ undoManager: past.manager }),
      steadyCaret(host.doc, fragment),
      decorations(host.facts),
      gutters(host.facts, clauseViews, unnumbered),
      composing(host.context, command),
      inputs(host.context, command, travel, backspace),
      keymap({
        'Mod-z': () => travel('undo'),
        'Mod-y': () => travel('redo'),
        'Shift-Mod-z': () => travel('redo'),
        Enter: onAction(newLine, true),
        'Shift-Enter': onAction(newLine, true),
        'Mod-Enter': onAction(clauseAfter, true),
        Backspace: onAction(backspace),
        'Mod-Backspace': onAction(backspace),
        Delete: onAction(joinForward),
        'Mod-Delete': onAction(joinForward),
        'Alt-ArrowRight': onAction(shiftLevel(1)),
        'Alt-ArrowLeft': onAction(shiftLevel(-1)),
        'Mod-Alt-b': onAction((at, context) => unbracket(at, context) ?? bracket(at, context), true),
      }),
      keymap(withoutStructure(baseKeymap)),
    ],
  });

  const binding: ProsemirrorBinding = ySyncPluginKey.getState(state).binding;
  const writing = writeExactly(binding, fragment);
  // Measuring whether the caret is in view would force a layout at each remote letter. The browser's scroll anchoring
  // keeps the page in place.
  binding._isLocalCursorInView = () => false;

  const view: EditorView = new EditorView(place, {
    state,
    attributes: () => ({
      role: 'textbox',
      'aria-multiline': 'true',
      'aria-label': label,
      'aria-readonly': String(host.context().capacity === null),
      // Readers have a caret too, to choose a clause with the keyboard, but no on-screen keyboard.
      ...(host.context().capacity === null ? { inputmode: 'none' } : {}),
      spellcheck: 'true',
      class: 'text',
    }),
    nodeViews: { clause: (node) => new ClauseView(node, clauseViews) },
    markViews: {
      insertion: markView('insertion', host.facts, unnumbered),
      deletion: markView('deletion', host.facts, unnumbered),
      bracket: markView('bracket', host.facts, unnumbered),
      comment: markView('comment', host.facts, unnumbered),
      origin: markView('origin', host.facts, unnumbered),
    },
    ...pasting(host.context, command),
    // `this`, not `view`: y-prosemirror inserts the text while the view is being constructed.
    dispatchTransaction(this: EditorView, tr) {
      // A late cursor event after the page was left.
      if (this.isDestroyed) return;
      if (tr.getMeta(stayApart) === true) host.onApart();
      const before = this.state;
      const here = tr.getMeta(ySyncPluginKey) === undefined;
      const { state: next, transactions } = before.applyTransaction(here ? allowed(tr, before) : narrowed(tr, before));
      if (here) writing(transactions);
      this.updateState(next);
      const { doc, selection } = this.state;
      if (doc !== before.doc || !selection.eq(before.selection)) host.onChange(here);
    },
  });

  /** The server's own rule, applied before anything is sent: an edit that the server would refuse is not made. */
  function allowed(tr: Transaction, before: EditorState): Transaction {
    if (!tr.docChanged) return tr;
    const context = host.context();
    const proposed = tr.getMeta('deed') === true ? tr : suggest(tr, before, context);
    try {
      if (proposed.docChanged) {
        if (context.capacity === null) throw new ConcordError('role-may-not');
        permit(
          { before: clausesOf(before.doc), after: clausesOf(proposed.doc) },
          context.capacity,
          context.negotiation,
        );
      } else if (context.capacity === null) throw new ConcordError('role-may-not');
      return proposed;
    } catch (error) {
      if (!(error instanceof ConcordError)) throw error;
      host.onRefused(error);
      return before.tr;
    }
  }

  function caret(): Caret {
    const { $head } = view.state.selection;
    if ($head.depth === 0) return { clause: null, marks: [] };
    const marks = [...($head.nodeBefore?.marks ?? []), ...($head.nodeAfter?.marks ?? [])].flatMap((mark) => {
      const id = MarkId.safeParse(mark.attrs.id);
      return id.success ? [id.data] : [];
    });
    const proposal = MarkId.safeParse($head.parent.attrs.insertion);
    return {
      clause: ClauseId.parse($head.parent.attrs.id),
      marks: proposal.success ? [...marks, proposal.data] : marks,
    };
  }

  /** Scrolls to a place, and puts the caret there if wanted. */
  function show(position: number, caret: boolean): void {
    if (caret) {
      view.dispatch(view.state.tr.setSelection(TextSelection.near(view.state.doc.resolve(position))));
      view.focus();
    }
    const at = view.domAtPos(position).node;
    const element = at instanceof HTMLElement ? at : at.parentElement;
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    element?.closest('.clause')?.scrollIntoView({ block: 'center', behavior: calm ? 'auto' : 'smooth' });
  }

  let read = { doc: view.state.doc, text: clausesOf(view.state.doc) };
  return {
    view,
    text: () => {
      const { doc } = view.state;
      if (doc !== read.doc) read = { doc, text: clausesOf(doc) };
      return read.text;
    },
    caret,
    redraw: () => view.dispatch(view.state.tr.setMeta(redraw, true)),
    perform(one) {
      const tr = one(view.state, host.context());
      if (tr !== null) command(tr);
      view.focus();
    },
    undo: () => void travel('undo'),
    redo: () => void travel('redo'),
    forgetPast: () => past.manager.clear(),
    showMark(id, caret) {
      let found: number | null = null;
      view.state.doc.descendants((node, position) => {
        if (found !== null) return false;
        if (node.attrs.insertion === id || node.marks.some((mark) => mark.attrs.id === id))
          found = node.isText ? position : position + 1;
        return true;
      });
      if (found !== null) show(found, caret);
    },
    showClause(id, caret) {
      view.state.doc.forEach((node, offset) => {
        if (node.attrs.id === id) show(offset + 1, caret);
      });
    },
    destroy: () => {
      view.destroy();
      past.manager.destroy();
    },
  };
}

/** Keys that change the structure run our own commands; the remaining ones move, select and delete. */
function withoutStructure(keys: { readonly [key: string]: Command }): { [key: string]: Command } {
  const kept: { [key: string]: Command } = {};
  for (const [key, command] of Object.entries(keys)) if (!/Enter|^Mod-Enter/.test(key)) kept[key] = command;
  return kept;
}

/**
 * An IME needs a text node that stays unchanged while it composes. So the caret gets the mark before composition
 * starts, and selected words are struck first.
 */
function composing(context: () => EditContext, command: (tr: Transaction) => void): Plugin {
  return new Plugin({
    props: {
      handleDOMEvents: {
        compositionstart(view) {
          const now = context();
          if (now.capacity === null || !('proposesFor' in now.capacity)) return false;
          if (!view.state.selection.empty) {
            const { from, to } = view.state.selection;
            const { tr } = view.state;
            const caret = replace(tr, from, to, [''], now);
            command(tr.setSelection(TextSelection.near(tr.doc.resolve(caret))));
          }
          const id = markAt(view.state.doc, view.state.selection.head, now);
          view.dispatch(view.state.tr.setStoredMarks([schema.mark('insertion', { id })]));
          return false;
        },
      },
    },
  });
}
