import type { MeetingState } from '../../shared/meeting/meeting.ts';
import type { MeetingId, RecommendationId } from '../../shared/protocol/ids.ts';
import type { Language } from '../../shared/words/words.ts';
import { screenSheet } from './screen.ts';
import type { Fragment, Sheet, ShownText } from './sheet.ts';
import { textSheet } from './text.ts';

/** Reading depends on these functions of the rooms: committed text, and notice of every change. */
export interface ReadingSource {
  readonly meeting: (id: MeetingId) => MeetingState | null;
  /** Null for a text that this version can't open. */
  readonly text: (recommendation: RecommendationId) => Promise<ShownText | null>;
  /** `recommendation: null`: the meeting itself changed. Returns the function that ends the subscription. */
  readonly onChange: (
    listener: (change: { readonly meeting: MeetingId; readonly recommendation: RecommendationId | null }) => void,
  ) => () => void;
}

/** One change of a page, as its script reads it. */
export type Patch =
  | { readonly recommendation: string; readonly clause: string; readonly after: string | null; readonly html: string }
  | { readonly recommendation: string; readonly remove: string }
  | { readonly part: string; readonly html: string }
  | { readonly reload: true };

/**
 * A reader's end of an event stream. `send` says whether the reader keeps up; a reader that doesn't is disconnected at
 * once.
 */
export interface ReaderStream {
  send(bytes: Uint8Array): boolean;
  close(): void;
}

const sheets = { text: textSheet, screen: screenSheet } satisfies Record<string, Sheet>;

/** Observers read the view that the chair chose; participants who draft read all changes. */
export type Audience = 'observers' | 'participants';

/** A page of a meeting: everybody with the same four values gets the same bytes. */
export interface PageOf {
  readonly meeting: MeetingId;
  readonly sheet: keyof typeof sheets;
  readonly audience: Audience;
  readonly language: Language;
}

export interface Reading {
  /** The current page, the same memory for all readers. Null where there is no such meeting. */
  page(of: PageOf): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Sends the changes from now on; a reader whose version differs from ours is told to reload the page. */
  follow(of: PageOf, version: number | null, stream: ReaderStream): Promise<() => void>;
  close(): void;
}

interface Edition {
  readonly of: PageOf;
  readonly sheet: Sheet;
  readonly readers: Set<ReaderStream>;
  readonly shown: Map<RecommendationId, readonly Fragment[]>;
  parts: readonly Fragment[];
  state: MeetingState;
  version: number;
  readonly due: Set<RecommendationId>;
  meetingDue: boolean;
  /** Some readers missed events that others got: all readers reload the page. */
  cutShort: boolean;
  timer: NodeJS.Timeout | null;
  lastSent: number;
  /** Time that the last round of writes to all readers took, ms. */
  cost: number;
  /** The page of `version`, for all readers who come before the next change. */
  page: Uint8Array<ArrayBuffer> | null;
  /** The minute in which that page was made: a page says as at which time its text is. */
  pageMinute: number;
  /** The newest events, each with the version that it follows: for readers that connect after they loaded the page. */
  recent: readonly { readonly follows: number; readonly bytes: Uint8Array }[];
  /** The time of the last request for it. */
  askedAt: number;
  working: Promise<void>;
}

const encoder = new TextEncoder();
/** While the text changes constantly, the patches of this many ms go out together; after a pause at once. */
const busy = 40;
/**
 * Writing to readers takes at most a third of the time. With ten thousand readers one round takes a tenth of a second:
 * then patches go out less often, and more of them together. No reader waits longer than `longestRest` for that, ms.
 */
const rest = 2;
const longestRest = 250;
/** The longest time for which writing to readers may delay drafting, ms. */
const turn = 5;
/**
 * Proxies cut silent streams, and the server doesn't notice when such a stream ends. No stream is silent for longer
 * than the two together; sending to thousands of readers adds some seconds at the worst. Ms.
 */
const silence = 20_000;
const betweenLooks = 2000;
/**
 * Bytes of events that are kept for readers between their page and their connection. Less than the limit of bytes that
 * may wait for a reader, since all of them are sent at once.
 */
