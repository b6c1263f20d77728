import { anyOf } from '../lexicon/all.ts';
import { isAcronym, type PartyBook, splitNames } from './parties.ts';
import { nameKey, stateOf } from './states.ts';

/** A parenthesis in a paragraph: where it opens, and where the text continues after it. */
interface Group {
  readonly from: number;
  readonly to: number;
  readonly inside: string;
}

/** The words before a name in a tag: "proposed by the delegation of …". */
const lead = new RegExp(String.raw`^(?:${anyOf('proposedBy')}\s*:?\s*)?${anyOf('delegationOf')}?\s*`, 'iu');
const leadingJoin = new RegExp(String.raw`^(?:${anyOf('and')}|&)\s+`, 'iu');
const leadingArticle = new RegExp(String.raw`^${anyOf('tagArticles')}\s+`, 'iu');

/** The names in a parenthesis, as written. */
export function namesIn(inside: string, resolves: (name: string) => boolean): readonly string[] | null {
  const names: string[] = [];
  for (const part of inside.split(/[,;/+]/u)) {
    let name = part.trim().replace(leadingJoin, '').trim();
    name = name.replace(/[.\s]+$/u, (dots) => (/\.\p{L}\.$/u.test(name) ? dots.trim() : ''));
    if (name === '') continue;
    if (resolves(name)) {
      names.push(name);
      continue;
    }
    const bare = name.replace(lead, '').replace(leadingArticle, '').trim();
    if (bare !== '' && bare !== name && resolves(bare)) {
      names.push(bare);
      continue;
    }
    const several = splitNames(bare, (one) => resolves(one) || resolves(one.replace(lead, '').trim()));
    if (several === null) return null;
    names.push(...several.map((one) => (resolves(one) ? one : one.replace(lead, '').trim())));
  }
  return names.length === 0 ? null : names;
}

/** The parenthesis at the end of a text, if there is one, with the punctuation after it. */
function lastGroup(text: string, end: number): Group | null {
  let at = end - 1;
  while (at >= 0 && /[\s.;:,]/u.test(text.charAt(at))) at -= 1;
  const close = text.charAt(at);
  if (close !== ')' && close !== ']') return null;
  const open = close === ')' ? '(' : '[';
  let depth = 0;
  // A tag is short; a parenthesis that opens farther away is an ordinary one.
  for (let from = at; from >= 0 && at - from < 600; from--) {
    const sign = text.charAt(from);
    if (sign === close) depth += 1;
    if (sign === open) {
      depth -= 1;
      if (depth === 0) return { from, to: at + 1, inside: text.slice(from + 1, at) };
    }
  }
  return null;
}

const mostTags = 200;

/** The length of text before a place that a name with its acronym can take; a paragraph may be as long as the file. */
const endOf = (text: string, end: number, start = 0): string => text.slice(Math.max(start, end - 1000), end);

export interface Tagged {
  readonly text: string;
  /** Names as tagged; empty for words without a tag. */
  readonly names: readonly string[];
  /** A parenthesis at the end that mixes parties with something else. */
  readonly doubtful: string | null;
}

export class Tags {
  readonly #book: PartyBook;
  readonly #resolves: (name: string) => boolean;

  constructor(book: PartyBook, extra: ReadonlySet<string>) {
    this.#book = book;
    this.#resolves = (name) => book.resolve(name) !== null || stateOf(name) !== null || extra.has(book.keyOf(name));
  }

