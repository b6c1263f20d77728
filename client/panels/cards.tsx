import { useComputed, useSignal } from '@preact/signals';
import { type StandingAmendment, sponsorsOf } from '../../shared/amendment.ts';
import type { MarkId, PartyCode } from '../../shared/ids.ts';
import type { AmendmentRecord } from '../../shared/ledger.ts';
import { type Command, whyNot } from '../../shared/procedure.ts';
import { PartyTag } from '../parts/party.tsx';
import { clauseName, moment, t, tn } from '../words.ts';
import type { Desk } from './desk.ts';

const kindKeys = {
  add: 'kind.add',
  delete: 'kind.delete',
  replace: 'kind.replace',
  'new clause': 'kind.new-clause',
  'delete clause': 'kind.delete-clause',
} as const;
/** What became of an amendment, in words. */
export const stateKeys = {
  open: 'state.open',
  adopted: 'state.adopted',
  'not adopted': 'state.not-adopted',
  withdrawn: 'state.withdrawn',
  superseded: 'state.superseded',
} as const;

/** A card for each amendment, in the order of the text; the chair's choice of several stands above them. */
export function AmendmentCards({ desk }: { desk: Desk }) {
  const { bench, me } = desk;
  const chosen = useSignal<ReadonlySet<MarkId>>(new Set());
  const amendments = bench.amendments.value;
  const closed = useComputed(() =>
    [...bench.ledger.value.marks].filter(
      (entry): entry is [MarkId, AmendmentRecord] => entry[1].kind === 'amendment' && entry[1].state !== 'open',
    ),
  );
  const standing = new Set(amendments.map(({ id }) => id));
  const picked = [...chosen.value].filter((id) => standing.has(id));
  const choose = (id: MarkId, on: boolean): void => {
    const next = new Set(chosen.value);
    if (on) next.add(id);
    else next.delete(id);
    chosen.value = next;
  };
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
          <Order
            desk={desk}
            command={{ type: 'adopt', amendments: picked }}
            words={t('card.adopt')}
            off={picked.length === 0}
          />
          <Order
            desk={desk}
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
              desk={desk}
              amendment={amendment}
              chosen={chosen.value.has(amendment.id)}
              choose={amendments.length > 1 ? choose : null}
            />
          </li>
        ))}
      </ul>
      <Brackets desk={desk} />
      {closed.value.length > 0 && (
        <details class="cards-closed">
          <summary>
            {t('card.closed')} ({closed.value.length})
          </summary>
          <ul class="plain">
            {closed.value.map(([id, record]) => (
              <li key={id} class={`card card-closed ${desk.face(record.party).colour}`}>
                <p class="card-head">
                  <PartyTag {...desk.face(record.party)} />
                  <strong>{t(stateKeys[record.state])}</strong>
                </p>
                <Words struck={record.closed?.struck ?? ''} inserted={record.closed?.inserted ?? ''} />
                <p class="card-foot">
                  {t('card.typed-by', { name: record.typedBy, time: moment(record.at) })}
                  {record.closed?.reason !== undefined && ` · ${record.closed.reason}`}
                </p>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

/** The words before and after, told apart by element, sign and colour. */
function Words({ struck, inserted }: { struck: string; inserted: string }) {
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

function Card({
  desk,
  amendment: { id, record, kind, clauses, struck, inserted },
  chosen,
  choose,
}: {
  desk: Desk;
  amendment: StandingAmendment;
  chosen: boolean;
  choose: ((id: MarkId, on: boolean) => void) | null;
}) {
  const { bench, me } = desk;
  const face = desk.face(record.party);
  const pointed = bench.active.value === id;
  const owner = me.role === 'rapporteur' || (me.role === 'delegate' && me.party === record.party);
  const [clause] = clauses;
  return (
    <article
      id={`card-${id}`}
      class={`card ${face.colour}${pointed ? ' is-active' : ''}`}
      aria-label={`${face.name}: ${t(kindKeys[kind])}`}
      aria-current={pointed ? 'true' : undefined}
    >
      <p class="card-head">
        {me.role === 'chair' && choose !== null && (
          <input
            type="checkbox"
            aria-label={t('card.choose', { party: face.name })}
            checked={chosen}
            onChange={(event) => choose(id, event.currentTarget.checked)}
          />
        )}
        <PartyTag {...face} />
        {sponsorsOf(record)
          .slice(1)
          .map((party) => (
            <PartyTag key={party} {...desk.face(party)} />
          ))}
        <strong>{t(kindKeys[kind])}</strong>
        <button type="button" class="link" onClick={() => bench.point(id, true)}>
          {clause === undefined || bench.labelOf(clause) === '' ? t('card.show') : clauseName(bench.labelOf(clause))}
        </button>
      </p>
      <Words struck={struck} inserted={inserted} />
      {record.reason !== '' && (
        <p class="card-reason">
          <strong>{t('card.reason')}:</strong> {record.reason}
        </p>
      )}
      <Sponsors desk={desk} id={id} record={record} owner={owner} />
      <p class="card-foot">{t('card.typed-by', { name: record.typedBy, time: moment(record.at) })}</p>
      <div class="card-acts">
        {me.role === 'chair' && (
          <>
            <Order desk={desk} command={{ type: 'adopt', amendments: [id] }} words={t('card.adopt')} strong />
            <Order desk={desk} command={{ type: 'not-adopt', amendments: [id] }} words={t('card.not-adopt')} />
          </>
        )}
        {owner && (
          <>
            <Order desk={desk} command={{ type: 'withdraw', amendment: id }} words={t('card.withdraw')} />
            <ReasonForm desk={desk} id={id} reason={record.reason} />
          </>
        )}
      </div>
    </article>
  );
}

/** A button that orders something; greyed by the same rule that the server refuses by. */
export function Order({
  desk,
  command,
  words,
  strong = false,
  off = false,
}: {
  desk: Desk;
  command: Command;
  words: string;
  strong?: boolean;
  off?: boolean;
}) {
  const busy = useSignal(false);
  const refusal = off ? null : whyNot(desk.bench.situation.value, command, desk.me);
  return (
    <button
      type="button"
      class={strong ? 'button button-strong' : 'button'}
      disabled={busy.value || off}
      aria-disabled={refusal !== null}
      title={refusal === null ? undefined : t(`error.${refusal}`)}
      onClick={async () => {
        if (refusal !== null) {
          desk.say(t(`error.${refusal}`));
          return;
        }
        busy.value = true;
        await desk.order(command);
        busy.value = false;
      }}
    >
      {words}
    </button>
  );
}

function ReasonForm({ desk, id, reason }: { desk: Desk; id: MarkId; reason: string }) {
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
        // What was typed stays in its field until the server has it.
        if (await desk.order({ type: 'give-reason', amendment: id, reason: words.value })) open.value = false;
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

/** Who stands behind an amendment, who was asked to, and the answer of who was. */
function Sponsors({ desk, id, record, owner }: { desk: Desk; id: MarkId; record: AmendmentRecord; owner: boolean }) {
  const { me } = desk;
  const asked = record.sponsors.filter(({ accepted }) => !accepted);
  const mine = record.sponsors.find(({ party }) => party === me.party);
  const others = desk
    .parties()
    .filter(({ code }) => code !== record.party && !record.sponsors.some(({ party }) => party === code));
  return (
    <>
      {asked.length > 0 && (
        <p class="card-sponsors">
          {asked.map(({ party }) => t('card.asked', { party: desk.face(party).code })).join(', ')}
        </p>
      )}
      {me.role === 'delegate' && mine !== undefined && (
        <div class="card-acts">
          {mine.accepted ? (
            <Order
              desk={desk}
              command={{ type: 'answer-sponsoring', amendment: id, accept: false }}
              words={t('card.step-back')}
            />
          ) : (
            <>
              <Order
                desk={desk}
                command={{ type: 'answer-sponsoring', amendment: id, accept: true }}
                words={t('card.accept')}
                strong
              />
              <Order
                desk={desk}
                command={{ type: 'answer-sponsoring', amendment: id, accept: false }}
                words={t('card.decline')}
              />
            </>
          )}
        </div>
      )}
      {owner && others.length > 0 && (
        <label class="card-ask">
          {t('card.ask')}{' '}
          <select
            value=""
            onChange={async (event) => {
              const code = others.find((party) => party.code === event.currentTarget.value)?.code;
              if (code !== undefined) await desk.order({ type: 'ask-to-sponsor', amendment: id, party: code });
            }}
          >
            <option value="">…</option>
            {others.map(({ code }: { code: PartyCode }) => (
              <option key={code} value={code}>
                {desk.face(code).name}
              </option>
            ))}
          </select>
        </label>
      )}
    </>
  );
}

/** Brackets that stand, each with its words; who may lift it sees how. */
function Brackets({ desk }: { desk: Desk }) {
  const { bench, me } = desk;
  const ledger = bench.ledger.value;
  const standing = new Map<MarkId, string>();
  for (const clause of bench.text.value)
    for (const { text, marks } of clause.runs)
      for (const id of marks.bracket) standing.set(id, (standing.get(id) ?? '') + text);
  const open = [...standing].filter(([id]) => ledger.marks.get(id)?.state === 'open');
  if (open.length === 0) return null;
  return (
    <>
      <h3>{t('card.brackets')}</h3>
      <ul class="plain">
        {open.map(([id, words]) => {
          const record = ledger.marks.get(id);
          if (record === undefined) return null;
          const face = desk.face(record.party);
          const may = me.role === 'chair' || me.role === 'rapporteur' || me.party === record.party;
          return (
            <li
              key={id}
              id={`card-${id}`}
              class={`card ${face.colour}${bench.active.value === id ? ' is-active' : ''}`}
            >
              <p class="card-head">
                <PartyTag {...face} />
                <button type="button" class="link" onClick={() => bench.point(id, true)}>
                  [{words}]
                </button>
              </p>
              <p class="card-foot">{t('card.typed-by', { name: record.typedBy, time: moment(record.at) })}</p>
              {may && (
                <div class="card-acts">
                  <Order desk={desk} command={{ type: 'lift-bracket', bracket: id }} words={t('card.lift')} />
                </div>
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}
