import type { Compilation } from '../../shared/meeting/compilation.ts';
import type { MeetingEvent, Participant, Party } from '../../shared/meeting/meeting.ts';
import type { Role } from '../../shared/meeting/principal.ts';
import { type Actor, nameOf } from '../../shared/negotiation/act.ts';
import { clausesEntered } from '../../shared/negotiation/families/clause/events.ts';
import {
  type ClauseId,
  type MeetingId,
  newClauseId,
  newMeetingId,
  newParticipantId,
  newRecommendationId,
  newTopicId,
  type ParticipantId,
  type PartyCode,
  type RecommendationId,
} from '../../shared/protocol/ids.ts';
import type { Clause } from '../../shared/text/clause.ts';
import { noMarks } from '../../shared/text/clause.ts';
import type { ClauseKind } from '../../shared/text/schema.ts';
import { deepestLevel } from '../../shared/text/schema.ts';
import type { Rooms } from '../room/rooms.ts';
import type { Meetings } from './meetings.ts';

/** A text to be stored: from the importer, or from the demo. */
export interface Plan {
  readonly name: string;
  readonly parties: readonly Party[];
  readonly participants: readonly Omit<Participant, 'id' | 'ended'>[];
  readonly topics: readonly {
    readonly heading: string;
    readonly level: number;
    readonly recommendations: readonly {
      readonly heading: string;
      readonly clauses: readonly {
        readonly kind: ClauseKind;
        readonly level: number;
        readonly text: string;
        readonly sponsors: readonly PartyCode[];
      }[];
    }[];
  }[];
}

export interface Made {
  readonly meeting: MeetingId;
  readonly participants: readonly Participant[];
  /** In the order of the plan, topic by topic. */
  readonly recommendations: readonly RecommendationId[];
}

/**
 * Stores a meeting and its texts, all or nothing. Each text is the first entry of its log, in the name of the person
 * who imported it; the texts of an interrupted import belong to no meeting.
 */
export async function makeMeeting(
  { meetings, rooms, now }: { readonly meetings: Meetings; readonly rooms: Rooms; readonly now: () => number },
  plan: Plan,
  by: Actor,
  source: string,
): Promise<Made> {
  const meeting = newMeetingId();
  const participants = plan.participants.map((participant) => ({
    ...participant,
    id: newParticipantId(),
    ended: false,
  }));
  const topics = plan.topics.map(({ heading, level }) => ({ id: newTopicId(), heading, level }));
  const texts = plan.topics.flatMap(({ recommendations }, at) =>
    recommendations.flatMap((recommendation) => {
      const topic = topics[at];
      return topic === undefined ? [] : [{ id: newRecommendationId(), topic: topic.id, ...recommendation }];
    }),
  );
  const events: MeetingEvent[] = [
    { type: 'meeting created', id: meeting, name: plan.name, at: now() },
    ...plan.parties.map((party): MeetingEvent => ({ type: 'party set', party })),
    ...participants.map((participant): MeetingEvent => ({ type: 'participant accredited', participant })),
    { type: 'topics set', topics },
    { type: 'recommendations set', recommendations: texts.map(({ id, topic, heading }) => ({ id, topic, heading })) },
  ];
  await Promise.all(
    texts.map(async ({ id, clauses }) => {
      if (clauses.length === 0) return;
      const text = clauses.map(
        (clause): Clause => ({
          id: newClauseId(),
          kind: clause.kind,
          level: clause.level,
          insertion: null,
          runs: clause.text === '' ? [] : [{ text: clause.text, marks: noMarks }],
        }),
      );
      const bySponsors = new Map<string, { clauses: ClauseId[]; sponsors: PartyCode[] }>();
      for (const [at, { id: clause }] of text.entries()) {
        const sponsors = [...(clauses[at]?.sponsors ?? [])];
        const known = bySponsors.get(sponsors.join());
        if (known === undefined) bySponsors.set(sponsors.join(), { clauses: [clause], sponsors });
        else known.clauses.push(clause);
      }
      const events = [...bySponsors.values()].map((entered) => clausesEntered.make(entered));
      await rooms.begin(id, { kind: 'text', by, source, text, events });
    }),
  );
  // The meeting comes last, in one entry: until then, nothing that was interrupted is anybody's text.
  await meetings.create(meeting, events, nameOf(by));
  return { meeting, participants, recommendations: texts.map(({ id }) => id) };
}

/** Makes a meeting of a compilation. The importer becomes its first participant. */
export async function createMeeting(
  services: Parameters<typeof makeMeeting>[0],
  { meeting: name, compilation }: { readonly meeting: string; readonly compilation: Compilation },
  importer: { readonly name: string; readonly role: Role },
): Promise<{ readonly meeting: MeetingId; readonly importer: ParticipantId }> {
  const plan = planOf(name, compilation, importer);
  const made = await makeMeeting(services, plan, { operator: importer.name }, 'import');
  const [first] = made.participants;
  if (first === undefined) throw new Error('a meeting is made with its importer');
  return { meeting: made.meeting, importer: first.id };
}

function planOf(name: string, compilation: Compilation, importer: { name: string; role: Role }): Plan {
  const codes = new Map<string, PartyCode>();
  for (const { code, name: spelled, aliases } of compilation.parties)
    for (const known of [code, spelled, ...aliases]) if (!codes.has(known)) codes.set(known, code);
  const codesOf = (sponsors: readonly string[]): PartyCode[] => [
    ...new Set(sponsors.flatMap((sponsor) => codes.get(sponsor) ?? [])),
  ];
  return {
    name,
    parties: compilation.parties.map(({ code, name: spelled, kind, aliases }) => ({
      code,
      names: { en: spelled },
      kind,
      aliases: [...aliases],
      members: [],
    })),
    participants: [{ name: importer.name, party: null, role: importer.role }],
    topics: compilation.topics.map(({ heading, level, recommendations }) => ({
      heading,
      level,
      recommendations: recommendations.map((recommendation) => ({
        heading: recommendation.heading,
        clauses: recommendation.clauses.map((clause) => ({
          kind: 'operative',
          level: Math.min(clause.level, deepestLevel),
          text: clause.text,
          sponsors: codesOf(clause.sponsors),
        })),
      })),
    })),
  };
}
