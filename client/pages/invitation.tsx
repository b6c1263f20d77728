import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { InvitationView, SessionView } from '../../shared/protocol/access.ts';
import { get, send, sentenceOf } from '../api.ts';
import { Title } from '../parts/frame.tsx';
import { session } from '../session.ts';
import { t } from '../words.ts';

/** Accepts an invitation: with a new name and password, or as the account that is signed in. */
export function InvitationPage({ token }: { token: string }) {
  const view = useSignal<InvitationView | null>(null);
  const failure = useSignal('');
  const name = useSignal('');
  const password = useSignal('');
  const who = session.value;
  const { route } = useLocation();

  useEffect(() => {
    get(`/api/invitations/${token}`, InvitationView).then(
      (invitation) => {
        view.value = invitation;
        name.value = invitation.participant ?? '';
      },
      (error: unknown) => {
        failure.value = sentenceOf(error);
      },
    );
  }, [token]);

  const takeUp = async (body: { name?: string; password?: string }): Promise<void> => {
    failure.value = '';
    try {
      await send('POST', `/api/invitations/${token}`, body);
      session.value = await get('/api/session', SessionView);
      route('/', true);
    } catch (error) {
      failure.value = sentenceOf(error);
    }
  };

  const invitation = view.value;
  return (
    <div class="page page-narrow">
      <Title>{t('invitation.title')}</Title>
      {invitation !== null && (
        <>
          <p class="lead">
            {invitation.kind === 'administrator'
              ? t('invitation.administrator')
              : t('invitation.participant', {
                  meeting: invitation.meeting ?? '',
                  participant: invitation.participant ?? '',
                })}
          </p>
          {who != null && invitation.kind === 'participant' && (
            <p>
              <button type="button" class="button button-strong" onClick={() => void takeUp({})}>
                {t('invitation.accept-as', { name: who.account.name })}
              </button>
            </p>
          )}
          <form
            class="form"
            onSubmit={(event) => {
              event.preventDefault();
              void takeUp({ name: name.value, password: password.value });
            }}
          >
            <p>{t('invitation.choose')}</p>
            <label>
              {t('sign-in.name')}
              <input
                name="name"
                autocomplete="username"
                required
                value={name.value}
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
                autocomplete="new-password"
                required
                minLength={12}
                value={password.value}
                onInput={(event) => {
                  password.value = event.currentTarget.value;
                }}
              />
            </label>
            <button type="submit" class="button button-strong">
              {t('invitation.accept')}
            </button>
          </form>
        </>
      )}
      <p class="failure" role="alert">
        {failure.value}
      </p>
    </div>
  );
}
