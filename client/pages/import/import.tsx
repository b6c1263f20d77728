import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { Compilation } from '../../../shared/meeting/compilation.ts';
import { Created } from '../../../shared/protocol/contract.ts';
import { post, sentenceOf } from '../../api.ts';
import { BusyButton } from '../../parts/busy.tsx';
import { Title } from '../../parts/frame.tsx';
import { t, tn } from '../../words.ts';
import {
  changeRecommendation,
  changeRow,
  changeTopic,
  changeTopicLevel,
  mergeRows,
  type Place,
  type Row,
  splitRow,
} from './edit.ts';

const kept = 'concord.import';

/** A compilation that was being corrected before the page was reloaded. */
function keptCompilation(): Compilation | null {
  try {
    const parsed = Compilation.safeParse(JSON.parse(sessionStorage.getItem(kept) ?? 'null'));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Upload, preview and correction; the meeting is made only at the last step. */
export function ImportPage() {
  const compilation = useSignal<Compilation | null>(keptCompilation());
  const past = useSignal<readonly Compilation[]>([]);
  const name = useSignal(compilation.value?.title ?? '');
  const { route } = useLocation();
  const pasted = useSignal('');
  const failure = useSignal('');
  /** The chosen file, until other text is pasted. */
  const chosen = useRef<File | null>(null);
  /** Counts the previews asked for; only the answer to the last one is shown. */
  const asked = useRef(0);
  const reading = useSignal(false);

  const set = (next: Compilation): void => {
    if (compilation.value !== null) past.value = [...past.value.slice(-99), compilation.value];
    compilation.value = next;
  };
  const read = async (source: Blob): Promise<void> => {
    failure.value = '';
    reading.value = true;
    asked.current += 1;
    const mine = asked.current;
    try {
      const found = await post('/api/imports/preview', source, Compilation);
      if (mine !== asked.current) return;
      // Corrections made so far can be restored.
      set(found);
      name.value = found.title;
    } catch (error) {
      if (mine === asked.current) failure.value = sentenceOf(error);
    } finally {
      if (mine === asked.current) reading.value = false;
    }
  };
  useEffect(
    () =>
      compilation.subscribe((value) => {
        try {
          if (value === null) sessionStorage.removeItem(kept);
          else sessionStorage.setItem(kept, JSON.stringify(value));
        } catch {
          // Too large for session storage: a reload starts again.
        }
      }),
    [],
  );

  return (
    <div class="page">
      <Title>{t('import.title')}</Title>
      <div class="panel form">
        <label>
          {t('import.file')}
          <input
            type="file"
            accept=".txt,text/plain"
            onClick={(event) => {
              // So that a file that could not be read at first can be chosen again.
              event.currentTarget.value = '';
            }}
            onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              if (file === undefined) return;
              chosen.current = file;
              void read(file);
            }}
          />
        </label>
        <label>
          {t('import.paste')}
          <textarea
            rows={4}
            value={pasted.value}
            onInput={(event) => {
              pasted.value = event.currentTarget.value;
              chosen.current = null;
            }}
          />
        </label>
        <BusyButton
          work={async () => {
            const source = chosen.current ?? (pasted.value.trim() === '' ? null : new Blob([pasted.value]));
            if (source === null) failure.value = t('import.nothing');
            else await read(source);
          }}
        >
          {t('import.preview')}
        </BusyButton>
        <div role="status">{reading.value && <p class="quiet">{t('app.loading')}</p>}</div>
        <p class="failure" role="alert">
          {failure.value}
        </p>
      </div>
      {compilation.value !== null && (
        <>
          <Preview compilation={compilation.value} set={set} />
          <form class="panel form import-create" onSubmit={(event) => event.preventDefault()}>
            <label>
              {t('import.name')}
              <input
                required
                maxLength={300}
                value={name.value}
                onInput={(event) => {
                  name.value = event.currentTarget.value;
                }}
              />
            </label>
            <div class="row">
              <button
                type="button"
                class="button"
                disabled={past.value.length === 0}
                onClick={() => {
                  compilation.value = past.value.at(-1) ?? null;
                  past.value = past.value.slice(0, -1);
                }}
              >
                {t('draft.undo')}
              </button>
              <BusyButton
                strong
                type="submit"
                work={async () => {
                  if (compilation.value === null || name.value.trim() === '') {
                    failure.value = t('error.bad-request');
                    return;
                  }
                  try {
                    const { meeting } = await post(
                      '/api/imports',
                      { meeting: name.value, compilation: compilation.value },
                      Created,
                    );
                    compilation.value = null;
                    route(`/meetings/${meeting}`);
                  } catch (error) {
                    failure.value = sentenceOf(error);
                  }
                }}
              >
                {t('import.create')}
              </BusyButton>
            </div>
            <p class="failure" role="alert">
              {failure.value}
            </p>
          </form>
        </>
      )}
    </div>
  );
}

