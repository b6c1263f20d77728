import { useSignal } from '@preact/signals';
import { type Wish, whyNot } from '../../shared/procedure.ts';
import { t } from '../words.ts';
import type { Desk } from './desk.ts';

/**
 * A button that orders something; greyed by the same rule that the server refuses by. It is asked when what stands
 * round the button is drawn, and when the record or the meeting changes; once more as the button is pressed.
 */
export function Order({
  desk,
  command,
  words,
  strong = false,
  off = false,
}: {
  desk: Desk;
  command: Wish;
  words: string;
  strong?: boolean;
  off?: boolean;
}) {
  const busy = useSignal(false);
  const { bench, me } = desk;
  // Letters come many a second, and a meeting has hundreds of such buttons.
  const why = (): ReturnType<typeof whyNot> =>
    off ? null : whyNot({ ...bench.terms.value, text: bench.text.peek() }, command, me);
  const refusal = why();
  return (
    <button
      type="button"
      class={strong ? 'button button-strong' : 'button'}
      disabled={busy.value || off}
      aria-disabled={refusal !== null}
      title={refusal === null ? undefined : t(`error.${refusal}`)}
      onClick={async () => {
        const refused = why();
        if (refused !== null) {
          desk.say(t(`error.${refused}`));
          return;
        }
        busy.value = true;
        await desk.order(command);
        busy.value = false;
      }}
    >
      {words}
    </button>
  );
}
