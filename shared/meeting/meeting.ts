import { z } from 'zod';
import { ConcordError } from '../protocol/errors.ts';
import { AccountId, ClauseId, MeetingId, ParticipantId, PartyCode, RecommendationId } from '../protocol/ids.ts';
import { visibleName, visibleText } from '../text/visible.ts';
import {
  type Agenda,
  agendaCommands,
  agendaEvents,
  decideAgenda,
  evolveAgenda,
  isAgendaCommand,
  isAgendaEvent,
} from './agenda.ts';
import { PartyKind, type Principal, Role } from './principal.ts';

/** A party's name in the meeting's languages; English is required, the others are optional. */
export const PartyNames = z.object({
  en: z.string().trim().min(1).max(200),
  es: z.string().trim().max(200).optional(),
  fr: z.string().trim().max(200).optional(),
  pt: z.string().trim().max(200).optional(),
});

export const Party = z.object({
  code: PartyCode,
  names: PartyNames,
  kind: PartyKind,
  aliases: z.array(z.string().trim().min(1).max(200)).max(50),
  /** For a group: the states that it speaks for. */
  members: z.array(PartyCode).max(200),
});
export type Party = z.infer<typeof Party>;

/** A party in a command: its names must be visible, without characters that a text may not hold. */
const OrderedParty = Party.extend({
  names: z.object({
    en: visibleName(200),
    es: visibleText(200).optional(),
    fr: visibleText(200).optional(),
    pt: visibleText(200).optional(),
  }),
  aliases: z.array(visibleName(200)).max(50),
});

export const Participant = z.object({
  id: ParticipantId,
  name: z.string().trim().min(1).max(200),
  party: PartyCode.nullable(),
  role: Role,
  /** An ended accreditation stays on record: its entries keep their author. */
  ended: z.boolean(),
});
export type Participant = z.infer<typeof Participant>;

export { RecommendationHeading, Topic } from './agenda.ts';

/** The observers' view, from nothing (a closed session) to text with attribution. */
export const ObserverView = z.enum(['nothing', 'clean', 'bracketed', 'attributed']);
export type ObserverView = z.infer<typeof ObserverView>;

/** The clause under discussion, set by the chair; everybody's view can follow it. */
export const CurrentClause = z.object({ recommendation: RecommendationId, clause: ClauseId.nullable() });
export type CurrentClause = z.infer<typeof CurrentClause>;

/** An event of a meeting. Its log holds nothing else; its state is folded from them. */
export const MeetingEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('meeting created'), id: MeetingId, name: z.string(), at: z.number() }),
  z.object({ type: z.literal('meeting renamed'), name: z.string() }),
  z.object({ type: z.literal('drafting'), open: z.boolean() }),
  z.object({ type: z.literal('party set'), party: Party }),
  z.object({ type: z.literal('party removed'), code: PartyCode }),
  z.object({ type: z.literal('participant accredited'), participant: Participant }),
  z.object({ type: z.literal('accreditation ended'), participant: ParticipantId }),
  /**
   * The accounts that hold accreditations from now on: taking over another's accreditation leaves a trace in the log.
   */
  z.object({
    type: z.literal('seats taken'),
    seats: z.array(z.object({ participant: ParticipantId, account: AccountId, name: z.string() })).min(1),
  }),
  ...agendaEvents,
  z.object({ type: z.literal('current clause set'), currentClause: CurrentClause.nullable() }),
  z.object({ type: z.literal('observers see'), view: ObserverView }),
]);
export type MeetingEvent = z.infer<typeof MeetingEvent>;

/** The stored form of events up to 0.1.0, by their type then. */
const earlierEvents = {
  'floor given': z
    .object({ floor: CurrentClause.nullable() })
    .transform(({ floor }) => ({ type: 'current clause set', currentClause: floor })),
} as const;

