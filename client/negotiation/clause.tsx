import { useSignal } from '@preact/signals';
import { statusOf } from '../../shared/negotiation/state.ts';
import type { ClauseId, MarkId } from '../../shared/protocol/ids.ts';
import { CopyLink } from '../parts/copyLink.tsx';
import { PartyTag } from '../parts/party.tsx';
import { clauseName, moment, t } from '../words.ts';
import { stateKeys } from './amendment/words.ts';
import { MoveButtons } from './clause/move.tsx';
import type { DraftingContext } from './context.ts';
import { HistoryDialog } from './history.tsx';
import { AgreeDialog } from './status/agree.tsx';
import { StatusButton, StatusDialog } from './status/setStatus.tsx';
import { statusWords } from './status/words.ts';

/** The clause with the caret: its sponsors and status, the chair's decisions on it, the origin of its words. */
export function ClausePanel({
  context,
  setCurrentClause,
}: {
  context: DraftingContext;
  setCurrentClause: (clause: ClauseId) => void;
}) {
  const { drafting, me } = context;
  const history = useSignal<ClauseId | null>(null);
  const agreeing = useSignal<ClauseId | null>(null);
  const asking = useSignal<'agreed' | 'agreed ad referendum' | 'open' | null>(null);
  const clause = drafting.clause.value;
  if (clause === null)
    return (
      <section class="clause-panel">
        <p class="quiet">{t('clause.none')}</p>
      </section>
    );
  const negotiation = drafting.negotiation.value;
  const status = statusOf(negotiation, clause.id);
  const sponsors = negotiation.clauses.get(clause.id)?.sponsors ?? [];
  // For the words at the caret: the amendments that brought them, pending or adopted.
  const origins = [...new Set(drafting.caret.value.marks)].flatMap((id): [MarkId, string][] => {
    const record = negotiation.marks.get(id);
    if (record?.kind !== 'amendment') return [];
    const { party, typedBy, at, state } = record;
    const number = drafting.numberOf(id);
    const values = {
      number,
      party: context.face(party).name,
      name: typedBy,
      time: moment(at),
      state: t(stateKeys[state]),
    };
    return [[id, t('clause.origin-of', values)]];
  });
  return (
    <section class="clause-panel" aria-labelledby="clause-title">
      <h2 id="clause-title">{clauseName(drafting.referenceOf(clause.id))}</h2>
      <p>
        <strong>{clause.insertion === null ? statusWords(status) : t('status.proposed')}</strong>
        {status.decided !== undefined && (
          <span class="quiet">
            {' '}
            · {status.decided.by}, {moment(status.decided.at)}
            {status.decided.reason !== undefined && ` · ${status.decided.reason}`}
          </span>
        )}
      </p>
      {sponsors.length > 0 && (
        <p class="row">
          <span class="quiet">{t('card.sponsors')}</span>
          {sponsors.map((party) => (
            <PartyTag key={party} {...context.face(party)} />
          ))}
        </p>
      )}
      {clause.runs.length > 0 && (
        <details>
          <summary>{t('clause.origin')}</summary>
          {origins.length === 0 ? (
            <p>{t('clause.origin-base')}</p>
          ) : (
            <ul class="plain">
              {origins.map(([id, words]) => (
                <li key={id}>{words}</li>
              ))}
            </ul>
          )}
        </details>
      )}
      <div class="row">
        {me.role === 'chair' &&
          clause.insertion === null &&
          (['agreed', 'agreed ad referendum', 'open'] as const).map((wanted) => (
            <StatusButton
              key={wanted}
              context={context}
              clause={clause.id}
              wanted={wanted}
              ask={() => (asking.value = wanted)}
            />
          ))}
        {/* Also where nothing is pending: a change of height here would move the cards below. */}
        {me.role === 'chair' && status.state === 'open' && (
          <button
            type="button"
            class="button"
            onClick={() => {
              agreeing.value = clause.id;
            }}
          >
            {t('agree.open')}
          </button>
        )}
        {me.role === 'chair' && (
          <button type="button" class="button" onClick={() => setCurrentClause(clause.id)}>
            {t('clause.set-current-clause')}
          </button>
        )}
        <MoveButtons context={context} clause={clause} />
        <button
          type="button"
          class="button"
          onClick={() => {
            history.value = clause.id;
          }}
        >
          {t('clause.history')}
        </button>
        <CopyLink of="clause" value={clause.id} name={context.placeOf(clause.id)} />
      </div>
      {asking.value !== null && (
        <StatusDialog
          context={context}
          clause={clause.id}
          wanted={asking.value}
          close={() => {
            asking.value = null;
          }}
        />
      )}
      {agreeing.value !== null && statusOf(negotiation, agreeing.value).state === 'open' && (
        <AgreeDialog
          context={context}
          clause={agreeing.value}
          close={() => {
            agreeing.value = null;
          }}
        />
      )}
      {history.value !== null && (
        <HistoryDialog
          context={context}
          clause={history.value}
          onClose={() => {
            history.value = null;
          }}
        />
      )}
    </section>
  );
}
