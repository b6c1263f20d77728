import { z } from 'zod';
import { Compilation } from '../meeting/compilation.ts';
import { CurrentClause, ObserverView, Participant, Party, RecommendationHeading, Topic } from '../meeting/meeting.ts';
import { PartyKind, Principal, Role } from '../meeting/principal.ts';
import { AmendmentNumber } from '../negotiation/families/amendment/numbers.ts';
import { AmendmentState } from '../negotiation/families/amendment/state.ts';
import { CoSponsor } from '../negotiation/families/sponsoring/state.ts';
import { Status } from '../negotiation/families/status/state.ts';
import { Digest } from '../text/digest.ts';
import { clauseKinds } from '../text/schema.ts';
import { visibleName } from '../text/visible.ts';
import { AccountId, ClauseId, MarkId, MeetingId, ParticipantId, PartyCode, RecommendationId } from './ids.ts';

/**
 * The server's HTTP answers, as schemas: the server's answers are typed by them, the client parses by them, and
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

/** `GET /api/meetings`: the meetings in which the account takes part; all meetings for an administrator. */
export const MeetingList = z.array(
  z.object({
    id: MeetingId,
    name: z.string(),
    createdAt: z.number(),
    /** Null for an administrator who takes no part. */
    role: Role.nullable(),
    party: PartyCode.nullable(),
    /** The account's accreditations there; role and party are those of the first. */
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
  currentClause: CurrentClause.nullable(),
  /**
   * The number of changes of the agenda: `set-topics` and `set-recommendations` name it as `basedOn`. 0 to an observer.
   */
  agendaVersion: z.number().int(),
  /**
   * The participant as whom the reader acts, by `?seat=` or else the first accreditation; null for an administrator who
   * takes no part.
   */
  me: Principal.nullable(),
  /** All accreditations of the reader's account in the meeting. */
  seats: z.array(Principal),
  administrator: z.boolean(),
  parties: z.array(PartyView),
  /**
   * For those who run the meeting (chair, rapporteur, administrator); empty for others. `account`: has accepted the
   * invitation.
   */
  participants: z.array(Participant.extend({ account: AccountId.nullable() })),
  topics: z.array(Topic),
  recommendations: z.array(
    RecommendationHeading.extend({
      /** Null for a text that this version can't open. */
      progress: Progress.nullable(),
    }),
  ),
});
export type MeetingView = z.infer<typeof MeetingView>;

/** Server-Sent Events of `GET /api/meetings/:id/events`, each the JSON of one `message`. */
export const MeetingNotice = z.discriminatedUnion('type', [
  /** The meeting itself changed: fetch it again. */
  z.object({ type: z.literal('meeting') }),
  z.object({ type: z.literal('progress'), recommendation: RecommendationId, progress: Progress }),
  z.object({ type: z.literal('current clause'), currentClause: CurrentClause.nullable() }),
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
  /** The last entry of the log that this view includes. */
  sequence: z.number().int(),
  /** Whether clauses that are adopted keep bis (`freeze-numbering`). */
  numbersFrozen: z.boolean(),
  clauses: z.array(
    z.object({
      id: ClauseId,
      /** Beside the clause: `2.`, `2 bis`, `(a)`; empty for opening lines and preambular paragraphs. */
      label: z.string(),
      /** In its recommendation: `2 (a)`; for opening lines and preambular paragraphs, the position among those. */
      number: z.string(),
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
      /** For ever, in the order in which amendments were made: A12; A12.1 was made to A12. */
      number: AmendmentNumber,
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
      /** Of its words in the text, for `seen`; null where it has none. */
      digest: Digest.nullable(),
    }),
  ),
  /** The open brackets. */
  brackets: z.array(
    z.object({ id: MarkId, party: PartyCode, clauses: z.array(ClauseId), words: z.string(), digest: Digest }),
  ),
});
export type RecommendationView = z.infer<typeof RecommendationView>;

/** The words that an amendment strikes and inserts in one clause. */
export const HistoryWords = z.object({ struck: z.string(), brought: z.string() });
export type HistoryWords = z.infer<typeof HistoryWords>;

/** One effect of an act. Long words are cut, with an ellipsis. */
export const HistoryItem = z.discriminatedUnion('of', [
  z.object({
    of: z.literal('amendment'),
    id: MarkId,
    party: PartyCode,
    /** Its state after the act. */
    state: AmendmentState,
    /** Its former proposal; null where it proposed nothing. */
    before: HistoryWords.nullable(),
    /** Its later proposal; null once it is withdrawn or decided. */
    after: HistoryWords.nullable(),
    /** Parties that were asked to sponsor it, that sponsor it now, and that no longer do. */
    asked: z.array(PartyCode),
    joined: z.array(PartyCode),
    left: z.array(PartyCode),
  }),
  z.object({
    of: z.enum(['bracket', 'comment']),
    id: MarkId,
    party: PartyCode,
    /** The words in the bracket before and after the act; null where there are none. */
    before: z.string().nullable(),
    after: z.string().nullable(),
  }),
  /** Words of the text in force that no amendment inserted or struck. */
  z.object({ of: z.literal('text'), ...HistoryWords.shape }),
  z.object({ of: z.literal('status'), status: Status }),
  z.object({ of: z.literal('sponsors'), sponsors: z.array(PartyCode) }),
]);
export type HistoryItem = z.infer<typeof HistoryItem>;

/**
 * One act on a clause: a command, or one participant's typing for one amendment (or into the text in force) until a
 * pause of five minutes or another person's act.
 */
export const HistoryAct = z.object({
  /** Its first and last entry in the log, and their times, ms since 1970. */
  first: z.number().int(),
  last: z.number().int(),
  from: z.number(),
  to: z.number(),
  by: z.object({
    /** Null for an administrator, or the server itself, who take no part. */
    participant: ParticipantId.nullable(),
    name: z.string(),
    party: PartyCode.nullable(),
    role: Role.nullable(),
  }),
  onBehalfOf: PartyCode.nullable(),
  /** "typing", or the type of the command. */
  command: z.string(),
  reason: z.string().nullable(),
  /** Whether the act added the clause, or removed it. */
  clause: z.enum(['new', 'gone']).nullable(),
  items: z.array(HistoryItem),
  /** The number of effects that are left out, since there are too many. */
  more: z.number().int(),
});
export type HistoryAct = z.infer<typeof HistoryAct>;

/** `GET /api/recommendations/:id/clauses/:clause/history?before=&after=&limit=`: a page of acts. */
export const History = z.object({
  /** The newest first; with `after`, the oldest first. */
  acts: z.array(HistoryAct),
  /** The `before` for the previous page, and the `after` for the next page; null where there is none. */
  earlier: z.number().int().nullable(),
  later: z.number().int().nullable(),
  /** The last entry of the log that this page includes. */
  sequence: z.number().int(),
});
export type History = z.infer<typeof History>;

export const HistoryQuery = z.object({
  before: z.coerce
    .number()
    .int()
    .positive()
    .optional()
    .describe('The number of an entry of the log: acts that had ended before it.'),
  after: z.coerce
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('The number of an entry of the log: acts that began after it.'),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(200)
    .default(50)
    .describe('How many acts a page has at the most. It may have fewer.'),
});
export type HistoryQuery = z.infer<typeof HistoryQuery>;

/** A command's answer: the number of its entry. */
export const Accepted = z.object({ sequence: z.number().int() });

/** The answer of `accredit`: the participant, for whom an invitation link can be made. */
export const Accredited = z.object({ participant: ParticipantId });
export type Accredited = z.infer<typeof Accredited>;

export const InvitationLink = z.object({ link: z.string(), expiresAt: z.number() });
export type InvitationLink = z.infer<typeof InvitationLink>;

/** `POST /api/imports`: a compilation as its importer corrected it, and the meeting's name. */
export const ImportOrder = z.object({ meeting: visibleName(300), compilation: Compilation });
export type ImportOrder = z.infer<typeof ImportOrder>;
export const Created = z.object({ meeting: MeetingId });

/** Every refusal: its code (`errorCatalogue`), and a sentence in the language of the request. */
export const Refused = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    /** The clause concerned. */
    clause: z.string().optional(),
    /** The part of the request that is wrong; for `too-many-requests`, the seconds to wait. */
    field: z.string().optional(),
  }),
});

/** Presence from server to client. From client to server only the cursor counts. */
export const Presence = z.object({
  user: z.object({ participant: ParticipantId, name: z.string(), party: PartyCode.nullable(), role: Role }),
  cursor: z.object({ anchor: z.unknown(), head: z.unknown() }).nullable(),
});
export type Presence = z.infer<typeof Presence>;

export { PartyKind };
