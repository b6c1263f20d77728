import { registry } from '../../../shared/negotiation/registry.ts';
import type { Clause } from '../../../shared/text/clause.ts';
import { t } from '../../words.ts';
import type { DraftingContext } from '../context.ts';
import { CommandButton } from '../execute.tsx';

/** Moves a clause of the text in force before the one above it, or behind the one below it. */
export function MoveButtons({ context, clause }: { context: DraftingContext; clause: Clause }) {
  const { drafting, me } = context;
  if (clause.insertion !== null || !registry.kind('move-clause').actors.includes(me.role)) return null;
  const text = drafting.text.value;
  const at = text.findIndex(({ id }) => id === clause.id);
  const below = text[at + 1];
  return (
    <>
      {at > 0 && (
        <CommandButton
          context={context}
          command={{ type: 'move-clause', clause: clause.id, after: text[at - 2]?.id ?? null }}
          words={t('clause.move-up')}
        />
      )}
      {below !== undefined && (
        <CommandButton
          context={context}
          command={{ type: 'move-clause', clause: clause.id, after: below.id }}
          words={t('clause.move-down')}
        />
      )}
    </>
  );
}
