import { afterEach, describe, expect, it, vi } from 'vitest';
import { createReading, type PageOf, type ReaderStream, type Reading } from '../../../server/reading/reading.ts';
import { type MeetingState, noMeeting, type ObserverView } from '../../../shared/meeting/meeting.ts';
import { LiveState } from '../../../shared/negotiation/state.ts';
import { newClauseId, newMeetingId, newRecommendationId, newTopicId } from '../../../shared/protocol/ids.ts';
import { type Clause, noMarks } from '../../../shared/text/clause.ts';

/** A meeting of one text, without rooms: the test reports its changes. */
class Stage {
  readonly reading: Reading;
  readonly #id = newMeetingId();
  readonly #page: PageOf = { meeting: this.#id, sheet: 'text', audience: 'observers', language: 'en' };
  readonly #recommendation = newRecommendationId();
  readonly #clause = newClauseId();
  #state: MeetingState;
  #words = 'words in force';
  /** Called when a text is rendered next. */
  onceDrawing: (() => void) | null = null;
  #tell: Parameters<Parameters<typeof createReading>[0]['onChange']>[0] = () => undefined;

  /** `drawnIn`: the time until a text is rendered, ms. */
  constructor({ drawnIn = 0 }: { readonly drawnIn?: number } = {}) {
    const topic = newTopicId();
    this.#state = {
      ...noMeeting(this.#id),
      topics: [{ id: topic, heading: 'Topic', level: 1 }],
      recommendations: [{ id: this.#recommendation, topic, heading: 'Text' }],
      observerView: 'clean',
    };
    this.reading = createReading({
      meeting: () => this.#state,
      text: async () => {
        this.onceDrawing?.();
        this.onceDrawing = null;
        if (drawnIn > 0) await new Promise((resolve) => setTimeout(resolve, drawnIn));
        return { text: [this.#text()], negotiation: new LiveState() };
      },
      onChange: (listener) => {
        this.#tell = listener;
        return () => undefined;
      },
    });
  }

  #text(): Clause {
    const runs = [{ text: this.#words, marks: noMarks }];
    return { id: this.#clause, kind: 'operative', level: 0, insertion: null, runs };
  }
  write(words: string): void {
    this.#words = words;
    this.#tell({ meeting: this.#id, recommendation: this.#recommendation });
  }
  show(observerView: ObserverView): void {
    this.#state = { ...this.#state, observerView };
    this.#tell({ meeting: this.#id, recommendation: null });
  }
  discuss(): void {
    const currentClause = { recommendation: this.#recommendation, clause: this.#clause };
    this.#state = { ...this.#state, currentClause };
    this.#tell({ meeting: this.#id, recommendation: null });
  }
  async page(): Promise<{ html: string; version: number }> {
    const html = Buffer.from((await this.reading.page(this.#page)) ?? []).toString();
    return { html, version: Number(/data-version="(\d+)"/.exec(html)?.[1]) };
  }
  follow = (stream: ReaderStream, version: number) => this.reading.follow(this.#page, version, stream);
}

const patient = { interval: 5, timeout: 20_000 };

/** A reader's end that keeps all events. */
class Kept implements ReaderStream {
  heard = '';
  closed = false;
  readonly chunks: Uint8Array[] = [];
  readonly #takes: (bytes: Uint8Array) => boolean;
  constructor(takes: (bytes: Uint8Array) => boolean = () => true) {
    this.#takes = takes;
  }
  send(bytes: Uint8Array): boolean {
    if (!this.#takes(bytes)) return false;
    this.chunks.push(bytes);
    this.heard += Buffer.from(bytes).toString();
    return true;
  }
  close(): void {
    this.closed = true;
  }
  until = (words: string) => expect.poll(() => this.heard, patient).toContain(words);
}

/** Time passes during a write to a connection. */
const slowly = (ms: number) => (): true => {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return true;
};

let stage: Stage;
const gallery = async (readers: readonly Kept[]): Promise<void> => {
  const { version } = await stage.page();
  for (const reader of readers) await stage.follow(reader, version);
};
afterEach(() => stage?.reading.close());

describe('[READ4] A full gallery holds nobody up', () => {
  it('sends everybody the same bytes, made once', async () => {
    stage = new Stage();
    const readers = Array.from({ length: 100 }, () => new Kept());
    await gallery(readers);
    stage.write('first words');
    await readers[0]?.until('first words');
    for (const { chunks } of readers) expect(chunks.at(-1)).toBe(readers[0]?.chunks.at(-1));
  });

  it('lets others have their turn while it is written to', async () => {
    stage = new Stage();
    let heard = 0;
    const readers = Array.from(
      { length: 160 },
      () =>
        new Kept(() => {
          heard += 1;
          return slowly(0.25)();
        }),
    );
    await gallery(readers);
    heard = 0;
    const turns: number[] = [];
    const others = setInterval(() => turns.push(heard), 0);
    stage.write('many get this');
    await readers.at(-1)?.until('many get this');
    clearInterval(others);
    expect(turns.filter((at) => at > 0 && at < 160).length).toBeGreaterThan(2);
  });

  it('lets who can’t keep up go, and nobody else', async () => {
    stage = new Stage();
    const slow = new Kept((bytes) => !Buffer.from(bytes).includes('second'));
    const before = new Kept();
    const behind = new Kept();
    await gallery([before, slow, behind]);
    stage.write('first words');
    await behind.until('first words');
    stage.write('second words');
    await behind.until('second words');
    stage.write('third words');
    await behind.until('third words');
    expect(before.heard).toBe(behind.heard);
    expect([before.closed, slow.closed, behind.closed]).toEqual([false, true, false]);
    expect(slow.heard).not.toContain('third');
  });
});

describe('[READ1] A view that the chair closes is sent to nobody any more', () => {
  it('stops halfway through a gallery, and tells everybody to load the page anew', async () => {
    stage = new Stage();
    const readers = Array.from({ length: 200 }, () => new Kept(slowly(0.2)));
    const first = new Kept((bytes) => {
      if (Buffer.from(bytes).includes('secret')) stage.show('nothing');
      return true;
    });
    await gallery([first, ...readers]);
    stage.write('secret words');
    for (const reader of [first, ...readers]) await reader.until('"reload":true');
    expect(readers.filter(({ heard }) => heard.includes('secret')).length).toBeLessThan(100);
    expect((await stage.page()).html).not.toContain('secret');
  });

  it('also closes when the view is opened again before it was told', async () => {
    stage = new Stage();
    const readers = Array.from({ length: 200 }, () => new Kept(slowly(0.2)));
    const first = new Kept((bytes) => {
      if (!Buffer.from(bytes).includes('other')) return true;
      stage.show('nothing');
      // After the end of this turn, and before the timer that reports the view.
      queueMicrotask(() => setImmediate(() => stage.show('clean')));
      return true;
    });
    await gallery([first, ...readers]);
    stage.write('other words');
    // A reader that missed the words hears that something was missed.
    for (const reader of readers) await expect.poll(() => reader.heard, patient).toMatch(/other|reload/);
    expect(readers.filter(({ heard }) => heard.includes('other')).length).toBeLessThan(100);
    expect((await stage.page()).html).toContain('other words');
  });
});

describe('[READ2] A page whose text is quiet', () => {
  it('hears at least every thirty seconds that somebody is there, whenever something was sent last', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'setTimeout', 'performance'] });
    try {
      stage = new Stage();
      const reader = new Kept();
      await gallery([reader]);
      let [heard, quiet, longest] = [0, 0, 0];
      for (let second = 0; second < 300; second++) {
        // Shortly after the regular message.
        if (second % 60 === 27) stage.write(`${second} words`);
        await vi.advanceTimersByTimeAsync(1000);
        quiet = reader.chunks.length > heard ? 0 : quiet + 1;
        heard = reader.chunks.length;
        longest = Math.max(longest, quiet);
      }
      expect(longest).toBeLessThan(30);
      expect(longest).toBeGreaterThan(10);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('[READ2] A reader that missed something is recognised', () => {
  it('and is sent it, where it is what happened since the page was loaded', async () => {
    stage = new Stage();
    const { version } = await stage.page();
    stage.write('written while nobody read');
    await stage.page();
    stage.write('written after that');
    const late = new Kept();
    await stage.follow(late, version);
    expect(late.heard).not.toContain('"reload":true');
    expect(late.heard).toContain('written while nobody read');
    expect(late.heard).toContain('written after that');
    stage.write('written when everybody was there');
    await late.until('written when everybody was there');
  });

  it('and loads the page again where that was too long ago', async () => {
    stage = new Stage();
    const { version } = await stage.page();
    for (let times = 0; times < 3; times++) {
      stage.write(`${times} ${'long '.repeat(100_000)}`);
      await stage.page();
    }
    const late = new Kept();
    await stage.follow(late, version);
    expect(late.heard).toContain('"reload":true');
    expect(late.heard.length).toBeLessThan(1000);
  });

  it('gets in though somebody writes without a pause, and nobody else reads', async () => {
    const busy = new Stage({ drawnIn: 20 });
    stage = busy;
    let over = false;
    const writing = (async () => {
      for (let times = 0; !over; times++) {
        busy.write(`words ${times}`);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    try {
      const { version } = await busy.page();
      const reader = new Kept();
      await busy.follow(reader, version);
      await expect.poll(() => reader.heard.match(/words \d+/g)?.length ?? 0, patient).toBeGreaterThan(5);
      expect(reader.heard).not.toContain('"reload":true');
    } finally {
      over = true;
      await writing;
    }
  });

  it('is told what was written last, in the moment in which it came', async () => {
    stage = new Stage({ drawnIn: 20 });
    const { version } = await stage.page();
    stage.write('written before');
    const reader = new Kept();
    const following = stage.follow(reader, version);
    await new Promise((resolve) => setTimeout(resolve, 5));
    stage.write('written last');
    await following;
    await reader.until('written last');
    expect(reader.heard).not.toContain('"reload":true');
  });

  it('is sent the words that were written while the meeting changed', async () => {
    stage = new Stage();
    const { version } = await stage.page();
    const reader = new Kept();
    await stage.follow(reader, version);
    stage.onceDrawing = () => stage.discuss();
    stage.write('written during the change');
    await reader.until('Under discussion');
    expect(reader.heard).toContain('written during the change');
    expect(reader.heard).not.toContain('"reload":true');
  });

  it('is never sent what the chair closed since', async () => {
    stage = new Stage();
    const { version } = await stage.page();
    stage.write('written before it was closed');
    await stage.page();
    stage.show('nothing');
    const late = new Kept();
    await stage.follow(late, version);
    expect(late.heard).toContain('"reload":true');
    expect(late.heard).not.toContain('written before');
  });

  it('also by another process', async () => {
    stage = new Stage();
    const before = await stage.page();
    stage.reading.close();
    await new Promise((resolve) => setTimeout(resolve, 2));
    stage = new Stage();
    const late = new Kept();
    await stage.follow(late, before.version);
    expect(late.heard).toContain('"reload":true');
  });

  it('is told what changes when the text changed while the page was made', async () => {
    stage = new Stage();
    const reader = new Kept();
    const following = stage.follow(reader, 0);
    stage.write('written while the page was made');
    await following;
    stage.write('written after');
    await reader.until('written after');
  });
});
