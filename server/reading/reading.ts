import type { MeetingState } from '../../shared/meeting/meeting.ts';
import type { NegotiationState } from '../../shared/negotiation/state.ts';
import type { MeetingId, RecommendationId } from '../../shared/protocol/ids.ts';
import type { Clause } from '../../shared/text/clause.ts';
import type { Language } from '../../shared/words/words.ts';
import { type Fragment, renderClauses, renderPage, type Section } from './render.ts';

/** What reading needs of the rooms: committed text only, and word of every change. */
export interface ReadingSource {
  readonly meeting: (id: MeetingId) => MeetingState | null;
  readonly text: (
    recommendation: RecommendationId,
  ) => Promise<{ readonly text: readonly Clause[]; readonly negotiation: NegotiationState }>;
  /** `recommendation: null`: the meeting itself changed. Returns the function that ends it. */
  readonly onChange: (
    listener: (change: { readonly meeting: MeetingId; readonly recommendation: RecommendationId | null }) => void,
  ) => () => void;
}

/** One change of a page, as its script reads it. */
export type Patch =
  | { readonly recommendation: string; readonly clause: string; readonly after: string | null; readonly html: string }
  | { readonly recommendation: string; readonly remove: string }
  | { readonly reload: true };

/** A reader's end of an event stream. `send` says whether the reader keeps up; one that doesn't is let go, at once. */
export interface ReaderStream {
  send(bytes: Uint8Array): boolean;
  close(): void;
}

export interface Reading {
  /** The page as it is now, the same memory for everybody. Null where there is no such meeting. */
  page(meeting: MeetingId, language: Language): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Sends what changes from now on; a reader whose version is another than ours is told to load the page again. */
  follow(meeting: MeetingId, language: Language, version: number | null, stream: ReaderStream): Promise<() => void>;
  close(): void;
}

interface Edition {
  readonly language: Language;
  readonly readers: Set<ReaderStream>;
  readonly shown: Map<RecommendationId, readonly Fragment[]>;
  state: MeetingState;
  version: number;
  readonly due: Set<RecommendationId>;
  meetingDue: boolean;
  /** Some readers miss what others got: everybody loads the page anew. */
  cutShort: boolean;
  timer: NodeJS.Timeout | null;
  lastSent: number;
  /** What it took to write to all readers last time, ms. */
  cost: number;
  /** The page of `version`, for everybody who comes before the next. */
  page: Uint8Array<ArrayBuffer> | null;
  /** The newest events, each with the version that it follows: for who loaded the page and is only now connected. */
  recent: readonly { readonly follows: number; readonly bytes: Uint8Array }[];
  /** When somebody last asked for it. */
  askedAt: number;
  working: Promise<void>;
}

const encoder = new TextEncoder();
/** While the text changes all the time, patches of this many ms go out together; after a quiet moment at once. */
const busy = 40;
/**
 * Writing to readers takes a third of the time. With ten thousand of them one round takes a tenth of a second: then
 * patches go out less often, and more of them together. But nobody waits longer than `longestRest` for that, ms.
 */
const rest = 2;
const longestRest = 250;
/** Nobody who drafts waits longer than this for readers to be written to, ms. */
const turn = 5;
/**
 * A silent stream is one that proxies cut, and whose end nobody notices. None is silent for longer than both together, and
 * what goes to thousands of readers takes some seconds more at the worst. Ms.
 */
const silence = 20_000;
const betweenLooks = 2000;
/**
 * Bytes of events that are kept for who is just coming: the moment between a page and its connection. Fewer than may wait
 * for a reader, since all of them are sent at once.
 */
const mostRecent = 128 * 1024;
/** An edition that nobody reads or asks for is kept so long, ms: to make it means to draw every text of the meeting. */
const forgottenAfter = 10_000;
const heartbeat = encoder.encode(': here\n\n');
const eventOf = (version: number, patches: readonly Patch[]): Uint8Array =>
  encoder.encode(`id: ${version}\ndata: ${JSON.stringify(patches)}\n\n`);

