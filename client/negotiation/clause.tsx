import { useSignal } from '@preact/signals';
import { type Wish, whyNot } from '../../shared/negotiation/registry.ts';
import { statusOf } from '../../shared/negotiation/state.ts';
import type { ClauseId, MarkId, PartyCode } from '../../shared/protocol/ids.ts';
import { Dialog } from '../parts/dialog.tsx';
import { PartyTag } from '../parts/party.tsx';
import { clauseName, moment, t } from '../words.ts';
import { stateKeys } from './amendment/words.ts';
import type { DraftingContext } from './context.ts';
import { decideOnce } from './execute.tsx';
import { HistoryDialog } from './history.tsx';
import { AgreeDialog } from './status/agree.tsx';
import { WaitingParties } from './status/waiting.tsx';
import { statusWords } from './status/words.ts';
import { isMeant } from './steady.ts';

/** The clause with the caret: its sponsors and status, the chair's marks on it, where its words come from. */
export function ClausePanel({
  context,
  giveFloor,
}: {
  context: DraftingContext;
  giveFloor: (clause: ClauseId) => void;
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
  // Of the words at the caret: the amendments that brought them, pending or adopted.
  const origins = [...new Set(drafting.caret.value.marks)].flatMap((id): [MarkId, string][] => {
    const record = negotiation.marks.get(id);
    if (record?.kind !== 'amendment') return [];
    const { party, typedBy, at, state } = record;
    const values = { party: context.face(party).name, name: typedBy, time: moment(at), state: t(stateKeys[state]) };
    return [[id, t('clause.origin-of', values)]];
  });
  return (
    <section class="clause-panel" aria-labelledby="clause-title">
      <h2 id="clause-title">{clauseName(drafting.labelOf(clause.id))}</h2>
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
        {/* Also where nothing is pending: what comes and goes here moves the cards below. */}
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
          <button type="button" class="button" onClick={() => giveFloor(clause.id)}>
            {t('clause.give-floor')}
          </button>
        )}
        <button
          type="button"
          class="button"
          onClick={() => {
            history.value = clause.id;
          }}
        >
          {t('clause.history')}
        </button>
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

const words = {
  agreed: 'clause.agree',
  'agreed ad referendum': 'clause.agree-ad-referendum',
  open: 'clause.reopen',
} as const;
type Wanted = keyof typeof words;

const commandFor = (clause: ClauseId, wanted: Wanted, parties: PartyCode[], reason: string): Wish => ({
  type: 'set-status',
  clauses: [clause],
  status: wanted,
  ...(wanted === 'agreed ad referendum' ? { parties } : {}),
  ...(reason.trim() === '' ? {} : { reason }),
});

function StatusButton({
  context,
  clause,
  wanted,
  ask,
}: {
  context: DraftingContext;
  clause: ClauseId;
  wanted: Wanted;
  ask: () => void;
}) {
  // Whether it may be at all; the parties are named in the dialog.
  const some = context.parties()[0]?.code;
  const command = commandFor(clause, wanted, some === undefined ? [] : [some], '');
  const refusal = whyNot(context.drafting.situation.value, command, context.me);
  // Of what is so already there is nothing to say.
  if (refusal === 'nothing-to-do') return null;
  return (
    <button
      type="button"
      class="button"
      data-decides
      aria-disabled={refusal !== null}
      title={refusal === null ? undefined : t(`error.${refusal}`)}
      onClick={(event) => {
        if (refusal !== null) context.say(t(`error.${refusal}`));
        else if (isMeant(event)) ask();
        else context.say(t('card.moved'));
      }}
    >
      {t(words[wanted])}
    </button>
  );
}

/** The chair's act on a clause, with a reason for the record. */
function StatusDialog({
  context,
  clause,
  wanted,
  close,
}: {
  context: DraftingContext;
  clause: ClauseId;
  wanted: Wanted;
  close: () => void;
}) {
  const reason = useSignal('');
  const parties = useSignal<readonly PartyCode[]>([]);
  return (
    <Dialog title={`${t(words[wanted])}: ${context.drafting.labelOf(clause)}`} onClose={close}>
      <form class="form" onSubmit={(event) => event.preventDefault()}>
        {wanted === 'agreed ad referendum' && <WaitingParties context={context} chosen={parties} />}
        <label>
          {t('clause.reason')}
          <textarea
            rows={3}
            maxLength={4000}
            value={reason.value}
            onInput={(event) => {
              reason.value = event.currentTarget.value;
            }}
          />
        </label>
        <div class="row">
          <button
            type="submit"
            class="button button-strong"
            data-decides
            onClick={async (event) => {
              const command = commandFor(clause, wanted, [...parties.value], reason.value);
              if (await decideOnce(context, command, event)) close();
            }}
          >
            {t('app.confirm')}
          </button>
          <button type="button" class="button" onClick={close}>
            {t('app.cancel')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
