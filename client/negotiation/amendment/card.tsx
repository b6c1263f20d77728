import { useComputed, useSignal } from '@preact/signals';
import type { AmendmentRecord } from '../../../shared/negotiation/families/amendment/state.ts';
import type { MarkId, PartyCode } from '../../../shared/protocol/ids.ts';
import { type StandingAmendment, sponsorsOf } from '../../../shared/text/amendment.ts';
import { BusyButton } from '../../parts/busy.tsx';
import { CopyLink } from '../../parts/copyLink.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { PartyTag } from '../../parts/party.tsx';
import { clauseName, moment, t } from '../../words.ts';
import type { DraftingContext } from '../context.ts';
import { ChooseButton } from '../deciding/chooseButton.tsx';
import { CommandButton } from '../execute.tsx';
import { isMeant } from '../steady.ts';
import { kindKeys } from './words.ts';

/** The words before and after, distinguished by element, sign and colour. */
export function Words({ struck, inserted }: { struck: string; inserted: string }) {
  return (
    <div class="card-words">
      {struck !== '' && (
        <p>
          <span class="visually-hidden">{t('card.strikes')}: </span>
          <del>{struck}</del>
        </p>
      )}
      {inserted !== '' && (
        <p>
          <span class="visually-hidden">{t('card.brings')}: </span>
          <ins>{inserted}</ins>
        </p>
      )}
    </div>
  );
}

/** One amendment: its party, effect and sponsors, and the commands on it. */
export function Card({
  context,
  amendment: { id, record, parent, kind, clauses, struck, inserted },
  chosen,
  choose,
}: {
  context: DraftingContext;
  amendment: StandingAmendment;
  chosen: boolean;
  choose: (id: MarkId, on: boolean) => void;
}) {
  const { drafting, me } = context;
  const face = context.face(record.party);
  const pointed = useComputed(() => drafting.active.value === id).value;
  const owner = me.role === 'rapporteur' || (me.role === 'delegate' && me.party === record.party);
  const [clause] = clauses;
  const number = drafting.numberOf(id);
  return (
    <article
      id={`card-${id}`}
      class={`card ${face.colour}${pointed ? ' is-active' : ''}`}
      aria-label={`${number}, ${face.name}: ${t(kindKeys[kind])}`}
      aria-current={pointed ? 'true' : undefined}
    >
      <p class="card-head">
        <input
          type="checkbox"
          aria-label={t('card.choose', { number, party: face.name })}
          checked={chosen}
          onChange={(event) => choose(id, event.currentTarget.checked)}
        />
        <strong class="amendment-number">{number}</strong>
        <PartyTag {...face} />
        {sponsorsOf(record)
          .slice(1)
          .map((party) => (
            <PartyTag key={party} {...context.face(party)} />
          ))}
        <strong>{t(kindKeys[kind])}</strong>
        <button type="button" class="link" onClick={() => drafting.point(id, true)}>
          {clause === undefined || drafting.referenceOf(clause).number === ''
            ? t('card.show')
            : clauseName(drafting.referenceOf(clause))}
        </button>
      </p>
      <MadeTo context={context} parent={parent} />
      <Words struck={struck} inserted={inserted} />
      {record.reason !== '' && (
        <p class="card-reason">
          <strong>{t('card.reason')}:</strong> {record.reason}
        </p>
      )}
      <Sponsors context={context} id={id} record={record} owner={owner} />
      <p class="card-foot">{t('card.typed-by', { name: record.typedBy, time: moment(record.at) })}</p>
      <div class="card-acts">
        <ChooseButton context={context} id={id} choose={choose} />
        {owner && (
          <>
            {me.role === 'rapporteur' ? (
              <WithdrawFor context={context} id={id} party={face.name} struck={struck} inserted={inserted} />
            ) : (
              <CommandButton
                context={context}
                command={{ type: 'withdraw', amendment: id }}
                words={t('card.withdraw')}
              />
            )}
            <ReasonForm context={context} id={id} reason={record.reason} />
          </>
        )}
        <CopyLink of="amendment" value={number} name={t('amendment.title', { number })} />
      </div>
    </article>
  );
}

/**
 * For an amendment to a pending one: that amendment's party, with a link to it. It is decided before that one, or falls
 * with it.
 */
function MadeTo({ context, parent }: { context: DraftingContext; parent: MarkId | null }) {
  const record = parent === null ? undefined : context.drafting.negotiation.value.marks.get(parent);
  if (parent === null || record === undefined) return null;
  return (
    <p class="card-foot">
      <button type="button" class="link" onClick={() => context.drafting.point(parent, true)}>
        {t('card.made-to', { number: context.drafting.numberOf(parent), party: context.face(record.party).name })}
      </button>
    </p>
  );
}

