import '../styles/list.css';
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { AmendmentRecord } from '../../shared/negotiation/families/amendment/state.ts';
import type { ClauseId, MarkId, PartyCode } from '../../shared/protocol/ids.ts';
import { type AmendmentKind, sponsorsOf } from '../../shared/text/amendment.ts';
import { excerptOf, type MarshalledAmendment, marshalled } from '../../shared/text/marshal.ts';
import { TakeBack } from '../negotiation/amendment/takeBack.tsx';
import { kindKeys, stateKeys } from '../negotiation/amendment/words.ts';
import type { DraftingContext } from '../negotiation/context.ts';
import { choiceOf } from '../negotiation/deciding/choice.ts';
import { goToBar } from '../negotiation/deciding/focus.ts';
import { TextLink, textAddress } from '../negotiation/deciding/listing.tsx';
import { amendmentName, amendmentNames, nameOfClause } from '../negotiation/deciding/names.ts';
import { Parties, WordsOf } from '../negotiation/deciding/reading.tsx';
import { moment, t, tn } from '../words.ts';

/** The filters of the list; an empty string filters nothing. */
interface Filters {
  readonly clause: string;
  readonly party: string;
  readonly kind: string;
  readonly words: string;
}
const names = ['clause', 'party', 'kind', 'words'] as const satisfies readonly (keyof Filters)[];

function filtersInAddress(): Filters {
  const given = new URLSearchParams(location.search);
  const [clause = '', party = '', kind = '', words = ''] = names.map((name) => given.get(name) ?? '');
  return { clause, party, kind, words };
}

/** The filters stand in the address, so that a link shows the same list. */
function putInAddress(filters: Filters): void {
  const search = new URLSearchParams(names.flatMap((name) => (filters[name] === '' ? [] : [[name, filters[name]]])));
  history.replaceState(null, '', `${location.pathname}${search.size === 0 ? '' : `?${search}`}`);
}

const rowsAtOnce = 100;

/** The open amendments of a recommendation in the order of the text; decided ones last, folded. */
export function MarshalledList({ context }: { context: DraftingContext }) {
  const { drafting } = context;
  const { path, route } = useLocation();
  const choice = choiceOf(drafting);
  const before = useRef<readonly MarshalledAmendment[]>([]);
  const filters = useSignal(filtersInAddress());
  const current = useSignal<MarkId | null>(null);
  const grid = useRef<HTMLTableElement>(null);
  const [text, amendments] = [drafting.text.value, drafting.amendments.value];
  const all = useMemo(() => {
    before.current = marshalled(text, amendments, before.current);
    return before.current;
  }, [text, amendments]);
  const shown = all.filter((entry) => fits(entry, drafting.numberOf(entry.amendment.id), filters.value));
  const chosen = choice.ids.value;
  const present = shown.find(({ amendment }) => amendment.id === current.value) ?? shown[0];
  // The first rows are on screen at once; the others follow, some in each frame.
  const drawn = useSignal(rowsAtOnce);
  useEffect(() => {
    if (drawn.value >= shown.length) return;
    const next = requestAnimationFrame(() => {
      drawn.value += rowsAtOnce;
    });
    return () => cancelAnimationFrame(next);
  }, [drawn.value, shown.length]);
  const groups = grouped(shown.slice(0, drawn.value));
  const ready = drafting.ready.value;

  // The keys work from the first moment, unless somebody has gone elsewhere.
  useEffect(() => {
    if (!ready) return;
    const later = setTimeout(() => {
      const { activeElement } = document;
      if (activeElement === document.body || activeElement?.tagName === 'H1' || activeElement?.isConnected === false)
        grid.current?.querySelector<HTMLElement>('[data-choosing]')?.focus();
    }, 60);
    return () => clearTimeout(later);
  }, [ready]);

  const goTo = (id: MarkId | undefined): void => {
    if (id === undefined) return;
    current.value = id;
    const row = document.getElementById(`row-${id}`);
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: 'nearest' });
  };
  const step = (by: number): void => {
    const at = shown.findIndex(({ amendment }) => amendment.id === present?.amendment.id);
    goTo(shown[Math.min(Math.max(at + by, 0), shown.length - 1)]?.amendment.id);
  };
  const openInText = (id: MarkId): void => {
    route(textAddress(path));
    // The text is laid out again, and then shows the words.
    requestAnimationFrame(() => requestAnimationFrame(() => drafting.point(id, true)));
  };
  const toggle = (id: MarkId): void => choice.choose(id, !choice.ids.peek().has(id));
  const keys: Readonly<Record<string, (id: MarkId) => void>> = {
    j: () => step(1),
    ArrowDown: () => step(1),
    k: () => step(-1),
    ArrowUp: () => step(-1),
    Home: () => goTo(shown[0]?.amendment.id),
    End: () => goTo(shown.at(-1)?.amendment.id),
    ' ': toggle,
    x: toggle,
    Enter: openInText,
    d: (id) => {
      if (choice.standing.peek().length === 0) choice.choose(id, true);
      goToBar(context);
    },
  };
  return (
    <section class="list" aria-labelledby="list-title">
      <header class="list-head">
        <h2 id="list-title">{tn('list.open', amendments.length)}</h2>
        <span class="quiet">
          {t('list.order')}
          {shown.length < all.length && ` · ${t('list.shown', { count: shown.length })}`}
        </span>
        <TextLink />
        <p class="list-keys quiet">
          <kbd>J</kbd> <kbd>K</kbd> {t('list.keys')} <kbd>{t('list.space')}</kbd> {t('list.key-choose')}{' '}
          <kbd>Enter</kbd> {t('list.key-open')} <kbd>D</kbd> {t('list.key-see')}
        </p>
      </header>
      <FilterForm context={context} all={all} filters={filters} />
      {shown.length === 0 && ready && <p class="quiet">{t(all.length === 0 ? 'card.none' : 'list.none')}</p>}
      {shown.length > 0 && (
        <table
          ref={grid}
          class="grid"
          // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: its rows are gone through by keys
          role="grid"
          aria-multiselectable="true"
          aria-labelledby="list-title"
          onFocusIn={({ target }) => {
            const row = target instanceof Element ? target.closest('.grid-row')?.id : undefined;
            const entry = shown.find(({ amendment }) => `row-${amendment.id}` === row);
            if (entry !== undefined) current.value = entry.amendment.id;
          }}
          onKeyDown={(event) => {
            if (event.metaKey || event.ctrlKey || event.altKey || present === undefined) return;
            const { target } = event;
            const isControl = target instanceof Element && target.matches('input, a, button');
            const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
            const act = keys[key];
            // A control has its own meaning of Enter and Space.
            if (act === undefined || (isControl && (key === ' ' || key === 'Enter'))) return;
            event.preventDefault();
            act(present.amendment.id);
          }}
        >
          <thead>
            <tr class="grid-row grid-titles">
              <th scope="col">
                <span class="visually-hidden">{t('list.chosen')}</span>
              </th>
              <th scope="col">{t('list.number')}</th>
              <th scope="col">{t('list.party')}</th>
              <th scope="col">{t('list.kind')}</th>
              <th scope="col">{t('list.change')}</th>
              <th scope="col">{t('card.reason')}</th>
              <th scope="col">{t('list.state')}</th>
            </tr>
          </thead>
          {groups.map(({ clause, entries }) => (
            <tbody key={entries[0]?.amendment.id}>
              <tr class="grid-clause">
                <th scope="rowgroup" colSpan={7}>
                  {nameOfClause(context, clause)}
                </th>
              </tr>
              {entries.map((entry) => (
                <Row
                  key={entry.amendment.id}
                  context={context}
                  entry={entry}
                  chosen={chosen.has(entry.amendment.id)}
                  isCurrent={entry === present}
                />
              ))}
            </tbody>
          ))}
        </table>
      )}
      <Closed context={context} filters={filters.value} />
    </section>
  );
}

