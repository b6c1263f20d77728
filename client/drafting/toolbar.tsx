import { PartyCode } from '../../shared/protocol/ids.ts';
import { bracket, clauseAfter, unbracket } from '../editor/commands.ts';
import type { Desk } from '../negotiation/desk.ts';
import { t } from '../words.ts';

const savingKeys = {
  connecting: 'draft.connecting',
  saved: 'draft.saved',
  saving: 'draft.saving',
  offline: 'draft.offline',
  ended: 'draft.offline-here',
  evicted: 'draft.offline-here',
} as const;

/** Whether all that was typed is on the server's disk: said as it is. */
export function SavedSign({ desk }: { desk: Desk }) {
  const saving = desk.bench.draft.value?.saving.value ?? 'connecting';
  // Who only reads has nothing to save, but wants to know whether the text is the newest.
  const words =
    desk.bench.hand.value === null && (saving === 'saved' || saving === 'saving') ? '' : t(savingKeys[saving]);
  return (
    <span class={`saved saved-${saving}`} role="status">
      {words}
    </span>
  );
}

/** What can be done to the text, beside typing in it. */
export function Toolbar({ desk }: { desk: Desk }) {
  const { bench, me } = desk;
  const hand = bench.hand.value;
  const proposes = hand !== null && 'proposesFor' in hand;
  return (
    <div class="toolbar" role="toolbar" aria-label={t('draft.text')}>
      {hand !== null && (
        <>
          <button type="button" class="button" onClick={() => bench.editor?.undo()}>
            {t('draft.undo')}
          </button>
          <button type="button" class="button" onClick={() => bench.editor?.redo()}>
            {t('draft.redo')}
          </button>
          {proposes && (
            <button
              type="button"
              class="button"
              onClick={() => bench.editor?.perform((state, pen) => unbracket(state, pen) ?? bracket(state, pen))}
            >
              {t('draft.bracket')}
            </button>
          )}
          <button type="button" class="button" onClick={() => bench.editor?.perform(clauseAfter)}>
            {t(bench.isEmpty.value ? 'draft.add-clause' : 'draft.new-clause')}
          </button>
        </>
      )}
      {me.role === 'rapporteur' && (
        <label>
          {t('draft.type-for')}{' '}
          <select
            value={bench.as.value ?? 'base'}
            onChange={(event) => {
              const { value } = event.currentTarget;
              const party = PartyCode.safeParse(value);
              const as = value === 'base' ? 'base' : party.success ? party.data : null;
              if (as === null || !bench.writeAs(as)) {
                event.currentTarget.value = bench.as.value ?? 'base';
                desk.say(t('draft.saving'));
              }
            }}
          >
            <option value="base">{t('draft.base')}</option>
            {desk.parties().map(({ code }) => (
              <option key={code} value={code}>
                {desk.face(code).name}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}
