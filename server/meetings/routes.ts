import { Hono } from 'hono';
import type { z } from 'zod';
import {
  type Actor,
  administrator,
  type CurrentClause,
  decideMeeting,
  MeetingCommand,
  type MeetingState,
} from '../../shared/meeting/meeting.ts';
import type { Principal } from '../../shared/meeting/principal.ts';
import type { Created, MeetingList, MeetingNotice, MeetingView, PartyView } from '../../shared/protocol/contract.ts';
import { ImportOrder } from '../../shared/protocol/contract.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { type AccountId, newParticipantId, ParticipantId } from '../../shared/protocol/ids.ts';
import type { Progress } from '../../shared/text/amendment.ts';
import type { Access } from '../access/access.ts';
import type { Bodies } from '../http/bodies.ts';
import { body, costOf, languageOf, meetingFrom, type Requester, requester } from '../http/requester.ts';
import type { EventStream, EventStreams } from '../http/streams.ts';
import type { Importer } from '../imports/importer.ts';
import { clausesShown } from '../reading/render.ts';
import type { Rooms } from '../room/rooms.ts';
import { createMeeting } from './create.ts';
import type { Meetings } from './meetings.ts';
import { principalIn, principalsAmong, principalsIn } from './principals.ts';
import type { Progresses } from './progress.ts';
import { checkAgainstTexts } from './texts.ts';

export interface MeetingServices {
  readonly access: Access;
  readonly meetings: Meetings;
  readonly rooms: Rooms;
  readonly progresses: Progresses;
  readonly importer: Importer;
  readonly streams: EventStreams;
  readonly bodies: Bodies;
  readonly now: () => number;
}

const coloursInPalette = 24;
/** The cost of reading a compilation, and of making a meeting from it, in commands. */
const costOfReading = 10;
const costOfImport = 20;

/**
 * A party's colour is its place in the order of first appearance, removed parties included: the same on every screen,
 * for as long as the meeting lasts. With more parties than colours, two share one.
 */
export const partyViews = (meeting: MeetingState): PartyView[] =>
  [...meeting.parties.values()].map((party) => ({
    ...party,
    colour: (meeting.partyPlaces.get(party.code) ?? 0) % coloursInPalette,
  }));

