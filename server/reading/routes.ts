import { type Context, Hono } from 'hono';
import { ConcordError } from '../../shared/errors.ts';
import type { AccountId, MeetingId, ParticipantId } from '../../shared/ids.ts';
import { answer } from '../encoded.ts';
import { languageOf } from '../http.ts';
import { script, stylesheet } from './assets.ts';
import type { ReaderStream, Reading } from './reading.ts';

/** Somebody who may read a meeting's text: signed in, and taking part. */
export interface Reader {
  readonly meeting: MeetingId;
  readonly session: string;
  readonly account: AccountId;
  readonly participant: ParticipantId | null;
}

export interface ReadingRoutesOptions {
  /** Null: not signed in. Throws `not-found` for who takes no part. */
  readonly reader: (c: Context) => Promise<Reader | null>;
  readonly onEnded: (
    listener: (ended: {
      readonly session?: string;
      readonly account?: AccountId;
      readonly participant?: ParticipantId;
    }) => void,
  ) => () => void;
}

/** A reader this far behind is let go; it comes back by itself and loads the page anew. Chunks of the stream. */
const furthestBehind = 256;

export function readingRoutes(reading: Reading, { reader, onEnded }: ReadingRoutesOptions): Hono {
  const routes = new Hono();

  routes.get('/reading.css', (c) => answer(c, stylesheet, 'no-cache'));
  routes.get('/reading.js', (c) => answer(c, script, 'no-cache'));

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
    const stops: (() => void)[] = [];
    let released = false;
    const release = (): void => {
      released = true;
      for (const stop of stops.splice(0)) stop();
    };
    const language = languageOf(c);
    const body = new ReadableStream<Uint8Array>(
      {
        start: async (controller) => {
          const stream: ReaderStream = {
            send: (bytes) => {
              // The queue grows while the reader's socket takes nothing.
              if (released || (controller.desiredSize ?? 0) < -furthestBehind) return false;
              controller.enqueue(bytes);
              return true;
            },
            close: () => {
              release();
              try {
                controller.close();
              } catch {
                // The reader went first.
              }
            },
          };
          stops.push(
            onEnded((ended) => {
              const own =
                ended.session === who.session ||
                ended.account === who.account ||
                (ended.participant !== undefined && ended.participant === who.participant);
              if (own) stream.close();
            }),
          );
          stops.push(await reading.follow(who.meeting, language, Number.isInteger(version) ? version : null, stream));
          // The reader went while the page was made.
          if (released) release();
        },
        cancel: release,
      },
      { highWaterMark: 16 },
    );
    return c.body(body, 200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    });
  });

  return routes;
}
