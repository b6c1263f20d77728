import type { Clause } from '../../shared/clause.ts';
import type { MeetingId, RecommendationId } from '../../shared/ids.ts';
import type { Ledger } from '../../shared/ledger.ts';
import type { MeetingState } from '../../shared/meeting.ts';
import type { Language } from '../../shared/words/words.ts';
import type { EventStream } from '../streams.ts';
import { type Fragment, renderClauses, renderPage, type Section } from './render.ts';

/** What reading needs of the rooms: committed text only, and word of every change. */
export interface ReadingSource {
  readonly meeting: (id: MeetingId) => MeetingState | null;
  readonly text: (
    recommendation: RecommendationId,
  ) => Promise<{ readonly text: readonly Clause[]; readonly ledger: Ledger }>;
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

export interface Reading {
  /** The page as it is now. Null where there is no such meeting. */
  page(meeting: MeetingId, language: Language): Promise<string | null>;
  /** Sends what changes from now on; a reader whose version is another than ours is told to load the page again. */
  follow(meeting: MeetingId, language: Language, version: number | null, stream: EventStream): Promise<() => void>;
  close(): void;
}

interface Edition {
  readonly language: Language;
  readonly readers: Set<EventStream>;
  readonly shown: Map<RecommendationId, readonly Fragment[]>;
  state: MeetingState;
  version: number;
  readonly due: Set<RecommendationId>;
  meetingDue: boolean;
  timer: NodeJS.Timeout | null;
  lastSent: number;
  working: Promise<void>;
}

const encoder = new TextEncoder();
/** While the text changes all the time, patches of this many ms go out together; after a quiet moment at once. */
const busy = 40;
const heartbeat = encoder.encode(': here\n\n');

export function createReading(source: ReadingSource): Reading {
  const editions = new Map<string, Edition>();
  const key = (meeting: MeetingId, language: Language): string => `${meeting} ${language}`;

  const render = async (edition: Edition, recommendation: RecommendationId): Promise<readonly Fragment[]> => {
    const { text, ledger } = await source.text(recommendation);
    return renderClauses(text, ledger, edition.state.observerView, edition.language);
  };

  const open = async (meeting: MeetingId, language: Language): Promise<Edition | null> => {
    const found = editions.get(key(meeting, language));
    if (found !== undefined) {
      // What was decided a moment ago holds for whoever comes now: nobody is shown what the chair has just closed.
      if (found.timer !== null) {
        clearTimeout(found.timer);
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
      version: 1,
      due: new Set(),
      meetingDue: false,
      timer: null,
      lastSent: 0,
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

  const publish = (edition: Edition, patches: readonly Patch[]): void => {
    if (patches.length === 0) return;
    edition.version += 1;
    edition.lastSent = performance.now();
    // Made once; the same bytes for everybody.
    const bytes = encoder.encode(`id: ${edition.version}\ndata: ${JSON.stringify(patches)}\n\n`);
    for (const reader of edition.readers)
      if (!reader.send(bytes)) {
        edition.readers.delete(reader);
        reader.close();
      }
  };

  const work = async (edition: Edition): Promise<void> => {
    const state = source.meeting(edition.state.id);
    if (state === null) return;
    if (edition.meetingDue) {
      edition.meetingDue = false;
      const before = edition.state;
      edition.state = state;
      // A new agenda or another view is another page. Who is here, or has the floor, is nothing that it shows.
      const same =
        before.observerView === state.observerView &&
        before.name === state.name &&
        before.topics === state.topics &&
        before.recommendations === state.recommendations;
      if (!same) {
        edition.due.clear();
        await fill(edition);
        publish(edition, [{ reload: true }]);
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
    publish(edition, patches);
  };

  const start = (edition: Edition): void => {
    edition.timer = null;
    edition.working = edition.working.then(() => work(edition)).catch(() => publish(edition, [{ reload: true }]));
  };

  const schedule = (edition: Edition): void => {
    if (edition.timer !== null) return;
    const wait = Math.max(0, busy - (performance.now() - edition.lastSent));
    edition.timer = setTimeout(() => start(edition), wait);
  };

  const stop = source.onChange(({ meeting, recommendation }) => {
    for (const [name, edition] of editions) {
      if (edition.state.id !== meeting) continue;
      if (edition.readers.size === 0 && recommendation !== null) {
        // Nobody reads: the next one gets a fresh edition.
        editions.delete(name);
        continue;
      }
      if (recommendation === null) edition.meetingDue = true;
      else edition.due.add(recommendation);
      schedule(edition);
    }
  });

  const beat = setInterval(() => {
    for (const edition of editions.values())
      for (const reader of edition.readers)
        if (!reader.send(heartbeat)) {
          edition.readers.delete(reader);
          reader.close();
        }
  }, 25_000).unref();

  return {
    async page(meeting, language) {
      const edition = await open(meeting, language);
      if (edition === null) return null;
      const sections = edition.state.recommendations.map(
        ({ id, heading, topic }): Section => ({ id, heading, topic, fragments: edition.shown.get(id) ?? [] }),
      );
      return renderPage(edition.state, sections, edition.version, language);
    },
    async follow(meeting, language, version, stream) {
      const edition = await open(meeting, language);
      if (edition === null) {
        stream.close();
        return () => undefined;
      }
      edition.readers.add(stream);
      if (version !== edition.version)
        stream.send(
          encoder.encode(`id: ${edition.version}\ndata: ${JSON.stringify([{ reload: true }] satisfies Patch[])}\n\n`),
        );
      else stream.send(heartbeat);
      return () => edition.readers.delete(stream);
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
    const place = order.indexOf(id);
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