const mostRecent = 128 * 1024;
/** An edition without readers is kept for this time, ms: making it means rendering every text of the meeting. */
const forgottenAfter = 10_000;
const heartbeat = encoder.encode(': here\n\n');
const eventOf = (version: number, patches: readonly Patch[]): Uint8Array =>
  encoder.encode(`id: ${version}\ndata: ${JSON.stringify(patches)}\n\n`);

export function createReading(source: ReadingSource): Reading {
  const editions = new Map<string, Edition>();
  let newest = 0;
  /**
   * Higher than every version before, also of an earlier process: a reader who missed an event is always recognised.
   */
  const nextVersion = (): number => {
    newest = Math.max(newest + 1, Date.now());
    return newest;
  };
  const key = ({ meeting, sheet, audience, language }: PageOf): string => `${meeting} ${sheet} ${audience} ${language}`;

  /** The meeting with the view of an audience. */
  const meetingFor = ({ meeting, audience }: PageOf): MeetingState | null => {
    const state = source.meeting(meeting);
    return state === null || audience === 'observers' ? state : { ...state, observerView: 'attributed' };
  };

  const clausesOf = async (
    { sheet, state, of: { language } }: Edition,
    recommendation: RecommendationId,
  ): Promise<readonly Fragment[]> =>
    sheet.clauses?.(await source.text(recommendation), recommendation, state, language) ?? [];

  const partsOf = async ({ sheet, state, of: { language } }: Edition): Promise<readonly Fragment[]> => {
    const current = state.currentClause?.recommendation;
    return sheet.parts(state, current === undefined ? null : await source.text(current), language);
  };

  const open = async (of: PageOf): Promise<Edition | null> => {
    const found = editions.get(key(of));
    if (found !== undefined) {
      // A decision applies to new readers at once: nobody gets a view that the chair has just closed. New words are
      // included too, unless that would send them to a full gallery each time a reader comes.
      found.askedAt = performance.now();
      const isDue = found.meetingDue || found.due.size > 0;
      if (isDue && (found.meetingDue || found.readers.size === 0 || found.cost < busy)) {
        if (found.timer !== null) clearTimeout(found.timer);
        start(found);
      }
      await found.working;
      return found;
    }
    const state = meetingFor(of);
    if (state === null) return null;
    const edition: Edition = {
      of,
      sheet: sheets[of.sheet],
      readers: new Set(),
      shown: new Map(),
      parts: [],
      state,
      version: nextVersion(),
      due: new Set(),
      meetingDue: false,
      cutShort: false,
      timer: null,
      lastSent: 0,
      cost: 0,
      page: null,
      pageMinute: 0,
      recent: [],
      askedAt: performance.now(),
      working: Promise.resolve(),
    };
    editions.set(key(of), edition);
    edition.working = fill(edition);
    try {
      await edition.working;
    } catch (error) {
      // An incomplete edition is dropped: the next reader's request makes it anew.
      editions.delete(key(of));
      throw error;
    }
    return edition;
  };

  const fill = async (edition: Edition): Promise<void> => {
    edition.shown.clear();
    if (edition.sheet.clauses !== undefined)
      for (const { id } of edition.state.recommendations) edition.shown.set(id, await clausesOf(edition, id));
    edition.parts = await partsOf(edition);
  };

  /** The same bytes to all readers; false where the round was stopped, since the chair closed the view. */
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

  const viewChanged = ({ state, of }: Edition): boolean => meetingFor(of)?.observerView !== state.observerView;

  const publish = async (edition: Edition, patches: readonly Patch[]): Promise<void> => {
    if (patches.length === 0) return;
    const follows = edition.version;
    edition.version = nextVersion();
    edition.page = null;
    const bytes = eventOf(edition.version, patches);
    edition.recent = newestOf([...edition.recent, { follows, bytes }]);
    if (!(await sendAll(edition, bytes))) edition.cutShort = true;
  };

  /** All readers reload the page: earlier events apply to nobody any more. */
  const publishAnew = async (edition: Edition): Promise<void> => {
    edition.recent = [];
    await publish(edition, [{ reload: true }]);
    edition.recent = [];
  };

  const work = async (edition: Edition): Promise<void> => {
    const state = meetingFor(edition.of);
    if (state === null) return;
    let partsDue = edition.meetingDue;
    if (edition.meetingDue) {
      edition.meetingDue = false;
      const before = edition.state;
      edition.state = state;
      if (!edition.sheet.isSamePage(before, state) || edition.cutShort) {
        edition.cutShort = false;
        edition.due.clear();
        await fill(edition);
        await publishAnew(edition);
        return;
      }
      // The clause under discussion is marked in its text.
      if (before.currentClause !== state.currentClause)
        for (const current of [before.currentClause, state.currentClause])
          if (current !== null) edition.due.add(current.recommendation);
    }
    const due = [...edition.due];
    edition.due.clear();
    partsDue ||= due.some((id) => id === state.currentClause?.recommendation);
    const fresh: (readonly [RecommendationId, readonly Fragment[]])[] = [];
    if (edition.sheet.clauses !== undefined) for (const id of due) fresh.push([id, await clausesOf(edition, id)]);
    const parts = partsDue ? await partsOf(edition) : edition.parts;
    // The meeting changed during the rendering, perhaps its view, so this outcome may not be sent.
    if (edition.meetingDue) {
      for (const id of due) edition.due.add(id);
      return;
    }
    const patches: Patch[] = [];
    for (const [id, after] of fresh) {
      patches.push(...difference(id, edition.shown.get(id) ?? [], after));
      edition.shown.set(id, after);
    }
    for (const [at, { id, html }] of parts.entries())
      if (edition.parts[at]?.html !== html) patches.push({ part: id, html });
    edition.parts = parts;
    await publish(edition, patches);
  };

  const start = (edition: Edition): void => {
    edition.timer = null;
    edition.working = edition.working.then(() => work(edition)).catch(() => giveUp(edition));
  };

  /** An edition that can't be rendered ends: its readers come again, and the first request makes it anew. */
  const giveUp = (edition: Edition): void => {
    const name = key(edition.of);
    if (editions.get(name) === edition) editions.delete(name);
    for (const reader of edition.readers) reader.close();
    edition.readers.clear();
  };

  const schedule = (edition: Edition): void => {
    // A view that the chair closes is closed at once.
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
      // A page without readers is rendered at the next request.
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
    async page(of) {
      const edition = await open(of);
      if (edition === null) return null;
      const at = Date.now();
      const minute = Math.floor(at / 60_000);
      if (edition.page !== null && edition.pageMinute === minute) return edition.page;
      const { state: meeting, shown: clauses, parts, version } = edition;
      const page = edition.sheet.page({ meeting, clauses, parts, version, at, language: of.language });
      edition.page = encoder.encode(page);
      edition.pageMinute = minute;
      return edition.page;
    },
    async follow(of, version, stream) {
      let edition = await open(of);
      // An edition that failed was dropped, perhaps during this wait.
      while (edition !== null && editions.get(key(of)) !== edition) edition = await open(of);
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
      // Changes from the moment before, in which it had no readers.
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

/** The newest events, as many as may be kept. */
function newestOf(events: Edition['recent']): Edition['recent'] {
  let sum = 0;
  let from = events.length;
  while (from > 0 && sum + (events[from - 1]?.bytes.length ?? 0) <= mostRecent) {
    from -= 1;
    sum += events[from]?.bytes.length ?? 0;
  }
  return events.slice(from);
}

/** The first message to a reader: the events since the page of this version, or the advice to reload. */
function missedSince({ version: newest, recent }: Edition, version: number | null): readonly Uint8Array[] {
  if (version === newest) return [heartbeat];
  const first = recent.findIndex(({ follows }) => follows === version);
  return first === -1 ? [eventOf(newest, [{ reload: true }])] : recent.slice(first).map(({ bytes }) => bytes);
}

/** One patch for each clause that differs: placed after its neighbour, or removed. */
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
    // Where no clause was added or removed before it, a clause keeps its place.
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
