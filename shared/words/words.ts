import { en, type WordKey } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';
import { pt } from './pt.ts';

export type { WordKey } from './en.ts';

/** The four official languages of the OAS. */
export const languages = ['en', 'es', 'fr', 'pt'] as const;
export type Language = (typeof languages)[number];

const words: Readonly<Record<Language, Readonly<Record<WordKey, string>>>> = { en, es, fr, pt };

export type Values = Readonly<Record<string, string | number>>;

/** A word or sentence of the interface, its braces filled in. */
export const message = (language: Language, key: WordKey, values: Values = {}): string =>
  words[language][key].replace(/\{(\w+)\}/g, (braces, name: string) => String(values[name] ?? braces));

/** Keys that have a form for one and a form for others. */
export type CountedKey = WordKey extends infer Key ? (Key extends `${infer Base}.one` ? Base : never) : never;

/** A count of things, in the plural form of the language. */
export function counted(language: Language, key: CountedKey, count: number, values: Values = {}): string {
  const form = new Intl.PluralRules(language).select(count) === 'one' ? 'one' : 'other';
  return message(language, `${key}.${form}`, { ...values, count: count.toLocaleString(language) });
}

const isLanguage = (tag: string): tag is Language => languages.some((language) => language === tag);

/** The best of our languages for an `Accept-Language` header; English where it names none of them. */
export function chooseLanguage(accepted: string | undefined): Language {
  const wanted = (accepted ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
      const quality = parameters
        .map((parameter) => /^\s*q=([\d.]+)$/.exec(parameter)?.[1])
        .find((found) => found !== undefined);
      return { tag: tag.split('-')[0] ?? '', quality: quality === undefined ? 1 : Number(quality) };
    })
    .sort((one, other) => other.quality - one.quality);
  return wanted.map(({ tag }) => tag).find(isLanguage) ?? 'en';
}
