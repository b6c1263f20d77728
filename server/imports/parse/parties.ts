import type { PartyKind } from '../../../shared/meeting/principal.ts';
import { ConcordError } from '../../../shared/protocol/errors.ts';
import { PartyCode } from '../../../shared/protocol/ids.ts';
import { type Paragraph, sortOf } from '../extract/lines.ts';
import { anyOf, wordsFor } from '../lexicon/all.ts';
import { nameKey, stateOf } from './states.ts';

/** A party in an import: named in the document's own list, or in a tag. */
export interface FoundParty {
  code: string;
  name: string;
  kind: PartyKind;
  aliases: string[];
  /** The full name, where `name` is its acronym. */
  full: string | null;
}

/** The limits of a meeting; the schema `Compilation` has the same. */
const mostParties = 500;
const mostAliases = 50;
/** Twice as many names as all parties can have: unknown names count too. */
const mostKeys = 2 * mostParties * mostAliases;

const acronym = /^[\p{Lu}\p{N}][\p{Lu}\p{N}&./-]{1,11}$/u;
export const isAcronym = (text: string): boolean => acronym.test(text) && /\p{Lu}.*[\p{Lu}\p{N}]/u.test(text);

const and = anyOf('and');
const joinOrArticle = new RegExp(String.raw`^(?:${anyOf('and', 'asWellAs')}|${anyOf('articles')})\s+`, 'iu');
const endsWithAnd = new RegExp(String.raw`[\s,;.:/]*\b${and}$`, 'u');
const onlyAnd = new RegExp(String.raw`^${and}[.\s]*$`, 'iu');
const leadingAnd = new RegExp(String.raw`^${and}\s+`, 'iu');
const join = new RegExp(`^(?:${and}|&)$`, 'iu');
const joinBetweenHalves = new RegExp(String.raw`\s+(?:${and}|&)\s+(?:${anyOf('articlesBehindAnd')}\s+)?`, 'iu');
const joinBeforeArticle = new RegExp(String.raw`\s+${anyOf('andThe')}\s+(?=\p{Lu})`, 'u');

/** "The following … :", "Los siguientes … :": sentences that introduce a list of participants. */
const introduces = new RegExp(String.raw`(?<!\p{L})${anyOf('introduces')}(?!\p{L})`, 'iu');
const listHeading = new RegExp(
  String.raw`^${anyOf('listOf')}?${anyOf('listArticles')}?${anyOf('listQualifiers')}?${anyOf('listNouns')}${anyOf('listMore')}?\s*:?$`,
  'iu',
);
/** The narrower word decides: "observer states" are observers. */
const kinds: readonly (readonly [RegExp, PartyKind])[] = (['observer', 'group', 'organ', 'state'] as const).map(
  (kind) => [wordsFor(kind), kind],
);

const kindOf = (lead: string): PartyKind | null => kinds.find(([words]) => words.test(lead))?.[1] ?? null;

/** One name of a list: `Name (ABC)`, `ABC – Name`, `Name – ABC`, or a name alone. */
export function readName(source: string): { name: string; short: string | null } | null {
  let text = source.trim().replace(/^[/\s]+|[/\s]+$/gu, '');
  text = text.replace(/[\s,;.:/]+$/u, '').trim();
  for (let again = true; again; ) {
    const shorter = text.replace(joinOrArticle, '');
    again = shorter !== text && shorter !== '';
    if (again) text = shorter;
  }
  text = text.replace(endsWithAnd, '').trim();
  if (text === '' || !/^[\p{L}\p{N}]/u.test(text)) return null;
  const inside = /^(.*\S)\s*[([]([^()[\]]{1,60})[)\]]$/u.exec(text);
  if (inside !== null && isAcronym((inside[2] ?? '').trim()))
    return { name: inside[1] ?? '', short: (inside[2] ?? '').trim() };
  const dash = /^(\S.*?)\s+[–—-]\s+(\S.*)$|^(\S[^:]*?):\s+(\S.*)$/u.exec(text);
  if (dash !== null) {
    const one = dash[1] ?? dash[3] ?? '';
    const other = dash[2] ?? dash[4] ?? '';
    if (isAcronym(one)) return { name: other, short: one };
    if (isAcronym(other)) return { name: one, short: other };
  }
  return { name: text, short: null };
}

/**
 * The parts of a running list: split by semicolons or commas, with "and" before the last; "Antigua and Barbuda" is one.
 */
