import type { AmendmentRecord } from '../../../shared/negotiation/families/amendment/state.ts';
import { whyNot } from '../../../shared/negotiation/registry.ts';
import type { MarkId } from '../../../shared/protocol/ids.ts';
import { t } from '../../words.ts';
import type { DraftingContext } from '../context.ts';
import { decideOnce } from '../decide.ts';

/**
 * Takes a decision of the chair back. The place of its words is looked for only when the button is pressed: a long meeting
 * has hundreds of decided amendments.
 */
export function TakeBack({ context, id, record }: { context: DraftingContext; id: MarkId; record: AmendmentRecord }) {
  if (context.me.role !== 'chair' || (record.closed?.places ?? []).length === 0) return null;
  return (
    <div class="card-acts">
      <button
        type="button"
        class="button"
        data-decides
        onClick={async (event) => {
          const command = { type: 'take-back' as const, amendment: id };
          const refusal = whyNot(context.drafting.situation.value, command, context.me);
          if (refusal !== null) context.say(t(`error.${refusal}`));
          else if (await decideOnce(context, command, event)) context.say(t('card.taken-back'));
        }}
      >
        {t('card.take-back')}
      </button>
    </div>
  );
}
