import { expect, it } from 'vitest';
import { Remembered } from '../../../shared/text/remembered.ts';

it('[LINE5] Remembered values are there, and the memory begins anew after so many', () => {
  const remembered = new Remembered<object, number>(3);
  const values = [{}, {}, {}, {}];
  const known = (): (number | undefined)[] => values.map((value) => remembered.get(value));
  for (const [at, value] of values.slice(0, 3).entries()) remembered.set(value, at);
  expect(known()).toEqual([0, 1, 2, undefined]);
  remembered.set(values[3] ?? {}, 3);
  expect(known()).toEqual([undefined, undefined, undefined, 3]);
});
