import { z } from 'zod';
import { Compilation } from './compilation.ts';
import { Digest } from './digest.ts';
import { AccountId, ClauseId, MarkId, MeetingId, ParticipantId, PartyCode, RecommendationId } from './ids.ts';
import { AmendmentState, CoSponsor, MarkRecord, Status } from './ledger.ts';
import { Floor, ObserverView, Participant, Party, RecommendationHeading, Topic } from './meeting.ts';
import { PartyKind, Principal, Role } from './principal.ts';
import { clauseKinds } from './schema.ts';

/**
 * What the server answers over HTTP, as schemas: the server's answers are typed by them, the client parses by them, and
 * `/api/openapi.json` is made from them.
 */

export const Progress = z.object({
  clauses: z.number().int(),
  agreed: z.number().int(),
  adReferendum: z.number().int(),
  open: z.number().int(),
  unresolved: z.number().int(),
  amendments: z.number().int(),
});

/** `GET /api/meetings`: those that the account takes part in; all of them for an administrator. */
export const MeetingList = z.array(
  z.object({
    id: MeetingId,
    name: z.string(),
    createdAt: z.number(),
    /** Null for an administrator who takes no part. */
    role: Role.nullable(),
    party: PartyCode.nullable(),
    /** Every seat that the account has there; role and party are those of the first. */
    seats: z.array(Principal),
    recommendations: z.number().int(),
  }),
);
export type MeetingList = z.infer<typeof MeetingList>;

/** A party with its place in the palette: 0–23, the same on every screen of the meeting. */
export const PartyView = Party.extend({ colour: z.number().int().min(0).max(23) });
export type PartyView = z.infer<typeof PartyView>;

/** `GET /api/meetings/:id`. To an observer, only as much as the chair opened. */
export const MeetingView = z.object({
  id: MeetingId,
  name: z.string(),
  drafting: z.boolean(),
  observerView: ObserverView,
  floor: Floor.nullable(),
  /** How often the agenda changed: `set-topics` and `set-recommendations` name it as `basedOn`. 0 to an observer. */
  agendaVersion: z.number().int(),
  /** Whose name the reader acts in, by `?seat=` or else the first seat; null for an administrator who takes no part. */
  me: Principal.nullable(),
  /** Every seat that the reader's account has in the meeting. */
  seats: z.array(Principal),
  administrator: z.boolean(),
  parties: z.array(PartyView),
  /** For those who run the meeting (chair, rapporteur, administrator); empty for others. `account`: has taken up the invitation. */
  participants: z.array(Participant.extend({ account: AccountId.nullable() })),
  topics: z.array(Topic),
  recommendations: z.array(RecommendationHeading.extend({ progress: Progress })),
});
export type MeetingView = z.infer<typeof MeetingView>;

/** Server-Sent Events of `GET /api/meetings/:id/events`, each the JSON of one `message`. */
export const MeetingNotice = z.discriminatedUnion('type', [
  /** The meeting itself changed: fetch it again. */
  z.object({ type: z.literal('meeting') }),
  z.object({ type: z.literal('progress'), recommendation: RecommendationId, progress: Progress }),
  z.object({ type: z.literal('floor'), floor: Floor.nullable() }),
]);
export type MeetingNotice = z.infer<typeof MeetingNotice>;

export const RunView = z.object({
  text: z.string(),
  marks: z.object({
    insertion: z.array(MarkId),
    deletion: z.array(MarkId),
    bracket: z.array(MarkId),
    comment: z.array(MarkId),
    origin: z.array(MarkId),
  }),
});

/** `GET /api/recommendations/:id`, for those who take part; observers read `/meetings/:id/text`. */
export const RecommendationView = z.object({
  id: RecommendationId,
  meeting: MeetingId,
  heading: z.string(),
  topic: z.string(),
  /** The last entry of the log that this shows. */
  sequence: z.number().int(),
  clauses: z.array(
    z.object({
      id: ClauseId,
      label: z.string(),
      kind: z.enum(clauseKinds),
      level: z.number().int(),
      text: z.string(),
      runs: z.array(RunView),
      /** The amendment that proposes the whole clause, or null. */
      insertion: MarkId.nullable(),
      sponsors: z.array(PartyCode),
      status: Status,
      /** Of its words in force: a command that agrees on them names it in `seen`. */
      digest: Digest,
    }),
  ),
  amendments: z.array(
    z.object({
      id: MarkId,
      kind: z.enum(['add', 'delete', 'replace', 'new clause', 'delete clause']).nullable(),
      party: PartyCode,
      /** The pending amendment that it amends; null for one to the text in force. */
      parent: MarkId.nullable(),
      sponsors: z.array(CoSponsor),
      state: AmendmentState,
      reason: z.string(),
      clause: ClauseId,
      clauses: z.array(ClauseId),
      struck: z.string(),
      inserted: z.string(),
      typedBy: z.string(),
      at: z.number(),
      /** Of the words that it has in the text, for `seen`; null where it has none. */
      digest: Digest.nullable(),
    }),
  ),
  /** The brackets that stand. */
  brackets: z.array(
    z.object({ id: MarkId, party: PartyCode, clauses: z.array(ClauseId), words: z.string(), digest: Digest }),
  ),
});
export type RecommendationView = z.infer<typeof RecommendationView>;

/** One line of `GET /api/recommendations/:id/clauses/:clause/history`: an entry that changed the clause. */
export const HistoryLine = z.object({
  sequence: z.number().int(),
  at: z.number(),
  by: Principal,
  onBehalfOf: PartyCode.nullable(),
  /** "typing", or the type of the command. */
  command: z.string(),
  reason: z.string().nullable(),
  /** The clause's words after the entry, runs and all; null once it is gone. */
  runs: z.array(RunView).nullable(),
  status: Status,
});
export const History = z.object({ lines: z.array(HistoryLine), marks: z.record(z.string(), MarkRecord) });
export type History = z.infer<typeof History>;

/** A command's answer: the number of its entry. */
export const Accepted = z.object({ sequence: z.number().int() });

export const InvitationLink = z.object({ link: z.string(), expiresAt: z.number() });
export type InvitationLink = z.infer<typeof InvitationLink>;

/** `POST /api/imports`: a compilation as its importer corrected it, and the meeting's name. */
export const ImportOrder = z.object({ meeting: z.string().trim().min(1).max(300), compilation: Compilation });
export type ImportOrder = z.infer<typeof ImportOrder>;
export const Created = z.object({ meeting: MeetingId });

export const Refused = z.object({
  error: z.object({ code: z.string(), message: z.string(), clause: z.string().optional() }),
});

/** Server → client presence, and the only thing a client may say of itself is its cursor. */
export const Presence = z.object({
  user: z.object({ participant: ParticipantId, name: z.string(), party: PartyCode.nullable(), role: Role }),
  cursor: z.object({ anchor: z.unknown(), head: z.unknown() }).nullable(),
});
export type Presence = z.infer<typeof Presence>;

export { PartyKind };