export function createReading(source: ReadingSource): Reading {
  const editions = new Map<string, Edition>();
  let newest = 0;
  /** Above every one before, also of a process before: a reader who missed something is found out, whatever went between. */
  const nextVersion = (): number => {
    newest = Math.max(newest + 1, Date.now());
    return newest;
  };
  const key = (meeting: MeetingId, language: Language): string => `${meeting} ${language}`;

  const render = async (edition: Edition, recommendation: RecommendationId): Promise<readonly Fragment[]> => {
    const { text, negotiation } = await source.text(recommendation);
    return renderClauses(text, negotiation, edition.state.observerView, edition.language);
  };

  const open = async (meeting: MeetingId, language: Language): Promise<Edition | null> => {
    const found = editions.get(key(meeting, language));
    if (found !== undefined) {
      // What was decided a moment ago holds for whoever comes now: nobody is shown what the chair has just closed. What
      // was written is shown too, unless that would send it to a full gallery each time that somebody comes.
      found.askedAt = performance.now();
      const isDue = found.meetingDue || found.due.size > 0;
      if (isDue && (found.meetingDue || found.readers.size === 0 || found.cost < busy)) {
        if (found.timer !== null) clearTimeout(found.timer);
        start(found);
      }
      await found.working;
      return found;
    }
    const state = source.meeting(meeting);
    if (state === null) return null;
    const edition: Edition = {
      language,
      readers: new Set(),
      shown: new Map(),
      state,
      version: nextVersion(),
      due: new Set(),
      meetingDue: false,
      cutShort: false,
      timer: null,
      lastSent: 0,
      cost: 0,
      page: null,
      recent: [],
      askedAt: performance.now(),
      working: Promise.resolve(),
    };
    editions.set(key(meeting, language), edition);
    edition.working = fill(edition);
    try {
      await edition.working;
    } catch (error) {
      // Half an edition is none: the next reader makes it anew.
      editions.delete(key(meeting, language));
      throw error;
    }
    return edition;
  };

  const fill = async (edition: Edition): Promise<void> => {
    edition.shown.clear();
    for (const { id } of edition.state.recommendations) edition.shown.set(id, await render(edition, id));
  };

  /** The same bytes to everybody; false where it was given up halfway, since the chair closed what is in them. */
  const sendAll = async (edition: Edition, bytes: Uint8Array): Promise<boolean> => {
    const readers = [...edition.readers];
    edition.lastSent = performance.now();
    edition.cost = 0;
    let begun = edition.lastSent;
    for (const [at, reader] of readers.entries()) {
      if (edition.readers.has(reader) && !reader.send(bytes)) {
        edition.readers.delete(reader);
        reader.close();
      }
      if (at % 32 !== 31 || performance.now() - begun < turn) continue;
      edition.cost += performance.now() - begun;
      await new Promise((resolve) => setImmediate(resolve));
      if (viewChanged(edition)) return false;
      begun = performance.now();
    }
    edition.cost += performance.now() - begun;
    edition.lastSent = performance.now();
    return true;
  };

  const viewChanged = ({ state }: Edition): boolean => source.meeting(state.id)?.observerView !== state.observerView;

  const publish = async (edition: Edition, patches: readonly Patch[]): Promise<void> => {
    if (patches.length === 0) return;
    const follows = edition.version;
    edition.version = nextVersion();
    edition.page = null;
    const bytes = eventOf(edition.version, patches);
    edition.recent = newestOf([...edition.recent, { follows, bytes }]);
    if (!(await sendAll(edition, bytes))) edition.cutShort = true;
  };

  /** Everybody loads the page anew: what came before is no longer for anybody. */
  const publishAnew = async (edition: Edition): Promise<void> => {
    edition.recent = [];
    await publish(edition, [{ reload: true }]);
    edition.recent = [];
  };

  const work = async (edition: Edition): Promise<void> => {
    const state = source.meeting(edition.state.id);
    if (state === null) return;
    if (edition.meetingDue) {
      edition.meetingDue = false;
      const before = edition.state;
      edition.state = state;
      // A new agenda or another view is another page. Who is here, or has the floor, is nothing that it shows; in a closed
      // session neither is the agenda, and a page that is loaded anew would tell that something changed.
      const same =
        before.observerView === state.observerView &&
        before.name === state.name &&
        (state.observerView === 'nothing' ||
          (before.topics === state.topics && before.recommendations === state.recommendations));
      if (!same || edition.cutShort) {
        edition.cutShort = false;
        edition.due.clear();
        await fill(edition);
        await publishAnew(edition);
        return;
      }
    }
    const due = [...edition.due];
    edition.due.clear();
    const patches: Patch[] = [];
    for (const id of due) {
      const before = edition.shown.get(id) ?? [];
      const after = await render(edition, id);
      edition.shown.set(id, after);
      patches.push(...difference(id, before, after));
    }
    // The chair chose another view while this was drawn: what is drawn now is no longer open.
    if (edition.meetingDue) {
      for (const id of due) edition.due.add(id);
      return;
    }
    await publish(edition, patches);
  };

  const start = (edition: Edition): void => {
    edition.timer = null;
    edition.working = edition.working.then(() => work(edition)).catch(() => giveUp(edition));
  };

  /** An edition that can't be made any more ends: its readers come again, and the first of them makes it anew. */
  const giveUp = (edition: Edition): void => {
    const name = key(edition.state.id, edition.language);
    if (editions.get(name) === edition) editions.delete(name);
    for (const reader of edition.readers) reader.close();
    edition.readers.clear();
  };

  const schedule = (edition: Edition): void => {
    // What the chair closes is closed at once.
    const hurried = edition.meetingDue && viewChanged(edition);
    if (edition.timer !== null) {
      if (!hurried) return;
      clearTimeout(edition.timer);
    }
    const since = performance.now() - edition.lastSent;
    const wait = hurried ? 0 : Math.max(0, Math.max(busy, Math.min(edition.cost * rest, longestRest)) - since);
    edition.timer = setTimeout(() => start(edition), wait);
  };

  const stop = source.onChange(({ meeting, recommendation }) => {
    for (const edition of editions.values()) {
      if (edition.state.id !== meeting) continue;
      if (recommendation === null) edition.meetingDue = true;
      else edition.due.add(recommendation);
      // What nobody reads is drawn when somebody asks for it.
      if (edition.readers.size > 0) schedule(edition);
    }
  });

  const beat = setInterval(() => {
    const now = performance.now();
    for (const [name, edition] of editions) {
      if (edition.readers.size === 0 && now - edition.askedAt > forgottenAfter) editions.delete(name);
      else if (now - edition.lastSent >= silence) {
        // In its turn among the patches, and once, however long that takes.
        edition.lastSent = now;
        edition.working = edition.working.then(async () => {
          await sendAll(edition, heartbeat);
        });
      }
    }
  }, betweenLooks).unref();

  return {
    async page(meeting, language) {
      const edition = await open(meeting, language);
      if (edition === null) return null;
      if (edition.page !== null) return edition.page;
      const sections = edition.state.recommendations.map(
        ({ id, heading, topic }): Section => ({ id, heading, topic, fragments: edition.shown.get(id) ?? [] }),
      );
      edition.page = encoder.encode(renderPage(edition.state, sections, edition.version, language));
      return edition.page;
    },
    async follow(meeting, language, version, stream) {
      let edition = await open(meeting, language);
      // One that can't be made any more was dropped, perhaps while it was waited for.
      while (edition !== null && editions.get(key(meeting, language)) !== edition)
        edition = await open(meeting, language);
      if (edition === null) {
        stream.close();
        return () => undefined;
      }
      const { readers } = edition;
      readers.add(stream);
      if (!missedSince(edition, version).every((bytes) => stream.send(bytes))) {
        readers.delete(stream);
        stream.close();
      }
      // What was written in the moment before, while nobody read.
      if (edition.meetingDue || edition.due.size > 0) schedule(edition);
      return () => readers.delete(stream);
    },
    close() {
      stop();
      clearInterval(beat);
      for (const edition of editions.values()) {
        if (edition.timer !== null) clearTimeout(edition.timer);
        for (const reader of edition.readers) reader.close();
      }
    },
  };
}