export function partsOf(text: string): readonly string[] {
  const parts = text
    .split(/\s*[;,]\s*(?![^([]*[)\]])/u)
    .filter((part) => /[\p{L}\p{N}]/u.test(part) && !onlyAnd.test(part.trim()));
  return parts.flatMap((part) => {
    const bare = part.replace(leadingAnd, '');
    if (stateOf(bare) !== null) return [bare];
    // "… and the Court": an article begins another name.
    const articled = bare.split(joinBeforeArticle);
    if (articled.length > 1) return articled;
    const names = splitNames(bare, (name) => stateOf(name) !== null);
    if (names !== null) return names;
    const halves = bare.split(joinBetweenHalves);
    return halves.length > 1 &&
      halves.every((half) => stateOf(half) !== null || isAcronym(half.trim()) || /\)[.\s]*$/u.test(half))
      ? halves
      : [bare];
  });
}

/**
 * Names that are joined by "and" and contain it: "Trinidad and Tobago and Peru" is two. Null where some part is not a
 * name.
 */
export function splitNames(text: string, resolves: (name: string) => boolean): readonly string[] | null {
  const words = text.split(/\s+/u);
  if (words.length > 40) return null;
  const joins = words.map((word) => join.test(word));
  // From the end: the names in the words from here on, if all of them are names. A name begins after an "and" and ends
  // before one.
  const from: (readonly string[] | null)[] = new Array(words.length + 1).fill(null);
  for (let start = words.length - 1; start >= 0; start--) {
    if (start > 0 && joins[start - 1] !== true) continue;
    for (let end = words.length; end > start && from[start] === null; end--) {
      const rest = end === words.length ? [] : joins[end] === true ? from[end + 1] : null;
      if (rest == null) continue;
      const name = words.slice(start, end).join(' ');
      if (resolves(name)) from[start] = [name, ...rest];
    }
  }
  return from[0] ?? null;
}

/** The participants that a document lists, and the party that a name in a tag means. */
export class PartyBook {
  readonly parties: FoundParty[] = [];
  readonly #byKey = new Map<string, FoundParty>();
  readonly #codes = new Set<string>();
  /**
   * A lookup compares a name with every spelling of each party, and most tags repeat a few names: the answers are
   * remembered.
   */
  readonly #keys = new Map<string, string>();
  /** Paragraphs that are entries of the list, not proposals. */
  readonly listed = new Set<Paragraph>();

  /** Whether the document lists its parties at all. */
  get hasList(): boolean {
    return this.listed.size > 0 || this.parties.length > 0;
  }

