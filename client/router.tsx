import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import lazy from 'preact-iso/lazy';
import { exec, Route, Router, useRoute } from 'preact-iso/router';
import { MeetingId, RecommendationId } from '../shared/protocol/ids.ts';
import { meetingOf } from './meeting.ts';
import { nextFrom } from './next.ts';
import { NotFoundPage } from './pages/notFound.tsx';
import { SignInPage } from './pages/signIn.tsx';
import { focusHeading } from './parts/frame.tsx';
import { session } from './session.ts';
import { t } from './words.ts';

/** The address that the browser opened; later ones are opened without a reload. */
const opened = location.pathname;

/**
 * After an update of the server an open page asks for files that are gone. Its address is opened anew then; once, since
 * a server that can't be reached would end in a circle.
 */
async function orAnew<T>(load: () => Promise<T>): Promise<T | typeof UnreachablePage> {
  try {
    return await load();
  } catch {
    if (location.pathname === opened) return UnreachablePage;
    location.reload();
    return new Promise(() => undefined);
  }
}
function UnreachablePage() {
  return <p role="alert">{t('app.unreachable')}</p>;
}

const MeetingsPage = lazy(() => orAnew(() => import('./pages/meetings.tsx').then((page) => page.MeetingsPage)));
const ImportPage = lazy(() => orAnew(() => import('./pages/import/import.tsx').then((page) => page.ImportPage)));
const InvitationPage = lazy(() => orAnew(() => import('./pages/invitation.tsx').then((page) => page.InvitationPage)));
const MeetingPage = lazy(() => orAnew(() => import('./pages/meeting.tsx').then((page) => page.MeetingPage)));
const ManagePage = lazy(() => orAnew(() => import('./pages/manage/manage.tsx').then((page) => page.ManagePage)));
const RecommendationPage = lazy(() =>
  orAnew(() => import('./pages/recommendation.tsx').then((page) => page.RecommendationPage)),
);

const Loading = () => <p class="quiet">{t('app.loading')}</p>;

/** A page for people with an account; others sign in at its address, and see it then. */
function signedIn(Page: ComponentType): ComponentType {
  return () => {
    if (session.value === undefined) return <Loading />;
    return session.value === null ? <SignInPage /> : <Page />;
  };
}

/** Opens the address for which the person had to sign in. It may be a page that the server renders. */
function Onwards({ to }: { to: string }) {
  useEffect(() => location.replace(to), [to]);
  return <Loading />;
}

const Home = signedIn(() => {
  const next = nextFrom(location.search, location.origin);
  return next === null ? <MeetingsPage /> : <Onwards to={next} />;
});

const SignIn = signedIn(() => {
  const next = nextFrom(location.search, location.origin);
  return next === null ? <SignInPage /> : <Onwards to={next} />;
});

const Import = signedIn(() => <ImportPage />);

function Invitation() {
  const { token = '' } = useRoute().params;
  return <InvitationPage key={token} token={token} />;
}

const Overview = signedIn(() => {
  const id = MeetingId.safeParse(useRoute().params.meeting);
  return id.success ? <MeetingPage key={id.data} id={id.data} /> : <NotFoundPage />;
});

const Manage = signedIn(() => {
  const id = MeetingId.safeParse(useRoute().params.meeting);
  return id.success ? <ManagePage key={id.data} id={id.data} /> : <NotFoundPage />;
});

const Recommendation = signedIn(() => {
  const { params } = useRoute();
  const meeting = MeetingId.safeParse(params.meeting);
  const id = RecommendationId.safeParse(params.recommendation);
  const isView = params.view === undefined || params.view === 'amendments';
  return meeting.success && id.success && isView ? <Drafting meeting={meeting.data} id={id.data} /> : <NotFoundPage />;
});

/** The meeting is asked for while the editor's code is still on its way. */
function Drafting({ meeting, id }: { meeting: MeetingId; id: RecommendationId }) {
  useEffect(() => meetingOf(meeting).use(), [meeting]);
  return <RecommendationPage key={id} meeting={meeting} id={id} />;
}

const NotFound = signedIn(() => <NotFoundPage />);

/** Each page by its address: the code that it needs, and its component. */
const routes = [
  { path: '/', page: MeetingsPage, component: Home },
  { path: '/sign-in', page: null, component: SignIn },
  { path: '/import', page: ImportPage, component: Import },
  { path: '/invitations/:token', page: InvitationPage, component: Invitation },
  { path: '/meetings/:meeting', page: MeetingPage, component: Overview },
  { path: '/meetings/:meeting/manage', page: ManagePage, component: Manage },
  {
    path: '/meetings/:meeting/recommendations/:recommendation/:view?',
    page: RecommendationPage,
    component: Recommendation,
  },
] as const;

/** Links to these open a page that the server renders. */
export const withinClient = /^\/(?!meetings\/[^/]+\/text(?:[/?#]|$))/;

/** An address that a browser can open but the router can't read (`/%zz`, `//`) becomes one that no page has. */
export function leaveUnreadable(): void {
  if (!isReadable(opened)) history.replaceState(null, '', '/not-found');
}
function isReadable(path: string): boolean {
  try {
    return decodeURIComponent(path) !== '' && URL.canParse(path, location.origin);
  } catch {
    return false;
  }
}

/** Loads the code of the opened page while the session is asked for. */
export function preload(): void {
  for (const { path, page } of routes) if (exec(location.pathname, path) !== undefined) void page?.preload();
}

/** Whether the opened page's code is on its way, and no page is there to be shown meanwhile. */
const isOpening = signal(false);

export function Pages() {
  return (
    <>
      {isOpening.value && <Loading />}
      <Router
        onRouteChange={focusHeading}
        onLoadStart={() => {
          isOpening.value = location.pathname === opened;
        }}
        onLoadEnd={() => {
          isOpening.value = false;
        }}
      >
        {routes.map(({ path, component }) => (
          <Route key={path} path={path} component={component} />
        ))}
        <Route default component={NotFound} />
      </Router>
    </>
  );
}
