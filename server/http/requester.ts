import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import type { z } from 'zod';
import type { MeetingState } from '../../shared/meeting/meeting.ts';
import type { Principal } from '../../shared/meeting/principal.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { type AccountId, MeetingId, RecommendationId } from '../../shared/protocol/ids.ts';
import { chooseLanguage, type Language } from '../../shared/words/words.ts';
import type { Access, Account } from '../access/access.ts';
import type { Meetings } from '../meetings/meetings.ts';

/** Who asks, found from the cookie at every request. */
export interface Requester {
  readonly account: Account;
  readonly session: string;
  /** The participant in whose name they ask (`?seat=`), as they say it; absent where they name none. */
  readonly seat?: string | undefined;
}

/** The language that a request is answered in: the one asked for, else the one chosen on a page, else the browser's. */
export const languageOf = (c: Context): Language =>
  chooseLanguage(c.req.query('lang') ?? getCookie(c, 'concord_language') ?? c.req.header('accept-language'));

export async function requester(c: Context, access: Access): Promise<Requester> {
  const found = await access.authenticate(c.req.header('cookie'));
  if (found === null) throw new ConcordError('not-signed-in');
  return { ...found, seat: c.req.query('seat') };
}

/** Of the seats of an account, those of one meeting that have not ended, in the order of accreditation. */
export function seatsAmong(
  held: Awaited<ReturnType<Access['participantsOf']>>,
  meetings: Meetings,
  meeting: MeetingState,
): Principal[] {
  const own = new Set(held.flatMap((seat) => (seat.meeting === meeting.id ? [seat.participant] : [])));
  if (own.size === 0) return [];
  return [...meeting.participants.keys()].flatMap((participant) =>
    own.has(participant) ? (meetings.principal(meeting.id, participant) ?? []) : [],
  );
}

/** The seats that an account has in a meeting at this moment. */
export const seatsIn = async (
  { access, meetings }: { readonly access: Access; readonly meetings: Meetings },
  account: AccountId,
  meeting: MeetingState,
): Promise<Principal[]> => seatsAmong(await access.participantsOf(account), meetings, meeting);

/**
 * As whom somebody takes part in a meeting at this moment: in the seat that they name, else in their first; null where
 * they have none, or no longer. Throws `not-found` for a seat that isn't theirs in this meeting, whoever holds it.
 */
export async function principalIn(
  services: { readonly access: Access; readonly meetings: Meetings },
  { account, seat }: Requester,
  meeting: MeetingState,
): Promise<Principal | null> {
  const seats = await seatsIn(services, account.id, meeting);
  if (seat === undefined) return seats[0] ?? null;
  const named = seats.find(({ participant }) => participant === seat);
  if (named === undefined) throw new ConcordError('not-found');
  return named;
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

/** Bytes of a body that count as one order. */
const bytesOfAnOrder = 8 * 1024;
/** What an order takes of its account's allowance: a long one is stored, and told, as several short ones. */
export const costOf = (c: Context): number =>
  1 + Math.floor(Number(c.req.header('content-length') ?? 0) / bytesOfAnOrder) || 1;

/** The JSON body by its schema; `bad-request` names the field that is wrong. An empty body is an empty object. */
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
