import { announce } from '../parts/announcer.tsx';
import { clauseName, errorWords, t } from '../words.ts';
import type { Desk } from './desk.ts';

/** Words that the server didn't take, with its reason: given back, to be used again. */
export function Refusals({ desk }: { desk: Desk }) {
  const { bench } = desk;
  return (
    <>
      {bench.refusals.value.map((refusal, at) => (
        <section key={at} class="panel refusal" role="alert" aria-label={t('draft.refused')}>
          <h2>{t('draft.refused')}</h2>
          <p>{errorWords(refusal.code, refusal.message)}</p>
          {refusal.words.map(({ clause, inserted, struck }) => (
            <div key={clause}>
              {clause !== null && bench.labelOf(clause) !== '' && (
                <p class="quiet">{clauseName(bench.labelOf(clause))}</p>
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
          <div class="row">
            {refusal.words.some(({ inserted }) => inserted.length > 0) && (
              <button
                type="button"
                class="button button-strong"
                onClick={() =>
                  void navigator.clipboard
                    ?.writeText(refusal.words.flatMap(({ inserted }) => inserted).join('\n'))
                    .then(() => announce(t('app.copied')))
                }
              >
                {t('app.copy')}
              </button>
            )}
            <button type="button" class="button" onClick={() => bench.dismiss(refusal)}>
              {t('app.close')}
            </button>
          </div>
        </section>
      ))}
    </>
  );
}