interface Group {
  readonly clause: ClauseId;
  readonly entries: MarshalledAmendment[];
}

/** Neighbours in one clause stand under its name. */
function grouped(shown: readonly MarshalledAmendment[]): readonly Group[] {
  const groups: Group[] = [];
  for (const entry of shown) {
    const last = groups.at(-1);
    if (last?.clause === entry.clause.id) last.entries.push(entry);
    else groups.push({ clause: entry.clause.id, entries: [entry] });
  }
  return groups;
}

function fits({ amendment, clause }: MarshalledAmendment, number: string, filters: Filters): boolean {
  const { record, kind, struck, inserted } = amendment;
  return (
    (filters.clause === '' || clause.id === filters.clause) &&
    (filters.kind === '' || kind === filters.kind) &&
    (filters.party === '' || sponsorsOf(record).some((party) => party === filters.party)) &&
    holdsWords([number, struck, inserted, record.reason, ...sponsorsOf(record)], filters.words)
  );
}

const holdsWords = (texts: readonly string[], words: string): boolean =>
  words.trim() === '' || texts.some((text) => text.toLocaleLowerCase().includes(words.trim().toLocaleLowerCase()));

/** One amendment. It is drawn again only when one of its values changes. */
function Row({
  context,
  entry: { amendment, clause, line, conflicts },
  chosen,
  isCurrent,
}: {
  context: DraftingContext;
  entry: MarshalledAmendment;
  chosen: boolean;
  isCurrent: boolean;
}) {
  const { drafting, face } = context;
  const { id, record, kind, clauses } = amendment;
  const { party, reason } = record;
  const pieces = excerptOf(clause, id, line, drafting.negotiation.peek());
  const [parent] = line;
  const number = amendmentName(context, id);
  return (
    <tr
      id={`row-${id}`}
      class={`grid-row ${face(party).colour}${line.length === 0 ? '' : ' grid-sub'}`}
      tabIndex={isCurrent ? 0 : -1}
      data-choosing={isCurrent ? '' : undefined}
      aria-selected={chosen}
    >
      <td class="grid-choose">
        <input
          type="checkbox"
          tabIndex={isCurrent ? 0 : -1}
          aria-label={t('card.choose', { number, party: face(party).name })}
          checked={chosen}
          onChange={(event) => choiceOf(drafting).choose(id, event.currentTarget.checked)}
        />
      </td>
      <td class="grid-number">{number}</td>
      <td>
        <Parties context={context} parties={sponsorsOf(record)} />
      </td>
      <td class="quiet">{t(kindKeys[kind])}</td>
      <td class="grid-change">
        <bdi>
          {pieces.map(({ sign, text }, at) =>
            sign === '=' ? (
              <span key={at}>{text}</span>
            ) : sign === '-' ? (
              <del key={at}>{text}</del>
            ) : (
              <ins key={at}>{text}</ins>
            ),
          )}
          {clauses.length > 1 && ' …'}
        </bdi>
      </td>
      <td class="quiet" title={reason}>
        {reason}
      </td>
      <td class="quiet">
        {conflicts.length > 0
          ? t('list.conflicts', { names: amendmentNames(context, conflicts) })
          : parent === undefined
            ? t(stateKeys.open)
            : t('list.within', { name: amendmentName(context, parent) })}
      </td>
    </tr>
  );
}

