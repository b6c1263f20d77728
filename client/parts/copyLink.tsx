import { t } from '../words.ts';
import { announce } from './announcer.tsx';

/** Copies the address of a clause or an amendment of this page, to send it to somebody. `name`: as the page names it. */
export function CopyLink({ of, value, name }: { of: 'clause' | 'amendment'; value: string; name: string }) {
  const copy = async (): Promise<void> => {
    const link = new URL(`${location.pathname}?${new URLSearchParams({ [of]: value })}`, location.origin).href;
    try {
      await navigator.clipboard.writeText(link);
      announce(t('app.copied'));
    } catch {
      // Without a secure connection, or without permission, there is no clipboard.
      announce(t('link.not-copied', { link }));
    }
  };
  return (
    <button type="button" class="link" aria-label={t('link.copy-of', { name })} onClick={() => void copy()}>
      {t('link.copy')}
    </button>
  );
}
