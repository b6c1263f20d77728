import { signal } from '@preact/signals';

const said = signal('');
let clearing: ReturnType<typeof setTimeout> | null = null;

/** Announces a sentence to screen readers, and shows it for a moment. */
export function announce(sentence: string): void {
  // The same sentence is announced again when it is repeated.
  said.value = said.peek() === sentence ? `${sentence}\u00a0` : sentence;
  if (clearing !== null) clearTimeout(clearing);
  clearing = setTimeout(() => {
    said.value = '';
  }, 8000);
}

const heard = signal('');
/** Announces something to screen readers only, where the screen shows it anyway. */
export function whisper(sentence: string): void {
  heard.value = heard.peek() === sentence ? `${sentence}\u00a0` : sentence;
}

export function Announcer() {
  return (
    <>
      <div class={`toast${said.value === '' ? '' : ' toast-shown'}`} role="status" aria-live="polite">
        {said.value}
      </div>
      <div class="visually-hidden" aria-live="polite" data-heard>
        {heard.value}
      </div>
    </>
  );
}
