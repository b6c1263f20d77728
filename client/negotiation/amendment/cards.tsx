import { useComputed } from '@preact/signals';
import { useCallback } from 'preact/hooks';
import type { AmendmentRecord } from '../../../shared/negotiation/families/amendment/state.ts';
import type { MarkId } from '../../../shared/protocol/ids.ts';
import { CopyLink } from '../../parts/copyLink.tsx';
import { PartyTag } from '../../parts/party.tsx';
import { moment, t } from '../../words.ts';
import { Brackets } from '../bracket/rows.tsx';
import type { DraftingContext } from '../context.ts';
import { choiceOf } from '../deciding/choice.ts';
import { ListLink } from '../deciding/listing.tsx';
import { Card, Words } from './card.tsx';
import { TakeBack } from './takeBack.tsx';
import { stateKeys } from './words.ts';

/** A card for each amendment, in the order of the text. Ticking some shows their outcome in the decision bar. */
export function AmendmentCards({ context }: { context: DraftingContext }) {
  const { drafting } = context;
  const choice = choiceOf(drafting);
  const chosen = choice.ids.value;
  // A card is drawn again when its amendment has changed: `amendments` keeps the unchanged values.
  const amendments = drafting.amendments.value;
  const closed = useComputed(() =>
    [...drafting.negotiation.value.marks].filter(
      (entry): entry is [MarkId, AmendmentRecord] => entry[1].kind === 'amendment' && entry[1].state !== 'open',
    ),
  );
  const choose = useCallback((id: MarkId, on: boolean): void => {
    // On a wide screen the outcome is shown at once; on a phone it would cover the cards.
    if (on && choice.standing.peek().length === 0) choice.open.value = isWide();
    choice.choose(id, on);
  }, []);
  return (
    <section class="cards" aria-labelledby="cards-title">
      <h2 id="cards-title" tabIndex={-1} data-choosing>
        {t('card.title')}
      </h2>
      {amendments.length > 1 && (
        <div class="cards-several">
          <label>
            <input
              type="checkbox"
              checked={choice.standing.value.length === amendments.length}
              onChange={(event) => {
                choice.set(new Set(event.currentTarget.checked ? amendments.map(({ id }) => id) : []));
                choice.open.value = event.currentTarget.checked && isWide();
              }}
            />{' '}
            {t('card.choose-all')}
          </label>
          <ListLink />
        </div>
      )}
      {amendments.length === 0 && <p class="quiet">{t('card.none')}</p>}
      <ul class="plain">
        {amendments.map((amendment) => (
          <li key={amendment.id}>
            <Card context={context} amendment={amendment} chosen={chosen.has(amendment.id)} choose={choose} />
          </li>
        ))}
      </ul>
      <Brackets context={context} />
      {closed.value.length > 0 && (
        <details class="cards-closed">
          <summary>
            {t('card.closed')} ({closed.value.length})
          </summary>
          <ul class="plain">
            {closed.value.map(([id, record]) => (
              <li
                key={id}
                id={`card-${id}`}
                tabIndex={-1}
                class={`card card-closed ${context.face(record.party).colour}`}
              >
                <p class="card-head">
                  <strong class="amendment-number">{drafting.numberOf(id)}</strong>
                  <PartyTag {...context.face(record.party)} />
                  <strong>{t(stateKeys[record.state])}</strong>
                </p>
                <Words struck={record.closed?.struck ?? ''} inserted={record.closed?.inserted ?? ''} />
                <p class="card-foot">
                  {t('card.typed-by', { name: record.typedBy, time: moment(record.at) })}{' '}
                  <CopyLink
                    of="amendment"
                    value={drafting.numberOf(id)}
                    name={t('amendment.title', { number: drafting.numberOf(id) })}
                  />
                </p>
                <TakeBack context={context} id={id} record={record} />
                {record.closed !== undefined && (
                  <p class="card-foot">
                    {t(record.state === 'withdrawn' ? 'card.withdrawn-by' : 'card.closed-by', {
                      state: t(stateKeys[record.state]),
                      name: record.closed.by,
                      party: context.face(record.party).name,
                      time: moment(record.closed.at),
                    })}
                    {record.closed.reason !== undefined && ` · ${record.closed.reason}`}
                  </p>
                )}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

const isWide = (): boolean => matchMedia('(min-width: 60.01rem)').matches;
