import * as Y from 'yjs';
import type { Participant } from '../../shared/meeting/meeting.ts';
import { principalOf } from '../../shared/meeting/meeting.ts';
import type { Principal } from '../../shared/meeting/principal.ts';
import { onWhatIsSeen } from '../../shared/negotiation/registry.ts';
import { newMarkId, PartyCode, type RecommendationId } from '../../shared/protocol/ids.ts';
import { clauseText } from '../../shared/text/clause.ts';
import { markKey, textOf } from '../../shared/text/document.ts';
import type { Access } from '../access/access.ts';
import { makeMeeting, type Plan } from '../meetings/create.ts';
import type { Meetings } from '../meetings/meetings.ts';
import { execute } from '../negotiation/execute.ts';
import type { Room } from '../room/room.ts';
import type { Rooms } from '../room/rooms.ts';
import { demoMeeting } from './text.ts';

const officers = [
  { user: 'chair', role: 'chair' },
  { user: 'rapporteur', role: 'rapporteur' },
  { user: 'observer', role: 'observer' },
] as const;

/** The accounts of the demo meeting: its officers, and one delegate a party. */
export const demoAccounts: readonly string[] = [
  ...officers.map(({ user }) => user),
  ...demoMeeting.parties.map(({ user }) => user),
];

export interface DemoServices {
  readonly access: Access;
  readonly meetings: Meetings;
  readonly rooms: Rooms;
  readonly now: () => number;
}

/**
 * Makes the demo meeting through the regular interfaces: its texts are imported, the room judges its delegates'
 * amendments, its chair marks consensus. An interrupted one is not a meeting: the accounts are made last, all at once.
 */
export async function seedDemo(services: DemoServices, password: string): Promise<void> {
  const { access, meetings, rooms } = services;
  const made = await makeMeeting(services, plan(), { operator: 'demo' }, 'demo');
  const state = meetings.get(made.meeting);
  if (state === null) throw new Error('the demo meeting was not made');
  const acting = (of: (participant: Participant) => boolean): Principal => {
    const found = made.participants.find(of);
    const principal = found === undefined ? null : principalOf(state, found.id);
    if (principal === null) throw new Error('the demo text names somebody who is not there');
    return principal;
  };
  const chair = acting(({ role }) => role === 'chair');
  await meetings.order(made.meeting, { type: 'set-observer-view', view: 'bracketed' }, chair, chair.name);

  for (const amendment of demoMeeting.amendments) {
    const id = recommendation(made.recommendations, amendment.recommendation);
    const by = acting(({ party, role }) => role === 'delegate' && party === amendment.by);
    const room = await rooms.room(id);
    const mark = await propose(room, amendment.clause, amendment, by);
    if (amendment.reason !== undefined)
      await execute(services, id, { type: 'give-reason', amendment: mark, reason: amendment.reason }, by.participant);
    for (const sponsor of amendment.sponsors ?? []) {
      const party = PartyCode.parse(sponsor);
      await execute(services, id, { type: 'ask-to-sponsor', amendment: mark, party }, by.participant);
      const asked = acting((participant) => participant.role === 'delegate' && participant.party === party);
      await execute(
        services,
        id,
        onWhatIsSeen(
          { text: room.text(), negotiation: room.negotiation },
          { type: 'answer-sponsoring', amendment: mark, accept: true },
        ),
        asked.participant,
      );
    }
  }
  for (const { recommendation: place, clause, status, parties } of demoMeeting.agreed) {
    const id = recommendation(made.recommendations, place);
    const room = await rooms.room(id);
    const agreed = room.text()[clause];
    if (agreed === undefined) throw new Error('the demo text names a clause that is not there');
    await execute(
      services,
      id,
      onWhatIsSeen(
        { text: room.text(), negotiation: room.negotiation },
        {
          type: 'set-status',
          clauses: [agreed.id],
          status,
          parties: parties.map((code) => PartyCode.parse(code)),
        },
      ),
      chair.participant,
    );
  }
  await access.addDemoAccounts(
    password,
    made.participants.flatMap(({ id }, at) => {
      const name = demoAccounts[at];
      return name === undefined ? [] : [{ name, meeting: made.meeting, participant: id }];
    }),
  );
}

