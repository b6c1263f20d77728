import { isFrozen } from '../../../shared/text/labels.ts';
import { t } from '../../words.ts';
import type { DraftingContext } from '../context.ts';
import { CommandButton } from '../execute.tsx';

/** Freezes the numbers of the clauses, or releases them; everybody sees that they are frozen. */
export function FreezeNumbers({ context }: { context: DraftingContext }) {
  const { drafting, me } = context;
  const frozen = isFrozen(drafting.negotiation.value);
  const mayFreeze = me.role === 'chair' || me.role === 'rapporteur';
  if (!frozen && !mayFreeze) return null;
  return (
    <p class="row numbering">
      {frozen && <span class="quiet">{t('clause.frozen')}</span>}
      {mayFreeze && (
        <CommandButton
          context={context}
          command={{ type: 'freeze-numbering', frozen: !frozen }}
          words={t(frozen ? 'clause.release' : 'clause.freeze')}
        />
      )}
    </p>
  );
}
