import { effect } from '@preact/signals';
import { ClauseId } from '../../shared/protocol/ids.ts';
import { t } from '../words.ts';
import type { DraftingSession } from './session.ts';

/**
 * Opens the page at the clause or amendment that its address names, `?clause=ID` or `?amendment=A12`, once the text is
 * there, and again when the browser goes back to such an address. Returns the function that ends this.
 */
export function followAddress(
  drafting: DraftingSession,
  say: (sentence: string) => void,
  showPanel: () => void,
): () => void {
  let shown = '';
  const show = (): void => {
    if (!drafting.ready.peek() || shown === location.search) return;
    shown = location.search;
    const query = new URLSearchParams(shown);
    const [clause, number] = [query.get('clause'), query.get('amendment')];
    if (clause !== null) showClause(drafting, clause, say);
    else if (number !== null) showAmendment(drafting, number, say, showPanel);
  };
  const back = (): void => {
    shown = '';
    show();
  };
  addEventListener('popstate', back);
  const stop = effect(() => {
    if (drafting.ready.value) show();
  });
  return () => {
    removeEventListener('popstate', back);
    stop();
  };
}

function showClause({ text, editor }: DraftingSession, clause: string, say: (sentence: string) => void): void {
  const id = ClauseId.safeParse(clause);
  if (id.success && text.peek().some((one) => one.id === id.data)) editor?.showClause(id.data, true);
  else say(t('link.no-clause'));
}

function showAmendment(
  drafting: DraftingSession,
  number: string,
  say: (sentence: string) => void,
  showPanel: () => void,
): void {
  const [id] = [...drafting.numbers.peek()].find(([, one]) => one === number) ?? [];
  if (id === undefined) {
    say(t('link.no-amendment', { name: t('amendment.title', { number }) }));
    return;
  }
  const isOpen = drafting.amendments.peek().some((amendment) => amendment.id === id);
  if (isOpen) drafting.point(id, true);
  else showPanel();
  // The cards are drawn after the text.
  requestAnimationFrame(() => {
    const card = document.getElementById(`card-${id}`);
    const folded = card?.closest('details');
    if (folded != null) folded.open = true;
    if (card !== null) scrollWithin(card);
    if (isOpen) return;
    if (card === null) say(t('link.no-amendment', { name: t('amendment.title', { number }) }));
    else card.focus({ preventScroll: true });
  });
}

/**
 * Scrolls the panel to a card, and not the page: the page scrolls to the words. Cards out of view have no exact height
 * before they are drawn, so the panel is scrolled again in the next frames.
 */
function scrollWithin(card: HTMLElement, frames = 3): void {
  const panel = card.closest('aside');
  if (panel === null) return;
  panel.scrollTop += card.getBoundingClientRect().top - panel.getBoundingClientRect().top - 16;
  if (frames > 1) requestAnimationFrame(() => scrollWithin(card, frames - 1));
}
