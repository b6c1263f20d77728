import type { DraftingContext } from '../context.ts';
import { type Choice, choiceOf } from './choice.ts';

/** The bar's heading: a card or a row leads to it. */
export const headingId = 'deciding-title';

/** Opens the bar and takes the focus to its heading, not to a button: pressing the key twice decides nothing. */
export function goToBar(context: DraftingContext): void {
  const choice = choiceOf(context.drafting);
  const { activeElement } = document;
  choice.from = activeElement instanceof HTMLElement ? activeElement : null;
  choice.open.value = true;
  requestAnimationFrame(() => document.getElementById(headingId)?.focus());
}

/** Folds the bar and gives the focus back. */
export function leaveBar(choice: Choice): void {
  choice.open.value = false;
  giveFocusBack(choice);
}

/** The focus returns to the control that led to the bar, or to the list in which one chooses. */
export function giveFocusBack({ from }: Choice): void {
  const places = [from, ...document.querySelectorAll<HTMLElement>('[data-choosing]')];
  places.find((place) => place?.isConnected === true && place.offsetParent !== null)?.focus();
}
