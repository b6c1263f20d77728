import { useSignal } from '@preact/signals';
import { recommendationNumbers } from '../../../shared/meeting/agenda.ts';
import type { MeetingCommand } from '../../../shared/meeting/meeting.ts';
import type { MeetingView } from '../../../shared/protocol/contract.ts';
import { newRecommendationId, newTopicId, TopicId } from '../../../shared/protocol/ids.ts';
import type { Meeting } from '../../meeting.ts';
import { BusyButton } from '../../parts/busy.tsx';
import { recommendationTitle, t } from '../../words.ts';
import { orderIn } from '../meeting.tsx';

/** The neighbour after which an item is placed when it is moved by one; null for the first place. */
const neighbour = <T extends { readonly id: string }>(list: readonly T[], at: number, by: 1 | -1): T['id'] | null =>
  list[by === 1 ? at + 1 : at - 2]?.id ?? null;

/**
 * Topics and recommendations: headings, levels, order. Each change is stored at once and sends only the changed value,
 * since another person may be editing the same list.
 */
export function Agenda({ meeting, view }: { meeting: Meeting; view: MeetingView }) {
  const { topics, recommendations } = view;
  const execute = (command: MeetingCommand): Promise<boolean> => orderIn(meeting, command);
  const lastTopic = topics.at(-1)?.id;
  const numbers = recommendationNumbers(view);
  return (
    <section class="panel" aria-labelledby="agenda-title">
      <h2 id="agenda-title">{t('manage.topics')}</h2>
      <ol class="plain listing">
        {topics.map(({ id, heading, level }, at) => (
          <li key={id}>
            <Heading
              heading={heading}
              required
              save={(next) => execute({ type: 'rename-topic', topic: id, heading: next })}
            />
            <label>
              {t('manage.level')}{' '}
              <select
                value={level}
                onChange={(event) => {
                  void execute({ type: 'set-topic-level', topic: id, level: Number(event.currentTarget.value) });
                }}
              >
                {[1, 2, 3, 4, 5, 6].map((one) => (
                  <option key={one} value={one}>
                    {one}
                  </option>
                ))}
              </select>
            </label>
            <Mover
              at={at}
              count={topics.length}
              name={heading}
              move={(by) => execute({ type: 'move-topic', topic: id, after: neighbour(topics, at, by) })}
            />
            {recommendations.every(({ topic }) => topic !== id) && (
              <BusyButton
                label={`${t('app.remove')}: ${heading}`}
                work={async () => {
                  await execute({ type: 'remove-topic', topic: id });
                }}
              >
                {t('app.remove')}
              </BusyButton>
            )}
          </li>
        ))}
      </ol>
      <Adder
        words={t('manage.add-topic')}
        add={(heading) => execute({ type: 'add-topic', id: newTopicId(), heading, level: 1 })}
      />
      <h2>{t('manage.recommendations')}</h2>
      <ol class="plain listing">
        {recommendations.map(({ id, topic, heading }, at) => (
          <li key={id}>
            <span class="number">{numbers.get(id)}</span>
            <Heading
              heading={heading}
              save={(next) => execute({ type: 'rename-recommendation', recommendation: id, heading: next })}
            />
            <label>
              {t('manage.topic')}{' '}
              <select
                value={topic}
                onChange={(event) => {
                  const chosen = TopicId.safeParse(event.currentTarget.value);
                  if (chosen.success)
                    void execute({ type: 'set-recommendation-topic', recommendation: id, topic: chosen.data });
                }}
              >
                {topics.map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.heading}
                  </option>
                ))}
              </select>
            </label>
            <Mover
              at={at}
              count={recommendations.length}
              name={recommendationTitle(numbers.get(id) ?? 0, heading)}
              move={(by) =>
                execute({ type: 'move-recommendation', recommendation: id, after: neighbour(recommendations, at, by) })
              }
            />
          </li>
        ))}
      </ol>
      {lastTopic !== undefined && (
        <Adder
          words={t('manage.add-recommendation')}
          add={(heading) =>
            execute({ type: 'add-recommendation', id: newRecommendationId(), topic: lastTopic, heading })
          }
        />
      )}
    </section>
  );
}

/** A heading is stored when its field loses the focus; after a refusal the typed text stays. */
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

function Mover({
  at,
  count,
  name,
  move,
}: {
  at: number;
  count: number;
  name: string;
  move: (by: 1 | -1) => Promise<boolean>;
}) {
  const moving = useSignal(false);
  /** Positions are known again when the last move is done. */
  const press = async (by: 1 | -1): Promise<void> => {
    if (moving.value) return;
    moving.value = true;
    await move(by);
    moving.value = false;
  };
  return (
    <span class="row">
      <button
        type="button"
        class="button"
        disabled={at === 0}
        aria-label={`${t('app.up')}: ${name}`}
        onClick={() => void press(-1)}
      >
        ↑
      </button>
      <button
        type="button"
        class="button"
        disabled={at === count - 1}
        aria-label={`${t('app.down')}: ${name}`}
        onClick={() => void press(1)}
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
