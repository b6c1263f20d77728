import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { DemoView, SessionView } from '../../shared/protocol/access.ts';
import { get, send, sentenceOf } from '../api.ts';
import { nextFrom } from '../next.ts';
import { Title } from '../parts/frame.tsx';
import { session } from '../session.ts';
import { t } from '../words.ts';

type Demo = { readonly names: readonly string[]; readonly password: string };

/** Signs in, and continues to the address that was asked for. */
export function SignInPage() {
  const name = useSignal('');
  const password = useSignal('');
  const failure = useSignal('');
  const busy = useSignal(false);
  const demo = useSignal<Demo | null>(null);
  const { route } = useLocation();

  useEffect(() => {
    // Only a demo server offers accounts; elsewhere the request is refused, and nothing is shown.
    get('/api/demo', DemoView).then(
      (offered) => {
        demo.value = offered;
      },
      () => undefined,
    );
  }, []);

  const signIn = async (as: string, secret: string): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    failure.value = '';
    try {
      await send('POST', '/api/session', { name: as, password: secret });
      session.value = await get('/api/session', SessionView);
      if (location.pathname === '/sign-in' && nextFrom(location.search, location.origin) === null) route('/', true);
    } catch (error) {
      failure.value = sentenceOf(error);
    } finally {
      busy.value = false;
    }
  };

  return (
    <div class="page page-narrow">
      <Title>{t('sign-in.title')}</Title>
      <p class="lead">{t('sign-in.about')}</p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void signIn(name.value, password.value);
        }}
      >
        <label>
          {t('sign-in.name')}
          <input
            name="name"
            autocomplete="username"
            autocapitalize="none"
            required
            value={name.value}
            aria-describedby={failure.value === '' ? undefined : 'sign-in-failure'}
            onInput={(event) => {
              name.value = event.currentTarget.value;
            }}
          />
        </label>
        <label>
          {t('sign-in.password')}
          <input
            name="password"
            type="password"
            autocomplete="current-password"
            required
            value={password.value}
            aria-describedby={failure.value === '' ? undefined : 'sign-in-failure'}
            onInput={(event) => {
              password.value = event.currentTarget.value;
            }}
          />
        </label>
        <p id="sign-in-failure" class="failure" role="alert">
          {failure.value}
        </p>
        <button type="submit" class="button button-strong" aria-disabled={busy.value}>
          {t('sign-in.submit')}
        </button>
      </form>
      {demo.value !== null && (
        <section class="demo" aria-labelledby="demo-title">
          <h2 id="demo-title">{t('sign-in.demo')}</h2>
          <ul class="plain row">
            {demo.value.names.map((one) => (
              <li key={one}>
                <button
                  type="button"
                  class="button"
                  aria-disabled={busy.value}
                  onClick={() => void signIn(one, demo.value?.password ?? '')}
                >
                  {one}
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
