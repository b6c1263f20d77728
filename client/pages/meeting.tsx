import { useEffect } from 'preact/hooks';
import { recommendationNumbers } from '../../shared/meeting/agenda.ts';
import { type MeetingCommand, ObserverView } from '../../shared/meeting/meeting.ts';
import type { MeetingView } from '../../shared/protocol/contract.ts';
import type { MeetingId, RecommendationId } from '../../shared/protocol/ids.ts';
import { sentenceOf } from '../api.ts';
import { type Meeting, meetingOf } from '../meeting.ts';
import { announce } from '../parts/announcer.tsx';
import { BusyButton } from '../parts/busy.tsx';
import { Title } from '../parts/frame.tsx';
import { ProgressLine } from '../parts/progress.tsx';
import { SeatChooser } from '../parts/seat.tsx';
import { recommendationTitle, t } from '../words.ts';
import { NotFoundPage } from './notFound.tsx';

const viewKeys = {
  nothing: 'meeting.view-nothing',
  clean: 'meeting.view-clean',
  bracketed: 'meeting.view-bracketed',
  attributed: 'meeting.view-attributed',
} as const;

/** Sends a command to the meeting; a refusal is announced. */
export async function orderIn(meeting: Meeting, command: MeetingCommand): Promise<boolean> {
  try {
    await meeting.execute(command);
    return true;
  } catch (error) {
    announce(sentenceOf(error));
    return false;
  }
}

/** All recommendations under their topics, with the progress of each, live. */
export function MeetingPage({ id }: { id: MeetingId }) {
  const meeting = meetingOf(id);
  useEffect(() => meeting.use(), [meeting]);
  const view = meeting.view.value;
  if (view === null) {
    const error = meeting.error.value;
    if (error?.code === 'not-found') return <NotFoundPage />;
    return error === null ? <p class="quiet">{t('app.loading')}</p> : <p role="alert">{error.message}</p>;
  }
  const runs = view.me === null || view.me.role === 'chair' || view.me.role === 'rapporteur';
  return (
    <div class="page">
      <Title>{view.name}</Title>
      {!meeting.live.value && (
        <p class="banner" role="status">
          {t('reading.offline')}
        </p>
      )}
      <nav class="row">
        {runs && (
          <a href={`/meetings/${id}/manage`} class="button">
            {t('meeting.manage')}
          </a>
        )}
        <a class="button" href={`/meetings/${id}/text`}>
          {t('meeting.text')}
        </a>
        {runs && (
          <>
            <a class="button" href={`/meetings/${id}/screen`} target="_blank" rel="noopener">
              {t('meeting.projector')}
            </a>
            <a class="button" href={`/meetings/${id}/screen?for=observers`} target="_blank" rel="noopener">
              {t('meeting.projector-observers')}
            </a>
          </>
        )}
      </nav>
      <SeatChooser meeting={meeting} view={view} />
      <Conduct meeting={meeting} view={view} />
      {view.topics.map((topic) => {
        const recommendations = view.recommendations.filter((one) => one.topic === topic.id);
        return (
          <section key={topic.id} class={`topic topic-level-${topic.level}`} aria-labelledby={`topic-${topic.id}`}>
            <h2 id={`topic-${topic.id}`}>{topic.heading}</h2>
            <ol class="plain">
              {recommendations.map((one) => (
                <li key={one.id} class="recommendation">
                  <h3>
                    <a href={`/meetings/${id}/recommendations/${one.id}`}>{titleOf(view, one.id)}</a>
                    {view.currentClause?.recommendation === one.id && <span class="current-sign">◆</span>}
                  </h3>
                  {/* Observers are not told how far a text is: no count is better than one of nothing. */}
                  {view.me?.role !== 'observer' && <ProgressLine progress={one.progress} />}
                </li>
              ))}
            </ol>
          </section>
        );
      })}
    </div>
  );
}

/** A recommendation's number, and its heading, where it has one. */
export function titleOf(view: MeetingView, id: RecommendationId): string {
  const heading = view.recommendations.find((one) => one.id === id)?.heading ?? '';
  return recommendationTitle(recommendationNumbers(view).get(id) ?? 0, heading);
}

/**
 * Whether drafting is open, what observers see, and the clause under discussion: the chair changes them, everybody sees
 * them.
 */
function Conduct({ meeting, view }: { meeting: Meeting; view: MeetingView }) {
  const chair = view.me?.role === 'chair';
  const execute = (command: MeetingCommand): Promise<void> => orderIn(meeting, command).then(() => undefined);
  return (
    <div class="panel conduct">
      <p>
        <strong>{t(view.drafting ? 'meeting.drafting-open' : 'meeting.drafting-closed')}</strong>{' '}
        {chair && (
          <BusyButton work={() => execute({ type: 'drafting', open: !view.drafting })}>
            {t(view.drafting ? 'meeting.close-drafting' : 'meeting.open-drafting')}
          </BusyButton>
        )}
      </p>
      {chair ? (
        <p>
          <label>
            {t('meeting.observers-see')}{' '}
            <select
              value={view.observerView}
              onChange={(event) => {
                const chosen = ObserverView.safeParse(event.currentTarget.value);
                if (chosen.success) void execute({ type: 'set-observer-view', view: chosen.data });
              }}
            >
              {ObserverView.options.map((option) => (
                <option key={option} value={option}>
                  {t(viewKeys[option])}
                </option>
              ))}
            </select>
          </label>
        </p>
      ) : (
        <p class="quiet">
          {t('meeting.observers-see')}: {t(viewKeys[view.observerView])}
        </p>
      )}
      {view.currentClause !== null && (
        <p>
          {t('meeting.current', { place: titleOf(view, view.currentClause.recommendation) })}{' '}
          <a href={`/meetings/${meeting.id}/recommendations/${view.currentClause.recommendation}`}>
            {t('meeting.go-to-current')}
          </a>{' '}
          {chair && (
            <BusyButton work={() => execute({ type: 'set-current-clause', currentClause: null })}>
              {t('meeting.release-current')}
            </BusyButton>
          )}
        </p>
      )}
    </div>
  );
}
