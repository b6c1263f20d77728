import { sameWords } from '../../shared/negotiation/consequences.ts';
import type { AmendedWords } from '../../shared/negotiation/families/amendment/words.ts';
import type { Wish } from '../../shared/negotiation/registry.ts';
import type { MarkId } from '../../shared/protocol/ids.ts';
import { wordsOf } from '../../shared/text/amendment.ts';
import { baseText, type Clause } from '../../shared/text/clause.ts';
import type { Changed } from '../drafting/session.ts';
import { Dialog } from '../parts/dialog.tsx';
import { t } from '../words.ts';
import { Words } from './amendment/card.tsx';
import type { DraftingContext } from './context.ts';
import { decideOnce } from './decide.ts';

/** One subject of a decision, as it was seen and as it is; without words where it is not there. */
interface Compared {
  readonly id: string;
  readonly saw: AmendedWords;
  readonly is: AmendedWords;
}

function amendmentsOf(wish: Wish): readonly MarkId[] {
  switch (wish.type) {
    case 'adopt':
    case 'not-adopt':
      return wish.amendments;
    case 'dispose-and-agree':
      return wish.adopt;
    case 'answer-sponsoring':
      return [wish.amendment];
    default:
      return [];
  }
}

function compared(wish: Wish, seen: readonly Clause[], now: readonly Clause[]): readonly Compared[] {
  const both = (id: string, words: (text: readonly Clause[]) => AmendedWords): Compared => ({
    id,
    saw: words(seen),
    is: words(now),
  });
  const plain = (inserted: string): AmendedWords => ({ struck: '', inserted });
  const clauses = wish.type === 'set-status' || wish.type === 'dispose-and-agree' ? wish.clauses : [];
  const brackets = wish.type === 'lift-bracket' ? [wish.bracket] : [];
  return [
    ...amendmentsOf(wish).map((id) => both(id, (text) => wordsOf(text, id))),
    ...brackets.map((id) =>
      both(id, (text) =>
        plain(
          text
            .flatMap(({ runs }) => runs.filter(({ marks }) => marks.bracket.includes(id)))
            .map((run) => run.text)
            .join(''),
        ),
      ),
    ),
    ...clauses.map((id) =>
      both(id, (text) => plain(text.flatMap((clause) => (clause.id === id ? [baseText(clause)] : [])).join(''))),
    ),
  ].filter(({ saw, is }) => !sameWords(saw, is));
}

/** Shows the words that were seen beside the present ones, and lets the person decide again. */
export function ChangedDialog({
  context,
  changed,
  close,
}: {
  context: DraftingContext;
  changed: Changed;
  close: () => void;
}) {
  const { wish, seen } = changed;
  const different = compared(wish, seen, context.drafting.text.value);
  return (
    <Dialog title={t('changed.title')} onClose={close}>
      <p>{t('changed.about')}</p>
      {different.map(({ id, saw, is }) => (
        <section key={id} class="card">
          <h3>{t('changed.then')}</h3>
          <Words struck={saw.struck} inserted={saw.inserted} />
          <h3>{t('changed.now')}</h3>
          {is.inserted === '' && is.struck === '' ? (
            <p>{t('changed.gone')}</p>
          ) : (
            <Words struck={is.struck} inserted={is.inserted} />
          )}
        </section>
      ))}
      {different.length === 0 && <p>{t('changed.around')}</p>}
      <div class="row">
        <button
          type="button"
          class="button button-strong"
          data-decides
          onClick={async (event) => {
            context.drafting.lookAtNow();
            close();
            await decideOnce(context, wish, event);
          }}
        >
          {t('changed.again')}
        </button>
        <button type="button" class="button" onClick={close}>
          {t('app.cancel')}
        </button>
      </div>
    </Dialog>
  );
}
