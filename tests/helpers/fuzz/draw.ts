import { randomFrom } from '../random.ts';

/** A fuzzer's random choices: all from one seed, so that the seed repeats the run. */
export class Draw {
  readonly #random: () => number;
  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }
  /** A whole number from 0 up to `below`. */
  nat(below: number): number {
    return Math.floor(this.#random() * below);
  }
  chance(probability: number): boolean {
    return this.#random() < probability;
  }
  /** An element of a list that isn't empty. */
  of<T>(list: readonly T[]): T {
    const found = list[this.nat(list.length)];
    if (found === undefined && list.length === 0) throw new Error('nothing to draw from');
    return found as T;
  }
  /** An element by weight. */
  weighed<T>(list: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.#random() * list.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of list) {
      left -= weight;
      if (left < 0) return value;
    }
    const [, last] = list.at(-1) ?? [];
    if (last === undefined) throw new Error('nothing to draw from');
    return last;
  }
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.nat(256));
  }
}

/** Strings with a history of causing faults. */
export const evilStrings: readonly string[] = [
  '',
  ' ',
  'a',
  '\u0000',
  'a\u0000b',
  '\ufeff',
  '\ufffd',
  '\u202e\u2066evil\u2069',
  '\u200b\u200d\u2060',
  'e\u0301\u0301\u0301\u0301',
  '😀',
  '👩‍👩‍👧‍👦',
  '\r\n',
  '\u2028\u2029',
  '\t',
  '\u0085',
  '\u007f',
  '\u001b[31m',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '<script>alert(1)</script>',
  '"}]}',
  '{{7*7}}',
  "' OR 1=1--",
  '%00%0a',
  'İı',
  'ﷺ',
  'NaN',
  'null',
  'text',
  'record',
  'clause',
];
