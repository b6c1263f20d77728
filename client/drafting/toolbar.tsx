import { PartyCode } from '../../shared/protocol/ids.ts';
import { bracket, clauseAfter, unbracket } from '../editor/commands.ts';
import type { DraftingContext } from '../negotiation/context.ts';
import { t } from '../words.ts';

const savingKeys = {
  connecting: 'draft.connecting',
  saved: 'draft.saved',
  saving: 'draft.saving',
  offline: 'draft.offline',
  ended: 'draft.offline-here',
  evicted: 'draft.offline-here',
} as const;

/** Shows whether all local edits are on the server's disk. */
export function SavedSign({ context }: { context: DraftingContext }) {
  const saving = context.drafting.draft.value?.saving.value ?? 'connecting';
  // Readers have nothing to save, but need to know whether the text is up to date.
  const words =
    context.drafting.capacity.value === null && (saving === 'saved' || saving === 'saving')
      ? ''
      : t(savingKeys[saving]);
  return (
    <span class={`saved saved-${saving}`} role="status">
      {words}
    </span>
  );
}

/** The editing commands of the drafting page. */
export function Toolbar({ context }: { context: DraftingContext }) {
  const { drafting, me } = context;
  const capacity = drafting.capacity.value;
  const proposes = capacity !== null && 'proposesFor' in capacity;
  return (
    <div class="toolbar" role="toolbar" aria-label={t('draft.text')}>
      {capacity !== null && (
        <>
          <button type="button" class="button" onClick={() => drafting.editor?.undo()}>
            {t('draft.undo')}
          </button>
          <button type="button" class="button" onClick={() => drafting.editor?.redo()}>
            {t('draft.redo')}
          </button>
          {proposes && (
            <button
              type="button"
              class="button"
              onClick={() =>
                drafting.editor?.perform((state, context) => unbracket(state, context) ?? bracket(state, context))
              }
            >
              {t('draft.bracket')}
            </button>
          )}
          <button type="button" class="button" onClick={() => drafting.editor?.perform(clauseAfter)}>
            {t(drafting.isEmpty.value ? 'draft.add-clause' : 'draft.new-clause')}
          </button>
        </>
      )}
      {me.role === 'rapporteur' && (
        <label>
          {t('draft.type-for')}{' '}
          <select
            value={drafting.as.value ?? 'base'}
            onChange={(event) => {
              const { value } = event.currentTarget;
              const party = PartyCode.safeParse(value);
              const as = value === 'base' ? 'base' : party.success ? party.data : null;
              if (as === null || !drafting.writeAs(as)) {
                event.currentTarget.value = drafting.as.value ?? 'base';
                context.say(t('draft.saving'));
              }
            }}
          >
            <option value="base">{t('draft.base')}</option>
            {context.parties().map(({ code }) => (
              <option key={code} value={code}>
                {context.face(code).name}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}
