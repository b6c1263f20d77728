import type { z } from 'zod';
import type { Command } from '../../../shared/negotiation/registry.ts';
import { Accepted, RecommendationView } from '../../../shared/protocol/contract.ts';
import type { RecommendationId } from '../../../shared/protocol/ids.ts';
import { seenOf } from '../../helpers/seen.ts';

/** A command that was answered with the number of its entry. */
export interface Ordered {
  readonly place: RecommendationId;
  readonly sequence: number;
  readonly type: string;
}

class ServerGone extends Error {}
/** What `fetch` says of a server that isn't there any more, or goes in the middle of an answer. */
const isGone = (error: unknown): boolean => error instanceof ServerGone || error instanceof TypeError;

async function ask(url: string, cookie: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url + path, {
    method: body === undefined ? 'GET' : 'POST',
    // A connection that is kept may be one to a server that is gone.
    headers: { cookie, 'content-type': 'application/json', connection: 'close' },
    signal: AbortSignal.timeout(30_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // It goes in an orderly way, and takes nothing more.
  if (response.status === 503) throw new ServerGone();
  if (response.status >= 500) throw new Error(`${path}: ${response.status}`);
  return response.ok ? response.json() : null;
}

export const viewOf = async (url: string, cookie: string, place: RecommendationId) =>
  RecommendationView.parse(await ask(url, cookie, `/api/recommendations/${place}`));

type View = z.infer<typeof RecommendationView>;
type Order = { readonly type: Command['type']; readonly body: unknown };

const isResolved = ({ status, insertion, runs }: View['clauses'][number]): boolean =>
  status.state === 'open' &&
  insertion === null &&
  runs.every(({ marks }) => marks.insertion.length + marks.deletion.length + marks.bracket.length === 0);

/** What the chair may order now: adopt, not adopt, clear a clause, lift, agree, open again; one kind of each. */
function ordersFor(view: View, pick: <T>(list: readonly T[]) => T | undefined): readonly Order[] {
  const { clauses, amendments } = view;
  const seen = seenOf(view);
  const standing = amendments.filter(({ state, kind }) => state === 'open' && kind !== null);
  const locked = clauses.filter(({ status }) => status.state !== 'open');
  const [adopted, dropped, busy] = [pick(standing), pick(standing), pick(standing)];
  const bracket = pick(clauses.flatMap(({ runs }) => runs.flatMap(({ marks }) => marks.bracket)));
  const resolved = pick(clauses.filter(isResolved));
  const reopened = pick(locked);
  const orders: Order[] = [];
  if (adopted !== undefined) orders.push({ type: 'adopt', body: { amendments: [adopted.id], seen } });
  if (dropped !== undefined) orders.push({ type: 'not-adopt', body: { amendments: [dropped.id], seen } });
  if (busy !== undefined) {
    const whole = standing.filter(({ clause }) => clause === busy.clause).map(({ id }) => id);
    orders.push({ type: 'not-adopt', body: { amendments: whole, seen } });
  }
  if (bracket !== undefined) orders.push({ type: 'lift-bracket', body: { bracket, seen } });
  if (resolved !== undefined)
    orders.push({ type: 'set-status', body: { clauses: [resolved.id], status: 'agreed', seen } });
  // Something agreed is always left, for those who try to touch it.
  if (reopened !== undefined && locked.length > 2)
    orders.push({ type: 'set-status', body: { clauses: [reopened.id], status: 'open' } });
  return orders;
}

/** One thing that the chair does. Null where it was refused or nobody answered. */
export async function chairDecides(
  url: string,
  cookie: string,
  place: RecommendationId,
  random: () => number,
): Promise<Ordered | null> {
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  try {
    const order = pick(ordersFor(await viewOf(url, cookie, place), pick));
    return order === undefined ? null : await give(url, cookie, place, order);
  } catch (error) {
    if (!isGone(error)) throw error;
    // The server went: whether it was done, the record says.
    return null;
  }
}

async function give(
  url: string,
  cookie: string,
  place: RecommendationId,
  { type, body }: Order,
): Promise<Ordered | null> {
  const accepted = Accepted.safeParse(await ask(url, cookie, `/api/recommendations/${place}/${type}`, body));
  return accepted.success ? { place, type, sequence: accepted.data.sequence } : null;
}

/** Before anybody types, the chair marks a clause agreed. */
export async function chairAgrees(url: string, cookie: string, place: RecommendationId): Promise<void> {
  const view = await viewOf(url, cookie, place);
  const resolved = view.clauses.find(isResolved);
  if (resolved === undefined) throw new Error('nothing can be agreed');
  await give(url, cookie, place, {
    type: 'set-status',
    body: { clauses: [resolved.id], status: 'agreed', seen: seenOf(view) },
  });
}
