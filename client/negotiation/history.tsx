import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { History, type HistoryAct, type HistoryItem, type HistoryWords } from '../../shared/protocol/contract.ts';
import type { ClauseId, PartyCode } from '../../shared/protocol/ids.ts';
import { get, sentenceOf } from '../api.ts';
import { BusyButton } from '../parts/busy.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { PartyTag } from '../parts/party.tsx';
import { inSeat } from '../seat.ts';
import { clauseName, isWord, span, t } from '../words.ts';
import { stateKeys } from './amendment/words.ts';
import type { DraftingContext } from './context.ts';
import { statusWords } from './status/words.ts';

/** The history of a clause, in pages: the newest acts first, earlier ones on demand. */
export function HistoryDialog({
  context,
  clause,
  onClose,
}: {
  context: DraftingContext;
  clause: ClauseId;
  onClose: () => void;
}) {
  const acts = useSignal<readonly HistoryAct[] | null>(null);
  const earlier = useSignal<number | null>(null);
  const failure = useSignal('');
  const list = useRef<HTMLOListElement>(null);
  const load = async (before: number | null): Promise<void> => {
    const address = `/api/recommendations/${context.recommendation}/clauses/${clause}/history`;
    const page = before === null ? address : `${address}?before=${before}`;
    try {
      const found = await get(inSeat(page, context.me.participant), History);
      const known = acts.value ?? [];
      acts.value = [...known, ...found.acts];
      earlier.value = found.earlier;
      failure.value = '';
      // The focus goes to the first act of the new page.
      const next = (): void => (list.current?.children[known.length] as HTMLElement | undefined)?.focus();
      if (before !== null) requestAnimationFrame(next);
    } catch (error) {
      failure.value = sentenceOf(error);
    }
  };
  useEffect(() => void load(null), [clause]);
  return (
    <Dialog
      title={t('clause.history-of', { clause: clauseName(context.drafting.referenceOf(clause)) })}
      onClose={onClose}
    >
      {acts.value === null && failure.value === '' && <p class="quiet">{t('app.loading')}</p>}
      <ol class="plain history" ref={list}>
        {acts.value?.map((act, at) => (
          <Act key={`${act.first} ${at}`} act={act} context={context} />
        ))}
      </ol>
      <p class="failure" role="alert">
        {failure.value}
      </p>
      {earlier.value !== null && <BusyButton work={() => load(earlier.value)}>{t('history.earlier')}</BusyButton>}
    </Dialog>
  );
}

/** One act: its author, party, time and effects, with the words that it struck and inserted. */
function Act({ act, context }: { act: HistoryAct; context: DraftingContext }) {
  const { by, onBehalfOf, from, to, first, last, reason, items, more } = act;
  const party = onBehalfOf ?? by.party;
  return (
    <li tabIndex={-1}>
      <p class="card-head">
        {party !== null && <PartyTag {...context.face(party)} />}
        <strong>{titleOf(act)}</strong>
        <span class="quiet">
          {by.name}
          {onBehalfOf !== null && ` ${t('history.on-behalf', { party: context.face(onBehalfOf).name })}`},{' '}
          <time dateTime={new Date(from).toISOString()}>{span(from, to)}</time> ·{' '}
          {first === last ? `#${first}` : `#${first}–${last}`}
        </span>
      </p>
      {reason !== null && <p class="card-reason">{reason}</p>}
      {items.map((item, at) => (
        <Item
          key={at}
          item={item}
          alone={items.length === 1}
          isNew={act.clause === 'new'}
          owner={party}
          context={context}
        />
      ))}
      {more > 0 && <p class="quiet">{t('history.more', { count: more })}</p>}
      {act.clause === 'gone' && <p class="quiet">{t('history.gone')}</p>}
    </li>
  );
}

function titleOf({ command, items }: HistoryAct): string {
  if (command === 'typing') return typedTitle(items[0]);
  const status = items.find((item) => item.of === 'status');
  if (status !== undefined) return t('history.set-status', { status: statusWords(status.status) });
  // A command of an earlier or later version may have no words here.
  const key = `history.${command}`;
  return t(isWord(key) ? key : 'history.other');
}

function typedTitle(item: HistoryItem | undefined): string {
  if (item === undefined) return t('history.other');
  if (item.of === 'text') return t('history.edited');
  if (item.of === 'bracket') return t(item.after === null ? 'history.unbracketed' : 'history.bracketed');
  if (item.of !== 'amendment') return t('history.other');
  if (item.after === null) return t('history.took-back');
  return t(item.before === null ? 'history.proposed' : 'history.reworked');
}

/**
 * The effect of an act on one amendment, one bracket, or the words in force. `owner`: the party of the act, which is
 * named above it.
 */
function Item({
  item,
  alone,
  isNew,
  owner,
  context,
}: {
  item: HistoryItem;
  alone: boolean;
  isNew: boolean;
  owner: PartyCode | null;
  context: DraftingContext;
}) {
  switch (item.of) {
    case 'amendment': {
      const { id, party, state, before, after, asked, joined, left } = item;
      const face = context.face(party);
      const now = after ?? before;
      const isChanged =
        before !== null && after !== null && (before.struck !== after.struck || before.brought !== after.brought);
      const parties = (codes: readonly PartyCode[]): string => codes.map((code) => context.face(code).name).join(', ');
      return (
        <div class={`history-item ${face.colour}`}>
          <p class="card-head">
            <strong class="amendment-number">{context.drafting.numberOf(id)}</strong>
            {(!alone || party !== owner) && <PartyTag {...face} />}
            {state !== 'open' && <span>{t(stateKeys[state])}</span>}
          </p>
          {now !== null && <Words words={now} />}
          {isChanged && (
            <div class="quiet">
              {t('history.before')} <Words words={before} />
            </div>
          )}
          {asked.length > 0 && <p>{t('history.asked', { parties: parties(asked) })}</p>}
          {joined.length > 0 && <p>{t('history.joined', { parties: parties(joined) })}</p>}
          {left.length > 0 && <p>{t('history.left', { parties: parties(left) })}</p>}
        </div>
      );
    }
    case 'bracket':
    case 'comment':
      return (
        <Sample face={context.face(item.party).colour}>
          {item.of === 'bracket' ? <strong>[</strong> : null}
          <bdi>{item.after ?? item.before}</bdi>
          {item.of === 'bracket' ? <strong>]</strong> : null}
        </Sample>
      );
    case 'text':
      return (
        <div class="history-item">
          {isNew ? (
            <p class="text-sample">
              <bdi>{item.brought}</bdi>
            </p>
          ) : (
            <Words words={item} />
          )}
        </div>
      );
    case 'sponsors':
      return (
        <p class="row">
          <span class="quiet">{t('card.sponsors')}</span>
          {item.sponsors.map((party) => (
            <PartyTag key={party} {...context.face(party)} />
          ))}
        </p>
      );
    case 'status':
      // The act's own title.
      return null;
  }
}

function Sample({ face, children }: { face: string; children: ComponentChildren }) {
  return (
    <div class={`history-item ${face}`}>
      <p class="text-sample">{children}</p>
    </div>
  );
}

/** Words distinguished by element, sign and colour. */
function Words({ words: { struck, brought } }: { words: HistoryWords }) {
  return (
    <p class="text-sample">
      {struck !== '' && (
        <del>
          <span class="visually-hidden">{t('card.strikes')}: </span>
          <bdi>{struck}</bdi>
        </del>
      )}{' '}
      {brought !== '' && (
        <ins>
          <span class="visually-hidden">{t('card.brings')}: </span>
          <bdi>{brought}</bdi>
        </ins>
      )}
    </p>
  );
}
