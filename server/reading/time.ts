import type { Language } from '../../shared/words/words.ts';
import { message } from '../../shared/words/words.ts';
import { escaped } from './render.ts';

/** Making a formatter costs as much as a hundred uses: there is one for each language and form. */
const formats = new Map<string, Intl.DateTimeFormat>();
const day = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' } as const;
const hour = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short' } as const;

function format(language: Language, form: 'day' | 'hour'): Intl.DateTimeFormat {
  const key = `${language} ${form}`;
  const made = formats.get(key) ?? new Intl.DateTimeFormat(language, form === 'day' ? { ...day, ...hour } : hour);
  formats.set(key, made);
  return made;
}

/**
 * A moment in the zone of the server, with the name of the zone. The page's script writes it in the reader's zone, and
 * moves it on for as long as the page is connected.
 */
export const momentTag = (at: number, language: Language, form: 'day' | 'hour'): string =>
  `<time id="as-at" datetime="${new Date(at).toISOString()}" data-form="${form}">${escaped(format(language, form).format(at))}</time>`;

/** The sentence that says as at which moment a text is. */
export const asAt = (at: number, language: Language): string =>
  escaped(message(language, 'reading.as-at')).replace('{time}', momentTag(at, language, 'day'));
