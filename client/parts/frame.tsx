import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { type Language, languages } from '../../shared/words/words.ts';
import { send, sentenceOf } from '../api.ts';
import { session } from '../session.ts';
import { language, speak, t } from '../words.ts';
import { Announcer, announce } from './announcer.tsx';
import { Printed } from './printed.tsx';

const ownNames: Record<Language, string> = { en: 'English', es: 'Español', fr: 'Français', pt: 'Português' };

async function signOut(everywhere: boolean): Promise<boolean> {
  try {
    await send('DELETE', everywhere ? '/api/sessions' : '/api/session');
  } catch (error) {
    announce(sentenceOf(error));
    return false;
  }
  session.value = null;
  return true;
}

function LanguageChooser() {
  return (
    <label class="language">
      <span class="visually-hidden">{t('app.language')}</span>
      <select
        value={language.value}
        onChange={(event) => {
          const chosen = languages.find((one) => one === event.currentTarget.value);
          if (chosen !== undefined) speak(chosen);
        }}
      >
        {languages.map((one) => (
          <option key={one} value={one} lang={one}>
            {ownNames[one]}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The heading of a new page is awaited: it comes with the meeting's name. */
let isAwaited = false;

/** On a new page the focus goes to its heading, so that a screen reader announces it. */
export function focusHeading(): void {
  requestAnimationFrame(() => {
    const heading = document.querySelector<HTMLElement>('main h1');
    isAwaited = heading === null;
    heading?.focus();
  });
}

/** The frame of every page. */
export function Frame({ children }: { children: ComponentChildren }) {
  const who = session.value;
  const { route } = useLocation();
  const leave = async (everywhere: boolean): Promise<void> => {
    if (await signOut(everywhere)) route('/sign-in');
  };
  return (
    <>
      <a class="skip" href="#main">
        {t('app.skip')}
      </a>
      <header class="top">
        <a href="/" class="brand">
          {t('app.name')}
        </a>
        <div class="top-end">
          <LanguageChooser />
          {who != null && (
            <details class="account">
              <summary aria-label={t('app.signed-in-as', { name: who.account.name })}>{who.account.name}</summary>
              <div class="account-menu">
                <button type="button" class="button" onClick={() => void leave(false)}>
                  {t('app.sign-out')}
                </button>
                <button type="button" class="button" onClick={() => void leave(true)}>
                  {t('app.sign-out-everywhere')}
                </button>
              </div>
            </details>
          )}
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <Printed />
        {children}
      </main>
      <Announcer />
    </>
  );
}

/** A page's own heading, which is also the window's title. */
export function Title({ children, hidden = false }: { children: string; hidden?: boolean }) {
  useEffect(() => {
    document.title = children === t('app.name') ? children : `${children} – ${t('app.name')}`;
  }, [children]);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (isAwaited && document.activeElement === document.body) heading.current?.focus();
    isAwaited = false;
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1} class={hidden ? 'visually-hidden' : undefined}>
      {children}
    </h1>
  );
}
