import type { MarkId } from '../../../shared/protocol/ids.ts';
import { PartyTag } from '../../parts/party.tsx';
import { moment, t } from '../../words.ts';
import type { DraftingContext } from '../context.ts';
import { CommandButton } from '../execute.tsx';

/** Open brackets, each with its words, and with a button for those who may lift it. */
export function Brackets({ context }: { context: DraftingContext }) {
  const { drafting, me } = context;
  const negotiation = drafting.negotiation.value;
  const standing = new Map<MarkId, string>();
  for (const clause of drafting.text.value)
    for (const { text, marks } of clause.runs)
      for (const id of marks.bracket) standing.set(id, (standing.get(id) ?? '') + text);
  const open = [...standing].filter(([id]) => negotiation.marks.get(id)?.state === 'open');
  if (open.length === 0) return null;
  return (
    <>
      <h3>{t('card.brackets')}</h3>
      <ul class="plain">
        {open.map(([id, words]) => {
          const record = negotiation.marks.get(id);
          if (record === undefined) return null;
          const face = context.face(record.party);
          const may = me.role === 'chair' || me.role === 'rapporteur' || me.party === record.party;
          return (
            <li
              key={id}
              id={`card-${id}`}
              class={`card ${face.colour}${drafting.active.value === id ? ' is-active' : ''}`}
            >
              <p class="card-head">
                <PartyTag {...face} />
                <button type="button" class="link" onClick={() => drafting.point(id, true)}>
                  [{words}]
                </button>
              </p>
              <p class="card-foot">{t('card.typed-by', { name: record.typedBy, time: moment(record.at) })}</p>
              {may && (
                <div class="card-acts">
                  <CommandButton
                    context={context}
                    command={{ type: 'lift-bracket', bracket: id }}
                    words={t('card.lift')}
                  />
                </div>
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}
