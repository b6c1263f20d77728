import { type Context, Hono } from 'hono';
import { etag } from 'hono/etag';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { MeetingId } from '../../shared/protocol/ids.ts';
import type { Access } from '../access/access.ts';
import type { Attendance } from '../access/attendances.ts';
import { actsAsOf, languageOf, meetingFrom } from '../http/requester.ts';
import type { EventStreams } from '../http/streams.ts';
import type { Meetings } from '../meetings/meetings.ts';
import { principalIn } from '../meetings/principals.ts';
import { answer } from '../runtime/encoded.ts';
import { script, stylesheet } from './assets.ts';
import type { Reading } from './reading.ts';

/** A participant, or an administrator, who may read a meeting's text. */
interface Reader extends Attendance {
  readonly meeting: MeetingId;
}

export interface ReadingServices {
  readonly access: Access;
  readonly meetings: Meetings;
  readonly streams: EventStreams;
}

export function readingRoutes(reading: Reading, services: ReadingServices): Hono {
  const { access, meetings, streams } = services;
  const routes = new Hono();

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

  routes.get('/reading.css', etag(), (c) => answer(c, stylesheet, 'no-cache'));
  routes.get('/reading.js', etag(), (c) => answer(c, script, 'no-cache'));

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
    const find = async (): Promise<Reader> => {
      const who = await readerOf(c);
      if (who === null) throw new ConcordError('not-signed-in');
      return who;
    };
    return streams.answer(c, 'reading', find, (stream, { meeting }) =>
      reading.follow(meeting, languageOf(c), Number.isInteger(version) ? version : null, stream),
    );
  });

  return routes;
}