function plan(): Plan {
  const recommendations = demoMeeting.recommendations;
  return {
    name: demoMeeting.name,
    parties: demoMeeting.parties.map(({ code, names, kind, aliases, members }) => ({
      code: PartyCode.parse(code),
      names: { ...names },
      kind,
      aliases: [...aliases],
      members: members.map((member) => PartyCode.parse(member)),
    })),
    participants: [
      ...officers.map(({ user, role }) => ({ name: titled(user), party: null, role })),
      ...demoMeeting.parties.map(({ code, names }) => ({
        name: `Delegate of ${names.en}`,
        party: PartyCode.parse(code),
        role: 'delegate' as const,
      })),
    ],
    topics: demoMeeting.topics.map(({ heading, level }, topic) => ({
      heading,
      level,
      recommendations: recommendations
        .filter((one) => one.topic === topic)
        .map((one) => ({
          heading: one.heading,
          clauses: one.clauses.map((clause) => ({
            ...clause,
            sponsors: clause.sponsors.map((code) => PartyCode.parse(code)),
          })),
        })),
    })),
  };
}

const titled = (user: string): string => user.charAt(0).toUpperCase() + user.slice(1);

/** The plan lists recommendations topic by topic; the demo text numbers them in the same order. */
function recommendation(made: readonly RecommendationId[], at: number): RecommendationId {
  const id = made[at];
  if (id === undefined) throw new Error('the demo text names a recommendation that is not there');
  return id;
}

interface Proposal {
  readonly strike?: string | undefined;
  readonly insert?: string | undefined;
  readonly after?: string | undefined;
}

/** Types an amendment as its delegate would: in a document of the delegate's own, judged by the room. */
async function propose(room: Room, at: number, { strike, insert, after }: Proposal, by: Principal) {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, room.stateFor());
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  const element = textOf(doc).get(at);
  const words = element instanceof Y.XmlElement ? element.get(0) : null;
  const clause = room.text()[at];
  if (!(words instanceof Y.XmlText) || clause === undefined)
    throw new Error('the demo text names a clause that is not there');
  const text = clauseText(clause);
  const anchor = strike ?? after ?? '';
  const place = text.indexOf(anchor);
  if (place < 0) throw new Error(`the demo text names words that are not there: ${anchor}`);
  const mark = newMarkId();
  doc.transact(() => {
    if (strike !== undefined) words.format(place, strike.length, { [markKey('deletion', mark)]: { id: mark } });
    if (insert !== undefined) {
      const end = place + anchor.length;
      const inherited = Object.fromEntries(Object.keys(attributesAt(words, end - 1)).map((key) => [key, null]));
      words.insert(end, insert, { ...inherited, [markKey('insertion', mark)]: { id: mark } });
    }
  });
  const party = by.party;
  if (party === null) throw new Error('an amendment is a party’s');
  await room.submit({
    kind: 'edit',
    onBehalfOf: null,
    update: Y.mergeUpdates(updates),
    writer: {
      principal: by,
      capacity: () => ({ proposesFor: party }),
      clients: new Set([doc.clientID]),
      mayBind: () => true,
    },
  });
  doc.destroy();
  return mark;
}

/** The marks on the character at a place: text typed after it must not inherit them. */
function attributesAt(words: Y.XmlText, place: number): Record<string, unknown> {
  let passed = 0;
  for (const { insert, attributes } of words.toDelta() as { insert: string; attributes?: Record<string, unknown> }[]) {
    passed += insert.length;
    if (place < passed) return attributes ?? {};
  }
  return {};
}