/** The newest of the events, as many as may be kept. */
function newestOf(events: Edition['recent']): Edition['recent'] {
  let sum = 0;
  let from = events.length;
  while (from > 0 && sum + (events[from - 1]?.bytes.length ?? 0) <= mostRecent) {
    from -= 1;
    sum += events[from]?.bytes.length ?? 0;
  }
  return events.slice(from);
}

/** What a reader is sent first: what happened since the page of this version, or the advice to load it again. */
function missedSince({ version: newest, recent }: Edition, version: number | null): readonly Uint8Array[] {
  if (version === newest) return [heartbeat];
  const first = recent.findIndex(({ follows }) => follows === version);
  return first === -1 ? [eventOf(newest, [{ reload: true }])] : recent.slice(first).map(({ bytes }) => bytes);
}

/** One patch for each clause that differs: put after its neighbour, or removed. */
export function difference(
  recommendation: RecommendationId,
  before: readonly Fragment[],
  after: readonly Fragment[],
): Patch[] {
  const is = new Set(after.map(({ id }) => id));
  const patches: Patch[] = before.filter(({ id }) => !is.has(id)).map(({ id }) => ({ recommendation, remove: id }));
  const kept = before.filter(({ id }) => is.has(id));
  const was = new Map(before.map((fragment) => [fragment.id, fragment]));
  const order = kept.map(({ id }) => id);
  let previous: string | null = null;
  for (const [at, { id, html }] of after.entries()) {
    const old = was.get(id);
    // Where nothing came or went before it, a clause stands where it stood.
    const place = order[at] === id ? at : order.indexOf(id);
    const neighbour = place <= 0 ? null : (order[place - 1] ?? null);
    if (old === undefined || old.html !== html || neighbour !== previous) {
      patches.push({ recommendation, clause: id, after: previous, html });
      if (place >= 0) order.splice(place, 1);
      order.splice(at, 0, id);
    }
    previous = id;
  }
  return patches;
}