function Preview({ compilation, set }: { compilation: Compilation; set: (next: Compilation) => void }) {
  const { topics, parties, warnings } = compilation;
  const rows = topics.reduce(
    (sum, topic) => sum + topic.recommendations.reduce((count, one) => count + one.clauses.length, 0),
    0,
  );
  return (
    <section aria-labelledby="preview-title">
      <h2 id="preview-title">{t('import.preview')}</h2>
      <p>{t('import.found', { topics: topics.length, rows, parties: parties.length })}</p>
      {warnings.length > 0 && (
        <details class="panel">
          <summary>{tn('import.warnings', warnings.length)}</summary>
          <ul>
            {warnings.map((warning, at) => (
              <li key={at}>
                {t('import.line', { line: warning.line, reason: warning.reason })} <q>{warning.text.slice(0, 120)}</q>
              </li>
            ))}
          </ul>
        </details>
      )}
      <datalist id="import-parties">
        {parties.map((party) => (
          <option key={party.code} value={party.name} />
        ))}
      </datalist>
      {topics.map((topic, at) => (
        <section key={at} class="topic">
          <div class="row">
            <input
              class="import-topic"
              aria-label={t('manage.topic')}
              value={topic.heading}
              onChange={(event) => set(changeTopic(compilation, at, event.currentTarget.value))}
            />
            <LevelChooser
              value={topic.level}
              levels={[1, 2, 3, 4, 5, 6]}
              choose={(level) => set(changeTopicLevel(compilation, at, level))}
            />
          </div>
          {topic.recommendations.map((recommendation, index) => (
            <section key={index} class="panel">
              <input
                class="import-heading"
                aria-label={t('manage.heading')}
                value={recommendation.heading}
                onChange={(event) =>
                  set(
                    changeRecommendation(compilation, { topic: at, recommendation: index }, event.currentTarget.value),
                  )
                }
              />
              <ol class="plain">
                {recommendation.clauses.map((row, line) => (
                  <RowEditor
                    key={`${line} ${row.text}`}
                    row={row}
                    last={line === recommendation.clauses.length - 1}
                    place={{ topic: at, recommendation: index, row: line }}
                    compilation={compilation}
                    set={set}
                  />
                ))}
              </ol>
            </section>
          ))}
        </section>
      ))}
    </section>
  );
}

function LevelChooser({
  value,
  levels,
  choose,
}: {
  value: number;
  levels: readonly number[];
  choose: (level: number) => void;
}) {
  return (
    <label>
      {t('manage.level')}{' '}
      <select value={value} onChange={(event) => choose(Number(event.currentTarget.value))}>
        {levels.map((level) => (
          <option key={level} value={level}>
            {level}
          </option>
        ))}
      </select>
    </label>
  );
}

function RowEditor({
  row,
  place,
  last,
  compilation,
  set,
}: {
  row: Row;
  place: Place;
  last: boolean;
  compilation: Compilation;
  set: (next: Compilation) => void;
}) {
  const caret = useSignal(0);
  const typed = useSignal(row.text);
  const failure = useSignal('');
  const unknown = useComputed(() => failure.value !== '');
  // The field's current value counts, also before it loses the focus.
  const now = (): Compilation => changeRow(compilation, place, { text: typed.value });
  const add = (wanted: string): boolean => {
    const party = compilation.parties.find(({ name, code, aliases }) =>
      [name, code, ...aliases].some((one) => one.toLowerCase() === wanted.trim().toLowerCase()),
    );
    if (party === undefined) {
      failure.value = wanted.trim() === '' ? '' : t('error.party-unknown');
      return false;
    }
    failure.value = '';
    if (!row.sponsors.includes(party.name)) set(changeRow(now(), place, { sponsors: [...row.sponsors, party.name] }));
    return true;
  };
  return (
    <li class={`import-row import-level-${row.level}${row.sponsors.length === 0 ? ' import-untagged' : ''}`}>
      <textarea
        aria-label={t('import.words')}
        rows={Math.min(12, Math.ceil(row.text.length / 80))}
        value={typed.value}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
          caret.value = event.currentTarget.selectionStart;
        }}
        onSelect={(event) => {
          caret.value = event.currentTarget.selectionStart;
        }}
        onChange={() => set(now())}
      />
      <div class="row">
        {row.sponsors.map((sponsor) => (
          <button
            key={sponsor}
            type="button"
            class="chip"
            aria-label={t('import.remove-sponsor', { party: sponsor })}
            onClick={() => set(changeRow(now(), place, { sponsors: row.sponsors.filter((one) => one !== sponsor) }))}
          >
            {sponsor} ×
          </button>
        ))}
        <input
          class="import-add"
          list="import-parties"
          placeholder={t('import.sponsor')}
          aria-label={t('import.sponsor')}
          aria-invalid={unknown.value}
          onChange={(event) => {
            if (add(event.currentTarget.value)) event.currentTarget.value = '';
          }}
        />
        <LevelChooser
          value={row.level}
          levels={[0, 1, 2]}
          choose={(level) => set(changeRow(now(), place, { level }))}
        />
        <button type="button" class="button" onClick={() => set(splitRow(now(), place, caret.value))}>
          {t('import.split')}
        </button>
        {!last && (
          <button type="button" class="button" onClick={() => set(mergeRows(now(), place))}>
            {t('import.merge')}
          </button>
        )}
      </div>
      <p class="failure" role="alert">
        {failure.value}
      </p>
    </li>
  );
}
