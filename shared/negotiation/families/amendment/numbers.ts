import { z } from 'zod';
import type { MarkId } from '../../../protocol/ids.ts';
import type { MarkRecord } from '../../state.ts';

/** The number of an amendment: A12 is the twelfth to the text in force, A12.1 the first one made to A12. */
export const AmendmentNumber = z.string().regex(/^A[1-9]\d*(\.[1-9]\d*)*$/);
export type AmendmentNumber = z.infer<typeof AmendmentNumber>;

type Marks = ReadonlyMap<MarkId, MarkRecord>;

/**
 * The number of each amendment. Those of earlier versions have none in their record: they are numbered in the order in
 * which they were made. No such one is added any more, so their numbers hold too. They are numbered as if each had been
 * made to the text in force, since the amendment to which one was made can change.
 */
export function amendmentNumbers(marks: Marks): ReadonlyMap<MarkId, AmendmentNumber> {
  const numbers = new Map<MarkId, AmendmentNumber>();
  const earlier: { readonly id: MarkId; readonly at: number }[] = [];
  for (const [id, record] of marks) {
    if (record.kind !== 'amendment') continue;
    if (record.number === undefined) earlier.push({ id, at: record.at });
    else numbers.set(id, record.number);
  }
  earlier.sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
  for (const [at, { id }] of earlier.entries()) numbers.set(id, `A${at + 1}`);
  return numbers;
}

/** Numbers new amendments, on top of those that there are. */
export class NewNumbers {
  readonly #numbers: Map<MarkId, AmendmentNumber>;
  /** The last number so far at the end of each beginning: `A` or `A12.`. */
  readonly #last = new Map<string, number>();

  constructor(marks: Marks) {
    this.#numbers = new Map(amendmentNumbers(marks));
    for (const number of this.#numbers.values()) this.#note(number);
  }
  /** The number of an amendment that is made now. `parent`: the pending one that it amends. */
  next(id: MarkId, parent: MarkId | null): AmendmentNumber {
    const outer = parent === null ? undefined : this.#numbers.get(parent);
    const beginning = outer === undefined ? 'A' : `${outer}.`;
    const number = `${beginning}${(this.#last.get(beginning) ?? 0) + 1}`;
    this.#numbers.set(id, number);
    this.#note(number);
    return number;
  }
  #note(number: AmendmentNumber): void {
    const [, beginning = 'A', digits = ''] = /^(.*?)(\d+)$/.exec(number) ?? [];
    this.#last.set(beginning, Math.max(this.#last.get(beginning) ?? 0, Number(digits)));
  }
}
