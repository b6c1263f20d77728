import { Hono } from 'hono';
import { z } from 'zod';
import { Compilation } from '../../shared/meeting/compilation.ts';
import { MeetingCommand } from '../../shared/meeting/meeting.ts';
import { registry } from '../../shared/negotiation/registry.ts';
import {
  Accepted,
  Created,
  History,
  ImportOrder,
  InvitationLink,
  MeetingList,
  MeetingView,
  RecommendationView,
  Refused,
} from '../../shared/protocol/contract.ts';

interface Operation {
  readonly method: 'get' | 'post' | 'delete';
  readonly path: string;
  readonly summary: string;
  readonly body?: z.ZodType;
  readonly status: number;
  readonly answer?: z.ZodType;
  /** No session is needed. */
  readonly open?: boolean;
  /** Optional query parameters. */
  readonly query?: Readonly<Record<string, string>>;
}

/** Requests about a meeting are made under one of its accreditations. */
const seat = { seat: 'The participant in whose name, where the account has several seats in the meeting.' };
const queryOf = ({ path, query }: Operation): Readonly<Record<string, string>> => ({
  ...(/^\/api\/(meetings|recommendations)\/\{id\}/.test(path) ? seat : {}),
  ...query,
});

/** A command's body: the command without its type, which stands in the path. */
const withoutType = (command: z.ZodObject): z.ZodType => command.omit({ type: true });

const nameAndPassword = z.object({ name: z.string(), password: z.string() });

const operations: readonly Operation[] = [
  {
    method: 'post',
    path: '/api/session',
    summary: 'Signs in; the answer sets the session cookie.',
    body: nameAndPassword,
    status: 204,
    open: true,
  },
  { method: 'get', path: '/api/session', summary: 'Who is signed in.', status: 200 },
  { method: 'delete', path: '/api/session', summary: 'Signs out.', status: 204 },
  { method: 'delete', path: '/api/sessions', summary: 'Signs out everywhere.', status: 204 },
  {
    method: 'get',
    path: '/api/invitations/{token}',
    summary: 'What an invitation is for, without using it up.',
    status: 200,
    open: true,
  },
  {
    method: 'post',
    path: '/api/invitations/{token}',
    summary: 'Takes up an invitation, once.',
    body: nameAndPassword.partial(),
    status: 204,
    open: true,
  },
  {
    method: 'get',
    path: '/api/meetings',
    summary: 'The meetings that you take part in.',
    status: 200,
    answer: MeetingList,
  },
  {
    method: 'get',
    path: '/api/meetings/{id}',
    summary: 'A meeting: topics, recommendations with their progress, parties.',
    status: 200,
    answer: MeetingView,
  },
  {
    method: 'get',
    path: '/api/meetings/{id}/events',
    summary: 'What changes in the meeting, as Server-Sent Events.',
    status: 200,
  },
  {
    method: 'post',
    path: '/api/meetings/{id}/participants/{participant}/invitation',
    summary: 'Makes a single-use invitation link for a participant.',
    status: 200,
    answer: InvitationLink,
  },
  {
    method: 'get',
    path: '/api/recommendations/{id}',
    summary: 'A recommendation: clauses with label, text, runs with their marks, sponsors and status; amendments.',
    status: 200,
    answer: RecommendationView,
  },
  {
    method: 'get',
    path: '/api/recommendations/{id}/clauses/{clause}/history',
    summary: 'The history of a clause, act by act, in pages; the newest first, with `after` the oldest.',
    query: {
      before: 'The number of an entry of the log: acts that had ended before it.',
      after: 'The number of an entry of the log: acts that began after it.',
      limit: 'How many acts a page has at the most, 1 to 200; 50 unless told. It may be fewer.',
    },
    status: 200,
    answer: History,
  },
  {
    method: 'post',
    path: '/api/imports/preview',
    summary: 'Reads a text compilation (the file as the body) and stores nothing.',
    status: 200,
    answer: Compilation,
  },
  {
    method: 'post',
    path: '/api/imports',
    summary: 'Makes a meeting of a corrected compilation.',
    body: ImportOrder,
    status: 201,
    answer: Created,
  },
  ...MeetingCommand.options.map(
    (option): Operation => ({
      method: 'post',
      path: `/api/meetings/{id}/${option.shape.type.value}`,
      summary: `Orders "${option.shape.type.value}" in a meeting.`,
      body: withoutType(option),
      status: option.shape.type.value === 'accredit' ? 200 : 204,
    }),
  ),
  ...registry.kinds.map(
    ({ type, summary, body }): Operation => ({
      method: 'post',
      path: `/api/recommendations/{id}/${type}`,
      summary,
      body,
      status: 200,
      answer: Accepted,
    }),
  ),
];

const json = (schema: z.ZodType) => ({
  'application/json': { schema: z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' }) },
});

const description = {
  openapi: '3.1.0',
  info: {
    title: 'Concord',
    version: '1',
    description:
      'Delegations draft together. Text is edited over the WebSocket `/sync/{recommendation}` in the y-websocket protocol; everything else is here.',
  },
  components: { securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'concord_session' } } },
  security: [{ session: [] }],
  paths: operations.reduce<Record<string, Record<string, unknown>>>((paths, operation) => {
    const { method, path, summary, body, status, answer, open } = operation;
    paths[path] = {
      ...paths[path],
      [method]: {
        summary,
        ...(open === true ? { security: [] } : {}),
        parameters: [
          ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
            name,
            in: 'path',
            required: true,
            schema: { type: 'string' },
          })),
          ...Object.entries(queryOf(operation)).map(([name, description]) => ({
            name,
            in: 'query',
            description,
            schema: { type: 'string' },
          })),
        ],
        ...(body === undefined ? {} : { requestBody: { content: json(body) } }),
        responses: {
          [status]: { description: summary, ...(answer === undefined ? {} : { content: json(answer) }) },
          default: {
            description: 'A refusal: its code, and a sentence in the language of the request.',
            content: json(Refused),
          },
        },
      },
    };
    return paths;
  }, {}),
};

/** `/api/openapi.json`, made from the schemas by which the server parses and answers. */
export function openApiRoutes(): Hono {
  // Anybody may ask, at any rate.
  const bytes = new TextEncoder().encode(JSON.stringify(description));
  return new Hono().get('/api/openapi.json', (c) => c.body(bytes, 200, { 'Content-Type': 'application/json' }));
}
