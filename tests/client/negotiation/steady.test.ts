import { describe, expect, it } from 'vitest';
import { Aim } from '../../../client/negotiation/steady.ts';

interface Button {
  place: number;
}

/** A column of buttons, ten apart; the pointer is at a height of it. */
function column() {
  const aim = new Aim<Button>((button, _x, y) => button.place === y);
  const [one, other]: [Button, Button] = [{ place: 10 }, { place: 20 }];
  return {
    aim,
    one,
    other,
    at: (time: number, y: number, touch = false) =>
      aim.notice({ button: [one, other].find(({ place }) => place === y) ?? null, x: 0, y, at: time }, touch),
    /** The first is gone, and the other moves up. */
    slide: () => {
      one.place = -1;
      other.place = 10;
    },
  };
}

describe('[SCR2] A decision is on what was aimed at', () => {
  it('a button that the pointer came to counts at once', () => {
    const { aim, one, other, at } = column();
    at(0, 50);
    at(100, 10);
    expect(aim.isMeant(one, 101)).toBe(true);
    at(200, 20);
    expect(aim.isMeant(other, 201)).toBe(true);
  });

  it.each([
    ['by a pointer that rests', false],
    ['by a finger', true],
  ])('one that slid under it counts after a second: pressed %s', (_how, touch) => {
    const { aim, other, at, slide } = column();
    at(0, 10, touch);
    slide();
    at(150, 10, touch);
    expect([aim.isMeant(other, 160), aim.isMeant(other, 1100), aim.isMeant(other, 1151)]).toEqual([false, false, true]);
  });

  it('one that slid under it counts when the pointer was moved away and came back', () => {
    const { aim, other, at, slide } = column();
    at(0, 10);
    slide();
    at(150, 10);
    at(200, 50);
    at(300, 10);
    expect(aim.isMeant(other, 310)).toBe(true);
  });

  it('a finger that comes back to a place after a while is believed', () => {
    const { aim, other, at, slide } = column();
    at(0, 10, true);
    slide();
    at(5000, 10, true);
    expect(aim.isMeant(other, 5001)).toBe(true);
  });
});
