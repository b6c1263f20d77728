import { describe, expect, it, vi } from 'vitest';
import { Outbox } from '../../../server/sync/outbox.ts';

/** A connection that notes what it is sent, write by write. */
class Receiver {
  readonly writes: string[] = [];
  sendFramed(frame: Buffer): void {
    this.writes.push(frame.toString());
  }
}

function room(size: number) {
  let now = 0;
  const connections = new Set(Array.from({ length: size }, () => new Receiver()));
  const outbox = new Outbox(connections, () => now);
  const say = (words: string, but: Receiver | null = null): void => outbox.send(Buffer.from(words), but);
  return { outbox, say, all: [...connections], pass: (ms: number) => (now += ms) };
}

describe('[ROOM8] Frames of a room', () => {
  it('reach writers at once, and readers together, in one write', () => {
    const { outbox, say, all } = room(3);
    const [writer, one, other] = all;
    if (writer === undefined) throw new Error('nobody');
    outbox.wrote(writer);
    for (const words of ['a', 'b', 'c']) say(words);
    expect(all.map(({ writes }) => writes)).toEqual([['a', 'b', 'c'], [], []]);
    outbox.flush();
    expect([one?.writes, other?.writes]).toEqual([['abc'], ['abc']]);
  });

  it('leave after a moment by themselves', () => {
    vi.useFakeTimers();
    try {
      const { say, all } = room(1);
      say('a');
      say('b');
      vi.advanceTimersByTime(200);
      expect(all[0]?.writes).toEqual(['ab']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('are not sent back to the connection that holds them, be it a writer or a reader', () => {
    const { outbox, say, all } = room(2);
    const [one, other] = all;
    if (one === undefined || other === undefined) throw new Error('nobody');
    outbox.wrote(one);
    say('a', one);
    say('b', other);
    outbox.flush();
    expect([one.writes, other.writes]).toEqual([['b'], ['a']]);
  });

  it('bring a reader up to date before its first edit, once', () => {
    const { outbox, say, all } = room(2);
    const [one, other] = all;
    if (one === undefined) throw new Error('nobody');
    say('a');
    outbox.wrote(one);
    expect(one.writes).toEqual(['a']);
    say('b');
    outbox.flush();
    expect([one.writes, other?.writes]).toEqual([['a', 'b'], ['ab']]);
  });

  it('and a writer who writes no more is a reader again', () => {
    const { outbox, say, all, pass } = room(2);
    const [one] = all;
    if (one === undefined) throw new Error('nobody');
    outbox.wrote(one);
    pass(6000);
    say('a');
    outbox.flush();
    say('b');
    say('c');
    outbox.flush();
    expect(one.writes).toEqual(['a', 'bc']);
  });
});
