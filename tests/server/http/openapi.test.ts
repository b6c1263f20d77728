import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Operation, operationsOf } from '../../../server/http/operations.ts';
import { registry } from '../../../shared/negotiation/registry.ts';
import { Refused } from '../../../shared/protocol/contract.ts';
import { errorCatalogue, isErrorCode } from '../../../shared/protocol/errors.ts';
import { secret, startMeeting, type TestMeeting } from '../../helpers/meeting.ts';

const operations = operationsOf(registry);

const Schema = z.record(z.string(), z.unknown());
const Content = z.record(z.string(), z.object({ schema: Schema.optional() }));
const Described = z.object({
  summary: z.string().min(10),
  parameters: z.array(z.object({ name: z.string(), in: z.enum(['path', 'query']), schema: Schema })),
  requestBody: z.object({ required: z.boolean(), content: Content }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string().optional(), content: Content.optional() })),
});
const Description = z.object({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), Described)),
  components: z.object({ schemas: z.record(z.string(), Schema), responses: z.record(z.string(), Schema) }),
});

let meeting: TestMeeting;
let description: z.infer<typeof Description>;
let source: unknown;
beforeAll(async () => {
  meeting = await startMeeting();
  source = await (await fetch(`${meeting.url}/api/openapi.json`)).json();
  description = Description.parse(source);
}, 60_000);
afterAll(async () => {
  await meeting.close();
});

const described = () =>
  Object.entries(description.paths).flatMap(([path, of]) =>
    Object.entries(of).map(([method, operation]) => ({ route: `${method} ${path}`, operation })),
  );

/** The files of the client, and its page, which answers for every address that no other route has. */
const clientFiles = ['get /assets/{name}', 'get *'];

describe('[MEET3] The description of the API', () => {
  it('has every route that the server has, and no other', () => {
    const registered = meeting.app.http.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`)
      .map((route) => route.replace('/*', '*'));
    expect([...new Set(registered)].sort()).toEqual([...described().map(({ route }) => route), ...clientFiles].sort());
    expect(operations).toHaveLength(described().length);
  });

  it('is OpenAPI: each parameter of a path is described, each body and each answer has a schema', () => {
    expect(description.openapi).toBe('3.1.0');
    for (const { route, operation } of described()) {
      const inPath = operation.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
      expect([route, inPath]).toEqual([route, [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)]);
      const body = operation.requestBody?.content ?? {};
      for (const [type, { schema }] of Object.entries(body))
        expect([route, type, schema?.type]).toEqual(
          type === 'application/json' ? [route, type, 'object'] : [route, 'application/octet-stream', undefined],
        );
      const [success = ''] = Object.keys(operation.responses).filter((status) => status !== 'default');
      const content = Object.values(operation.responses[success]?.content ?? {});
      expect([route, success, content.length]).toEqual([route, success, success === '204' ? 0 : 1]);
      for (const { schema } of content) expect([route, schema === undefined]).toEqual([route, false]);
      expect(Object.keys(operation.responses)).toContain('default');
    }
  });

  it('refers to nothing that isn’t in it, and to everything that is', () => {
    const refers = new Set([...JSON.stringify(source).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to]) => to));
    const held = [
      ...Object.keys(description.components.schemas).map((name) => `#/components/schemas/${name}`),
      ...Object.keys(description.components.responses).map((name) => `#/components/responses/${name}`),
    ];
    expect([...refers].sort()).toEqual(held.sort());
  });
});

