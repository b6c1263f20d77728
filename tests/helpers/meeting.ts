import { cpSync } from 'node:fs';
import { pino } from 'pino';
import { type App, createApp } from '../../server/app.ts';
import { readConfig } from '../../server/config.ts';
import { createMeeting } from '../../server/meetings/create.ts';
import type { Store } from '../../server/storage/store.ts';
import type { Compilation } from '../../shared/meeting/compilation.ts';
import { onWhatIsSeen, parseCommand, type Registry } from '../../shared/negotiation/registry.ts';
import {
  MeetingView,
  type RecommendationView,
  RecommendationView as RecommendationViewSchema,
} from '../../shared/protocol/contract.ts';
import type { MeetingId, ParticipantId, RecommendationId } from '../../shared/protocol/ids.ts';
import { bundle } from './bundle.ts';
import { openTestStore } from './store.ts';
import { temporaryDirectory } from './temporary.ts';

export const secret = 'a-long-test-password';

/** The people of the test meeting; the outsider has an account and no accreditation. */
export const people = ['chair', 'rapporteur', 'argentina', 'brazil', 'canada', 'observer'] as const;
export type Person = (typeof people)[number];

const compilation: Compilation = {
  title: 'Test',
  parties: [
    { code: 'ARG', name: 'Argentina', kind: 'state', aliases: [] },
    { code: 'BRA', name: 'Brazil', kind: 'state', aliases: [] },
    { code: 'CAN', name: 'Canada', kind: 'state', aliases: [] },
    { code: 'CIM', name: 'CIM', kind: 'organ', aliases: ['Commission of Women'] },
  ].map((party) => ({ ...party })) as Compilation['parties'],
  topics: [
    {
      heading: 'Prevention',
      level: 1,
      recommendations: [
        {
          heading: 'Training',
          clauses: [
            { text: 'Urge states to train officials.', level: 0, sponsors: ['Argentina'] },
            { text: 'Invite states to share experience.', level: 0, sponsors: ['CIM'] },
            { text: 'Encourage research.', level: 0, sponsors: [] },
          ],
        },
        { heading: 'Campaigns', clauses: [{ text: 'Inform the public.', level: 0, sponsors: ['Brazil'] }] },
      ],
    },
  ],
  warnings: [],
};

/** A meeting on a running server: real store, real sockets, real sign-in. */
export interface TestMeeting {
  readonly app: App;
  readonly store: Store;
  readonly url: string;
  readonly id: MeetingId;
  readonly recommendation: RecommendationId;
  readonly recommendations: readonly RecommendationId[];
  readonly participants: Readonly<Record<Person, ParticipantId>>;
  /** The `Cookie` header of a person. */
  readonly cookies: Readonly<Record<Person | 'outsider', string>>;
  /** A request as a person; null for nobody. */
  request(as: Person | 'outsider' | null, method: string, path: string, body?: unknown): Promise<Response>;
  /** A command on the first recommendation. */
  order(as: Person, type: string, body: unknown): Promise<Response>;
  text(as?: Person): Promise<RecommendationView>;
  view(as?: Person): Promise<MeetingView>;
  close(): Promise<void>;
}

/** The accreditations in a store, and their holders' cookies. */
type Seated = Pick<TestMeeting, 'id' | 'participants' | 'cookies'>;

const createTestApp = async (
  store: Store,
  env: Record<string, string>,
  now: () => number,
  commands?: Registry,
): Promise<App> =>
  createApp({
    ...(commands === undefined ? {} : { commands }),
    store,
    config: readConfig({ LOG_LEVEL: 'silent', ...env }),
    log: pino({ level: 'silent' }),
    now,
    demo: () => null,
    importThread: await bundle('server/imports/importThread.ts'),
  });

