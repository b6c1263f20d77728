import './parsing.ts';
import './styles/theme.css';
import './styles/parties.css';
import './styles/pages.css';
import './styles/print.css';
import { type ComponentType, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { SessionView } from '../shared/protocol/access.ts';
import { MeetingId, RecommendationId } from '../shared/protocol/ids.ts';
import { ApiError, get } from './api.ts';
import { meetingOf } from './meeting.ts';
import { nextFrom } from './next.ts';
import { ImportPage } from './pages/import/import.tsx';
import { InvitationPage } from './pages/invitation.tsx';
import { ManagePage } from './pages/manage/manage.tsx';
import { MeetingPage } from './pages/meeting.tsx';
import { MeetingsPage } from './pages/meetings.tsx';
import { NotFoundPage } from './pages/notFound.tsx';
import { SignInPage } from './pages/signIn.tsx';
import { Frame } from './parts/frame.tsx';
import { path } from './router.tsx';
import { session } from './session.ts';
import { t } from './words.ts';

const draftingPage = () => import('./pages/recommendation.tsx');
// A direct link to a recommendation loads the editor and asks for the session at the same time.
if (/^\/meetings\/[^/]+\/recommendations\//.test(path.peek())) void draftingPage();

/** The drafting page and its editor are loaded on demand, together with the meeting. */
function Drafting({ meeting, id }: { meeting: MeetingId; id: RecommendationId }) {
  const [Page, setPage] = useState<ComponentType<{ meeting: MeetingId; id: RecommendationId }> | null>(null);
  useEffect(() => meetingOf(meeting).use(), [meeting]);
  useEffect(() => {
    void draftingPage().then(({ RecommendationPage }) => setPage(() => RecommendationPage));
  }, []);
  return Page === null ? <p class="quiet">{t('app.loading')}</p> : <Page key={id} meeting={meeting} id={id} />;
}

function Page() {
  const parts = path.value.split('/').filter((part) => part !== '');
  const [first, second, third, fourth] = parts;
  if (first === 'invitations' && second !== undefined && third === undefined)
    return <InvitationPage key={second} token={second} />;
  const next = first === undefined || first === 'sign-in' ? nextFrom(location.search, location.origin) : null;
  if (session.value === undefined) return <p class="quiet">{t('app.loading')}</p>;
  if (session.value === null || (first === 'sign-in' && next === null)) return <SignInPage />;
  if (next !== null) return <Onwards to={next} />;
  if (first === undefined) return <MeetingsPage />;
  if (first === 'import' && second === undefined) return <ImportPage />;
  const meeting = MeetingId.safeParse(second);
  if (first === 'meetings' && meeting.success) {
    if (third === undefined) return <MeetingPage key={meeting.data} id={meeting.data} />;
    if (third === 'manage' && fourth === undefined) return <ManagePage key={meeting.data} id={meeting.data} />;
    const recommendation = RecommendationId.safeParse(fourth);
    if (third === 'recommendations' && recommendation.success)
      return <Drafting meeting={meeting.data} id={recommendation.data} />;
  }
  return <NotFoundPage />;
}

/** Opens the address for which the person had to sign in. It may be a page that the server renders. */
function Onwards({ to }: { to: string }) {
  useEffect(() => location.replace(to), [to]);
  return <p class="quiet">{t('app.loading')}</p>;
}

async function whoAmI(): Promise<void> {
  try {
    session.value = await get('/api/session', SessionView);
  } catch (error) {
    session.value = null;
    if (!(error instanceof ApiError)) throw error;
  }
}

const place = document.getElementById('app');
if (place !== null) {
  render(
    <Frame>
      <Page />
    </Frame>,
    place,
  );
  void whoAmI();
}
