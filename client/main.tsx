import './parsing.ts';
import './styles/theme.css';
import './styles/parties.css';
import './styles/pages.css';
import './styles/print.css';
import { render } from 'preact';
import { LocationProvider } from 'preact-iso/router';
import { SessionView } from '../shared/protocol/access.ts';
import { ApiError, get } from './api.ts';
import { Frame } from './parts/frame.tsx';
import { leaveUnreadable, Pages, preload, withinClient } from './router.tsx';
import { session } from './session.ts';

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
  leaveUnreadable();
  void whoAmI();
  preload();
  render(
    <LocationProvider scope={withinClient}>
      <Frame>
        <Pages />
      </Frame>
    </LocationProvider>,
    place,
  );
}
