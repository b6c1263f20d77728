import { z } from 'zod';
import type { NegotiationState } from '../negotiation/state.ts';
import { type Clause, clauseText } from './clause.ts';
import type { ClauseKind } from './schema.ts';
import { hasVisible } from './visible.ts';

/** The letter style of a numbered list differs by language; the numbers are the same in all. */
export type LabelStyle = 'english' | 'romance';

/** (a) in English, a) in Spanish, French and Portuguese, as the OAS prints them. */
export const labelStyleOf = (language: string): LabelStyle => (language === 'en' ? 'english' : 'romance');

const romanNumerals: readonly (readonly [number, string])[] = [
  [1000, 'm'],
  [900, 'cm'],
  [500, 'd'],
  [400, 'cd'],
  [100, 'c'],
  [90, 'xc'],
  [50, 'l'],
  [40, 'xl'],
  [10, 'x'],
  [9, 'ix'],
  [5, 'v'],
  [4, 'iv'],
  [1, 'i'],
];

function roman(number: number): string {
  let rest = number;
  let numeral = '';
  for (const [value, letters] of romanNumerals)
    while (rest >= value) {
      numeral += letters;
      rest -= value;
    }
  return numeral;
}

/** a … z, aa, ab …: the letters of a list that is longer than the alphabet. */
function letters(number: number): string {
  let rest = number;
  let word = '';
  while (rest > 0) {
    rest -= 1;
    word = String.fromCharCode(97 + (rest % 26)) + word;
    rest = Math.floor(rest / 26);
  }
  return word;
}

/**
 * The number of a clause, in no language: its number at each level, with a dot between two (`2.1` is 2 (a)). `0`: there
 * is no clause at that level. `+1` after a number is bis, `+2` ter; `-1` is pre (before the first), `-2` pre bis. `p` and
 * `c` stand before the numbers of preambular paragraphs and of opening lines.
 */
export const ClauseNumber = z.string().regex(/^[pc]?\d+([+-]\d+)?(\.\d+([+-]\d+)?){0,2}$/);
export type ClauseNumber = z.infer<typeof ClauseNumber>;

type Numbered = Pick<Clause, 'id' | 'kind' | 'level' | 'insertion' | 'runs'>;
type Records = Pick<NegotiationState, 'clauses'>;

const prefixes = { operative: '', preambular: 'p', chapeau: 'c' } as const satisfies Record<ClauseKind, string>;

/** Only operative clauses have levels. */
const levelOf = ({ kind, level }: Numbered): number => (kind === 'operative' ? level : 0);

/** Whether the numbers of clauses in force are frozen: then each has its own in its record. */
export function isFrozen({ clauses }: Records): boolean {
  for (const { number } of clauses.values()) if (number !== undefined) return true;
  return false;
}

/** The clauses of one kind that come before a place: the last number at each level, and the proposed ones around it. */
class Place {
  readonly last: (ClauseNumber | null)[] = [null, null, null];
  /** The proposed clauses within which the next one stands, the outermost first. */
  within: readonly { readonly level: number; readonly number: ClauseNumber }[] = [];

  pass(level: number, number: ClauseNumber): void {
    this.last[level] = number;
    this.last.fill(null, level + 1);
    this.within = [];
  }
}

/**
 * Gives out numbers. A number that was given out, or stands in a record, isn't given out again: two clauses never have
 * the same one.
 */
class Numbers {
  readonly #taken: Set<ClauseNumber>;
  readonly #counts = new Map<string, number>();

