import { signal } from '@preact/signals';
import { t } from '../../words.ts';

const suffix = '/amendments';

const isListed = (): boolean => location.pathname.endsWith(suffix);

/**
 * Whether the address is that of the marshalled list. The list is a view of the drafting page: both show the same open
 * document, so the router isn't asked, which would open it anew.
 */
export const listing = signal(isListed());

addEventListener('popstate', () => {
  listing.value = isListed();
});

const textAddress = (): string => location.pathname.replace(/\/amendments$/, '');

/** Shows the list or the text, each under its own address. */
export function showList(on: boolean): void {
  if (on === isListed()) return;
  history.pushState(null, '', on ? `${textAddress()}${suffix}` : textAddress());
  listing.value = on;
  scrollTo(0, 0);
}

function ViewLink({ to, on, words }: { to: string; on: boolean; words: string }) {
  return (
    <a
      href={to}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        event.stopPropagation();
        showList(on);
      }}
    >
      {words}
    </a>
  );
}

export const ListLink = () => <ViewLink to={`${textAddress()}${suffix}`} on words={t('list.link')} />;
export const TextLink = () => <ViewLink to={textAddress()} on={false} words={t('list.back')} />;
