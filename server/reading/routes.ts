import type { Duplex } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { languageOf } from '../http/requester.ts';
import { answer } from '../runtime/encoded.ts';
import { script, stylesheet } from './assets.ts';
import type { Reading } from './reading.ts';
import { type Ended, EventStream, type Reader, Streams } from './streams.ts';

type ServedByNode = { Bindings: HttpBindings };

export interface ReadingRoutesOptions {
  /** Null: not signed in. Throws `not-found` for an account that takes no part in the meeting. */
  readonly reader: (c: Context) => Promise<Reader | null>;
  readonly onEnded: (listener: (ended: Ended) => void) => void;
  /**
   * Counts a reader on a connection for as long as the stream is open, and disconnects it where drafting needs the
   * connection; returns the function that ends the count. Throws where the limit is reached.
   */
  readonly attend: (reader: Reader, connection: Duplex | null, letGo: () => void) => () => void;
}

export function readingRoutes(reading: Reading, { reader, onEnded, attend }: ReadingRoutesOptions): Hono<ServedByNode> {
  const routes = new Hono<ServedByNode>();
  const streams = new Streams(onEnded);

  routes.get('/reading.css', (c) => answer(c, stylesheet, 'no-cache'));
  routes.get('/reading.js', (c) => answer(c, script, 'no-cache'));

  routes.get('/meetings/:id/text', async (c) => {
    const who = await reader(c);
    if (who === null) return c.redirect(`/?next=${encodeURIComponent(new URL(c.req.url).pathname)}`);
    const page = await reading.page(who.meeting, languageOf(c));
    if (page === null) throw new ConcordError('not-found');
    c.header('Cache-Control', 'no-store');
    return c.body(page, 200, { 'Content-Type': 'text/html; charset=UTF-8', 'Content-Length': String(page.length) });
  });

  routes.get('/meetings/:id/text/events', async (c) => {
    const version = Number(c.req.header('last-event-id') ?? c.req.query('version'));
    const { headers } = c.body(null, 200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    });
    if (c.req.method === 'HEAD') throw new ConcordError('bad-request');
    const admitted = await streams.admit(
      () => reader(c),
      (who, letGo) => attend(who, c.env.outgoing.socket, letGo),
      () => EventStream.open(c.env.outgoing, headers),
    );
    if (admitted === null) throw new ConcordError('not-signed-in');
    const { stream, reader: who } = admitted;
    reading
      .follow(who.meeting, languageOf(c), Number.isInteger(version) ? version : null, stream)
      .then((leave) => stream.onClose(leave))
      // The response head is already sent; the reader connects again.
      .catch(() => stream.close());
    return RESPONSE_ALREADY_SENT;
  });

  return routes;
}
