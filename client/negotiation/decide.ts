import type { Wish } from '../../shared/negotiation/registry.ts';
import { t } from '../words.ts';
import type { DraftingContext } from './context.ts';
import { isMeant } from './steady.ts';

/** A decision is under way: another one would be made on a text that is about to change. */
let deciding = false;

/**
 * Executes the command of a button that was pressed. False where it was refused, or nothing was executed: another decision
 * is under way, or the button came under the pointer only now.
 */
export async function decideOnce(context: DraftingContext, command: Wish, event: MouseEvent): Promise<boolean> {
  if (deciding) return false;
  if (!isMeant(event)) {
    context.say(t('card.moved'));
    return false;
  }
  deciding = true;
  try {
    return await context.execute(command);
  } finally {
    deciding = false;
  }
}
