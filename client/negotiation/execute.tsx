import { useSignal } from '@preact/signals';
import { type Wish, whyNot } from '../../shared/negotiation/registry.ts';
import { t } from '../words.ts';
import type { DraftingContext } from './context.ts';
import { isMeant } from './steady.ts';

/** A decision is under way: another one would be made on what is about to change. */
let deciding = false;

/**
 * Orders something for a button that was pressed. False where it was refused, or nothing was ordered: another decision is
 * under way, or the button came under the pointer only now.
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

/**
 * A button that orders something; greyed by the same rule that the server refuses by. It is asked when what stands
 * round the button is drawn, and when the record or the meeting changes; once more as the button is pressed.
 */
export function CommandButton({
  context,
  command,
  words,
  strong = false,
  off = false,
}: {
  context: DraftingContext;
  command: Wish;
  words: string;
  strong?: boolean;
  off?: boolean;
}) {
  const busy = useSignal(false);
  const { drafting, me } = context;
  // Letters come many a second, and a meeting has hundreds of such buttons.
  const why = (): ReturnType<typeof whyNot> =>
    off ? null : whyNot({ ...drafting.terms.value, text: drafting.text.peek() }, command, me);
  const refusal = why();
  return (
    <button
      type="button"
      class={strong ? 'button button-strong' : 'button'}
      data-decides
      disabled={off}
      aria-disabled={refusal !== null || busy.value}
      title={refusal === null ? undefined : t(`error.${refusal}`)}
      onClick={async (event) => {
        const refused = why();
        if (refused !== null) {
          context.say(t(`error.${refused}`));
          return;
        }
        busy.value = true;
        await decideOnce(context, command, event);
        busy.value = false;
      }}
    >
      {words}
    </button>
  );
}
