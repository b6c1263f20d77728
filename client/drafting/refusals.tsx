import { useSignal } from '@preact/signals';
import type { RecommendationId } from '../../shared/protocol/ids.ts';
import type { DraftingContext } from '../negotiation/context.ts';
import { announce } from '../parts/announcer.tsx';
import { session } from '../session.ts';
import { clauseName, errorWords, t } from '../words.ts';
import type { Refusal } from './syncClient.ts';
import { forget, keptWords } from './unsent.ts';

/**
 * Words that the server refused or that could not be sent, with the reason, so that their author can use them again.
 */
export function Refusals({ context }: { context: DraftingContext }) {
  const { drafting } = context;
  return (
    <>
      {drafting.refusals.value.map((refusal, at) => {
        const kept = refusal.discard !== null;
        const title = t(kept ? 'draft.not-sent' : 'draft.refused');
        return (
          <section key={at} class="panel refusal" role="alert" aria-label={title}>
            <h2>{title}</h2>
            <p>{errorWords(refusal.code, refusal.message)}</p>
            {refusal.words.map(({ clause, inserted, struck }) => (
              <div key={clause ?? ''}>
                {clause !== null && drafting.referenceOf(clause).number !== '' && (
                  <p class="quiet">{clauseName(drafting.referenceOf(clause))}</p>
                )}
                {inserted.length > 0 && <p class="quiet">{t('draft.refused-words')}</p>}
                {inserted.map((words, index) => (
                  <blockquote key={index}>{words}</blockquote>
                ))}
                {struck.length > 0 && <p class="quiet">{t('draft.refused-strikes')}</p>}
                {struck.map((words, index) => (
                  <blockquote key={index}>
                    <del>{words}</del>
                  </blockquote>
                ))}
              </div>
            ))}
            {kept && <p>{t('draft.kept')}</p>}
            <div class="row">
              <CopyButton words={insertedIn(refusal)} />
              <button type="button" class="button" onClick={() => drafting.dismiss(refusal)}>
                {t(kept ? 'draft.discard' : 'app.close')}
              </button>
            </div>
          </section>
        );
      })}
    </>
  );
}

const insertedIn = (refusal: Refusal): readonly string[] => refusal.words.flatMap(({ inserted }) => inserted);

function CopyButton({ words }: { words: readonly string[] }) {
  if (words.length === 0) return null;
  return (
    <button
      type="button"
      class="button button-strong"
      onClick={() => void navigator.clipboard?.writeText(words.join('\n')).then(() => announce(t('app.copied')))}
    >
      {t('app.copy')}
    </button>
  );
}

/** Words kept on this device for a text in which their author no longer has write access. */
export function KeptWords({ recommendation }: { recommendation: RecommendationId }) {
  const gone = useSignal<readonly string[]>([]);
  const account = session.value?.account.name;
  const kept = account === undefined ? [] : keptWords(recommendation, account);
  const left = kept.filter(({ key }) => !gone.value.includes(key));
  return (
    <>
      {left.map(({ key, words }) => (
        <section key={key} class="panel refusal" aria-label={t('draft.not-sent')}>
          <h2>{t('draft.not-sent')}</h2>
          {words.map((one, index) => (
            <blockquote key={index}>{one}</blockquote>
          ))}
          <p>{t('draft.kept')}</p>
          <div class="row">
            <CopyButton words={words} />
            <button
              type="button"
              class="button"
              onClick={() => {
                forget(key);
                gone.value = [...gone.value, key];
              }}
            >
              {t('draft.discard')}
            </button>
          </div>
        </section>
      ))}
    </>
  );
}
