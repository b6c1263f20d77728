import { useSignal } from '@preact/signals';
import type { ClauseId, MarkId, PartyCode } from '../../../shared/protocol/ids.ts';
import { baseText } from '../../../shared/text/clause.ts';
import { Resolution } from '../../../shared/text/resolve.ts';
import { PartyTag } from '../../parts/party.tsx';
import { clauseName, t } from '../../words.ts';
import { Words } from '../amendment/card.tsx';
import { kindKeys } from '../amendment/words.ts';
import { ConfirmDialog } from '../confirm.tsx';
import type { DraftingContext } from '../context.ts';
import { AgreedStatus } from './agreed.tsx';

/**
 * The chair disposes of everything pending in a clause and marks it agreed, in one act: amendments that arrive until
 * then are not adopted, so that nobody can hold the agreement up, and the agreed text is the one shown here or none.
 */
export function AgreeDialog({
  context,
  clause: id,
  close,
}: {
  context: DraftingContext;
  clause: ClauseId;
  close: () => void;
}) {
  const { drafting } = context;
  const adopted = useSignal<readonly MarkId[]>([]);
  const status = useSignal<'agreed' | 'agreed ad referendum'>('agreed');
  const parties = useSignal<readonly PartyCode[]>([]);
  const text = drafting.text.value;
  const negotiation = drafting.negotiation.value;
  const pending = drafting.amendments.value.filter(({ clauses }) => clauses.includes(id));
  const ticked = adopted.value.filter((one) => pending.some((amendment) => amendment.id === one));
  const resolution = new Resolution(text, negotiation);
  resolution.adopt(new Set(ticked));
  const result = resolution.text().find((clause) => clause.id === id);
  const wish = {
    type: 'dispose-and-agree' as const,
    clauses: [id],
    adopt: [...ticked],
    status: status.value,
    ...(status.value === 'agreed ad referendum' ? { parties: [...parties.value] } : {}),
  };
  return (
    <ConfirmDialog
      context={context}
      title={t('agree.title', { clause: clauseName(drafting.referenceOf(id)) })}
      command={wish}
      takesReason
      words={t('agree.confirm')}
      close={close}
    >
      <ul class="plain">
        {pending.map((amendment) => {
          const face = context.face(amendment.record.party);
          return (
            <li key={amendment.id} class={`card ${face.colour}`}>
              <label class="check">
                <input
                  type="checkbox"
                  checked={ticked.includes(amendment.id)}
                  onChange={(event) => {
                    adopted.value = event.currentTarget.checked
                      ? [...ticked, amendment.id]
                      : ticked.filter((one) => one !== amendment.id);
                  }}
                />{' '}
                {t('card.adopt')} <strong>{drafting.numberOf(amendment.id)}</strong> <PartyTag {...face} />{' '}
                {t(kindKeys[amendment.kind])}
              </label>
              <Words struck={amendment.struck} inserted={amendment.inserted} />
            </li>
          );
        })}
      </ul>
      <AgreedStatus context={context} status={status} parties={parties} />
      <section aria-live="polite">
        <h3>{t('agree.reads')}</h3>
        <blockquote class="text-sample">
          {result === undefined ? t('history.gone') : <bdi>{baseText({ ...result, insertion: null })}</bdi>}
        </blockquote>
      </section>
    </ConfirmDialog>
  );
}