const kinds: readonly AmendmentKind[] = ['add', 'delete', 'replace', 'new clause', 'delete clause'];

function FilterForm({
  context,
  all,
  filters,
}: {
  context: DraftingContext;
  all: readonly MarshalledAmendment[];
  filters: Signal<Filters>;
}) {
  const narrow = (by: Partial<Filters>): void => {
    filters.value = { ...filters.peek(), ...by };
    putInAddress(filters.peek());
  };
  const clauses = [...new Set(all.map(({ clause }) => clause.id))];
  const parties = [...new Set(all.flatMap(({ amendment }) => sponsorsOf(amendment.record)))].sort();
  const choose = (
    name: Exclude<keyof Filters, 'words'>,
    title: string,
    options: readonly (readonly [value: string, words: string])[],
  ) => (
    <label>
      {title}
      <select value={filters.value[name]} onChange={(event) => narrow({ [name]: event.currentTarget.value })}>
        <option value="">{t('list.all')}</option>
        {options.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <form class="list-filters" aria-label={t('list.filters')} onSubmit={(event) => event.preventDefault()}>
      <label>
        {t('list.search')}
        <input
          type="search"
          value={filters.value.words}
          onInput={(event) => narrow({ words: event.currentTarget.value })}
        />
      </label>
      {choose(
        'clause',
        t('list.clause'),
        clauses.map((id) => [id, nameOfClause(context, id)]),
      )}
      {choose(
        'party',
        t('list.party'),
        parties.map((code: PartyCode) => [code, context.face(code).name]),
      )}
      {choose(
        'kind',
        t('list.kind'),
        kinds.map((kind) => [kind, t(kindKeys[kind])]),
      )}
    </form>
  );
}

const isClosed = (entry: [MarkId, { readonly kind: string }]): entry is [MarkId, AmendmentRecord] => {
  const record = entry[1];
  return record.kind === 'amendment' && 'state' in record && record.state !== 'open';
};

/** Decided amendments, with the words that they had. */
function Closed({ context, filters }: { context: DraftingContext; filters: Filters }) {
  const open = useSignal(false);
  const closed = [...context.drafting.negotiation.value.marks]
    .filter(isClosed)
    .filter(
      ([id, record]) =>
        filters.clause === '' &&
        filters.kind === '' &&
        (filters.party === '' || sponsorsOf(record).some((party) => party === filters.party)) &&
        holdsWords(
          [
            amendmentName(context, id),
            record.closed?.struck ?? '',
            record.closed?.inserted ?? '',
            record.reason,
            ...sponsorsOf(record),
          ],
          filters.words,
        ),
    );
  if (closed.length === 0) return null;
  return (
    <details
      class="list-closed"
      onToggle={(event) => {
        open.value = event.currentTarget.open;
      }}
    >
      <summary>
        {t('card.closed')} ({closed.length})
      </summary>
      {open.value && (
        <ul class="plain">
          {closed.map(([id, record]) => (
            <li key={id} class={`list-closed-row ${context.face(record.party).colour}`}>
              <span>
                <strong>{amendmentName(context, id)}</strong> <Parties context={context} parties={sponsorsOf(record)} />
              </span>
              <span class="grid-change">
                <WordsOf
                  context={context}
                  party={record.party}
                  struck={record.closed?.struck ?? ''}
                  inserted={record.closed?.inserted ?? ''}
                />
              </span>
              <span class="quiet">
                {t(stateKeys[record.state])}
                {record.closed !== undefined && ` · ${record.closed.by}, ${moment(record.closed.at)}`}
                {record.closed?.reason !== undefined && ` · ${record.closed.reason}`}
                <TakeBack context={context} id={id} record={record} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}
