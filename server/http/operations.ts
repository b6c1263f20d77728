import { z } from 'zod';
import { Compilation } from '../../shared/meeting/compilation.ts';
import { MeetingCommand } from '../../shared/meeting/meeting.ts';
import type { Registry } from '../../shared/negotiation/registry.ts';
import { DemoView, InvitationView, SessionView, SignIn, TakeUp } from '../../shared/protocol/access.ts';
import {
  Accepted,
  Accredited,
  Created,
  History,
  HistoryQuery,
  ImportOrder,
  InvitationLink,
  MeetingList,
  MeetingNotice,
  MeetingView,
  RecommendationView,
} from '../../shared/protocol/contract.ts';
import { ClauseId, MeetingId, ParticipantId, RecommendationId } from '../../shared/protocol/ids.ts';
import { languages } from '../../shared/words/words.ts';

/** The answer of a route without refusals. */
export type Answer =
  | { readonly kind: 'nothing'; readonly setsCookie?: true }
  | { readonly kind: 'json'; readonly schema: z.ZodType; readonly status?: 200 | 201 }
  /** Server-Sent Events; the data of each is the JSON of a `message`. */
  | { readonly kind: 'events'; readonly message: z.ZodType }
  | { readonly kind: 'text'; readonly type: string };

/** A route of the server, described for programs. */
export interface Operation {
  readonly method: 'get' | 'post' | 'delete';
  readonly path: string;
  readonly summary: string;
  /** The parameters in the path, by name. */
  readonly parameters?: Readonly<Record<string, z.ZodType>>;
  /** The query parameters. */
  readonly query?: z.ZodObject;
  /** The JSON body, or a file's bytes. */
  readonly body?: z.ZodType | 'file';
  readonly answer: Answer;
  /** No session is needed. */
  readonly open?: true;
}

const nothing = { kind: 'nothing' } as const;
const json = (schema: z.ZodType): Answer => ({ kind: 'json', schema });

/** The accreditation under which a request about a meeting is made. */
const ActsAs = z.object({
  seat: ParticipantId.optional().describe(
    'The participant as whom the account acts, where it has several accreditations in the meeting.',
  ),
});
const Lang = z.object({
  lang: z.enum(languages).optional().describe('The language of the answer, instead of `Accept-Language`.'),
});
const For = z.object({
  for: z.literal('observers').optional().describe('Asks for the view that the chair opened for observers.'),
});
const Version = z.object({
  version: z.coerce
    .number()
    .int()
    .optional()
    .describe('The version of the page that is shown, unless `Last-Event-ID` says it.'),
});

const ofMeeting = { parameters: { id: MeetingId }, query: ActsAs };
const ofRecommendation = { parameters: { id: RecommendationId }, query: ActsAs };
const Token = z.string();

/** One change of the observers' page or of the projector: of a clause, or of a part of the page. */
const Patch = z.union([
  z.object({ recommendation: RecommendationId, clause: z.string(), after: z.string().nullable(), html: z.string() }),
  z.object({ recommendation: RecommendationId, remove: z.string() }),
  z.object({ part: z.string(), html: z.string() }),
  z.object({ reload: z.literal(true) }),
]);

const sessions: readonly Operation[] = [
  {
    method: 'post',
    path: '/api/session',
    summary: 'Signs in; the answer sets the session cookie.',
    body: SignIn,
    answer: { kind: 'nothing', setsCookie: true },
    open: true,
  },
  { method: 'get', path: '/api/session', summary: 'The account that is signed in.', answer: json(SessionView) },
  {
    method: 'delete',
    path: '/api/session',
    summary: 'Signs out; the answer takes the session cookie back.',
    answer: { kind: 'nothing', setsCookie: true },
  },
  {
    method: 'delete',
    path: '/api/sessions',
    summary: 'Signs out everywhere: ends all sessions of the account.',
    answer: { kind: 'nothing', setsCookie: true },
  },
  {
    method: 'get',
    path: '/api/demo',
    summary: 'The accounts of the demo and their password; `not-found` where the server has no demo.',
    answer: json(DemoView),
    open: true,
  },
];

const invitations: readonly Operation[] = [
  {
    method: 'get',
    path: '/api/invitations/{token}',
    summary: 'The purpose of an invitation, without using it up.',
    parameters: { token: Token },
    answer: json(InvitationView),
    open: true,
  },
  {
    method: 'post',
    path: '/api/invitations/{token}',
    summary:
      'Takes up an invitation, once: with a name and a password for a new account, with neither for the account that is signed in.',
    parameters: { token: Token },
    body: TakeUp,
    answer: { kind: 'nothing', setsCookie: true },
    open: true,
  },
  {
    method: 'post',
    path: '/api/meetings/{id}/participants/{participant}/invitation',
    summary: 'Makes a single-use invitation link for a participant; the link before leads nowhere from then on.',
    parameters: { id: MeetingId, participant: ParticipantId },
    query: ActsAs,
    answer: json(InvitationLink),
  },
];