/** An event as it was stored, in its newest form. */
export const StoredMeetingEvent = z.looseObject({ type: z.string() }).transform((stored, context): MeetingEvent => {
  const earlier = stored.type === 'floor given' ? earlierEvents[stored.type] : null;
  const parsed = MeetingEvent.safeParse(earlier === null ? stored : (earlier.safeParse(stored).data ?? stored));
  if (parsed.success) return parsed.data;
  context.addIssue({ code: 'custom', message: 'this version knows no such event' });
  return z.NEVER;
});

export interface MeetingState extends Agenda {
  readonly id: MeetingId;
  readonly name: string;
  readonly createdAt: number;
  readonly drafting: boolean;
  readonly parties: ReadonlyMap<PartyCode, Party>;
  /** The place of each party, including removed ones, in the order of first appearance. */
  readonly partyPlaces: ReadonlyMap<PartyCode, number>;
  readonly participants: ReadonlyMap<ParticipantId, Participant>;
  /** As recorded in the log; access checks look at the accreditations themselves. */
  readonly seats: ReadonlyMap<ParticipantId, AccountId>;
  readonly currentClause: CurrentClause | null;
  readonly observerView: ObserverView;
}

export const noMeeting = (id: MeetingId): MeetingState => ({
  id,
  name: '',
  createdAt: 0,
  drafting: true,
  parties: new Map(),
  partyPlaces: new Map(),
  participants: new Map(),
  seats: new Map(),
  topics: [],
  recommendations: [],
  agendaVersion: 0,
  currentClause: null,
  // Until the chair decides, an observer sees nothing: forgetting the choice opens nothing.
  observerView: 'nothing',
});

export function evolveMeeting(state: MeetingState, event: MeetingEvent): MeetingState {
  if (isAgendaEvent(event)) return { ...state, ...evolveAgenda(state, event) };
  switch (event.type) {
    case 'meeting created':
      return { ...state, id: event.id, name: event.name, createdAt: event.at };
    case 'meeting renamed':
      return { ...state, name: event.name };
    case 'drafting':
      return { ...state, drafting: event.open };
    case 'party set': {
      const { code } = event.party;
      const { partyPlaces } = state;
      return {
        ...state,
        parties: new Map(state.parties).set(code, event.party),
        partyPlaces: partyPlaces.has(code) ? partyPlaces : new Map(partyPlaces).set(code, partyPlaces.size),
      };
    }
    case 'party removed': {
      const parties = new Map(state.parties);
      parties.delete(event.code);
      return { ...state, parties };
    }
    case 'participant accredited':
      return { ...state, participants: new Map(state.participants).set(event.participant.id, event.participant) };
    case 'accreditation ended': {
      const participant = state.participants.get(event.participant);
      if (participant === undefined) return state;
      const seats = new Map(state.seats);
      seats.delete(participant.id);
      return {
        ...state,
        seats,
        participants: new Map(state.participants).set(participant.id, { ...participant, ended: true }),
      };
    }
    case 'seats taken': {
      const seats = new Map(state.seats);
      for (const { participant, account } of event.seats) seats.set(participant, account);
      return { ...state, seats };
    }
    case 'current clause set':
      return { ...state, currentClause: event.currentClause };
    case 'observers see':
      return { ...state, observerView: event.view };
  }
}

/** Commands of a meeting: one POST each, `/api/meetings/:id/<type>`, the rest as its body. */
export const MeetingCommand = z.discriminatedUnion('type', [
  z.object({ type: z.literal('rename'), name: visibleName(300) }),
  z.object({ type: z.literal('drafting'), open: z.boolean() }),
  z.object({ type: z.literal('set-party'), party: OrderedParty }),
  z.object({ type: z.literal('remove-party'), code: PartyCode }),
  z.object({
    type: z.literal('accredit'),
    /** Absent for a new participant; given, it changes that participant's name, party or role. */
    id: ParticipantId.optional(),
    name: visibleName(200),
    party: PartyCode.nullable(),
    role: Role,
  }),
  z.object({ type: z.literal('end-accreditation'), participant: ParticipantId }),
  ...agendaCommands,
  z.object({ type: z.literal('set-current-clause'), currentClause: CurrentClause.nullable() }),
  z.object({ type: z.literal('set-observer-view'), view: ObserverView }),
]);
export type MeetingCommand = z.infer<typeof MeetingCommand>;

