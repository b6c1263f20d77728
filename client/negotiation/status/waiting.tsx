import type { Signal } from '@preact/signals';
import type { PartyCode } from '../../../shared/protocol/ids.ts';
import { t } from '../../words.ts';
import type { Desk } from '../desk.ts';

/** For "agreed ad referendum": the parties that wait for their capital. */
export function WaitingParties({ desk, chosen }: { desk: Desk; chosen: Signal<readonly PartyCode[]> }) {
  return (
    <fieldset>
      <legend>{t('clause.waiting-parties')}</legend>
      {desk.parties().map(({ code }) => (
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
          {desk.face(code).name}
        </label>
      ))}
    </fieldset>
  );
}
