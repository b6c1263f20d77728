import type { Signal } from '@preact/signals';
import type { PartyCode } from '../../../shared/protocol/ids.ts';
import { t } from '../../words.ts';
import type { DraftingContext } from '../context.ts';
import { WaitingParties } from './waiting.tsx';

/** Agreed, or agreed ad referendum with the parties that await instructions. */
export function AgreedStatus({
  context,
  status,
  parties,
}: {
  context: DraftingContext;
  status: Signal<'agreed' | 'agreed ad referendum'>;
  parties: Signal<readonly PartyCode[]>;
}) {
  return (
    <>
      <fieldset>
        <legend>{t('agree.status')}</legend>
        {(['agreed', 'agreed ad referendum'] as const).map((one) => (
          <label key={one} class="check">
            <input
              type="radio"
              name="status"
              checked={status.value === one}
              onChange={() => {
                status.value = one;
              }}
            />{' '}
            {t(one === 'agreed' ? 'clause.agree' : 'clause.agree-ad-referendum')}
          </label>
        ))}
      </fieldset>
      {status.value === 'agreed ad referendum' && <WaitingParties context={context} chosen={parties} />}
    </>
  );
}
