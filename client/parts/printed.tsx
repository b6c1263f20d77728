import { signal } from '@preact/signals';
import { language, t } from '../words.ts';

const printedAt = signal(Date.now());

// Before the browser draws the pages: a signal changes its words at once.
addEventListener('beforeprint', () => {
  printedAt.value = Date.now();
});

/** On paper alone: the moment as of which the page is. */
export function Printed() {
  const moment = new Intl.DateTimeFormat(language.value, { dateStyle: 'full', timeStyle: 'short' });
  return <p class="printed">{t('reading.as-at', { time: moment.format(printedAt.value) })}</p>;
}
