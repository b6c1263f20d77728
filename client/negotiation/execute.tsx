import { useSignal } from '@preact/signals';
import { registry, type Wish, whyNot } from '../../shared/negotiation/registry.ts';
import { t } from '../words.ts';
import { ConfirmDialog } from './confirm.tsx';
import type { DraftingContext } from './context.ts';
import { decideOnce } from './decide.ts';

/**
 * A button that sends a command; the same rule by which the server refuses disables it. The rule is asked when the
 * parent is drawn, when the negotiation state or the meeting changes, and once more as the button is pressed.
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
  const asking = useSignal(false);
  const { confirmation, takesReason } = registry.kind(command.type);
  const { drafting, me } = context;
  // Letters arrive many times a second, and a meeting has hundreds of such buttons.
  const why = (): ReturnType<typeof whyNot> =>
    off ? null : whyNot({ ...drafting.terms.value, text: drafting.text.peek() }, command, me);
  const refusal = why();
  return (
    <>
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
          if (confirmation === 'asks') {
            asking.value = true;
            return;
          }
          busy.value = true;
          await decideOnce(context, command, event);
          busy.value = false;
        }}
      >
        {words}
      </button>
      {asking.value && (
        <ConfirmDialog
          context={context}
          title={words}
          command={command}
          takesReason={takesReason}
          close={() => {
            asking.value = false;
          }}
        />
      )}
    </>
  );
}
