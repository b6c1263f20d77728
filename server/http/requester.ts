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

/** The person behind a request, found from the cookie at every request. */
export interface Requester {
  readonly account: Account;
  readonly session: string;
  /** The accreditation that the request names (`?seat=`), unchecked; absent where it names none. */
  readonly seat?: string | undefined;
}

/** The language of the answer: the one asked for, else the one chosen on a page, else the browser's. */
export const languageOf = (c: Context): Language =>
  chooseLanguage(c.req.query('lang') ?? getCookie(c, 'concord_language') ?? c.req.header('accept-language'));

export async function requester(c: Context, access: Access): Promise<Requester> {
  const found = await access.authenticate(c.req.header('cookie'));
  if (found === null) throw new ConcordError('not-signed-in');
  return { ...found, seat: c.req.query('seat') };
}

/** Of the accreditations of an account, those of one meeting that have not ended, in order of time. */
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

/** The accreditations that an account has in a meeting now. */
export const seatsIn = async (
  { access, meetings }: { readonly access: Access; readonly meetings: Meetings },
  account: AccountId,
  meeting: MeetingState,
): Promise<Principal[]> => seatsAmong(await access.participantsOf(account), meetings, meeting);

/**
 * The capacity of a person in a meeting now: the named accreditation, else the first; null where there is none, or none
 * any more. Throws `not-found` for an accreditation in this meeting that another account holds or nobody.
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