/** Makes the meeting and the accounts of all people in it. */
async function seat({ meetings, rooms, access }: App, now: () => number): Promise<Seated> {
  const { meeting: id, importer } = await createMeeting(
    { meetings, rooms, now },
    { meeting: 'Test meeting', compilation },
    { name: 'rapporteur', role: 'rapporteur' },
  );
  const state = () => {
    const found = meetings.get(id);
    if (found === null) throw new Error('the meeting is gone');
    return found;
  };
  const by = { participant: importer, name: 'rapporteur', party: null, role: 'rapporteur' as const };
  const party = (code: string) => [...state().parties.keys()].find((one) => one === code) ?? null;
  const seats: Partial<Record<Person, ParticipantId>> = { rapporteur: importer };
  for (const [name, role, code] of [
    ['chair', 'chair', null],
    ['argentina', 'delegate', 'ARG'],
    ['brazil', 'delegate', 'BRA'],
    ['canada', 'delegate', 'CAN'],
    ['observer', 'observer', null],
  ] as const) {
    const [event] = await meetings.order(
      id,
      { type: 'accredit', name, role, party: code === null ? null : party(code) },
      by,
      by.name,
    );
    if (event?.type === 'participant accredited') seats[name] = event.participant.id;
  }
  const cookies: Partial<Record<Person | 'outsider', string>> = {};
  for (const name of [...people, 'outsider'] as const) {
    const seat = name === 'outsider' ? undefined : seats[name];
    const invitation =
      seat === undefined
        ? await access.inviteAdministrator()
        : await access.inviteParticipant({ meeting: id, participant: seat, createdBy: null });
    if (name === 'outsider') {
      // An account without an accreditation: one whose accreditation in another meeting ended.
      const other = await createMeeting(
        { meetings, rooms, now },
        { meeting: 'Elsewhere', compilation },
        { name, role: 'rapporteur' },
      );
      const link = await access.inviteParticipant({
        meeting: other.meeting,
        participant: other.importer,
        createdBy: null,
      });
      const taken = await access.takeUp(link.token, { name, password: secret });
      cookies[name] = taken?.split(';')[0] ?? '';
      continue;
    }
    const taken = await access.takeUp(invitation.token, { name, password: secret });
    cookies[name] = taken?.split(';')[0] ?? '';
  }
  return { id, participants: seats as Seated['participants'], cookies: cookies as Seated['cookies'] };
}

/** Copies of stores with all accounts in place, by the settings under which they were made. */
const templates = new Map<string, Seated & { readonly dataDir: string }>();

/**
 * Starts a server of the test's own. Making the accounts takes longer than many a test, so it is done once in a test
 * file, and each further meeting begins with a copy of that store; not where the test brings its own store or clock.
 */
export async function startMeeting(
  options: { now?: () => number; env?: Record<string, string>; store?: Store; commands?: Registry } = {},
): Promise<TestMeeting> {
  const { env = {}, now = () => Date.now() } = options;
  const isUsual = options.store === undefined && options.now === undefined;
  const key = JSON.stringify(env);
  const template = isUsual ? templates.get(key) : undefined;
  const dataDir = temporaryDirectory();
  if (template !== undefined) cpSync(template.dataDir, dataDir, { recursive: true });
  const store = options.store ?? (await openTestStore(dataDir));
  const app = await createTestApp(store, env, now, options.commands);
  const seated = template ?? (await seat(app, now));
  if (isUsual && template === undefined) {
    const copy = temporaryDirectory();
    // Nobody writes yet, so the copy equals a killed server's data.
    cpSync(dataDir, copy, { recursive: true });
    templates.set(key, { ...seated, dataDir: copy });
  }
  const { meetings, rooms } = app;
  const { id, participants, cookies } = seated;
  const port = await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${port}`;
  const request = async (cookie: string | null, method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${url}${path}`, {
      method,
      headers: {
        ...(cookie === null ? {} : { cookie }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  const recommendations = meetings.get(id)?.recommendations.map((one) => one.id) ?? [];
  const [recommendation] = recommendations;
  if (recommendation === undefined) throw new Error('nothing to draft on');
  const as = (name: Person | 'outsider' | null): string | null => (name === null ? null : (cookies[name] ?? null));
  /** A screen's addition to a decision: the digests of the present words. A test that names its own `seen` keeps it. */
  const seeing = async (type: string, body: unknown): Promise<unknown> => {
    if ('seen' in Object(body)) return body;
    let wish: ReturnType<typeof parseCommand>;
    try {
      wish = parseCommand({ ...Object(body), type });
    } catch {
      return body;
    }
    const room = await rooms.room(recommendation);
    const { type: _, ...seen } = onWhatIsSeen({ text: room.text(), negotiation: room.negotiation }, wish);
    return seen;
  };
  return {
    app,
    store,
    url,
    id,
    recommendation,
    recommendations,
    participants,
    cookies,
    request: (name, method, path, body) => request(as(name), method, path, body),
    order: async (name, type, body) =>
      request(as(name), 'POST', `/api/recommendations/${recommendation}/${type}`, await seeing(type, body)),
    text: async (name = 'chair') =>
      RecommendationViewSchema.parse(
        await (await request(as(name), 'GET', `/api/recommendations/${recommendation}`)).json(),
      ),
    view: async (name = 'chair') =>
      MeetingView.parse(await (await request(as(name), 'GET', `/api/meetings/${id}`)).json()),
    close: async () => {
      await app.close();
      await store.close();
    },
  };
}
