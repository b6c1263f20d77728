import { Hono } from 'hono';
import type { z } from 'zod';
import type { MeetingState } from '../../shared/meeting/meeting.ts';
import type { Principal } from '../../shared/meeting/principal.ts';
import { amendmentNumbers } from '../../shared/negotiation/families/amendment/numbers.ts';
import type { Registry } from '../../shared/negotiation/registry.ts';
import { statusOf } from '../../shared/negotiation/state.ts';
import { HistoryQuery, type RecommendationView } from '../../shared/protocol/contract.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { ClauseId } from '../../shared/protocol/ids.ts';
import { standingAmendments, standingBrackets } from '../../shared/text/amendment.ts';
import { clauseText } from '../../shared/text/clause.ts';
import { bracketDigest, clauseDigest, Digests } from '../../shared/text/digest.ts';
import { clauseReferences, isFrozen, labelStyleOf } from '../../shared/text/labels.ts';
import type { Access } from '../access/access.ts';
import { Histories } from '../audit/history.ts';
import type { Bodies } from '../http/bodies.ts';
import { body, costOf, languageOf, recommendationFrom, requester } from '../http/requester.ts';
import type { Meetings } from '../meetings/meetings.ts';
import { principalIn } from '../meetings/principals.ts';
import type { Room } from '../room/room.ts';
import type { Rooms } from '../room/rooms.ts';
import type { Log } from '../storage/log.ts';
import { execute } from './execute.ts';

export interface NegotiationServices {
  readonly access: Access;
  readonly meetings: Meetings;
  readonly rooms: Rooms;
  readonly log: Log;
  readonly bodies: Bodies;
  readonly commands: Registry;
}

export function negotiationRoutes(services: NegotiationServices): Hono {
  const routes = new Hono();
  const histories = new Histories(services.log);

  /** For participants except observers, who get rendered text at `/meetings/:id/text`. */
  const taking = async (c: Parameters<typeof requester>[0]) => {
    const who = await requester(c, services.access);
    const { id, meeting } = recommendationFrom(c, services.meetings);
    const me = await principalIn(services, who.account.id, who.actsAs, meeting);
    if (me === null && !who.account.administrator) throw new ConcordError('not-found');
    if (me?.role === 'observer') throw new ConcordError('role-may-not');
    return { who, id, meeting, me };
  };
  const taker = (me: Principal | null): Principal => {
    if (me === null) throw new ConcordError('role-may-not');
    return me;
  };

  routes.get('/api/recommendations/:id', async (c) => {
    const { id, meeting, who } = await taking(c);
    const room = await services.rooms.room(id);
    const language = c.req.query('language') ?? languageOf(c);
    return services.bodies.answer(c, who.account.id, () => ({
      key: `recommendation ${id} ${labelStyleOf(language)}`,
      of: [room.sequence, meeting],
      make: () => recommendationView(room, meeting, language),
    }));
  });

  routes.get('/api/recommendations/:id/clauses/:clause/history', async (c) => {
    const { id, who } = await taking(c);
    // It may replay the log: it costs more than a command, and a person asks for it now and then.
    await services.access.limitCommands(who.account.id, 4);
    const clause = ClauseId.safeParse(c.req.param('clause'));
    if (!clause.success) throw new ConcordError('not-found');
    const query = HistoryQuery.safeParse(c.req.query());
    if (!query.success) throw new ConcordError('bad-request', { field: query.error.issues[0]?.path.join('.') ?? '' });
    const requester = { account: who.account.id, gone: c.req.raw.signal };
    const page = await histories.page(id, clause.data, query.data, requester);
    return c.body(page, 200, { 'Content-Type': 'application/json' });
  });

  for (const { type, schema, parse } of services.commands.kinds) {
    routes.post(`/api/recommendations/:id/${type}`, async (c) => {
      const { who, id, me } = await taking(c);
      const principal = taker(me);
      await services.access.limitCommands(who.account.id, costOf(c));
      const command = parse(await body(c, schema, { type }));
      return c.json({ sequence: await execute(services, id, command, principal.participant, services.commands) });
    });
  }
  return routes;
}

/** The whole recommendation as programs read it. */
function recommendationView(room: Room, meeting: MeetingState, language: string): z.infer<typeof RecommendationView> {
  const text = room.text();
  const { negotiation } = room;
  const numbers = clauseReferences(text, negotiation, labelStyleOf(language));
  const heading = meeting.recommendations.find(({ id }) => id === room.id);
  const digests = new Digests(text, negotiation);
  const amendments = amendmentNumbers(negotiation.marks);
  const standing = new Map(standingAmendments(text, negotiation).map((amendment) => [amendment.id, amendment]));
  return {
    id: room.id,
    meeting: meeting.id,
    heading: heading?.heading ?? '',
    topic: meeting.topics.find(({ id }) => id === heading?.topic)?.heading ?? '',
    sequence: room.sequence,
    numbersFrozen: isFrozen(negotiation),
    clauses: text.map((clause, at) => ({
      id: clause.id,
      label: numbers[at]?.label ?? '',
      number: numbers[at]?.number ?? '',
      kind: clause.kind,
      level: clause.level,
      text: clauseText(clause),
      runs: clause.runs.map((part) => ({
        text: part.text,
        marks: {
          insertion: [...part.marks.insertion],
          deletion: [...part.marks.deletion],
          bracket: [...part.marks.bracket],
          comment: [...part.marks.comment],
          origin: [...part.marks.origin],
        },
      })),
      insertion: clause.insertion,
      sponsors: [...(negotiation.clauses.get(clause.id)?.sponsors ?? [])],
      status: statusOf(negotiation, clause.id),
      digest: clauseDigest(clause),
    })),
    amendments: [...negotiation.marks].flatMap(([id, record]) => {
      if (record.kind !== 'amendment') return [];
      const now = standing.get(id);
      return [
        {
          id,
          number: amendments.get(id) ?? '',
          kind: now?.kind ?? null,
          party: record.party,
          parent: now?.parent ?? record.parent ?? null,
          sponsors: [...record.sponsors],
          state: record.state,
          reason: record.reason,
          clause: now?.clauses[0] ?? record.clause,
          clauses: now === undefined ? [] : [...now.clauses],
          struck: now?.struck ?? record.closed?.struck ?? '',
          inserted: now?.inserted ?? record.closed?.inserted ?? '',
          typedBy: record.typedBy,
          at: record.at,
          digest: now === undefined ? null : digests.amendment(id),
        },
      ];
    }),
    brackets: [...new Set(text.flatMap((clause) => standingBrackets(clause, negotiation)))].flatMap((id) => {
      const record = negotiation.marks.get(id);
      if (record === undefined) return [];
      const within = text.filter(({ runs }) => runs.some(({ marks }) => marks.bracket.includes(id)));
      const words = within.map(({ runs }) =>
        runs.map((one) => (one.marks.bracket.includes(id) ? one.text : '')).join(''),
      );
      return [
        {
          id,
          party: record.party,
          clauses: within.map((clause) => clause.id),
          words: words.join(' … '),
          digest: bracketDigest(text, id),
        },
      ];
    }),
  };
}
