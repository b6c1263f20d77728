import type { Duplex } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { Access } from '../access/access.ts';
import type { Connections } from '../http/connections.ts';
import { actsAsOf, languageOf, meetingFrom } from '../http/requester.ts';
import type { Meetings } from '../meetings/meetings.ts';
import { principalIn } from '../meetings/principals.ts';
import { answer } from '../runtime/encoded.ts';
import { script, stylesheet } from './assets.ts';
import type { Reading } from './reading.ts';
import { EventStream, type Reader, Streams } from './streams.ts';

type ServedByNode = { Bindings: HttpBindings };

export interface ReadingServices {
  readonly access: Access;
  readonly meetings: Meetings;
  readonly connections: Connections;
}

export function readingRoutes(reading: Reading, services: ReadingServices): Hono<ServedByNode> {
  const { access, meetings, connections } = services;
  const routes = new Hono<ServedByNode>();
  const streams = new Streams((listener) => {
    access.onEnded(listener);
    // Also those that another node ended.
    meetings.onChange(({ events }) => {
      for (const event of events)
        if (event.type === 'accreditation ended') listener({ participant: event.participant });
    });
  });

  /** Null: not signed in. Throws `not-found` for an account that takes no part. */
  const readerOf = async (c: Context): Promise<Reader | null> => {
    const who = await access.authenticate(c.req.header('cookie'));
    if (who === null) return null;
    const meeting = meetingFrom(c, meetings);
    const me = await principalIn(services, who.account.id, actsAsOf(c), meeting);
    if (me === null && !who.account.administrator) throw new ConcordError('not-found');
    return {
      meeting: meeting.id,
      session: who.session,
      account: who.account.id,
      participant: me?.participant ?? null,
    };
  };

  /**
   * Notes a reader on a connection for as long as the stream is open, and lets it go where others need the room; returns
   * the function that ends it. Throws where there is no room for it.
   */
  const attend = (reader: Reader, connection: Duplex | null, letGo: () => void): (() => void) => {
    const free = connections.hold('reading', reader.account, connection, letGo);
    // A whole gallery may share an account, and what it is sent costs little.
    const leave = access.attend(reader, { most: Number.POSITIVE_INFINITY });
    return () => {
      leave();
      free();
    };
  };

  routes.get('/reading.css', (c) => answer(c, stylesheet, 'no-cache'));
  routes.get('/reading.js', (c) => answer(c, script, 'no-cache'));

  routes.get('/meetings/:id/text', async (c) => {
    const who = await readerOf(c);
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
      () => readerOf(c),
      (who, letGo) => attend(who, c.env.outgoing.socket, letGo),
      () => EventStream.open(c.env.outgoing, headers),
    );
    if (admitted === null) throw new ConcordError('not-signed-in');
    const { stream, reader: who } = admitted;
    reading
      .follow(who.meeting, languageOf(c), Number.isInteger(version) ? version : null, stream)
      .then((leave) => stream.onClose(leave))
      // The head is on its way already; whoever reads comes again.
      .catch(() => stream.close());
    return RESPONSE_ALREADY_SENT;
  });

  return routes;
}
