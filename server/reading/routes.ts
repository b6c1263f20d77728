import { type Context, Hono } from 'hono';
import { ConcordError } from '../../shared/errors.ts';
import type { AccountId, MeetingId, ParticipantId } from '../../shared/ids.ts';
import { languageOf } from '../http.ts';
import type { EventStreams } from '../streams.ts';
import { script, stylesheet } from './assets.ts';
import type { Reading } from './reading.ts';

/** Somebody who may read a meeting's text: signed in, and taking part. */
export interface Reader {
  readonly meeting: MeetingId;
  readonly session: string;
  readonly account: AccountId;
  readonly participant: ParticipantId | null;
}

export interface ReadingRoutesOptions {
  readonly streams: EventStreams;
  /** Null: not signed in. Throws `not-found` for who takes no part. */
  readonly reader: (c: Context) => Promise<Reader | null>;
  /** Tells, for as long as somebody reads, of whatever ends; returns the function that ends it. */
  readonly onEnded: (
    reader: Reader,
    listener: (ended: {
      readonly session?: string;
      readonly account?: AccountId;
      readonly participant?: ParticipantId;
    }) => void,
  ) => () => void;
}

export function readingRoutes(reading: Reading, { streams, reader, onEnded }: ReadingRoutesOptions): Hono {
  const routes = new Hono();

  routes.get('/reading.css', (c) =>
    c.body(stylesheet, 200, { 'Content-Type': 'text/css; charset=utf-8', 'Cache-Control': 'no-cache' }),
  );
  routes.get('/reading.js', (c) =>
    c.body(script, 200, { 'Content-Type': 'text/javascript; charset=utf-8', 'Cache-Control': 'no-cache' }),
  );

  routes.get('/meetings/:id/text', async (c) => {
    const who = await reader(c);
    if (who === null) return c.redirect(`/?next=${encodeURIComponent(new URL(c.req.url).pathname)}`);
    const page = await reading.page(who.meeting, languageOf(c));
    if (page === null) throw new ConcordError('not-found');
    c.header('Cache-Control', 'no-store');
    return c.html(page);
  });

  routes.get('/meetings/:id/text/events', async (c) => {
    const who = await reader(c);
    if (who === null) throw new ConcordError('not-signed-in');
    const version = Number(c.req.header('last-event-id') ?? c.req.query('version'));
    const language = languageOf(c);
    return streams.answer(c, who.session, async (stream) => {
      const stopped = onEnded(who, (ended) => {
        const own =
          ended.session === who.session ||
          ended.account === who.account ||
          (ended.participant !== undefined && ended.participant === who.participant);
        if (own) stream.close();
      });
      try {
        const unfollow = await reading.follow(
          who.meeting,
          language,
          Number.isInteger(version) ? version : null,
          stream,
        );
        return () => {
          stopped();
          unfollow();
        };
      } catch (error) {
        stopped();
        throw error;
      }
    });
  });

  return routes;
}
