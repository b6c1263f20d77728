import type { Progress } from '../../shared/text/amendment.ts';
import { t, tn } from '../words.ts';

/** "12 clauses: 7 agreed, 3 open, 2 with amendments", and a bar of the same. */
export function ProgressLine({ progress }: { progress: Progress | null }) {
  if (progress === null) return <p class="failure">{t('error.record-newer')}</p>;
  const { clauses, agreed, adReferendum, open, unresolved } = progress;
  return (
    <div class="progress">
      <p class="progress-words">
        {t(adReferendum === 0 ? 'progress.counts' : 'progress.counts-ad-referendum', {
          clauses: tn('progress.clauses', clauses),
          agreed,
          adReferendum,
          open: open - unresolved,
          unresolved,
        })}
      </p>
      {clauses > 0 && (
        <svg class="progress-bar" viewBox={`0 0 ${clauses} 1`} preserveAspectRatio="none" aria-hidden="true">
          <rect class="progress-agreed" width={agreed} height="1" />
          <rect class="progress-referendum" x={agreed} width={adReferendum} height="1" />
          <rect class="progress-unresolved" x={clauses - unresolved} width={unresolved} height="1" />
        </svg>
      )}
    </div>
  );
}
