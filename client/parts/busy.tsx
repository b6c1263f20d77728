import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

/** A button for work that takes a moment: it can't be pressed twice meanwhile, and keeps the focus. */
export function BusyButton({
  work,
  children,
  strong = false,
  type = 'button',
  label,
}: {
  work: () => Promise<void>;
  children: ComponentChildren;
  strong?: boolean;
  type?: 'button' | 'submit';
  /** The accessible name, where the visible words alone don't say enough. */
  label?: string;
}) {
  const busy = useSignal(false);
  return (
    <button
      type={type}
      class={strong ? 'button button-strong' : 'button'}
      aria-disabled={busy.value}
      aria-label={label}
      onClick={async (event) => {
        event.preventDefault();
        if (busy.value) return;
        busy.value = true;
        try {
          await work();
        } finally {
          busy.value = false;
        }
      }}
    >
      {children}
    </button>
  );
}
