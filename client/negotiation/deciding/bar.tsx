import '../../styles/deciding.css';
import { useSignal } from '@preact/signals';
import { type Wish, whyNot } from '../../../shared/negotiation/registry.ts';
import { isLocked } from '../../../shared/negotiation/state.ts';
import { type Falling, type Preview, previewOf, sameOutcome } from '../../../shared/text/preview.ts';
import { t, tn } from '../../words.ts';
import type { DraftingContext } from '../context.ts';
import { decideOnce } from '../decide.ts';
import { isMeant } from '../steady.ts';
import { AdoptAndAgreeDialog } from './agree.tsx';
import { type Choice, choiceOf, type Done, type LeftOut } from './choice.ts';
import { DoneLine } from './done.tsx';
import { Endings } from './endings.tsx';
import { goToBar, headingId, leaveBar } from './focus.ts';
import { amendmentName, amendmentNames, listed, nameOfClause } from './names.ts';
import { Reading, WordsOf } from './reading.tsx';

/**
 * The outcome of the chosen amendments, before anything happens: the clauses as they would read, what falls, what is
 * left out. The chair decides here; everybody else reads.
 */
export function DecisionBar({ context }: { context: DraftingContext }) {
  const choice = choiceOf(context.drafting);
  const done = choice.done.value;
  if (choice.standing.value.length > 0) return <Bar context={context} choice={choice} />;
  return done === null ? null : <DoneLine context={context} choice={choice} done={done} />;
}

function Bar({ context, choice }: { context: DraftingContext; choice: Choice }) {
  const open = choice.open.value;
  const decided = choice.decided.value;
  const preview = choice.preview.value;
  const leftOut = choice.leftOut.value;
  const falls = preview.falls.length === 0 ? t('deciding.falls-none') : tn('deciding.falls', preview.falls.length);
  return (
    <section
      class={`deciding${open ? ' is-open' : ''}`}
      aria-labelledby={headingId}
      onKeyDown={(event) => {
        // A dialog inside the bar closes itself.
        if (event.key !== 'Escape' || (event.target instanceof Element && event.target.closest('dialog') !== null))
          return;
        leaveBar(choice);
      }}
    >
      {open && (
        <>
          <div class="deciding-would">
            <h2 id={headingId} tabIndex={-1}>
              {t('deciding.with', { names: amendmentNames(context, decided) })}
            </h2>
            {preview.clauses.map((clause) => (
              <Reading key={clause.id} context={context} clause={clause} />
            ))}
            <Amended context={context} preview={preview} />
          </div>
          <div class="deciding-falls">
            <h2>{falls}</h2>
            <Endings context={context} endings={preview.falls} />
            {preview.rivals.length > 0 && (
              <p class="deciding-way">
                <span aria-hidden="true">✕ </span>
                {t('deciding.rivals', { names: amendmentNames(context, preview.rivals) })}
              </p>
            )}
            <LeftOutList context={context} leftOut={leftOut} />
          </div>
        </>
      )}
      {open ? (
        <Acts context={context} choice={choice} preview={preview} />
      ) : (
        <>
          <p class="deciding-sum" id={headingId} tabIndex={-1}>
            <strong>{tn('card.chosen', decided.length)}:</strong> {amendmentNames(context, decided)}{' '}
            <span class="quiet">{falls}</span>
          </p>
          <div class="deciding-acts">
            <button type="button" class="button" onClick={() => choice.clear()}>
              {t('deciding.clear')}
            </button>
            <button type="button" class="button button-strong" onClick={() => goToBar(context)}>
              {t('deciding.see')}
            </button>
          </div>
        </>
      )}
      <p class="visually-hidden" role="status">
        {tn('card.chosen', decided.length)}. {falls}
      </p>
    </section>
  );
}

/** Pending amendments that the chosen ones amend: the text in force stays, their words change. */
function Amended({ context, preview }: { context: DraftingContext; preview: Preview }) {
  const { marks } = context.drafting.negotiation.value;
  return (
    <>
      {preview.amended.map(({ id, is }) => (
        <section key={id} class="reading">
          <h3>{t('deciding.amended', { name: amendmentName(context, id) })}</h3>
          <p class="prose">
            <WordsOf context={context} party={marks.get(id)?.party} {...is} />
          </p>
        </section>
      ))}
    </>
  );
}

const leftOutKeys = {
  'amendment-closed': 'error.amendment-closed',
  'nothing-to-do': 'deciding.empty',
  'too many': 'deciding.too-many',
} as const;

const leftOutWords = (context: DraftingContext, leftOut: readonly LeftOut[]): string =>
  (['amendment-closed', 'nothing-to-do', 'too many'] as const)
    .flatMap((why) => {
      const ids = leftOut.filter((one) => one.why === why).map(({ id }) => id);
      return ids.length === 0 ? [] : [`${amendmentNames(context, ids)}: ${t(leftOutKeys[why])}`];
    })
    .join(' ');

function LeftOutList({ context, leftOut }: { context: DraftingContext; leftOut: readonly LeftOut[] }) {
  if (leftOut.length === 0) return null;
  return (
    <p class="deciding-way">
      {tn('deciding.left-out', leftOut.length)} {leftOutWords(context, leftOut)}
    </p>
  );
}

