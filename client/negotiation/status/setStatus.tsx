import { useSignal } from '@preact/signals';
import { type Wish, whyNot } from '../../../shared/negotiation/registry.ts';
import type { ClauseId, PartyCode } from '../../../shared/protocol/ids.ts';
import { clauseName, t } from '../../words.ts';
import { ConfirmDialog } from '../confirm.tsx';
import type { DraftingContext } from '../context.ts';
import { isMeant } from '../steady.ts';
import { WaitingParties } from './waiting.tsx';

/** The words of the button that sets each status. */
export const statusActs = {
  agreed: 'clause.agree',
  'agreed ad referendum': 'clause.agree-ad-referendum',
  open: 'clause.reopen',
} as const;
export type Wanted = keyof typeof statusActs;

const commandFor = (clause: ClauseId, wanted: Wanted, parties: PartyCode[]): Wish => ({
  type: 'set-status',
  clauses: [clause],
  status: wanted,
  ...(wanted === 'agreed ad referendum' ? { parties } : {}),
});

/** Offers a status to the chair; nothing where the clause has it. */
export function StatusButton({
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
  // Whether it is allowed at all; the dialog asks for the parties.
  const some = context.parties()[0]?.code;
  const command = commandFor(clause, wanted, some === undefined ? [] : [some]);
  const refusal = whyNot(context.drafting.situation.value, command, context.me);
  // Without a change there is nothing to announce.
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
      {t(statusActs[wanted])}
    </button>
  );
}

/** The chair's decision on a clause, with a reason for the log. */
export function StatusDialog({
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
  const parties = useSignal<readonly PartyCode[]>([]);
  return (
    <ConfirmDialog
      context={context}
      title={`${t(statusActs[wanted])}: ${clauseName(context.drafting.referenceOf(clause))}`}
      command={commandFor(clause, wanted, [...parties.value])}
      takesReason
      close={close}
    >
      {wanted === 'agreed ad referendum' && <WaitingParties context={context} chosen={parties} />}
    </ConfirmDialog>
  );
}