  constructor(taken: Iterable<ClauseNumber>) {
    this.#taken = new Set(taken);
  }
  /** The next free number that begins so. */
  next(beginning: string): ClauseNumber {
    let count = this.#counts.get(beginning) ?? 0;
    do count += 1;
    while (this.#taken.has(`${beginning}${count}`));
    this.#counts.set(beginning, count);
    const number = `${beginning}${count}`;
    this.#taken.add(number);
    return number;
  }
}

const withoutSuffix = (number: ClauseNumber): ClauseNumber => number.replace(/[+-]\d+$/, '');

/** The beginning of the numbers below a parent; `0` fills the levels between. */
const below = (
  parent: { readonly level: number; readonly number: ClauseNumber } | null,
  kind: ClauseKind,
  level: number,
) =>
  parent === null
    ? `${prefixes[kind]}${'0.'.repeat(level)}`
    : `${parent.number}.${'0.'.repeat(level - parent.level - 1)}`;

/**
 * The number of each clause; null for a proposed one without visible words, so that nobody can use up numbers unseen.
 *
 * Clauses in force are counted by kind and level, as if nothing were proposed, or keep the number in their record where
 * numbers are frozen. A proposed clause has the number of the clause in force before it, with bis, ter and so on, until
 * it is adopted; so has a clause that came into force since the numbers were frozen, and has none in its record.
 */
export function clauseNumbers(text: readonly Numbered[], records: Records): readonly (ClauseNumber | null)[] {
  const numbers = new Array<ClauseNumber | null>(text.length).fill(null);
  const frozen = new Set<ClauseNumber>();
  for (const { number } of records.clauses.values()) if (number !== undefined) frozen.add(number);
  const given = new Numbers(frozen);
  const late: number[] = [];
  const proposed: number[] = [];
  const counts: Record<ClauseKind, number[]> = { operative: [0, 0, 0], preambular: [0], chapeau: [0] };
  text.forEach((clause, at) => {
    if (clause.insertion !== null) {
      if (hasVisible(clauseText(clause))) proposed.push(at);
    } else if (frozen.size > 0) {
      const number = records.clauses.get(clause.id)?.number;
      // A number of another kind is from before the clause became what it is.
      if (number !== undefined && kindOf(number) === clause.kind) numbers[at] = number;
      else late.push(at);
    } else {
      const level = levelOf(clause);
      const counted = counts[clause.kind];
      counted[level] = (counted[level] ?? 0) + 1;
      counted.fill(0, level + 1);
      numbers[at] = `${prefixes[clause.kind]}${counted.slice(0, level + 1).join('.')}`;
    }
  });
  // Those in force first: a proposal must not change their numbers.
  if (late.length > 0) insertNumbers(text, numbers, new Set(late), given);
  if (proposed.length > 0) insertNumbers(text, numbers, new Set(proposed), given);
  return numbers;
}

/** Numbers clauses that stand between numbered ones. */
function insertNumbers(
  text: readonly Numbered[],
  numbers: (ClauseNumber | null)[],
  unnumbered: ReadonlySet<number>,
  given: Numbers,
): void {
  const following = nextSiblings(text, numbers);
  const places: Record<ClauseKind, Place> = { operative: new Place(), preambular: new Place(), chapeau: new Place() };
  text.forEach((clause, at) => {
    const { kind } = clause;
    const level = levelOf(clause);
    const place = places[kind];
    const known = numbers[at];
    if (known != null) {
      place.pass(level, known);
      return;
    }
    if (!unnumbered.has(at)) return;
    place.within = place.within.filter((outer) => outer.level < level);
    const outer = place.within.at(-1) ?? null;
    const before = place.last[level] ?? null;
    const number =
      outer !== null
        ? given.next(below(outer, kind, level))
        : before !== null
          ? given.next(`${withoutSuffix(before)}${/-\d+$/.test(before) ? '-' : '+'}`)
          : firstOf(following[at] ?? null, place, kind, level, given);
    numbers[at] = number;
    place.within = [...place.within, { level, number }];
  });
}

/** A clause before the first of its level is pre; with none after it, it is counted. */
function firstOf(
  after: ClauseNumber | null,
  { last }: Place,
  kind: ClauseKind,
  level: number,
  given: Numbers,
): ClauseNumber {
  if (after !== null) return given.next(`${withoutSuffix(after)}-`);
  for (let higher = level - 1; higher >= 0; higher--) {
    const number = last[higher];
    if (number != null) return given.next(below({ level: higher, number }, kind, level));
  }
  return given.next(below(null, kind, level));
}

/** For each clause without a number, the number of the next one of its kind and level under the same parent. */
function nextSiblings(
  text: readonly Numbered[],
  numbers: readonly (ClauseNumber | null)[],
): readonly (ClauseNumber | null)[] {
  const following = new Array<ClauseNumber | null>(text.length).fill(null);
  const next: Record<ClauseKind, (ClauseNumber | null)[]> = {
    operative: [null, null, null],
    preambular: [null],
    chapeau: [null],
  };
  for (let at = text.length - 1; at >= 0; at--) {
    const clause = text[at];
    if (clause === undefined) continue;
    const level = levelOf(clause);
    const ahead = next[clause.kind];
    const number = numbers[at];
    if (number == null) following[at] = ahead[level] ?? null;
    else {
      ahead[level] = number;
      ahead.fill(null, level + 1);
    }
  }
  return following;
}

const kindOf = (number: ClauseNumber): ClauseKind =>
  number.startsWith('p') ? 'preambular' : number.startsWith('c') ? 'chapeau' : 'operative';

const latin = [
  ...['', '', 'bis', 'ter', 'quater', 'quinquies', 'sexies', 'septies', 'octies', 'nonies', 'decies', 'undecies'],
  ...['duodecies', 'terdecies', 'quaterdecies', 'quindecies', 'sexdecies', 'septdecies', 'octodecies', 'novodecies'],
];
const latinTens = ['vicies', 'tricies', 'quadragies', 'quinquagies', 'sexagies', 'septuagies', 'octogies', 'nonagies'];

/** The adverb of a number: 2 is bis, 3 ter, 20 vicies, 21 vicies semel, 22 vicies bis. */
export function latinAdverb(number: number): string {
  if (number < 20) return latin[number] ?? '';
  const tens = latinTens[Math.floor(number / 10) - 2];
  if (tens === undefined) return `bis-${number}`;
  const ones = number % 10;
  return ones === 0 ? tens : `${tens} ${ones === 1 ? 'semel' : latin[ones]}`;
}

/** One level of a number, as it is written: 2, (a) bis, (i). */
function segmentWords(segment: string, level: number, style: LabelStyle): string {
  const [, digits = '', sign = '', suffix = ''] = /^(\d+)([+-]?)(\d*)$/.exec(segment) ?? [];
  const number = Number(digits);
  if (number === 0) return level === 0 ? '' : '–';
  const mark = level === 0 ? digits : level === 1 ? letters(number) : roman(number);
  const plain = level === 0 ? mark : style === 'english' ? `(${mark})` : `${mark})`;
  if (sign === '') return plain;
  if (sign === '+') return `${plain} ${latinAdverb(Number(suffix) + 1)}`;
  return suffix === '1' ? `${plain} pre` : `${plain} pre ${latinAdverb(Number(suffix))}`;
}

/** How a clause is named. */
export interface ClauseReference {
  readonly kind: ClauseKind;
  /** Beside the clause: `2.`, `2 bis`, `(a)`. Empty for opening lines and preambular paragraphs, which have no number. */
  readonly label: string;
  /** In its recommendation: `2 (a)`; for opening lines and preambular paragraphs, the position among those. Empty for a
   * proposed clause without visible words. */
  readonly number: string;
}

/** The reference of each clause, computed from its kind, level and place, and from the records of frozen numbers. */
export const clauseReferences = (
  text: readonly Numbered[],
  records: Records,
  style: LabelStyle,
): readonly ClauseReference[] => {
  const numbers = clauseNumbers(text, records);
  return text.map(({ kind }, at) => {
    const segments = (numbers[at] ?? '').replace(/^[pc]/, '').split('.');
    const words = segments.map((segment, level) => segmentWords(segment, level, style));
    const last = words.at(-1) ?? '';
    return {
      kind,
      label: kind !== 'operative' ? '' : /^\d+$/.test(last) ? `${last}.` : last,
      number: words.filter((word) => word !== '').join(' '),
    };
  });
};

/** The labels alone. */
export const labels = (text: readonly Numbered[], records: Records, style: LabelStyle): readonly string[] =>
  clauseReferences(text, records, style).map(({ label }) => label);
