import { Hono } from 'hono';
import { z } from 'zod';
import { Compilation } from '../../shared/meeting/compilation.ts';
import type { Registry } from '../../shared/negotiation/registry.ts';
import { DemoView, InvitationView, SessionView } from '../../shared/protocol/access.ts';
import {
  Accepted,
  Accredited,
  Created,
  History,
  InvitationLink,
  MeetingList,
  MeetingNotice,
  MeetingView,
  Progress,
  RecommendationView,
  Refused,
} from '../../shared/protocol/contract.ts';
import { errorCatalogue } from '../../shared/protocol/errors.ts';
import { type Answer, type Operation, operationsOf } from './operations.ts';

/** A client must accept unknown codes of later versions; the description lists those of this one. */
const ErrorCode = z.enum(Object.keys(errorCatalogue));
const DescribedRefusal = Refused.extend({ error: Refused.shape.error.extend({ code: ErrorCode }) });

/** Schemas of answers that the description defines once, under their name. */
const named = {
  Accepted,
  Accredited,
  Compilation,
  Created,
  DemoView,
  ErrorCode,
  History,
  InvitationLink,
  InvitationView,
  MeetingList,
  MeetingNotice,
  MeetingView,
  Progress,
  RecommendationView,
  Refused: DescribedRefusal,
  SessionView,
};
const registry = z.registry<{ id: string }>();
for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });

type JsonSchema = Record<string, unknown>;

const options = {
  // A predicate or an `overwrite` has no counterpart in JSON Schema, and narrows what the rest of the schema says.
  unrepresentable: 'any',
  override: ({ jsonSchema }: { jsonSchema: JsonSchema }): void => {
    // Answers may get more fields in a later version.
    if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    // The range of every integer, which needn't be repeated for each.
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  },
} as const;

/** The place of a component; in a schema of its own, zod repeats the dialect, which OpenAPI declares already. */
const place = (id: string): string => `#/components/schemas/${id}`;
const bare = ({ $schema: _, $id: __, ...schema }: JsonSchema): JsonSchema => schema;

function componentSchemas(): Record<string, JsonSchema> {
  const { schemas } = z.toJSONSchema(registry, { ...options, io: 'output', uri: place });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, bare(schema)]));
}

const inputSchema = (schema: z.core.$ZodType): JsonSchema => bare(z.toJSONSchema(schema, { ...options, io: 'input' }));

function outputSchema(schema: z.ZodType): JsonSchema {
  const id = registry.get(schema)?.id;
  return id === undefined ? bare(z.toJSONSchema(schema, { ...options, io: 'output' })) : { $ref: place(id) };
}

const json = (schema: JsonSchema) => ({ 'application/json': { schema } });

function responseOf(answer: Answer, summary: string): { readonly status: number; readonly response: object } {
  switch (answer.kind) {
    case 'nothing':
      return {
        status: 204,
        response: {
          description: summary,
          ...(answer.setsCookie === true ? { headers: { 'Set-Cookie': { schema: { type: 'string' } } } } : {}),
        },
      };
    case 'json':
      return {
        status: answer.status ?? 200,
        response: { description: summary, content: json(outputSchema(answer.schema)) },
      };
    case 'events': {
      const contentSchema = outputSchema(answer.message);
      const schema = {
        type: 'string',
        description: 'Events; the data of each is JSON.',
        contentMediaType: 'application/json',
        contentSchema,
      };
      return { status: 200, response: { description: summary, content: { 'text/event-stream': { schema } } } };
    }
    case 'text':
      return {
        status: 200,
        response: { description: summary, content: { [answer.type]: { schema: { type: 'string' } } } },
      };
  }
}

const isRequired = (schema: JsonSchema, name: string): boolean =>
  Array.isArray(schema.required) && schema.required.includes(name);

function parametersOf({ parameters = {}, query }: Operation): readonly object[] {
  const inPath = Object.entries(parameters).map(([name, schema]) => ({
    name,
    in: 'path',
    required: true,
    schema: inputSchema(schema),
  }));
  if (query === undefined) return inPath;
  const whole = inputSchema(query);
  const inQuery = Object.entries(query.shape).map(([name, schema]) => {
    const { description, ...rest } = inputSchema(schema);
    return { name, in: 'query', required: isRequired(whole, name), description, schema: rest };
  });
  return [...inPath, ...inQuery];
}

function bodyOf({ body }: Operation): object {
  if (body === undefined) return {};
  if (body === 'file') return { requestBody: { required: true, content: { 'application/octet-stream': {} } } };
  const schema = inputSchema(body);
  // An empty body counts as an empty object.
  return { requestBody: { required: Array.isArray(schema.required), content: json(schema) } };
}

function operationOf(operation: Operation): object {
  const { summary, answer, open } = operation;
  const { status, response } = responseOf(answer, summary);
  return {
    summary,
    ...(open === true ? { security: [] } : {}),
    parameters: parametersOf(operation),
    ...bodyOf(operation),
    responses: { [status]: response, default: { $ref: '#/components/responses/Refusal' } },
  };
}

function describe(all: readonly Operation[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of all)
    paths[operation.path] = { ...paths[operation.path], [operation.method]: operationOf(operation) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Concord',
      version: '1',
      description:
        'Delegations draft together. Text is edited over the WebSocket `/sync/{recommendation}` in the y-websocket protocol; everything else is here.',
    },
    components: {
      securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'concord_session' } },
      schemas: componentSchemas(),
      responses: {
        Refusal: {
          description: 'A refusal: its code, and a sentence in the language of the request.',
          content: json({ $ref: place('Refused') }),
        },
      },
    },
    security: [{ session: [] }],
    paths,
  };
}

/** `/api/openapi.json`, made from the schemas by which the server parses and answers. */
export function openApiRoutes(commands: Registry): Hono {
  // Anybody may ask, at any rate.
  const bytes = new TextEncoder().encode(JSON.stringify(describe(operationsOf(commands))));
  return new Hono().get('/api/openapi.json', (c) => c.body(bytes, 200, { 'Content-Type': 'application/json' }));
}
