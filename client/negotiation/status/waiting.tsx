import type { Signal } from '@preact/signals';
import type { PartyCode } from '../../../shared/protocol/ids.ts';
import { t } from '../../words.ts';
import type { DraftingContext } from '../context.ts';

/** For "agreed ad referendum": the parties that await instructions. */
export function WaitingParties({
  context,
  chosen,
}: {
  context: DraftingContext;
  chosen: Signal<readonly PartyCode[]>;
}) {
  return (
    <fieldset>
      <legend>{t('clause.waiting-parties')}</legend>
      {context.parties().map(({ code }) => (
        <label key={code} class="check">
          <input
            type="checkbox"
            checked={chosen.value.includes(code)}
            onChange={(event) => {
              chosen.value = event.currentTarget.checked
                ? [...chosen.value, code]
                : chosen.value.filter((one) => one !== code);
            }}
          />{' '}
          {context.face(code).name}
        </label>
      ))}
    </fieldset>
  );
}
