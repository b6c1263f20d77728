import '../styles/draft.css';
import { computed, effect, useSignal } from '@preact/signals';
import { useCallback, useEffect, useMemo, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { recommendationNumbers } from '../../shared/meeting/agenda.ts';
import type { Principal } from '../../shared/meeting/principal.ts';
import { onWhatIsSeen, type Wish } from '../../shared/negotiation/registry.ts';
import type { MeetingView } from '../../shared/protocol/contract.ts';
import { Accepted } from '../../shared/protocol/contract.ts';
import type { ClauseId, MeetingId, PartyCode, RecommendationId } from '../../shared/protocol/ids.ts';
import { ApiError, post, sentenceOf, split } from '../api.ts';
import { followAddress } from '../drafting/address.ts';
import { KeptWords, Refusals } from '../drafting/refusals.tsx';
import { DraftingSession } from '../drafting/session.ts';
import { SavedSign, Toolbar } from '../drafting/toolbar.tsx';
import { faceIn, type Meeting, meetingOf } from '../meeting.ts';
import { AmendmentCards } from '../negotiation/amendment/cards.tsx';
import { kindKeys } from '../negotiation/amendment/words.ts';
import { ChangedDialog } from '../negotiation/changed.tsx';
import { FreezeNumbers } from '../negotiation/clause/freeze.tsx';
import { ClausePanel } from '../negotiation/clause.tsx';
import type { DraftingContext } from '../negotiation/context.ts';
import { DecisionBar } from '../negotiation/deciding/bar.tsx';
import { isListing } from '../negotiation/deciding/listing.tsx';
import { statusWords } from '../negotiation/status/words.ts';
import { followPointer } from '../negotiation/steady.ts';
import { announce, whisper } from '../parts/announcer.tsx';
import { Title } from '../parts/frame.tsx';
import { PartyTag } from '../parts/party.tsx';
import { ProgressLine } from '../parts/progress.tsx';
import { SeatChooser } from '../parts/seat.tsx';
import { inSeat } from '../seat.ts';
import { session } from '../session.ts';
import { clausePlace, errorWords, labelStyle, t, tn } from '../words.ts';
import { MarshalledList } from './list.tsx';
import { orderIn, titleOf } from './meeting.tsx';
import { NotFoundPage } from './notFound.tsx';

followPointer();

const followKey = 'concord.follow';
const wantsToFollow = (): boolean => {
  try {
    return localStorage.getItem(followKey) === 'yes';
  } catch {
    return false;
  }
};

/** The drafting page: the text, and beside it the proposals, their sponsors and the decisions. */
export function RecommendationPage({ meeting: meetingId, id }: { meeting: MeetingId; id: RecommendationId }) {
  const meeting = meetingOf(meetingId);
  useEffect(() => meeting.use(), [meeting]);
  const view = meeting.view.value;
  const known = view?.recommendations.some((one) => one.id === id) === true;
  if (view === null) {
    const error = meeting.error.value;
    if (error?.code === 'not-found')
      return (
        <NotFoundPage>
          <KeptWords recommendation={id} />
        </NotFoundPage>
      );
    return error === null ? <p class="quiet">{t('app.loading')}</p> : <p role="alert">{error.message}</p>;
  }
  if (!known) return <NotFoundPage />;
  const { me } = view;
  const clause = new URLSearchParams(location.search).get('clause');
  // Observers, and administrators without an accreditation, read the rendered text.
  if (me === null || me.role === 'observer')
    return (
      <div class="page">
        <Title>{titleOf(view, id)}</Title>
        <SeatChooser meeting={meeting} view={view} />
        <KeptWords recommendation={id} />
        <p>
          <a href={`/meetings/${meetingId}/text${clause === null ? '' : `#clause-${clause}`}`}>{t('meeting.text')}</a>
        </p>
      </div>
    );
  return <DraftingPage meeting={meeting} view={view} id={id} me={me} />;
}

function DraftingPage({
  meeting,
  view,
  id,
  me,
}: {
  meeting: Meeting;
  view: MeetingView;
  id: RecommendationId;
  me: Principal;
}) {
  const place = useRef<HTMLDivElement>(null);
  const { path, route } = useLocation();
  const listing = isListing(path);
  const follow = useSignal(wantsToFollow());
  const panel = useSignal(false);
  const context = useMemo((): DraftingContext => {
    const latest = (): MeetingView => meeting.view.value ?? view;
    // The meeting value is new at every count; its parties change seldom.
    const parties = computed(() => latest().parties);
    const face = (party: PartyCode) => faceIn({ parties: parties.value }, party);
    const drafting = new DraftingSession({
      recommendation: id,
      me,
      account: session.peek()?.account.name ?? '',
      meeting: latest,
      face,
      labelStyle,
      words: () => ({
        insertedBy: (party) => t('editor.inserted-by', { party }),
        struckBy: (party) => t('editor.struck-by', { party }),
        bracketedBy: (party) => t('editor.bracketed-by', { party }),
        status: statusWords,
        proposed: t('status.proposed'),
        currentClause: t('draft.current'),
        label: t('draft.text'),
      }),
      onRefused: (error) =>
        announce(
          error.code === 'clause-locked'
            ? t('draft.locked')
            : error.code === 'role-may-not' && !latest().drafting
              ? t('error.drafting-closed')
              : errorWords(error.code, ''),
        ),
      onKept: () => announce(t('draft.undo-kept')),
      onApart: (capacity) => announce(t(capacity !== null && 'edits' in capacity ? 'draft.apart-base' : 'draft.apart')),
    });
    return {
      recommendation: id,
      me,
      parties: () => parties.value,
      face,
      placeOf: (clause) => clausePlace(recommendationNumbers(latest()).get(id) ?? 0, drafting.referenceOf(clause)),
      say: announce,
      execute: async (wish: Wish) => {
        const seen = drafting.seen();
        try {
          const { type, body } = split(onWhatIsSeen(seen, wish));
          await post(inSeat(`/api/recommendations/${id}/${type}`, me.participant), body, Accepted);
          drafting.lookAtNow();
          return true;
        } catch (error) {
          if (error instanceof ApiError && error.code === 'changed-since')
            drafting.changed.value = { wish, seen: seen.text };
          else announce(sentenceOf(error));
          return false;
        }
      },
      drafting,
    };
  }, [id, me.participant, me.role, me.party]);
  const { drafting, face } = context;

  useEffect(() => {
    if (place.current !== null) void drafting.open(place.current);
    return () => drafting.leave();
  }, [drafting]);
  useEffect(() => hearAmendments(drafting, me, face), [drafting]);
  useEffect(() => followCurrentClause(drafting, meeting, id, follow, route), [drafting]);
  useEffect(() => {
    const showPanel = (): void => {
      panel.value = true;
    };
    return followAddress(drafting, announce, showPanel);
  }, [drafting]);

  const setCurrentClause = useCallback(
    (clause: ClauseId): void => {
      void orderIn(meeting, { type: 'set-current-clause', currentClause: { recommendation: id, clause } });
    },
    [meeting, id],
  );
  // The page is drawn again only when one of these changes, not at every letter.
  const open = drafting.count.value;
  const line = drafting.line.value;
  const capacity = drafting.capacity.value;
  const inOrder = [...recommendationNumbers(view).keys()];
  const at = inOrder.indexOf(id);
  const [previous, next] = [inOrder[at - 1], inOrder[at + 1]];
  const own = view.recommendations.find((one) => one.id === id);
  const topic = view.topics.find((one) => one.id === own?.topic);
  const progress = own?.progress;
  return (
    <div class={listing ? 'draft draft-listing' : 'draft'}>
      <div class="draft-head">
        <nav class="crumbs">
          <a href={`/meetings/${meeting.id}`}>{view.name}</a>
          {topic !== undefined && <span> › {topic.heading}</span>}
        </nav>
        <Title>{titleOf(view, id)}</Title>
        {progress !== undefined && <ProgressLine progress={progress} />}
        <div class="row draft-state">
          <SeatChooser meeting={meeting} view={view} mayLeave={() => maySwitch(context)} />
          <Whoami context={context} drafting={view.drafting} />
          <SavedSign context={context} />
          <Here context={context} />
        </div>
        {line !== null && (
          <div class="banner" role="alert">
            <p>{t(lineKeys[line])}</p>
            {line === 'evicted' && (
              <button type="button" class="button button-strong" onClick={() => drafting.takeOver()}>
                {t('draft.take-over')}
              </button>
            )}
          </div>
        )}
        <Toolbar context={context} />
        <div class="row">
          {previous !== undefined && (
            <a class="button" href={`/meetings/${meeting.id}/recommendations/${previous}`}>
              ← {t('draft.previous')}
            </a>
          )}
          {next !== undefined && (
            <a class="button" href={`/meetings/${meeting.id}/recommendations/${next}`}>
              {t('draft.next')} →
            </a>
          )}
          <label class="check">
            <input
              type="checkbox"
              checked={follow.value}
              onChange={(event) => {
                follow.value = event.currentTarget.checked;
                try {
                  localStorage.setItem(followKey, follow.value ? 'yes' : 'no');
                } catch {
                  // Without storage the choice holds for this page.
                }
              }}
            />{' '}
            {t('draft.follow')}
          </label>
        </div>
        <Refusals context={context} />
        <ChangedSince context={context} />
      </div>
      {listing && <MarshalledList context={context} />}
      <div class="draft-text">
        {!drafting.ready.value && <p class="quiet">{t('app.loading')}</p>}
        {drafting.ready.value && drafting.isEmpty.value && <p class="quiet">{t('draft.empty')}</p>}
        <div ref={place} />
        {capacity !== null && <p class="quiet keys">{t('draft.keys')}</p>}
        <FreezeNumbers context={context} />
      </div>
      <button
        type="button"
        class="button button-strong panel-toggle"
        aria-expanded={panel.value}
        aria-controls="beside"
        onClick={() => {
          panel.value = !panel.value;
        }}
      >
        {panel.value ? t('app.close') : `${t('card.title')} (${open})`}
      </button>
      <aside id="beside" class={`draft-beside${panel.value ? ' is-open' : ''}`} aria-label={tn('draft.beside', open)}>
        <ClausePanel context={context} setCurrentClause={setCurrentClause} />
        <AmendmentCards context={context} />
      </aside>
      <DecisionBar context={context} />
    </div>
  );
}

/** Words are sent under the accreditation with which they were typed: they must be stored before it changes. */
function maySwitch({ drafting, say }: DraftingContext): boolean {
  const saving = drafting.draft.peek()?.saving.peek();
  if (saving !== 'saving' && saving !== 'offline') return true;
  say(t(saving === 'saving' ? 'draft.saving' : 'draft.offline'));
  return false;
}

const lineKeys = { offline: 'draft.offline', ended: 'draft.ended', evicted: 'draft.evicted' } as const;

/** Shown where a decision was refused because its words had changed. */
function ChangedSince({ context }: { context: DraftingContext }) {
  const changed = context.drafting.changed.value;
  const close = (): void => {
    context.drafting.changed.value = null;
  };
  return changed === null ? null : <ChangedDialog context={context} changed={changed} close={close} />;
}

/** Shows the capacity in which the person writes. */
function Whoami({ context, drafting }: { context: DraftingContext; drafting: boolean }) {
  const capacity = context.drafting.capacity.value;
  if (!drafting) return <span>{t('meeting.drafting-closed')}</span>;
  if (capacity === null) return <span>{t('draft.read-only')}</span>;
  if ('edits' in capacity) return <span>{t('draft.editing-base')}</span>;
  const face = context.face(capacity.proposesFor);
  return (
    <span>
      <PartyTag {...face} /> {t('draft.proposing-for', { party: face.name })}
    </span>
  );
}

/** Participants present, by party. */
function Here({ context }: { context: DraftingContext }) {
  const people = context.drafting.draft.value?.present.value ?? [];
  if (people.length === 0) return null;
  return (
    <ul class="plain row here" aria-label={t('draft.here')}>
      {people.map(({ participant, name, party }) => (
        <li key={participant} title={name}>
          {party === null ? (
            <span class="party-tag party-none">{name}</span>
          ) : (
            <PartyTag {...context.face(party)} name={name} />
          )}
        </li>
      ))}
    </ul>
  );
}

/** Tells users of screen readers about other parties' proposals, once those parties pause. */
function hearAmendments(
  drafting: DraftingSession,
  me: Principal,
  face: (party: PartyCode) => { name: string },
): () => void {
  const heard = new Set<string>();
  let first = true;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const stop = effect(() => {
    const amendments = drafting.amendments.value;
    if (!drafting.ready.value) return;
    if (first) {
      first = false;
      for (const { id } of amendments) heard.add(id);
      return;
    }
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => {
      const fresh = drafting.amendments.peek().filter(({ id, record }) => !heard.has(id) && record.party !== me.party);
      for (const { id } of drafting.amendments.peek()) heard.add(id);
      if (fresh.length === 0) return;
      whisper(
        fresh
          .slice(0, 3)
          .map(({ id, record, kind, struck, inserted }) =>
            t('card.heard', {
              number: drafting.numberOf(id),
              party: face(record.party).name,
              kind: t(kindKeys[kind]),
              words: [struck === '' ? '' : `${t('card.strikes')}: ${struck}.`, inserted].join(' ').trim(),
            }),
          )
          .join(' '),
      );
    }, 1500);
  });
  return () => {
    stop();
    if (timer !== null) clearTimeout(timer);
  };
}

/** Readers who follow are taken to the clause under discussion. */
function followCurrentClause(
  drafting: DraftingSession,
  meeting: Meeting,
  id: RecommendationId,
  follow: { readonly value: boolean },
  go: (to: string) => void,
): () => void {
  let shown = '';
  return effect(() => {
    const currentClause = meeting.view.value?.currentClause ?? null;
    if (!follow.value || currentClause === null || !drafting.ready.value) return;
    const key = `${currentClause.recommendation} ${currentClause.clause}`;
    if (key === shown) return;
    shown = key;
    if (currentClause.recommendation !== id)
      go(`/meetings/${meeting.id}/recommendations/${currentClause.recommendation}`);
    else if (currentClause.clause !== null) drafting.editor?.showClause(currentClause.clause, false);
  });
}
