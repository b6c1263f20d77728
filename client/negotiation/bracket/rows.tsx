import type { MarkId } from '../../../shared/protocol/ids.ts';
import { PartyTag } from '../../parts/party.tsx';
import { moment, t } from '../../words.ts';
import type { Desk } from '../desk.ts';
import { Order } from '../execute.tsx';

/** Brackets that stand, each with its words; who may lift it sees how. */
export function Brackets({ desk }: { desk: Desk }) {
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
