import { useComputed, useSignal } from '@preact/signals';
import { useCallback } from 'preact/hooks';
import type { AmendmentRecord } from '../../../shared/negotiation/families/amendment/state.ts';
import type { MarkId } from '../../../shared/protocol/ids.ts';
import { CopyLink } from '../../parts/copyLink.tsx';
import { PartyTag } from '../../parts/party.tsx';
import { moment, t, tn } from '../../words.ts';
import { Brackets } from '../bracket/rows.tsx';
import type { DraftingContext } from '../context.ts';
import { CommandButton } from '../execute.tsx';
import { Card, Words } from './card.tsx';
import { TakeBack } from './takeBack.tsx';
import { stateKeys } from './words.ts';

/** A card for each amendment, in the order of the text; the chair's selection of several stands above them. */
export function AmendmentCards({ context }: { context: DraftingContext }) {
  const { drafting, me } = context;
  const chosen = useSignal<ReadonlySet<MarkId>>(new Set());
  // A card is drawn again when its amendment has changed: `amendments` keeps the unchanged values.
  const amendments = drafting.amendments.value;
  const closed = useComputed(() =>
    [...drafting.negotiation.value.marks].filter(
      (entry): entry is [MarkId, AmendmentRecord] => entry[1].kind === 'amendment' && entry[1].state !== 'open',
    ),
  );
  const standing = new Set(amendments.map(({ id }) => id));
  const picked = [...chosen.value].filter((id) => standing.has(id));
  const choose = useCallback((id: MarkId, on: boolean): void => {
    const next = new Set(chosen.peek());
    if (on) next.add(id);
    else next.delete(id);
    chosen.value = next;
  }, []);
  return (
    <section class="cards" aria-labelledby="cards-title">
      <h2 id="cards-title">{t('card.title')}</h2>
      {me.role === 'chair' && amendments.length > 1 && (
        <div class="cards-several">
          <label>
            <input
              type="checkbox"
              checked={picked.length === amendments.length}
              onChange={(event) => {
                chosen.value = event.currentTarget.checked ? standing : new Set();
              }}
            />{' '}
            {t('card.choose-all')}
          </label>
          <span aria-live="polite">{tn('card.chosen', picked.length)}</span>
          <CommandButton
            context={context}
            command={{ type: 'adopt', amendments: picked }}
            words={t('card.adopt')}
            off={picked.length === 0}
          />
          <CommandButton
            context={context}
            command={{ type: 'not-adopt', amendments: picked }}
            words={t('card.not-adopt')}
            off={picked.length === 0}
          />
        </div>
      )}
      {amendments.length === 0 && <p class="quiet">{t('card.none')}</p>}
      <ul class="plain">
        {amendments.map((amendment) => (
          <li key={amendment.id}>
            <Card
              context={context}
              amendment={amendment}
              chosen={chosen.value.has(amendment.id)}
              choose={amendments.length > 1 ? choose : null}
            />
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
