import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { MarkId } from '../../../shared/protocol/ids.ts';
import { t } from '../../words.ts';
import type { DraftingContext } from '../context.ts';
import { isMeant } from '../steady.ts';
import type { Choice, Done } from './choice.ts';
import { giveFocusBack } from './focus.ts';
import { amendmentNames } from './names.ts';

/** The last act in words, away from the place of the buttons, so that a second click meets nothing that decides. */
export function DoneLine({
  context,
  choice,
  done: { words, closed },
}: {
  context: DraftingContext;
  choice: Choice;
  done: Done;
}) {
  const busy = useSignal(false);
  // The button that was pressed is gone, and its focus with it.
  useEffect(() => {
    if (document.activeElement === null || document.activeElement === document.body) giveFocusBack(choice);
  }, [words]);
  return (
    <div class="deciding deciding-done">
      <p role="status">{words}</p>
      {closed.length > 0 && (
        <button
          type="button"
          class="button"
          data-decides
          aria-disabled={busy.value}
          onClick={async (event) => {
            if (busy.value) return;
            if (!isMeant(event)) {
              context.say(t('card.moved'));
              return;
            }
            busy.value = true;
            const sentence = await takenBack(context, closed);
            choice.done.value = { words: sentence, closed: [] };
          }}
        >
          {t('card.take-back')}
        </button>
      )}
      <button
        type="button"
        class="link"
        onClick={() => {
          choice.done.value = null;
          giveFocusBack(choice);
        }}
      >
        {t('app.close')}
      </button>
    </div>
  );
}

/** Takes decisions back one by one, and says which amendments stand again and which don't. */
async function takenBack(context: DraftingContext, closed: readonly MarkId[]): Promise<string> {
  const [back, lost]: [MarkId[], MarkId[]] = [[], []];
  for (const amendment of closed)
    ((await context.execute({ type: 'take-back', amendment })) ? back : lost).push(amendment);
  return [
    back.length === 0 ? '' : t('deciding.taken-back', { names: amendmentNames(context, back) }),
    lost.length === 0 ? '' : t('deciding.not-taken-back', { names: amendmentNames(context, lost) }),
  ]
    .filter((words) => words !== '')
    .join(' ');
}
