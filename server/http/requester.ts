import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import type { z } from 'zod';
import type { MeetingState } from '../../shared/meeting/meeting.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { MeetingId, RecommendationId } from '../../shared/protocol/ids.ts';
import { chooseLanguage, type Language } from '../../shared/words/words.ts';
import type { Access } from '../access/access.ts';
import type { Account } from '../access/accounts.ts';
import type { Meetings } from '../meetings/meetings.ts';

/** The account behind a request, found from the cookie at every request. */
export interface Requester {
  readonly account: Account;
  readonly session: string;
  /** The participant as whom the account acts (`?seat=`), unchecked; absent where the request names none. */
  readonly actsAs?: string | undefined;
}

/** The language of the answer: the one asked for, else the one chosen on a page, else the browser's. */
export const languageOf = (c: Context): Language =>
  chooseLanguage(c.req.query('lang') ?? getCookie(c, 'concord_language') ?? c.req.header('accept-language'));

/** The participant that a request names to act as, where an account has several accreditations in a meeting. */
export const actsAsOf = (c: Context): string | undefined => c.req.query('seat');

export async function requester(c: Context, access: Access): Promise<Requester> {
  const found = await access.authenticate(c.req.header('cookie'));
  if (found === null) throw new ConcordError('not-signed-in');
  return { ...found, actsAs: actsAsOf(c) };
}

export function meetingFrom(c: Context, meetings: Meetings): MeetingState {
  const id = MeetingId.safeParse(c.req.param('id'));
  const meeting = id.success ? meetings.get(id.data) : null;
  if (meeting === null) throw new ConcordError('not-found');
  return meeting;
}

export function recommendationFrom(c: Context, meetings: Meetings): { id: RecommendationId; meeting: MeetingState } {
  const id = RecommendationId.safeParse(c.req.param('id'));
  const meeting = id.success ? meetings.of(id.data) : null;
  if (!id.success || meeting === null) throw new ConcordError('not-found');
  return { id: id.data, meeting };
}

/** Bytes of a body that count as one command. */
const bytesOfAnOrder = 8 * 1024;
/**
 * The cost of a command in its account's allowance: a long one is stored and sent, so it costs as much as several short
 * ones.
 */
export const costOf = (c: Context): number =>
  1 + Math.floor(Number(c.req.header('content-length') ?? 0) / bytesOfAnOrder) || 1;

/** The JSON body by its schema; `bad-request` names the wrong field. An empty body is an empty object. */
export async function body<T>(c: Context, schema: z.ZodType<T>, fixed: Record<string, unknown> = {}): Promise<T> {
  let sent: unknown;
  try {
    const text = await c.req.text();
    sent = text === '' ? {} : JSON.parse(text);
  } catch (error) {
    throw new ConcordError('bad-request', {}, { cause: error });
  }
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) throw new ConcordError('bad-request');
  const parsed = schema.safeParse({ ...sent, ...fixed });
  if (!parsed.success) throw new ConcordError('bad-request', { field: parsed.error.issues[0]?.path.join('.') ?? '' });
  return parsed.data;
}