  /** The key by which names are compared, see `nameKey`. */
  keyOf(name: string): string {
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const key = nameKey(name);
    if (this.#keys.size < mostKeys) this.#keys.set(name, key);
    return key;
  }

  resolve(name: string): FoundParty | null {
    const known = this.#byKey.get(this.keyOf(name));
    if (known !== undefined) return known;
    const state = stateOf(name);
    return state === null ? null : (this.#byKey.get(`state ${state}`) ?? null);
  }

  add(name: string, short: string | null, kind: PartyKind): FoundParty {
    const state = stateOf(name) ?? (short === null ? null : stateOf(short));
    const known = this.resolve(name) ?? (short === null ? null : this.resolve(short));
    if (known !== null) {
      if (short !== null) this.#learn(known, short);
      return known;
    }
    if (this.parties.length >= mostParties) throw new ConcordError('import-unreadable');
    const isState = state !== null;
    const party: FoundParty = {
      code: this.#free(short !== null && isCode(short) && !isState ? short : (state ?? short ?? name)),
      name,
      kind: isState ? 'state' : kind,
      aliases: [],
      full: null,
    };
    this.parties.push(party);
    this.#byKey.set(this.keyOf(name), party);
    if (state !== null) this.#byKey.set(`state ${state}`, party);
    if (short !== null) this.#learn(party, short);
    return party;
  }

  /** Adds another spelling of a party. */
  #learn(party: FoundParty, alias: string): void {
    // The number of spellings is limited: by then the party is recognised.
    if (party.aliases.length >= mostAliases || this.keyOf(alias) === this.keyOf(party.name)) return;
    if (!party.aliases.some((one) => this.keyOf(one) === this.keyOf(alias))) party.aliases.push(alias);
    if (!this.#byKey.has(this.keyOf(alias))) this.#byKey.set(this.keyOf(alias), party);
  }

  /** A name in a tag: recorded as an alias where it isn't the party's own. */
  met(party: FoundParty, name: string): void {
    this.#learn(party, name);
  }

  /** Organs and groups take the name that the tags use: their acronym, if it occurs. */
  nameByUse(used: ReadonlySet<string>): void {
    for (const party of this.parties) {
      if (party.kind === 'state') continue;
      const short = party.aliases.find((alias) => isAcronym(alias) && used.has(this.keyOf(alias)));
      if (short === undefined || used.has(this.keyOf(party.name))) continue;
      party.full = party.name;
      party.aliases = [party.name, ...party.aliases.filter((alias) => alias !== short)];
      party.name = short;
    }
  }

  #free(wish: string): string {
    const letters = wish.normalize('NFD').replace(/\p{M}/gu, '');
    const initials = letters
      .split(/[\s-]+/u)
      .filter((word) => /^\p{Lu}/u.test(word))
      .map((word) => word.charAt(0))
      .join('');
    const plain = letters.toUpperCase().replace(/[^A-Z0-9-]/g, '');
    const code = (isAcronym(wish) || letters.split(/\s/u).length === 1 || initials.length < 2 ? plain : initials).slice(
      0,
      12,
    );
    const base = PartyCode.safeParse(code).success ? code : `P${code}`.slice(0, 9).replace(/[^A-Z0-9-]/g, '');
    let free = base;
    for (let count = 2; this.#codes.has(free); count++) free = `${base.slice(0, 10)}${count}`;
    this.#codes.add(free);
    return free;
  }
}

const isCode = (short: string): boolean => PartyCode.safeParse(short).success;

/** Reads the lists of participants: a sentence that introduces names, or a heading or sentence with a list below it. */
export function findParties(paragraphs: readonly Paragraph[]): PartyBook {
  const book = new PartyBook();
  const read = new Map<Paragraph, ReturnType<typeof readName>[]>();
  for (let at = 0; at < paragraphs.length; at++) {
    const lead = paragraphs[at];
    if (lead === undefined || lead.text.length > 1500) continue;
    const heading = listHeading.test(lead.text);
    const colon = lead.text.indexOf(':');
    const before = colon < 0 ? lead.text : lead.text.slice(0, colon);
    const kind = kindOf(before);
    if (kind === null || (!heading && (colon < 0 || !introduces.test(before) || before.length > 300))) continue;
    const rest = colon < 0 ? '' : lead.text.slice(colon + 1).trim();
    if (rest !== '') {
      const names = partsOf(rest).map(readName);
      const several = names.length > 1 || names.some((name) => name !== null && stateOf(name.name) !== null);
      // A sentence that continues after the names is no list.
      if (several && names.every((name) => name !== null && isName(name.name))) {
        for (const name of names) if (name !== null) book.add(name.name, name.short, kind);
        book.listed.add(lead);
      }
      continue;
    }
    // An entry of a list opens no list of its own.
    if (book.listed.has(lead)) continue;
    const entries: { paragraph: Paragraph; name: { name: string; short: string | null } }[] = [];
    for (let next = at + 1; next < paragraphs.length && entries.length < mostParties; next++) {
      const paragraph = paragraphs[next];
      if (paragraph === undefined || sortOf(paragraph.marker) !== sortOf(paragraphs[at + 1]?.marker ?? '')) break;
      // Several names on one line.
      const several = read.get(paragraph) ?? (paragraph.text.length < 600 ? partsOf(paragraph.text).map(readName) : []);
      read.set(paragraph, several);
      const fits =
        several.length > 0 &&
        several.every(
          (name) =>
            name !== null && isName(name.name) && (entries.length === 0 || sameSort(kind, name.name, paragraph)),
        );
      if (!fits || (paragraph.marker === '' && !known(several, kind))) break;
      for (const name of several) if (name !== null) entries.push({ paragraph, name });
    }
    if (entries.length < 2 && !entries.some(({ name }) => stateOf(name.name) !== null)) continue;
    for (const { paragraph, name } of entries) {
      book.add(name.name, name.short, kind);
      book.listed.add(paragraph);
    }
    if (heading) book.listed.add(lead);
  }
  return book;
}

const isName = (text: string): boolean =>
  text.length <= 120 && text.split(' ').length <= 16 && /^[\p{Lu}\p{N}]/u.test(text);

/** Without a bullet, only an obvious name is taken: a state, or a name with its acronym. */
const known = (names: readonly ({ name: string; short: string | null } | null)[], kind: PartyKind): boolean =>
  names.every(
    (name) =>
      name !== null &&
      (stateOf(name.name) !== null || name.short !== null || (kind !== 'state' && isAcronym(name.name))),
  );

const sameSort = (kind: PartyKind, name: string, paragraph: Paragraph): boolean =>
  kind !== 'state' || stateOf(name) !== null || paragraph.marker !== '' || isAcronym(name);
