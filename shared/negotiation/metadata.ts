import { z } from 'zod';
import { MarkId, PartyCode } from '../protocol/ids.ts';
import { ClauseNumber } from '../text/labels.ts';
import { Decided } from './act.ts';
import { AmendedPlace } from './families/amendment/places.ts';
import { type AmendmentRecord, AmendmentState } from './families/amendment/state.ts';
import { AmendedWords } from './families/amendment/words.ts';
import { CoSponsor } from './families/sponsoring/state.ts';
import { Status } from './families/status/state.ts';
import { type MarkRecord, type NegotiationState, StateChange } from './state.ts';

/**
 * The mirror of the negotiation's state in the document's `record` map, which only the server writes and the screens read.
 *
 * A record is written whole when it begins, under `clause:ID`, `mark:ID` or `client:N`. Each part that changes later has a
 * key of its own behind it (`mark:ID:state`), so that a change writes one small value, and Yjs keeps no old reasons.
 */
export interface MetadataMap {
  get(key: string): unknown;
}

/** The parts of records that change, by the name in their key. */
const parts = {
  state: z.object({
    state: z.union([AmendmentState, z.enum(['lifted', 'closed'])]),
    closed: Decided.extend({ ...AmendedWords.partial().shape, places: z.array(AmendedPlace).optional() }).optional(),
  }),
  reason: z.string(),
  parent: MarkId.nullable(),
  sponsors: z.array(CoSponsor.omit({ agreedTo: true })),
  agreedTo: AmendedWords.nullable(),
  status: Status,
  clauseSponsors: z.array(PartyCode),
  origin: MarkId.nullable(),
  number: ClauseNumber.nullable(),
};

export const metadataKey = ({ of, id }: Pick<StateChange, 'of' | 'id'>): string => `${of}:${id}`;

/** The record that a key belongs to; null for a key of a later version. */
export function recordOfKey(key: string): Pick<StateChange, 'of' | 'id'> | null {
  const [of, id] = key.split(':');
  const parsed = Named.safeParse({ of, id: of === 'client' ? Number(id) : id });
  return parsed.success ? parsed.data : null;
}
const Named = z.discriminatedUnion('of', [
  StateChange.options[0].pick({ of: true, id: true }),
  StateChange.options[1].pick({ of: true, id: true }),
  StateChange.options[2].pick({ of: true, id: true }),
]);

type Written = [key: string, value: unknown];

/** The keys and values that a change writes, on top of the state before it. */
export function mirrored(change: StateChange, before: NegotiationState): readonly Written[] {
  const key = metadataKey(change);
  const written: Written[] = [];
  const put = (part: string, now: unknown, was: unknown): void => {
    if (now !== was && JSON.stringify(now) !== JSON.stringify(was)) written.push([`${key}:${part}`, now]);
  };
  if (change.of === 'client') return [[key, change.value]];
  if (change.of === 'clause') {
    const was = before.clauses.get(change.id);
    if (was === undefined) return [[key, change.value]];
    const { status, sponsors, origin, number } = change.value;
    put('status', status, was.status);
    put('sponsors', sponsors, was.sponsors);
    put('origin', origin ?? null, was.origin ?? null);
    put('number', number ?? null, was.number ?? null);
    return written;
  }
  const { value } = change;
  const was = before.marks.get(change.id);
  if (was === undefined || was.kind !== value.kind) return [[key, value]];
  put('state', stateOf(value), stateOf(was));
  if (value.kind !== 'amendment' || was.kind !== 'amendment') return written;
  put('reason', value.reason, was.reason);
  if (value.parent !== undefined) put('parent', value.parent, was.parent);
  put('sponsors', value.sponsors.map(plain), was.sponsors.map(plain));
  const agreedTo = ({ sponsors }: AmendmentRecord, party: PartyCode): AmendedWords | null =>
    sponsors.find((one) => one.party === party)?.agreedTo ?? null;
  for (const party of new Set([...value.sponsors, ...was.sponsors].map((one) => one.party)))
    put(`agreedTo:${party}`, agreedTo(value, party), agreedTo(was, party));
  return written;
}

const stateOf = ({ state, closed }: MarkRecord) => (closed === undefined ? { state } : { state, closed });
const plain = ({ party, accepted }: CoSponsor) => ({ party, accepted });

/** Reads a record with all its parts; null where there is none, or a later version wrote it. */
export function readMetadata(map: MetadataMap, named: Pick<StateChange, 'of' | 'id'>): StateChange | null {
  const key = metadataKey(named);
  const whole = StateChange.safeParse({ ...named, value: map.get(key) });
  if (!whole.success) return null;
  const { of, id, value } = whole.data;
  const now: Record<string, unknown> = { ...value };
  const read = <T>(part: string, schema: z.ZodType<T>): T | undefined =>
    schema.safeParse(map.get(`${key}:${part}`)).data;
  const put = (name: string, part: unknown): void => {
    if (part !== undefined) now[name] = part;
  };
  if (of === 'clause') {
    put('status', read('status', parts.status));
    put('sponsors', read('sponsors', parts.clauseSponsors));
    const origin = read('origin', parts.origin);
    if (origin === null) delete now.origin;
    else put('origin', origin);
    const number = read('number', parts.number);
    if (number === null) delete now.number;
    else put('number', number);
  } else if (of === 'mark') {
    const state = read('state', parts.state);
    if (state !== undefined) {
      delete now.closed;
      put('state', state.state);
      put('closed', state.closed);
    }
    if (value.kind === 'amendment') {
      put('reason', read('reason', parts.reason));
      put('parent', read('parent', parts.parent));
      now.sponsors = (read('sponsors', parts.sponsors) ?? value.sponsors).map((sponsor) => {
        const agreedTo = read(`agreedTo:${sponsor.party}`, parts.agreedTo);
        const kept = value.sponsors.find(({ party }) => party === sponsor.party)?.agreedTo;
        const words = agreedTo === undefined ? kept : agreedTo;
        return { ...plain(sponsor), ...(words == null ? {} : { agreedTo: words }) };
      });
    }
  }
  return StateChange.safeParse({ of, id, value: now }).data ?? null;
}