describe('[MEET3] Answers match their description', () => {
  const find = (method: Operation['method'], path: string): Operation => {
    const found = operations.find((one) => one.method === method && one.path === path);
    if (found === undefined) throw new Error(`${method} ${path} is not described`);
    return found;
  };

  /** Compares an answer with its description: the status, and each field of it, so that none is left undescribed. */
  const hold = async ({ method, path, answer }: Operation, response: Response): Promise<unknown> => {
    const route = `${method} ${path}`;
    if (answer.kind === 'nothing') {
      expect([route, response.status, await response.text()]).toEqual([route, 204, '']);
      return null;
    }
    expect([route, response.status]).toEqual([route, answer.kind === 'json' ? (answer.status ?? 200) : 200]);
    const type =
      answer.kind === 'json' ? 'application/json' : answer.kind === 'events' ? 'text/event-stream' : answer.type;
    expect([route, response.headers.get('content-type')?.split(';')[0]]).toEqual([route, type]);
    if (answer.kind !== 'json') {
      await response.body?.cancel();
      return null;
    }
    const sent: unknown = await response.json();
    expect([route, answer.schema.parse(sent)]).toEqual([route, sent]);
    return sent;
  };

  it('by every GET', async () => {
    const clause = (await meeting.text()).clauses[0]?.id ?? '';
    await meeting.order('chair', 'set-status', { clauses: [clause], status: 'agreed' });
    const { token } = await meeting.app.access.inviteAdministrator();
    for (const operation of operations) {
      // No demo on this server.
      if (operation.method !== 'get' || operation.path === '/api/demo') continue;
      const path = operation.path
        .replace('{id}', operation.path.startsWith('/api/recommendations') ? meeting.recommendation : meeting.id)
        .replace('{clause}', clause)
        .replace('{token}', token);
      await hold(operation, await meeting.request('chair', 'GET', path));
    }
  });

  it('when somebody is accredited, invited, takes up the invitation, signs in and out', async () => {
    const accredit = `/api/meetings/${meeting.id}/accredit`;
    const ask = async (method: Operation['method'], path: string, described: string, body?: unknown) => {
      const response = await meeting.request('chair', method.toUpperCase(), path, body);
      return hold(find(method, described), response);
    };
    const accredited = await ask('post', accredit, '/api/meetings/{id}/accredit', {
      name: 'Guest',
      role: 'observer',
      party: null,
    });
    const { participant } = z.object({ participant: z.string() }).parse(accredited);
    const link = await ask(
      'post',
      `/api/meetings/${meeting.id}/participants/${participant}/invitation`,
      '/api/meetings/{id}/participants/{participant}/invitation',
      {},
    );
    const invitation = `/api${new URL(z.object({ link: z.string() }).parse(link).link).pathname}`;
    await ask('get', invitation, '/api/invitations/{token}');
    const anew = async (
      method: Operation['method'],
      path: string,
      described: string,
      cookie: string,
      body?: object,
    ) => {
      const response = await fetch(meeting.url + path, {
        method: method.toUpperCase(),
        headers: { cookie },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      await hold(find(method, described), response.clone());
      return response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    };
    const own = { name: 'a guest', password: secret };
    const first = await anew('post', invitation, '/api/invitations/{token}', '', own);
    expect(first).toMatch(/^concord_session=/);
    expect(await anew('delete', '/api/session', '/api/session', first)).toMatch(/^concord_session=/);
    const second = await anew('post', '/api/session', '/api/session', '', own);
    expect(await anew('delete', '/api/sessions', '/api/sessions', second)).toMatch(/^concord_session=/);
  });

  it('when a compilation is read, and when a meeting is made of it', async () => {
    const text = 'PREVENTION\n\nTraining\n\nUrge states to train officials. [Argentina]\n';
    const preview = await meeting.request('chair', 'POST', '/api/imports/preview', text);
    const compilation = await hold(find('post', '/api/imports/preview'), preview);
    const made = await meeting.request('chair', 'POST', '/api/imports', { meeting: 'Described', compilation });
    await hold(find('post', '/api/imports'), made);
  });

  it('by a command', async () => {
    const clause = (await meeting.text()).clauses[1]?.id;
    const body = { clauses: [clause], status: 'agreed' };
    await hold(find('post', '/api/recommendations/{id}/set-status'), await meeting.order('chair', 'set-status', body));
    const renamed = await meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/rename`, { name: 'Renamed' });
    await hold(find('post', '/api/meetings/{id}/rename'), renamed);
  });

  it('by a refusal: its code is one of the list, with the field that is wrong', async () => {
    const responses = await Promise.all([
      meeting.request(null, 'GET', '/api/meetings'),
      meeting.request('observer', 'POST', `/api/meetings/${meeting.id}/rename`, { name: 'Renamed' }),
      meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/rename`, {}),
      meeting.request('chair', 'GET', '/api/no-such-thing'),
    ]);
    for (const response of responses) {
      const sent: unknown = await response.json();
      const refused = Refused.parse(sent);
      expect(refused).toEqual(sent);
      expect(isErrorCode(refused.error.code) && errorCatalogue[refused.error.code].status).toBe(response.status);
    }
  });
});