export function meetingRoutes(services: MeetingServices): Hono {
  const { access, meetings } = services;
  const routes = new Hono();

  routes.get('/api/meetings', async (c) => {
    const who = await requester(c, access);
    const list: z.infer<typeof MeetingList> = [];
    const held = await access.participantsOf(who.account.id);
    for (const meeting of meetings.all()) {
      const principals = principalsAmong(held, meetings, meeting);
      const me = principals[0] ?? null;
      if (me === null && !who.account.administrator) continue;
      list.push({
        id: meeting.id,
        name: meeting.name,
        createdAt: meeting.createdAt,
        role: me?.role ?? null,
        party: me?.party ?? null,
        seats: principals,
        // In a closed session an observer doesn't learn the length of the agenda.
        recommendations:
          me !== null && meeting.observerView === 'nothing' && principals.every(({ role }) => role === 'observer')
            ? 0
            : meeting.recommendations.length,
      });
    }
    return c.json(list.sort((one, other) => other.createdAt - one.createdAt));
  });

  routes.get('/api/meetings/:id', async (c) => {
    const { who, meeting, me } = await taking(c, services);
    const depends = await dependingOn(services, meeting, me);
    // All readers with the same view get the same bytes, and each gets its own identity beside them.
    const own: Pick<MeetingView, 'me' | 'seats' | 'administrator'> = {
      me,
      seats: await principalsIn(services, who.account.id, meeting),
      administrator: who.account.administrator,
    };
    return services.bodies.answer(c, who.account.id, () => ({
      key: `meeting ${meeting.id} ${runsIt(me) ? 'run' : me?.role === 'observer' ? 'observed' : 'joined'}`,
      of: [meeting, ...depends.values],
      make: () => view(meeting, me, depends),
      own,
    }));
  });

  routes.get('/api/meetings/:id/events', async (c) => {
    const find = async () => {
      const { meeting, me, who } = await taking(c, services);
      if (me?.role === 'observer') throw new ConcordError('role-may-not');
      return { session: who.session, account: who.account.id, participant: me?.participant ?? null, meeting, me };
    };
    return services.streams.answer(c, 'drafting', find, async (stream, { meeting, me }) =>
      notices(services, meeting, me, stream),
    );
  });

  routes.post('/api/meetings/:id/participants/:participant/invitation', async (c) => {
    const { meeting, me, who } = await taking(c, services);
    const runs = me === null ? who.account.administrator : me.role === 'rapporteur' || me.role === 'chair';
    if (!runs) throw new ConcordError('role-may-not');
    await access.limitCommands(who.account.id);
    const id = ParticipantId.safeParse(c.req.param('participant'));
    const participant = id.success ? meeting.participants.get(id.data) : undefined;
    if (participant === undefined || participant.ended) throw new ConcordError('not-found');
    const invitation = await access.inviteParticipant({
      meeting: meeting.id,
      participant: participant.id,
      createdBy: who.account.id,
    });
    const origin = access.publicOrigin ?? new URL(c.req.url).origin;
    return c.json({ link: `${origin}/invitations/${invitation.token}`, expiresAt: invitation.expiresAt });
  });

  for (const option of MeetingCommand.options) {
    const type = option.shape.type.value;
    routes.post(`/api/meetings/:id/${type}`, async (c) => {
      const { meeting, me, who } = await taking(c, services);
      const by: Actor | null = me ?? (who.account.administrator ? administrator : null);
      if (by === null) throw new ConcordError('role-may-not');
      const command = await body(c, MeetingCommand, { type });
      await access.limitCommands(who.account.id, costOf(c));
      // The role is checked first, so that a refusal tells an unauthorised requester nothing about the texts.
      decideMeeting(meeting, command, by, newParticipantId);
      await checkAgainstTexts(services, meeting, command);
      const events = await meetings.order(meeting.id, command, by, me?.name ?? who.account.name);
      if (command.type === 'end-accreditation') await access.endAccreditation(command.participant);
      const [event] = events;
      // The answer holds the participant's id, since an invitation usually follows.
      return event?.type === 'participant accredited'
        ? c.json({ participant: event.participant.id })
        : c.body(null, 204);
    });
  }

  routes.post('/api/imports/preview', async (c) => {
    const who = await requester(c, access);
    if (!(await mayImport(services, who))) throw new ConcordError('role-may-not');
    await access.limitCommands(who.account.id, costOfReading);
    const compilation = await services.importer.read(
      { source: new Uint8Array(await c.req.arrayBuffer()), language: languageOf(c) },
      { whose: who.account.id, gone: c.req.raw.signal },
    );
    return c.body(compilation, 200, { 'Content-Type': 'application/json' });
  });

  routes.post('/api/imports', async (c) => {
    const who = await requester(c, access);
    if (!(await mayImport(services, who))) throw new ConcordError('role-may-not');
    await access.limitCommands(who.account.id, costOfImport);
    await access.limitMeetings(who.account.id);
    const order = await body(c, ImportOrder);
    const { meeting, importer } = await createMeeting(services, order, { name: who.account.name, role: 'rapporteur' });
    await access.accredit({ account: who.account.id, meeting, participant: importer });
    await meetings.recordAccreditations(meeting, await access.accreditationsOf(meeting));
    const created: z.infer<typeof Created> = { meeting };
    return c.json(created, 201);
  });

  return routes;
}

/** Administrators may import, and so may everybody who drafts or presides in a meeting of this server. */
async function mayImport(services: MeetingServices, who: Requester): Promise<boolean> {
  if (who.account.administrator) return true;
  const { access, meetings } = services;
  const held = await access.participantsOf(who.account.id);
  return meetings
    .all()
    .some((meeting) =>
      principalsAmong(held, meetings, meeting).some(({ role }) => role === 'rapporteur' || role === 'chair'),
    );
}

async function taking(c: Parameters<typeof requester>[0], services: MeetingServices) {
  const who = await requester(c, services.access);
  const meeting = meetingFrom(c, services.meetings);
  const me = await principalIn(services, who.account.id, who.actsAs, meeting);
  // The answer doesn't tell outsiders that the meeting exists.
  if (me === null && !who.account.administrator) throw new ConcordError('not-found');
  return { who, meeting, me };
}

const nothingYet = { clauses: 0, agreed: 0, adReferendum: 0, open: 0, unresolved: 0, amendments: 0 };

