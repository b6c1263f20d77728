import { type EditorState, TextSelection, type Transaction } from 'prosemirror-state';
import type { EditorProps } from 'prosemirror-view';
import { hasVisible, withoutForbidden } from '../../shared/text/visible.ts';
import type { EditContext } from './editContext.ts';
import { replace } from './suggest.ts';

/** All line breaks that programs write. */
const newLine = /\r\n?|\p{Zl}|\p{Zp}|\v|\f/gu;

/**
 * Pasted text as lines, each to be a clause, without characters that a text may not hold; empty lines are only spacing.
 */
export function linesOfText(text: string): readonly string[] {
  const lines = text
    .replace(newLine, '\n')
    .split('\n')
    .map((line) => withoutForbidden(line.replace(/\t/g, ' ')))
    .filter(hasVisible);
  return lines.length === 0 ? [''] : lines;
}

/**
 * The page's policy forbids turning strings into HTML. This named policy is for parsing only: the words are taken and
 * the HTML is never shown.
 */
const inert = (() => {
  let policy: ReturnType<TrustedTypes['createPolicy']> | undefined;
  return (html: string): string => {
    const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes };
    policy ??= trustedTypes?.createPolicy('concord-paste', { createHTML: (given) => given });
    return policy?.createHTML(html) ?? html;
  };
})();

/**
 * Only the part in use, since TypeScript's library has no types for it yet. Its result is an object that stands in for
 * a string.
 */
interface TrustedTypes {
  createPolicy(name: string, rules: { createHTML(html: string): string }): { createHTML(html: string): string };
}

/** The words of pasted HTML; formats, marks and ids are left out. */
function wordsFrom(data: DataTransfer): string {
  const plain = data.getData('text/plain');
  if (plain !== '') return plain;
  const html = data.getData('text/html');
  if (html === '') return '';
  const parsed = new DOMParser().parseFromString(inert(html), 'text/html');
  for (const block of parsed.body.querySelectorAll('p, div, li, tr, br, h1, h2, h3, h4, h5, h6')) block.append('\n');
  return parsed.body.textContent ?? '';
}

/** Inserts lines in place of a selection; the transaction is a proposal already. */
export function bringIn(
  state: EditorState,
  from: number,
  to: number,
  lines: readonly string[],
  context: EditContext,
): Transaction {
  const { tr } = state;
  const caret = replace(tr, from, to, lines, context);
  return tr.setSelection(TextSelection.near(tr.doc.resolve(caret), -1)).scrollIntoView();
}

/**
 * Paste and drop: always as plain words, proposed in the capacity's name. `deed` dispatches a transaction that is a
 * proposal already.
 */
export function pasting(context: () => EditContext, command: (tr: Transaction) => void): EditorProps {
  return {
    handlePaste(view, event) {
      const words = event.clipboardData === null ? '' : wordsFrom(event.clipboardData);
      if (words !== '') {
        const { from, to } = view.state.selection;
        command(bringIn(view.state, from, to, linesOfText(words), context()));
      }
      return true;
    },
    handleDrop(view, event, _slice, moved) {
      const place = view.posAtCoords({ left: event.clientX, top: event.clientY });
      const words = event.dataTransfer === null ? '' : wordsFrom(event.dataTransfer);
      event.preventDefault();
      if (place === null || words === '') return true;
      const { from, to } = view.state.selection;
      if (moved && place.pos >= from && place.pos <= to) return true;
      const tr = bringIn(view.state, place.pos, place.pos, linesOfText(words), context());
      if (moved) replace(tr, tr.mapping.map(from, 1), tr.mapping.map(to, -1), [''], context());
      command(tr);
      return true;
    },
    clipboardTextSerializer: (slice) => {
      const lines: string[] = [];
      slice.content.forEach((node) => {
        lines.push(node.textContent);
      });
      return lines.join('\n');
    },
  };
}
