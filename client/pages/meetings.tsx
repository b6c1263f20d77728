import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { MeetingList } from '../../shared/protocol/contract.ts';
import { get, sentenceOf } from '../api.ts';
import { Title } from '../parts/frame.tsx';
import { seatWords } from '../parts/seat.tsx';
import { session } from '../session.ts';
import { t, tn } from '../words.ts';

/** The meetings that somebody takes part in. */
export function MeetingsPage() {
  const list = useSignal<MeetingList | null>(null);
  const failure = useSignal('');
  useEffect(() => {
    get('/api/meetings', MeetingList).then(
      (meetings) => {
        list.value = meetings;
      },
      (error: unknown) => {
        failure.value = sentenceOf(error);
      },
    );
  }, []);
  const administrator = session.value?.account.administrator === true;
  const runs = list.value?.some(({ seats }) => seats.some(({ role }) => role === 'rapporteur' || role === 'chair'));
  const mayImport = administrator || runs === true;
  return (
    <div class="page">
      <Title>{t('meetings.title')}</Title>
      <p class="failure" role="alert">
        {failure.value}
      </p>
      {list.value === null && failure.value === '' && <p class="quiet">{t('app.loading')}</p>}
      {list.value?.length === 0 && <p>{t('meetings.none')}</p>}
      <ul class="plain meetings">
        {list.value?.map(({ id, name, seats, recommendations }) => (
          <li key={id} class="panel">
            <h2>
              {seats.length > 0 && seats.every(({ role }) => role === 'observer') ? (
                // Opens the page that the server renders, never the document.
                <a href={`/meetings/${id}/text`}>{name}</a>
              ) : (
                <a href={`/meetings/${id}`}>{name}</a>
              )}
            </h2>
            <p class="quiet">
              {(seats.length === 0 ? [t('role.administrator')] : seats.map(seatWords)).join('; ')} ·{' '}
              {tn('meetings.recommendations', recommendations)}
            </p>
          </li>
        ))}
      </ul>
      {mayImport && (
        <p>
          <a href="/import" class="button button-strong">
            {t('meetings.import')}
          </a>
        </p>
      )}
    </div>
  );
}
