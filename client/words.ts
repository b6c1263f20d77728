import { effect, signal } from '@preact/signals';
import type { Party } from '../shared/meeting/meeting.ts';
import { isErrorCode } from '../shared/protocol/errors.ts';
import { type ClauseReference, type LabelStyle, labelStyleOf } from '../shared/text/labels.ts';
import { en } from '../shared/words/en.ts';
import * as references from '../shared/words/references.ts';
import {
  type CountedKey,
  chooseLanguage,
  counted,
  type Language,
  languages,
  message,
  type Values,
  type WordKey,
} from '../shared/words/words.ts';

const remembered = 'concord.language';

function firstLanguage(): Language {
  try {
    const kept = localStorage.getItem(remembered);
    const known = languages.find((language) => language === kept);
    if (known !== undefined) return known;
  } catch {
    // Without storage the browser's own languages decide.
  }
  return chooseLanguage(navigator.languages.join(','));
}

/** The reader's language. Components that show words are drawn again when it changes. */
export const language = signal<Language>(firstLanguage());

effect(() => {
  document.documentElement.lang = language.value;
});

export function speak(chosen: Language): void {
  language.value = chosen;
  // The observers' page is rendered on the server, which has to know too.
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API isn't in every browser yet
  document.cookie = `concord_language=${chosen}; path=/; SameSite=Lax; max-age=31536000`;
  try {
    localStorage.setItem(remembered, chosen);
  } catch {
    // Without storage the choice holds for this page.
  }
}

/** Whether there is a word of that key: some keys are made of a command's type. */
export const isWord = (key: string): key is WordKey => Object.hasOwn(en, key);

export const t = (key: WordKey, values?: Values): string => message(language.value, key, values);
export const tn = (key: CountedKey, count: number, values?: Values): string =>
  counted(language.value, key, count, values);

/** An error code as a sentence; for a code that this page doesn't know, the server's own sentence is shown. */
export function errorWords(code: string, fallback: string): string {
  if (isErrorCode(code)) return t(`error.${code}`);
  return fallback === '' ? t('error.internal') : fallback;
}

export const nameOf = (party: Party): string => {
  const name = party.names[language.value];
  return name === undefined || name === '' ? party.names.en : name;
};
export const labelStyle = (): LabelStyle => labelStyleOf(language.value);

/** Making a formatter costs as much as a hundred uses: there is one for each format. */
const clocks = new Map<string, Intl.DateTimeFormat>();
function clock(name: Language, today: boolean): Intl.DateTimeFormat {
  const key = `${name} ${today}`;
  const known = clocks.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat(
    name,
    today ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' },
  );
  clocks.set(key, made);
  return made;
}

/** A moment as a reader of that language writes it: the time today, else with the day. */
export function moment(at: number): string {
  const date = new Date(at);
  return clock(language.value, new Date().toDateString() === date.toDateString()).format(date);
}

/** The time from one moment to another; a common part is said once. */
export function span(from: number, to: number): string {
  const isToday = new Date().toDateString() === new Date(from).toDateString();
  return clock(language.value, isToday).formatRange(from, to);
}

/** The name of a clause within its recommendation. */
export const clauseName = (reference: ClauseReference): string => references.clauseName(language.value, reference);
/** Its name within the meeting: "Recommendation 4, clause 2 (a)". */
export const clausePlace = (recommendation: number, reference: ClauseReference): string =>
  references.clausePlace(language.value, recommendation, reference);
/** The title of a recommendation: its number on the agenda, and its heading. */
export const recommendationTitle = (number: number, heading: string): string =>
  references.recommendationTitle(language.value, number, heading);
