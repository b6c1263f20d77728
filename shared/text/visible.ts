import { z } from 'zod';

/**
 * The characters that may stand in a text: visible ones, spaces, and the few invisible ones that languages and emoji
 * need. All others could make words look like other words, change the direction of a neighbour's, or hide.
 *
 * Forbidden are control characters except tab and line feed, line and paragraph separators, characters that are ignored
 * by default (bidirectional controls, zero-width spaces, fillers, soft hyphens, tags), blank symbols, interlinear
 * annotations, hieroglyph format controls, lone surrogates and noncharacters. Zero-width joiners (Persian, Indic
 * scripts, emoji) and the two variation selectors of text and emoji style are allowed.
 */
const forbidden =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: each of them is meant alone
  /(?![\t\n\u200c\u200d\ufe0e\ufe0f])[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\ufff9-\ufffb\u{13430}-\u{13446}\u{1d159}]/u;
const everyForbidden = new RegExp(forbidden.source, 'gu');

const visible =
  /(?![\p{Default_Ignorable_Code_Point}\u2800\u{13430}-\u{13446}\u{1d159}])[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Co}]/u;

/** The characters of most texts, which are quick to test. */
const common = /^[\t\n\x20-\x7e\u00a0-\u00ac\u00ae-\u02ff]*$/;

/** Whether a text holds a character that may not stand in one. */
export const hasForbidden = (text: string): boolean => !common.test(text) && forbidden.test(text);

/** The text without the characters that may not stand in one. */
export const withoutForbidden = (text: string): string => text.replace(everyForbidden, '');

/** Whether a text holds at least one visible character: not only spaces, joiners and selectors. */
export const hasVisible = (text: string): boolean => visible.test(text);

/**
 * A schema for a heading, a reason or a name of at most `max` UTF-16 units: characters that may not stand in a text are
 * removed, then spaces at both ends.
 */
export const visibleText = (max: number) => z.string().overwrite(withoutForbidden).trim().max(max);

/** The same for texts that must be visible. */
export const visibleName = (max: number) => visibleText(max).min(1).refine(hasVisible);