/** The rapporteur withdraws on behalf of a party: a dialog asks first, since the words are not the rapporteur's own. */
function WithdrawFor({
  context,
  id,
  party,
  struck,
  inserted,
}: {
  context: DraftingContext;
  id: MarkId;
  party: string;
  struck: string;
  inserted: string;
}) {
  const asking = useSignal(false);
  return (
    <>
      <button
        type="button"
        class="button"
        data-decides
        onClick={(event) => {
          if (isMeant(event)) asking.value = true;
          else context.say(t('card.moved'));
        }}
      >
        {t('card.withdraw')}…
      </button>
      {asking.value && (
        <Dialog
          title={t('card.withdraw-for', { party })}
          onClose={() => {
            asking.value = false;
          }}
        >
          <Words struck={struck} inserted={inserted} />
          <p>{t('card.withdraw-sure', { party })}</p>
          <div class="row">
            <CommandButton
              context={context}
              command={{ type: 'withdraw', amendment: id }}
              words={t('card.withdraw')}
              strong
            />
            <button
              type="button"
              class="button"
              onClick={() => {
                asking.value = false;
              }}
            >
              {t('app.cancel')}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function ReasonForm({ context, id, reason }: { context: DraftingContext; id: MarkId; reason: string }) {
  const open = useSignal(false);
  const words = useSignal(reason);
  if (!open.value)
    return (
      <button
        type="button"
        class="button"
        onClick={() => {
          words.value = reason;
          open.value = true;
        }}
      >
        {t('card.give-reason')}
      </button>
    );
  return (
    <form
      class="card-form"
      onSubmit={async (event) => {
        event.preventDefault();
        // The typed text stays in its field until the server has stored it.
        if (await context.execute({ type: 'give-reason', amendment: id, reason: words.value })) open.value = false;
      }}
    >
      <label>
        {t('card.reason')}
        <textarea
          rows={2}
          maxLength={4000}
          value={words.value}
          onInput={(event) => {
            words.value = event.currentTarget.value;
          }}
        />
      </label>
      <div class="card-acts">
        <button type="submit" class="button button-strong">
          {t('app.save')}
        </button>
        <button
          type="button"
          class="button"
          onClick={() => {
            open.value = false;
          }}
        >
          {t('app.cancel')}
        </button>
      </div>
    </form>
  );
}

/** The sponsors of an amendment, the parties that were asked, and the answer of the reader's party. */
function Sponsors({
  context,
  id,
  record,
  owner,
}: {
  context: DraftingContext;
  id: MarkId;
  record: AmendmentRecord;
  owner: boolean;
}) {
  const { me } = context;
  /** The chosen party, before it is asked. */
  const asking = useSignal<PartyCode | null>(null);
  const asked = record.sponsors.filter(({ accepted }) => !accepted);
  const mine = record.sponsors.find(({ party }) => party === me.party);
  const others = context
    .parties()
    .filter(({ code }) => code !== record.party && !record.sponsors.some(({ party }) => party === code));
  return (
    <>
      {asked.length > 0 && (
        <p class="card-sponsors">
          {asked
            .map(({ party, agreedTo }) =>
              t(agreedTo === undefined ? 'card.asked' : 'card.asked-again', { party: context.face(party).code }),
            )
            .join(', ')}
        </p>
      )}
      {me.role === 'delegate' && mine?.agreedTo !== undefined && (
        <div>
          <p>{t('card.agreed-to')}</p>
          <Words struck={mine.agreedTo.struck} inserted={mine.agreedTo.inserted} />
        </div>
      )}
      {me.role === 'delegate' && mine !== undefined && (
        <div class="card-acts">
          {mine.accepted ? (
            <CommandButton
              context={context}
              command={{ type: 'answer-sponsoring', amendment: id, accept: false }}
              words={t('card.step-back')}
            />
          ) : (
            <>
              <CommandButton
                context={context}
                command={{ type: 'answer-sponsoring', amendment: id, accept: true }}
                words={t('card.accept')}
                strong
              />
              <CommandButton
                context={context}
                command={{ type: 'answer-sponsoring', amendment: id, accept: false }}
                words={t('card.decline')}
              />
            </>
          )}
        </div>
      )}
      {owner && others.length > 0 && (
        <form class="card-ask" onSubmit={(event) => event.preventDefault()}>
          <label>
            {t('card.ask')}{' '}
            <select
              value={asking.value ?? ''}
              onChange={(event) => {
                asking.value = others.find((party) => party.code === event.currentTarget.value)?.code ?? null;
              }}
            >
              <option value="">…</option>
              {others.map(({ code }: { code: PartyCode }) => (
                <option key={code} value={code}>
                  {context.face(code).name}
                </option>
              ))}
            </select>
          </label>
          <BusyButton
            type="submit"
            work={async () => {
              const party = others.find(({ code }) => code === asking.peek())?.code;
              if (party === undefined) context.say(t('card.ask-whom'));
              else if (await context.execute({ type: 'ask-to-sponsor', amendment: id, party })) asking.value = null;
            }}
          >
            {t('card.ask-submit')}
          </BusyButton>
        </form>
      )}
    </>
  );
}
