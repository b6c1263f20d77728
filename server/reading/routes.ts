import { type Context, Hono } from 'hono';
import { etag } from 'hono/etag';
import type { Role } from '../../shared/meeting/principal.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { MeetingId } from '../../shared/protocol/ids.ts';
import type { Access } from '../access/access.ts';
import type { Attendance } from '../access/attendances.ts';
import { actsAsOf, languageOf, meetingFrom } from '../http/requester.ts';
import type { EventStreams } from '../http/streams.ts';
import type { Meetings } from '../meetings/meetings.ts';
import { principalIn } from '../meetings/principals.ts';
import { answer } from '../runtime/encoded.ts';
import { screenStylesheet, script, stylesheet } from './assets.ts';
import type { Audience, PageOf, Reading } from './reading.ts';

/** A participant, or an administrator, who may read a meeting's text. */
interface Reader extends Attendance {
  readonly meeting: MeetingId;
  readonly role: Role | null;
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
      role: me?.role ?? null,
    };
  };

  /** On the projector, an observer reads as far as the chair opened the text; `?for=observers` asks for the same. */
  const audienceOf = (c: Context, { role }: Reader): Audience =>
    role === 'observer' || c.req.query('for') === 'observers' ? 'observers' : 'participants';

  const answerPage = async (
    c: Context,
    sheet: PageOf['sheet'],
    audience: (reader: Reader) => Audience,
  ): Promise<Response> => {
    const who = await readerOf(c);
    if (who === null) {
      const { pathname, search } = new URL(c.req.url);
      return c.redirect(`/?next=${encodeURIComponent(pathname + search)}`);
    }
    const of: PageOf = { meeting: who.meeting, sheet, audience: audience(who), language: languageOf(c) };
    const page = await reading.page(of);
    if (page === null) throw new ConcordError('not-found');
    c.header('Cache-Control', 'no-store');
    return c.body(page, 200, { 'Content-Type': 'text/html; charset=UTF-8', 'Content-Length': String(page.length) });
  };

  const answerEvents = async (
    c: Context,
    sheet: PageOf['sheet'],
    audience: (reader: Reader) => Audience,
  ): Promise<Response> => {
    const version = Number(c.req.header('last-event-id') ?? c.req.query('version'));
    const find = async (): Promise<Reader> => {
      const who = await readerOf(c);
      if (who === null) throw new ConcordError('not-signed-in');
      return who;
    };
    return streams.answer(c, 'reading', find, async (stream, who) => {
      const of: PageOf = { meeting: who.meeting, sheet, audience: audience(who), language: languageOf(c) };
      const follow = () => reading.follow(of, Number.isInteger(version) ? version : null, stream);
      if (of.audience === 'observers') return follow();
      // A participant who becomes an observer loses this view at once.
      const check = (): void => {
        if (who.participant !== null && meetings.principal(who.meeting, who.participant)?.role === 'observer')
          stream.close();
      };
      const stopChecking = meetings.onChange(({ meeting }) => {
        if (meeting === who.meeting) check();
      });
      stream.onClose(stopChecking);
      check();
      return follow();
    });
  };
  const observers = (): Audience => 'observers';

  routes.get('/reading.css', etag(), (c) => answer(c, stylesheet, 'no-cache'));
  routes.get('/screen.css', etag(), (c) => answer(c, screenStylesheet, 'no-cache'));
  routes.get('/reading.js', etag(), (c) => answer(c, script, 'no-cache'));

  routes.get('/meetings/:id/text', (c) => answerPage(c, 'text', observers));
  routes.get('/meetings/:id/text/events', (c) => answerEvents(c, 'text', observers));
  routes.get('/meetings/:id/screen', (c) => answerPage(c, 'screen', (who) => audienceOf(c, who)));
  routes.get('/meetings/:id/screen/events', (c) => answerEvents(c, 'screen', (who) => audienceOf(c, who)));

  return routes;
}
