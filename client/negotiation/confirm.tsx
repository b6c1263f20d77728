import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { type Wish, whyNot } from '../../shared/negotiation/registry.ts';
import { Dialog } from '../parts/dialog.tsx';
import { isWord, t } from '../words.ts';
import type { DraftingContext } from './context.ts';
import { decideOnce } from './decide.ts';

/**
 * Asks before a command is sent: the sentence of its kind (`confirm.<type>`), the fields of `children`, a reason for the
 * log where the command takes one. The same rule by which the server refuses disables the button.
 */
export function ConfirmDialog({
  context,
  title,
  command,
  takesReason,
  words = t('app.confirm'),
  close,
  children,
}: {
  context: DraftingContext;
  title: string;
  /** The command, without its reason. */
  command: Wish;
  takesReason: boolean;
  /** The words of the button. */
  words?: string;
  close: () => void;
  children?: ComponentChildren;
}) {
  const reason = useSignal('');
  const sentence = `confirm.${command.type}`;
  const wish: Wish = reason.value.trim() === '' ? command : { ...command, ...{ reason: reason.value } };
  const refusal = whyNot(context.drafting.situation.value, wish, context.me);
  return (
    <Dialog title={title} onClose={close}>
      <form class="form" onSubmit={(event) => event.preventDefault()}>
        {isWord(sentence) && <p>{t(sentence)}</p>}
        {children}
        {takesReason && (
          <label>
            {t('clause.reason')}
            <textarea
              rows={2}
              maxLength={4000}
              value={reason.value}
              onInput={(event) => {
                reason.value = event.currentTarget.value;
              }}
            />
          </label>
        )}
        <div class="row">
          <button
            type="submit"
            class="button button-strong"
            data-decides
            aria-disabled={refusal !== null}
            title={refusal === null ? undefined : t(`error.${refusal}`)}
            onClick={async (event) => {
              if (refusal !== null) context.say(t(`error.${refusal}`));
              else if (await decideOnce(context, wish, event)) close();
            }}
          >
            {words}
          </button>
          <button type="button" class="button" onClick={close}>
            {t('app.cancel')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
