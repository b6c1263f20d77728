import type { MarkId } from '../../../shared/protocol/ids.ts';
import { sponsorsOf } from '../../../shared/text/amendment.ts';
import { t } from '../../words.ts';
import { stateKeys } from '../amendment/words.ts';
import type { DraftingContext } from '../context.ts';
import { amendmentName } from './names.ts';
import { Parties, WordsOf } from './reading.tsx';

interface Ending {
  readonly id: MarkId;
  readonly struck: string;
  readonly inserted: string;
  readonly state?: 'superseded' | 'fallen';
}

/** Amendments that would end: whose they are, their words, and why. */
export function Endings({ context, endings }: { context: DraftingContext; endings: readonly Ending[] }) {
  const { marks } = context.drafting.negotiation.value;
  return (
    <ul class="plain endings">
      {endings.map(({ id, struck, inserted, state }) => {
        const record = marks.get(id);
        return (
          <li key={id}>
            <strong>{amendmentName(context, id)}</strong>
            <Parties context={context} parties={record?.kind === 'amendment' ? sponsorsOf(record) : []} />
            <span class="endings-words">
              <WordsOf context={context} party={record?.party} struck={struck} inserted={inserted} />
              {state === 'fallen' && <span class="quiet"> {t(stateKeys.fallen)}</span>}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
