import { type Clause, clauseText } from './clause.ts';
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

function label(level: number, number: number, style: LabelStyle): string {
  if (level === 0) return `${number}.`;
  const mark = level === 1 ? letters(number) : roman(number);
  return style === 'english' ? `(${mark})` : `${mark})`;
}

/**
 * The numbers of a recommendation's clauses, computed from kind and level, never stored. The chapeau and recitals have
 * none. A proposed clause is numbered as if it were adopted, so that participants can refer to it; a clause without
 * visible words isn't counted, so that nobody can shift the others' numbers unseen.
 */
export function labels(
  clauses: readonly Pick<Clause, 'kind' | 'level' | 'insertion' | 'runs'>[],
  style: LabelStyle,
): readonly string[] {
  const counts = [0, 0, 0];
  return clauses.map((clause) => {
    const { kind, level } = clause;
    if (clause.insertion !== null && !hasVisible(clauseText(clause))) return '';
    if (kind !== 'operative') {
      counts.fill(0);
      return '';
    }
    const number = (counts[level] ?? 0) + 1;
    counts[level] = number;
    counts.fill(0, level + 1);
    return label(level, number, style);
  });
}