/** The chair's buttons. Each is on the words that were on the screen long enough to be read. */
function Acts({ context, choice, preview }: { context: DraftingContext; choice: Choice; preview: Preview }) {
  const agreeing = useSignal(false);
  const { drafting, me, say } = context;
  const decided = choice.decided.value;
  const without = choice.fallingWithout.value;
  const negotiation = drafting.negotiation.value;
  const count = decided.length > 1 ? ` (${decided.length})` : '';
  // A clause that goes, and one that is only proposed, can't be agreed.
  const proposed = new Set(drafting.text.peek().flatMap(({ id, insertion }) => (insertion === null ? [] : [id])));
  const clauses = preview.clauses
    .filter(
      ({ id, change }) => change !== 'gone' && (change === 'new' || !proposed.has(id)) && !isLocked(negotiation, id),
    )
    .map(({ id }) => id);
  const remaining = [...new Set(preview.clauses.flatMap(({ left }) => left))];
  /** The report of an act, worded before the text changes. */
  const report = (act: string, fell: readonly Falling[]): string =>
    [
      act,
      fell.length === 0
        ? ''
        : tn('deciding.fell', fell.length, {
            names: amendmentNames(context, idsOf(fell)),
          }),
      choice.leftOut.peek().length === 0
        ? ''
        : `${tn('deciding.left-out', choice.leftOut.peek().length)} ${leftOutWords(context, choice.leftOut.peek())}`,
    ]
      .filter((words) => words !== '')
      .join(' ');
  const close = (
    <>
      <button type="button" class="link" onClick={() => choice.clear()}>
        {t('deciding.clear')}
      </button>
      <button type="button" class="link" onClick={() => leaveBar(choice)}>
        {t('deciding.fold')} <kbd>Esc</kbd>
      </button>
    </>
  );
  if (me.role !== 'chair')
    return (
      <div class="deciding-acts">
        <p class="quiet">{t('deciding.reading')}</p>
        <div class="row">{close}</div>
      </div>
    );
  const act = (wish: Wish, words: string, done: () => Done, strong: boolean) => {
    const why = () => whyNot({ ...drafting.terms.value, text: drafting.text.peek() }, wish, me);
    // To judge a decision on hundreds of amendments takes longer than a frame: there it waits for the press.
    const refusal = decided.length > 20 ? null : why();
    return (
      <button
        type="button"
        class={strong ? 'button button-strong' : 'button'}
        data-decides
        aria-disabled={refusal !== null}
        title={refusal === null ? undefined : t(`error.${refusal}`)}
        onClick={async (event) => {
          const refused = why();
          if (refused !== null) say(t(`error.${refused}`));
          else if (!isSeen(context, decided)) say(t('deciding.changed'));
          else {
            const made = done();
            if (await decideOnce(context, wish, event)) choice.finish(made);
          }
        }}
      >
        {words}
      </button>
    );
  };
  const names = amendmentNames(context, decided);
  return (
    <div class="deciding-acts">
      {act(
        { type: 'adopt', amendments: [...decided] },
        `${t('card.adopt')}${count}`,
        () => ({
          words: report(tn('deciding.adopted', decided.length, { names }), preview.falls),
          closed: [...[...decided].reverse(), ...idsOf(preview.falls)],
        }),
        true,
      )}
      {act(
        { type: 'not-adopt', amendments: [...decided] },
        `${t('card.not-adopt')}${count}`,
        () => ({
          words: report(tn('deciding.not-adopted', decided.length, { names }), without),
          closed: [...decided, ...idsOf(without)],
        }),
        false,
      )}
      <button
        type="button"
        class="button"
        data-decides
        aria-disabled={clauses.length === 0}
        onClick={(event) => {
          if (clauses.length === 0) say(t('error.nothing-to-do'));
          else if (!isMeant(event)) say(t('card.moved'));
          else agreeing.value = true;
        }}
      >
        {t('deciding.agree')}…
      </button>
      {without.length > 0 && (
        <p class="quiet">
          {tn('deciding.falls-without', without.length, {
            names: amendmentNames(context, idsOf(without)),
          })}
        </p>
      )}
      {remaining.length > 0 && <p class="quiet">{tn('deciding.stay', remaining.length)}</p>}
      <div class="row">{close}</div>
      {agreeing.value && (
        <AdoptAndAgreeDialog
          context={context}
          choice={choice}
          clauses={clauses}
          after={(status, rest) => {
            const agreed = t(status === 'agreed' ? 'status.agreed' : 'status.ad-referendum');
            const acts = [
              tn('deciding.adopted', decided.length, { names }),
              ...(rest.length === 0
                ? []
                : [tn('deciding.not-adopted', rest.length, { names: amendmentNames(context, rest) })]),
              `${agreed}: ${listed(clauses.map((id) => nameOfClause(context, id)))}.`,
            ];
            choice.finish({ words: report(acts.join(' '), preview.falls), closed: [] });
          }}
          close={() => {
            agreeing.value = false;
          }}
        />
      )}
    </div>
  );
}

const idsOf = (fell: readonly Falling[]) => fell.map(({ id }) => id);

/** Whether the outcome on screen has stood there long enough to be read. */
function isSeen({ drafting }: DraftingContext, decided: Parameters<typeof previewOf>[2]): boolean {
  const { text, negotiation } = drafting.seen();
  return sameOutcome(
    previewOf(text, negotiation, decided),
    previewOf(drafting.text.peek(), drafting.negotiation.peek(), decided),
  );
}
