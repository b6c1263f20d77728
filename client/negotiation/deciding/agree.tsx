import { useSignal } from '@preact/signals';
import type { ClauseId, MarkId, PartyCode } from '../../../shared/protocol/ids.ts';
import { t, tn } from '../../words.ts';
import { ConfirmDialog } from '../confirm.tsx';
import type { DraftingContext } from '../context.ts';
import { AgreedStatus } from '../status/agreed.tsx';
import type { Choice } from './choice.ts';
import { Endings } from './endings.tsx';
import { listed, nameOfClause } from './names.ts';
import { Reading } from './reading.tsx';

type Status = 'agreed' | 'agreed ad referendum';

/**
 * Adopts the chosen amendments and agrees on their clauses in one act. The dialog shows the text that will be locked,
 * and the open amendments that are not adopted by it.
 */
export function AdoptAndAgreeDialog({
  context,
  choice,
  clauses,
  after,
  close,
}: {
  context: DraftingContext;
  choice: Choice;
  /** The clauses to agree on. */
  clauses: readonly ClauseId[];
  /** Called once it is done, with the status and the amendments that were not adopted by it. */
  after: (status: Status, rest: readonly MarkId[]) => void;
  close: () => void;
}) {
  const { drafting, execute } = context;
  const status = useSignal<Status>('agreed');
  const parties = useSignal<readonly PartyCode[]>([]);
  const preview = choice.preview.value;
  const agreed = preview.clauses.filter(({ id }) => clauses.includes(id));
  const left = new Set(agreed.flatMap((clause) => clause.left));
  const rest = drafting.amendments.value.filter(({ id }) => left.has(id));
  const wish = {
    type: 'dispose-and-agree' as const,
    clauses: [...clauses],
    adopt: [...choice.decided.value],
    status: status.value,
    ...(status.value === 'agreed ad referendum' ? { parties: [...parties.value] } : {}),
  };
  const reporting: DraftingContext = {
    ...context,
    execute: async (command) => {
      const isDone = await execute(command);
      if (isDone)
        after(
          status.peek(),
          rest.map(({ id }) => id),
        );
      return isDone;
    },
  };
  return (
    <ConfirmDialog
      context={reporting}
      title={`${t('deciding.agree')}: ${listed(clauses.map((id) => nameOfClause(context, id)))}`}
      command={wish}
      takesReason
      words={t('agree.confirm')}
      close={close}
    >
      <section class="deciding-would">
        <h3>{t('agree.reads')}</h3>
        {agreed.map((clause) => (
          <Reading key={clause.id} context={context} clause={clause} />
        ))}
      </section>
      {rest.length > 0 && (
        <section>
          <h3>{tn('deciding.rest', rest.length)}</h3>
          <Endings context={context} endings={rest} />
        </section>
      )}
      <AgreedStatus context={context} status={status} parties={parties} />
    </ConfirmDialog>
  );
}
