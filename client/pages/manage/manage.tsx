import { useEffect } from 'preact/hooks';
import type { MeetingId } from '../../../shared/protocol/ids.ts';
import { meetingOf } from '../../meeting.ts';
import { Title } from '../../parts/frame.tsx';
import { t } from '../../words.ts';
import { NotFoundPage } from '../notFound.tsx';
import { Agenda } from './agenda.tsx';
import { Participants } from './participants.tsx';
import { Parties } from './parties.tsx';

/** Runs a meeting: its parties, participants and agenda. */
export function ManagePage({ id }: { id: MeetingId }) {
  const meeting = meetingOf(id);
  useEffect(() => meeting.use(), [meeting]);
  const view = meeting.view.value;
  if (view === null) return meeting.error.value === null ? <p class="quiet">{t('app.loading')}</p> : <NotFoundPage />;
  const runs = view.me === null || view.me.role === 'chair' || view.me.role === 'rapporteur';
  if (!runs) return <NotFoundPage />;
  return (
    <div class="page">
      <Title>{t('meeting.manage')}</Title>
      <p>
        <a href={`/meetings/${id}`}>{view.name}</a>
      </p>
      <Participants meeting={meeting} view={view} />
      <Parties meeting={meeting} view={view} />
      <Agenda meeting={meeting} view={view} />
    </div>
  );
}
