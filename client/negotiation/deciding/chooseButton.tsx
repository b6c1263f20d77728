import type { MarkId } from '../../../shared/protocol/ids.ts';
import { t } from '../../words.ts';
import type { DraftingContext } from '../context.ts';
import { goToBar } from './focus.ts';

/** Leads from an amendment to the decision bar; nothing is decided by it. */
export function ChooseButton({
  context,
  id,
  choose,
}: {
  context: DraftingContext;
  id: MarkId;
  choose: (id: MarkId, on: boolean) => void;
}) {
  return (
    <button
      type="button"
      class="button"
      onClick={() => {
        choose(id, true);
        goToBar(context);
      }}
    >
      {t(context.me.role === 'chair' ? 'deciding.choose' : 'deciding.read')}
    </button>
  );
}