const meetings: readonly Operation[] = [
  {
    method: 'get',
    path: '/api/meetings',
    summary: 'The meetings that the account takes part in; all of them for an administrator.',
    answer: json(MeetingList),
  },
  {
    method: 'get',
    path: '/api/meetings/{id}',
    summary: 'A meeting: topics, recommendations with their progress, parties.',
    ...ofMeeting,
    answer: json(MeetingView),
  },
  {
    method: 'get',
    path: '/api/meetings/{id}/events',
    summary: 'Changes in the meeting, as Server-Sent Events.',
    ...ofMeeting,
    answer: { kind: 'events', message: MeetingNotice },
  },
  ...MeetingCommand.options.map((option): Operation => {
    const type = option.shape.type.value;
    return {
      method: 'post',
      path: `/api/meetings/{id}/${type}`,
      summary: `Executes "${type}" in a meeting.`,
      ...ofMeeting,
      body: withoutType(option),
      answer: type === 'accredit' ? json(Accredited) : nothing,
    };
  }),
  {
    method: 'post',
    path: '/api/imports/preview',
    summary: 'Reads a text compilation (the file as the body) and stores nothing.',
    query: Lang,
    body: 'file',
    answer: json(Compilation),
  },
  {
    method: 'post',
    path: '/api/imports',
    summary: 'Makes a meeting of a corrected compilation.',
    body: ImportOrder,
    answer: { kind: 'json', schema: Created, status: 201 },
  },
];

const recommendations: readonly Operation[] = [
  {
    method: 'get',
    path: '/api/recommendations/{id}',
    summary: 'A recommendation: clauses with label, text, runs with their marks, sponsors and status; amendments.',
    parameters: { id: RecommendationId },
    query: ActsAs.extend({
      language: z.string().optional().describe('The language of the labels, instead of `Accept-Language`.'),
    }),
    answer: json(RecommendationView),
  },
  {
    method: 'get',
    path: '/api/recommendations/{id}/clauses/{clause}/history',
    summary: 'The history of a clause, act by act, in pages; the newest first, with `after` the oldest.',
    parameters: { id: RecommendationId, clause: ClauseId },
    query: ActsAs.extend(HistoryQuery.shape),
    answer: json(History),
  },
];

const commandsOf = ({ kinds }: Registry): readonly Operation[] =>
  kinds.map(({ type, summary, body }) => ({
    method: 'post',
    path: `/api/recommendations/{id}/${type}`,
    summary,
    ...ofRecommendation,
    body,
    answer: json(Accepted),
  }));

const reading: readonly Operation[] = [
  {
    method: 'get',
    path: '/meetings/{id}/text',
    summary: 'The text of a meeting as a page, as far as the chair lets observers see it.',
    parameters: { id: MeetingId },
    query: ActsAs.extend(Lang.shape),
    answer: { kind: 'text', type: 'text/html' },
    open: true,
  },
  {
    method: 'get',
    path: '/meetings/{id}/text/events',
    summary: 'Changes of that page, as Server-Sent Events, each with the version of the page that it makes.',
    parameters: { id: MeetingId },
    query: ActsAs.extend(Lang.shape).extend(Version.shape),
    answer: { kind: 'events', message: z.array(Patch) },
  },
  {
    method: 'get',
    path: '/meetings/{id}/screen',
    summary: 'The clause under discussion as a page for a projector.',
    parameters: { id: MeetingId },
    query: ActsAs.extend(Lang.shape).extend(For.shape),
    answer: { kind: 'text', type: 'text/html' },
    open: true,
  },
  {
    method: 'get',
    path: '/meetings/{id}/screen/events',
    summary: 'Changes of that page, as Server-Sent Events, each with the version of the page that it makes.',
    parameters: { id: MeetingId },
    query: ActsAs.extend(Lang.shape).extend(For.shape).extend(Version.shape),
    answer: { kind: 'events', message: z.array(Patch) },
  },
  {
    method: 'get',
    path: '/screen.css',
    summary: 'The stylesheet of the projector.',
    answer: { kind: 'text', type: 'text/css' },
    open: true,
  },
  {
    method: 'get',
    path: '/reading.css',
    summary: "The stylesheet of the observers' page.",
    answer: { kind: 'text', type: 'text/css' },
    open: true,
  },
  {
    method: 'get',
    path: '/reading.js',
    summary: 'The script of both pages.',
    answer: { kind: 'text', type: 'text/javascript' },
    open: true,
  },
];

const server: readonly Operation[] = [
  {
    method: 'get',
    path: '/healthz',
    summary: 'Whether a write reaches the disk.',
    answer: { kind: 'text', type: 'text/plain' },
    open: true,
  },
  {
    method: 'get',
    path: '/api/openapi.json',
    summary: 'This description.',
    answer: json(z.looseObject({ openapi: z.string() })),
    open: true,
  },
];

/**
 * Every route of the server except the client's own files and pages. A test compares them with those that are
 * registered.
 */
export const operationsOf = (commands: Registry): readonly Operation[] => [
  ...sessions,
  ...invitations,
  ...meetings,
  ...recommendations,
  ...commandsOf(commands),
  ...reading,
  ...server,
];

/** A command's body: the command without its type, which stands in the path. */
function withoutType(command: z.ZodObject): z.ZodType {
  return command.omit({ type: true });
}