/** The administrator who runs the server without taking part in the meeting. */
export const administrator = 'administrator' as const;
export type Actor = Principal | typeof administrator;

const chairOnly: ReadonlySet<MeetingCommand['type']> = new Set(['drafting', 'set-current-clause', 'set-observer-view']);

/**
 * The events of a command, or its refusal. The chair runs the meeting; the rapporteur and the administrator maintain
 * its parties, participants and agenda. The same function refuses on the server and disables buttons on the screen.
 */
export function decideMeeting(
  state: MeetingState,
  command: MeetingCommand,
  by: Actor,
  newParticipant: () => ParticipantId,
): readonly MeetingEvent[] {
  const role = by === administrator ? administrator : by.role;
  const may = chairOnly.has(command.type)
    ? role === 'chair'
    : role === 'chair' || role === 'rapporteur' || role === administrator;
  if (!may) throw new ConcordError('role-may-not');
  if (isAgendaCommand(command)) return [decideAgenda(state, command)];
  switch (command.type) {
    case 'rename':
      return [{ type: 'meeting renamed', name: command.name }];
    case 'drafting':
      return [{ type: 'drafting', open: command.open }];
    case 'set-party': {
      for (const member of command.party.members) {
        if (state.parties.get(member)?.kind !== 'state') throw new ConcordError('party-unknown', { field: member });
      }
      return [{ type: 'party set', party: command.party }];
    }
    case 'remove-party': {
      if (!state.parties.has(command.code)) throw new ConcordError('party-unknown', { field: command.code });
      const used =
        [...state.participants.values()].some((participant) => participant.party === command.code) ||
        [...state.parties.values()].some((party) => party.members.includes(command.code));
      if (used) throw new ConcordError('party-in-use', { field: command.code });
      return [{ type: 'party removed', code: command.code }];
    }
    case 'accredit':
      return [accredit(state, command, newParticipant)];
    case 'end-accreditation': {
      const participant = state.participants.get(command.participant);
      if (participant === undefined) throw new ConcordError('not-found');
      if (participant.ended) throw new ConcordError('nothing-to-do');
      return [{ type: 'accreditation ended', participant: command.participant }];
    }
    case 'set-current-clause': {
      const currentClause = command.currentClause;
      if (currentClause !== null && !state.recommendations.some(({ id }) => id === currentClause.recommendation))
        throw new ConcordError('not-found');
      return [{ type: 'current clause set', currentClause }];
    }
    case 'set-observer-view':
      return [{ type: 'observers see', view: command.view }];
  }
}

function accredit(
  state: MeetingState,
  command: Extract<MeetingCommand, { type: 'accredit' }>,
  newParticipant: () => ParticipantId,
): MeetingEvent {
  const { name, party, role } = command;
  const known = party === null ? null : state.parties.get(party);
  if (known === undefined) throw new ConcordError('party-unknown', { field: 'party' });
  // A delegate speaks for a party, so a party is required.
  if (role === 'delegate' && party === null) throw new ConcordError('party-unknown', { field: 'party' });
  if (command.id !== undefined && !state.participants.has(command.id)) throw new ConcordError('not-found');
  return {
    type: 'participant accredited',
    participant: { id: command.id ?? newParticipant(), name, party, role, ended: false },
  };
}

/** The current principal of a participant; null once the accreditation ended. */
export function principalOf(state: MeetingState, id: ParticipantId): Principal | null {
  const participant = state.participants.get(id);
  return participant === undefined || participant.ended
    ? null
    : { participant: participant.id, name: participant.name, party: participant.party, role: participant.role };
}

/** Organs and observer organizations have voice, not vote: they can't block consensus. */
export const hasVote = (party: Party): boolean => party.kind === 'state';
