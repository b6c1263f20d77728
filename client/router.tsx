import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

/** The page's address. Links change it without a reload, and so do the browser's Back and Forward. */
export const path = signal(location.pathname);

addEventListener('popstate', () => {
  path.value = location.pathname;
});

export function go(to: string, replace = false): void {
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  path.value = new URL(to, location.href).pathname;
  scrollTo(0, 0);
}

/** A link within Concord. With a modifier key, or to another window, the browser's own behaviour applies. */
export function Link({
  to,
  children,
  ...rest
}: {
  to: string;
  children: ComponentChildren;
  class?: string;
  'aria-label'?: string;
}) {
  return (
    <a
      href={to}
      {...rest}
      onClick={(event) => {
        if (
          event.defaultPrevented ||
          event.button !== 0 ||
          event.metaKey ||
          event.ctrlKey ||
          event.shiftKey ||
          event.altKey
        )
          return;
        event.preventDefault();
        go(to);
      }}
    >
      {children}
    </a>
  );
}