/** The inputs of a meeting's view beside the meeting and its reader. */
interface Depends {
  readonly currentClause: CurrentClause | null;
  readonly accounts: ReadonlyMap<ParticipantId, AccountId>;
  readonly progresses: readonly (Progress | null)[];
  /** For comparison by identity: a changed value is a new object. */
  readonly values: readonly unknown[];
}

const runsIt = (me: Principal | null): boolean => me === null || me.role === 'chair' || me.role === 'rapporteur';

async function dependingOn(services: MeetingServices, meeting: MeetingState, me: Principal | null): Promise<Depends> {
  const observes = me?.role === 'observer';
  const currentClause = observes ? await currentClauseShown(services, meeting) : meeting.currentClause;
  const taken = runsIt(me) ? await services.access.accreditationsOf(meeting.id) : [];
  // The number of contested clauses is for participants until the chair opens it.
  const progresses = observes
    ? meeting.recommendations.map(() => nothingYet)
    : await Promise.all(meeting.recommendations.map(({ id }) => services.progresses.of(id)));
  return {
    currentClause,
    accounts: new Map(taken.map(({ participant, account }) => [participant, account])),
    progresses,
    values: [
      currentClause?.clause,
      taken.map(({ participant, account }) => `${participant} ${account}`).join(),
      ...progresses,
    ],
  };
}

function view(
  meeting: MeetingState,
  me: Principal | null,
  { currentClause, accounts, progresses }: Depends,
): Omit<MeetingView, 'me' | 'seats' | 'administrator'> {
  const observes = me?.role === 'observer';
  const closed = observes && meeting.observerView === 'nothing';
  const named = !observes || meeting.observerView === 'attributed';
  return {
    id: meeting.id,
    name: meeting.name,
    drafting: meeting.drafting,
    observerView: meeting.observerView,
    currentClause,
    // An observer gives no commands, and a sequence number would reveal that others did.
    agendaVersion: observes ? 0 : meeting.agendaVersion,
    parties: named ? partyViews(meeting) : [],
    participants: runsIt(me)
      ? [...meeting.participants.values()].map((participant) => ({
          ...participant,
          account: accounts.get(participant.id) ?? null,
        }))
      : [],
    topics: closed ? [] : [...meeting.topics],
    recommendations: closed
      ? []
      : meeting.recommendations.map((recommendation, at) => ({
          ...recommendation,
          progress: progresses[at] ?? null,
        })),
  };
}

/** The clause under discussion for observers: only a clause that their view contains. */
async function currentClauseShown(
  { rooms }: MeetingServices,
  { currentClause, observerView }: MeetingState,
): Promise<CurrentClause | null> {
  if (currentClause === null || observerView === 'nothing') return null;
  if (currentClause.clause === null) return currentClause;
  const room = await rooms.room(currentClause.recommendation);
  const isShown = clausesShown(room.text(), observerView).some(({ id }) => id === currentClause.clause);
  return isShown ? currentClause : { ...currentClause, clause: null };
}

const encoder = new TextEncoder();
const heartbeat = encoder.encode(': here\n\n');

/**
 * Sends the changes of a meeting to a screen for as long as its reader takes part. Returns the function that ends it.
 */
function notices(
  { meetings, progresses }: MeetingServices,
  meeting: MeetingState,
  me: Principal | null,
  stream: EventStream,
): () => void {
  const sendBytes = (bytes: Uint8Array): void => {
    if (!stream.send(bytes)) stream.close();
  };
  const send = (notice: MeetingNotice): void => sendBytes(encoder.encode(`data: ${JSON.stringify(notice)}\n\n`));
  const stops = [
    meetings.onChange((change) => {
      if (change.meeting !== meeting.id) return;
      // Rights are looked up at every change: a participant who became an observer gets no more of the drafting events.
      const now = me === null ? null : meetings.principal(meeting.id, me.participant);
      if (me !== null && (now === null || now.role === 'observer')) {
        stream.close();
        return;
      }
      const [event] = change.events;
      if (change.events.length === 1 && event?.type === 'current clause set')
        send({ type: 'current clause', currentClause: event.currentClause });
      else send({ type: 'meeting' });
    }),
    progresses.onChange((recommendation, progress) => {
      if (meetings.of(recommendation)?.id === meeting.id) send({ type: 'progress', recommendation, progress });
    }),
  ];
  const beat = setInterval(() => sendBytes(heartbeat), 25_000);
  return () => {
    clearInterval(beat);
    for (const stop of stops) stop();
  };
}