  /** The proposals in a paragraph: "One (CIM). Another (Colombia)." holds two. */
  split(paragraph: string): readonly Tagged[] {
    const found: Tagged[] = [];
    let from = 0;
    for (const stop of paragraph.matchAll(/[)\]]\s*\.\s+(?=["“«]?\p{Lu})/gu)) {
      const end = stop.index + stop[0].length;
      // The text between tags may be as long as the file, with as many parentheses in it.
      if (this.#tagBefore(paragraph, end, from) === null) continue;
      found.push(this.#atEnd(paragraph.slice(from, end)));
      from = end;
    }
    const rest = paragraph.slice(from);
    if (rest.trim() !== '') {
      const tagged = this.#atEnd(rest);
      const leading = found.length === 0 && tagged.names.length === 0 ? this.#atStart(rest) : null;
      found.push(leading ?? tagged);
    }
    return found;
  }

  #atEnd(source: string): Tagged {
    const text = source.trim();
    const tags: (readonly string[])[] = [];
    let end = text.length;
    // More tags at one place than a meeting has parties are not tags; they stay in the text.
    for (
      let tag = this.#tagBefore(text, end);
      tag !== null && tags.length < mostTags;
      tag = this.#tagBefore(text, end)
    ) {
      tags.push(tag.names);
      end = tag.from;
    }
    const names = tags.reverse().flat();
    if (names.length === 0) {
      const group = lastGroup(text, text.length);
      const parts = group?.inside.split(/[,;/]/u).map((part) => part.trim()) ?? [];
      const some = parts.length > 1 && parts.some(this.#resolves);
      return { text, names, doubtful: some && group !== null ? group.inside : null };
    }
    const words = text.slice(0, end).trim();
    // The punctuation after the tag ends the sentence before it.
    const sign = /[.;:]/u.exec(text.slice(end).replace(/^.*[)\]]/su, ''))?.[0] ?? '';
    return { text: /[.;:!?,…]["”»’)]*$/u.test(words) ? words : words + sign, names, doubtful: null };
  }

  /** The tag at the end of the text between two places. */
  #tagBefore(
    text: string,
    end: number,
    start = 0,
  ): { readonly from: number; readonly names: readonly string[] } | null {
    const group = lastGroup(text, end);
    if (group === null || group.from < start) return null;
    const names = namesIn(group.inside, this.#resolves);
    const isTag = names !== null && !this.#defines(endOf(text, group.from, start), names);
    return isTag ? { from: group.from, names } : null;
  }

  /** "[Argentina] text" and "Argentina: text". */
  #atStart(source: string): Tagged | null {
    const text = source.trim();
    const brackets = /^[([]([^()[\]]{2,200})[)\]]\s*[:–—-]?\s*(?=\S)/u.exec(text);
    const colon = /^([^:()[\].]{2,120}?)\s*:\s+(?=\S)/u.exec(text);
    for (const found of [brackets, colon]) {
      if (found === null) continue;
      const names = namesIn(found[1] ?? '', this.#resolves);
      if (names !== null) return { text: text.slice(found[0].length).trim(), names, doubtful: null };
    }
    return null;
  }

  /**
   * "the Commission of Women (CIM)." names the organ and is not a tag. The same holds for an acronym of the words
   * before it.
   */
  #defines(before: string, names: readonly string[]): boolean {
    const [name] = names;
    if (name === undefined || names.length > 1) return false;
    const party = this.#book.resolve(name);
    const fulls = party === null ? [] : [party.name, ...party.aliases, ...(party.full === null ? [] : [party.full])];
    const written = fulls.filter((full) => full.includes(' ') && this.#book.keyOf(full) !== this.#book.keyOf(name));
    if (written.length > 0) {
      const words = nameKey(before);
      if (written.some((full) => words.endsWith(this.#book.keyOf(full)))) return true;
    }
    return isAcronym(name) && spells(name, before);
  }
}

/** Whether an acronym consists of the capitals of the words directly before it. */
export function spells(acronym: string, before: string): boolean {
  const letters = acronym.replace(/[^\p{L}]/gu, '').toUpperCase();
  const words = before
    .trim()
    .split(/[\s-]+/u)
    .slice(-letters.length * 3);
  const capitals = words
    .filter((word) => /^["“(]?\p{Lu}/u.test(word))
    .map((word) => word.replace(/^["“(]/u, '').charAt(0))
    .join('');
  return letters.length > 1 && capitals.normalize('NFD').replace(/\p{M}/gu, '').toUpperCase().endsWith(letters);
}

/** Names in closing parentheses that no list and no table has, but that recur as tags do. */
export function recurringNames(paragraphs: readonly string[], book: PartyBook): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const paragraph of paragraphs) {
    const group = lastGroup(paragraph.trim(), paragraph.trim().length);
    if (group === null || group.inside.length > 200) continue;
    const seen = new Set<string>();
    for (const part of group.inside.split(/[,;/]/u)) {
      const name = part.trim();
      const shaped = isAcronym(name) || (!book.hasList && /^\p{Lu}[\p{L}'’ .-]{1,60}$/u.test(name));
      if (shaped && !spells(name, endOf(paragraph, group.from))) seen.add(nameKey(name));
    }
    for (const key of seen) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return new Set([...counts].filter(([, count]) => count > 1).map(([key]) => key));
}
