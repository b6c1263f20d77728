import type { ReadingClause, ReadingPiece } from '../../../shared/text/preview.ts';
import { PartyTag } from '../../parts/party.tsx';
import { t } from '../../words.ts';
import type { DraftingContext } from '../context.ts';
import { nameOfClause } from './names.ts';

/** A clause as it would read: prose, with the party's code after the words that it brings. */
export function Reading({ context, clause }: { context: DraftingContext; clause: ReadingClause }) {
  const { id, change, pieces } = clause;
  return (
    <section class="reading">
      <h3>
        {nameOfClause(context, id)}
        {change !== 'words' && <span class="reading-change">{t(changeKeys[change])}</span>}
      </h3>
      {change !== 'gone' && (
        <p class="prose">
          <bdi>
            {pieces.map((piece, at) => (
              <Piece key={at} context={context} piece={piece} beside={[pieces[at - 1], pieces[at + 1]]} />
            ))}
          </bdi>
        </p>
      )}
    </section>
  );
}

const changeKeys = { new: 'deciding.new', gone: 'deciding.gone', same: 'deciding.same' } as const;

/**
 * Struck words are gone from the prose: a small sign with the party's code stands at their place, unless the same
 * amendment brings words there.
 */
function Piece({
  context,
  piece: { text, by, isStruck },
  beside,
}: {
  context: DraftingContext;
  piece: ReadingPiece;
  beside: readonly (ReadingPiece | undefined)[];
}) {
  if (by === null) return <>{text}</>;
  const record = context.drafting.negotiation.peek().marks.get(by);
  const face = record === undefined ? null : context.face(record.party);
  if (isStruck && beside.some((other) => other?.by === by && !other.isStruck)) return null;
  return (
    <span class={face?.colour}>
      {isStruck ? <span class="visually-hidden">{` (${t('card.strikes')}: ${text}) `}</span> : <ins>{text}</ins>}
      {face !== null && (
        <span class="by" title={isStruck ? `${face.name}: ${t('card.strikes')} “${text.trim()}”` : face.name}>
          {isStruck ? '−' : ''}
          {face.code}
        </span>
      )}
    </span>
  );
}

/** The words of an amendment in one line, in its party's colour. */
export function WordsOf({
  context,
  party,
  struck,
  inserted,
}: {
  context: DraftingContext;
  party: Parameters<DraftingContext['face']>[0] | undefined;
  struck: string;
  inserted: string;
}) {
  return (
    <span class={`amended ${party === undefined ? '' : context.face(party).colour}`}>
      {struck !== '' && (
        <>
          <span class="visually-hidden">{t('card.strikes')}: </span>
          <del>{struck}</del>{' '}
        </>
      )}
      {inserted !== '' && (
        <>
          <span class="visually-hidden">{t('card.brings')}: </span>
          <ins>{inserted}</ins>
        </>
      )}
    </span>
  );
}

/** The parties of an amendment by their codes. */
export function Parties({
  context,
  parties,
}: {
  context: DraftingContext;
  parties: readonly Parameters<DraftingContext['face']>[0][];
}) {
  return (
    <span class="parties">
      {parties.map((party) => (
        <PartyTag key={party} {...context.face(party)} />
      ))}
    </span>
  );
}
