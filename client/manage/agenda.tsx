import { useSignal } from '@preact/signals';
import type { MeetingView } from '../../shared/contract.ts';
import { newRecommendationId, newTopicId, TopicId } from '../../shared/ids.ts';
import type { RecommendationHeading, Topic } from '../../shared/meeting.ts';
import type { Meeting } from '../meeting.ts';
import { orderIn } from '../pages/meeting.tsx';
import { t } from '../words.ts';

/** A list with two neighbours exchanged. */
function swapped<T>(list: readonly T[], at: number, by: 1 | -1): T[] {
  const next = [...list];
  const [one, other] = [next[at], next[at + by]];
  if (one !== undefined && other !== undefined) {
    next[at] = other;
    next[at + by] = one;
  }
  return next;
}

/** Topics and recommendations: headings, levels, order. Each change is stored as it is made. */
export function Agenda({ meeting, view }: { meeting: Meeting; view: MeetingView }) {
  const recommendations = view.recommendations.map(({ id, topic, heading }) => ({ id, topic, heading }));
  const setTopics = (topics: Topic[]): Promise<boolean> => orderIn(meeting, { type: 'set-topics', topics });
  const setRecommendations = (next: RecommendationHeading[]): Promise<boolean> =>
    orderIn(meeting, { type: 'set-recommendations', recommendations: next });
  return (
    <section class="panel" aria-labelledby="agenda-title">
      <h2 id="agenda-title">{t('manage.topics')}</h2>
      <ol class="plain listing">
        {view.topics.map((topic, at) => (
          <li key={topic.id}>
            <Heading
              heading={topic.heading}
              required
              save={(heading) => setTopics(view.topics.map((one) => (one.id === topic.id ? { ...one, heading } : one)))}
            />
            <label>
              {t('manage.level')}{' '}
              <select
                value={topic.level}
                onChange={(event) => {
                  const level = Number(event.currentTarget.value);
                  void setTopics(view.topics.map((one) => (one.id === topic.id ? { ...one, level } : one)));
                }}
              >
                {[1, 2, 3, 4, 5, 6].map((level) => (
                  <option key={level} value={level}>
                    {level}
                  </option>
                ))}
              </select>
            </label>
            <Mover
              at={at}
              count={view.topics.length}
              name={topic.heading}
              move={(by) => void setTopics(swapped(view.topics, at, by))}
            />
          </li>
        ))}
      </ol>
      <Adder
        words={t('manage.add-topic')}
        add={(heading) => setTopics([...view.topics, { id: newTopicId(), heading, level: 1 }])}
      />
      <h2>{t('manage.recommendations')}</h2>
      <ol class="plain listing">
        {recommendations.map((one, at) => (
          <li key={one.id}>
            <span class="number">{at + 1}</span>
            <Heading
              heading={one.heading}
              save={(heading) =>
                setRecommendations(
                  recommendations.map((other) => (other.id === one.id ? { ...other, heading } : other)),
                )
              }
            />
            <label>
              {t('manage.topic')}{' '}
              <select
                value={one.topic}
                onChange={(event) => {
                  const topic = TopicId.safeParse(event.currentTarget.value);
                  if (topic.success)
                    void setRecommendations(
                      recommendations.map((other) => (other.id === one.id ? { ...other, topic: topic.data } : other)),
                    );
                }}
              >
                {view.topics.map((topic) => (
                  <option key={topic.id} value={topic.id}>
                    {topic.heading}
                  </option>
                ))}
              </select>
            </label>
            <Mover
              at={at}
              count={recommendations.length}
              name={one.heading === '' ? String(at + 1) : one.heading}
              move={(by) => void setRecommendations(swapped(recommendations, at, by))}
            />
          </li>
        ))}
      </ol>
      {view.topics[0] !== undefined && (
        <Adder
          words={t('manage.add-recommendation')}
          add={(heading) => {
            const topic = view.topics.at(-1)?.id;
            return topic === undefined
              ? Promise.resolve(false)
              : setRecommendations([...recommendations, { id: newRecommendationId(), topic, heading }]);
          }}
        />
      )}
    </section>
  );
}

/** A heading that is stored when it is left; refused, what was typed stays. */
function Heading({
  heading,
  save,
  required = false,
}: {
  heading: string;
  save: (heading: string) => Promise<boolean>;
  required?: boolean;
}) {
  const typed = useSignal<string | null>(null);
  return (
    <input
      class="listing-name"
      aria-label={t('manage.heading')}
      maxLength={1000}
      value={typed.value ?? heading}
      onInput={(event) => {
        typed.value = event.currentTarget.value;
      }}
      onChange={async () => {
        const next = typed.value?.trim() ?? heading;
        if (next === heading || (required && next === '')) {
          typed.value = null;
          return;
        }
        if (await save(next)) typed.value = null;
      }}
    />
  );
}

function Mover({ at, count, name, move }: { at: number; count: number; name: string; move: (by: 1 | -1) => void }) {
  return (
    <span class="row">
      <button
        type="button"
        class="button"
        disabled={at === 0}
        aria-label={`${t('app.up')}: ${name}`}
        onClick={() => move(-1)}
      >
        ↑
      </button>
      <button
        type="button"
        class="button"
        disabled={at === count - 1}
        aria-label={`${t('app.down')}: ${name}`}
        onClick={() => move(1)}
      >
        ↓
      </button>
    </span>
  );
}

function Adder({ words, add }: { words: string; add: (heading: string) => Promise<boolean> }) {
  const heading = useSignal('');
  return (
    <form
      class="form form-line"
      onSubmit={async (event) => {
        event.preventDefault();
        if (await add(heading.value.trim())) heading.value = '';
      }}
    >
      <label>
        {words}
        <input
          required
          maxLength={1000}
          value={heading.value}
          onInput={(event) => {
            heading.value = event.currentTarget.value;
          }}
        />
      </label>
      <button type="submit" class="button button-strong">
        {t('app.add')}
      </button>
    </form>
  );
}
