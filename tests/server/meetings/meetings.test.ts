import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Meetings } from '../../../server/meetings/meetings.ts';
import { partyViews } from '../../../server/meetings/routes.ts';
import { mostTopics } from '../../../shared/meeting/agenda.ts';
import {
  administrator,
  decideMeeting,
  evolveMeeting,
  MeetingCommand,
  noMeeting,
  Party,
} from '../../../shared/meeting/meeting.ts';
import { Created, MeetingList, MeetingView, Refused } from '../../../shared/protocol/contract.ts';
import {
  newMarkId,
  newParticipantId,
  newRecommendationId,
  newTopicId,
  PartyCode,
  type RecommendationId,
  type TopicId,
} from '../../../shared/protocol/ids.ts';
import { markKey } from '../../../shared/text/document.ts';
import { connect } from '../../helpers/hostileClient.ts';
import { people, startMeeting, type TestMeeting } from '../../helpers/meeting.ts';
import { op } from '../../helpers/texts.ts';

let meeting: TestMeeting;
beforeAll(async () => {
  meeting = await startMeeting();
}, 60_000);
afterAll(async () => {
  await meeting.close();
});

const order = (as: Parameters<TestMeeting['request']>[0], type: string, body: unknown = {}): Promise<Response> =>
  meeting.request(as, 'POST', `/api/meetings/${meeting.id}/${type}`, body);
const codeOf = async (response: Response): Promise<string> => (response.ok ? 'done' : refusal(response));
const refusal = async (response: Response): Promise<string> => Refused.parse(await response.json()).error.code;

const party = (code: string, more: object = {}) => ({
  party: { code, names: { en: `Party ${code}` }, kind: 'state', aliases: [], members: [], ...more },
});

/** The roles for each command: everybody else gets `role-may-not`. */
const mayOrder: readonly [type: MeetingCommand['type'], who: readonly string[], body: () => Promise<unknown>][] = [
  ['rename', ['chair', 'rapporteur'], async () => ({ name: 'Renamed' })],
  ['drafting', ['chair'], async () => ({ open: true })],
  ['set-party', ['chair', 'rapporteur'], async () => party('PER')],
  ['remove-party', ['chair', 'rapporteur'], async () => ({ code: 'PER' })],
  ['accredit', ['chair', 'rapporteur'], async () => ({ name: 'X', role: 'observer', party: null })],
  ['end-accreditation', ['chair', 'rapporteur'], async () => ({ participant: await accredited() })],
  ['set-topics', ['chair', 'rapporteur'], async () => ({ topics: (await meeting.view()).topics })],
  [
    'set-recommendations',
    ['chair', 'rapporteur'],
    async () => ({ recommendations: (await meeting.view()).recommendations.map(({ progress: _, ...one }) => one) }),
  ],
  ['add-topic', ['chair', 'rapporteur'], async () => ({ id: newTopicId(), heading: 'Another', level: 1 })],
  ['rename-topic', ['chair', 'rapporteur'], async () => ({ topic: await freshTopic(), heading: 'Renamed' })],
  ['set-topic-level', ['chair', 'rapporteur'], async () => ({ topic: await freshTopic(), level: 2 })],
  ['move-topic', ['chair', 'rapporteur'], async () => ({ topic: await freshTopic(), after: null })],
  ['remove-topic', ['chair', 'rapporteur'], async () => ({ topic: await freshTopic() })],
  [
    'add-recommendation',
    ['chair', 'rapporteur'],
    async () => ({ id: newRecommendationId(), topic: await freshTopic(), heading: '' }),
  ],
  [
    'rename-recommendation',
    ['chair', 'rapporteur'],
    async () => ({ recommendation: await freshRecommendation(), heading: 'Renamed' }),
  ],
  [
    'set-recommendation-topic',
    ['chair', 'rapporteur'],
    async () => ({ recommendation: await freshRecommendation(), topic: await freshTopic() }),
  ],
  [
    'move-recommendation',
    ['chair', 'rapporteur'],
    async () => ({ recommendation: await freshRecommendation(), after: null }),
  ],
  [
    'set-current-clause',
    ['chair'],
    async () => ({ currentClause: { recommendation: meeting.recommendation, clause: null } }),
  ],
  ['set-observer-view', ['chair'], async () => ({ view: 'clean' })],
];

/** Directly into the meeting: the tables have more rows than the limit of commands in ten seconds. */
const put = (command: MeetingCommand): Promise<unknown> =>
  meeting.app.meetings.order(meeting.id, command, administrator, 'test');
async function freshTopic(): Promise<TopicId> {
  const id = newTopicId();
  await put({ type: 'add-topic', id, heading: 'Fresh topic', level: 1 });
  return id;
}
async function freshRecommendation(): Promise<RecommendationId> {
  const id = newRecommendationId();
  await put({ type: 'add-recommendation', id, topic: await freshTopic(), heading: 'Fresh text' });
  return id;
}

async function accredited(): Promise<string> {
  const response = await order('rapporteur', 'accredit', { name: 'For a day', role: 'observer', party: null });
  return ((await response.json()) as { participant: string }).participant;
}

describe('[MEET1] The right to run a meeting', () => {
  it('the table knows every command', () => {
    expect(mayOrder.map(([type]) => type).sort()).toEqual(
      MeetingCommand.options.map((option) => option.shape.type.value).sort(),
    );
  });

  it.each(mayOrder)('%s: %s', async (type, who, body) => {
    for (const person of people) {
      if (type === 'remove-party') await order('chair', 'set-party', party('PER'));
      const response = await order(person, type, await body());
      expect([person, response.status]).toEqual([
        person,
        who.includes(person) ? (type === 'accredit' ? 200 : 204) : 403,
      ]);
      if (!who.includes(person)) expect(await refusal(response)).toBe('role-may-not');
    }
    expect((await order('outsider', type, await body())).status).toBe(404);
    expect((await order(null, type, await body())).status).toBe(401);
  });
});

describe('[MEET2] The refusals of a meeting', () => {
  it.each([
    ['a delegate without a party', 'accredit', { name: 'X', role: 'delegate', party: null }, 'party-unknown'],
    ['a party that nobody knows', 'accredit', { name: 'X', role: 'delegate', party: 'XXX' }, 'party-unknown'],
    ['a role that there is not', 'accredit', { name: 'X', role: 'king', party: null }, 'bad-request'],
    [
      'a group of parties that are none',
      'set-party',
      party('GRP', { kind: 'group', members: ['XXX'] }),
      'party-unknown',
    ],
    ['a group of organs', 'set-party', party('GRP', { kind: 'group', members: ['CIM'] }), 'party-unknown'],
    ['removing a party that has a delegate', 'remove-party', { code: 'ARG' }, 'party-in-use'],
    ['removing a party that stands behind words', 'remove-party', { code: 'CIM' }, 'party-in-use'],
    ['an agenda that leaves recommendations out', 'set-recommendations', { recommendations: [] }, 'bad-request'],
    ['topics without those that have text', 'set-topics', { topics: [] }, 'bad-request'],
    [
      'the floor for a text of nowhere',
      'set-current-clause',
      { currentClause: { recommendation: newRecommendationId(), clause: null } },
      'not-found',
    ],
  ])('%s', async (_what, type, body, code) => {
    const response = await order('chair', type, body);
    expect(await refusal(response)).toBe(code);
  });

  it('the floor for a clause that isn’t there', async () => {
    const currentClause = { recommendation: meeting.recommendation, clause: 'AAAAAAAAAAAAAAAA' };
    expect(await refusal(await order('chair', 'set-current-clause', { currentClause }))).toBe('not-found');
  });

  it('another meeting’s text on this meeting’s agenda', async () => {
    const [other] = MeetingList.parse(await (await meeting.request('outsider', 'GET', '/api/meetings')).json());
    const view = MeetingView.parse(
      await (await meeting.request('outsider', 'GET', `/api/meetings/${other?.id}`)).json(),
    );
    const own = (await meeting.view()).recommendations.map(({ progress: _, ...one }) => one);
    const [foreign] = view.recommendations;
    const response = await order('chair', 'set-recommendations', {
      recommendations: [...own, { id: foreign?.id, topic: own[0]?.topic, heading: 'Stolen' }],
    });
    expect(await refusal(response)).toBe('bad-request');
    expect((await meeting.request('chair', 'GET', `/api/recommendations/${foreign?.id}`)).status).toBe(404);
  });
});

describe('[MEET3] The API for reading', () => {
  it('a meeting: topics, recommendations with how far they have come, parties', async () => {
    const view = await meeting.view('argentina');
    expect(view.topics.map(({ heading }) => heading)).toContain('Prevention');
    const far = view.recommendations.map(({ heading, progress }) => [heading, progress?.clauses, progress?.open]);
    expect(far.filter(([heading]) => heading === 'Training' || heading === 'Campaigns')).toEqual([
      ['Training', 3, 3],
      ['Campaigns', 1, 1],
    ]);
    expect(view.parties.map(({ code }) => code)).toContain('ARG');
    // Only those who run the meeting see the accreditations.
    expect(view.participants).toEqual([]);
    expect((await meeting.view('rapporteur')).participants.length).toBeGreaterThan(5);
  });

  it('a new recommendation can be drafted on at once', async () => {
    const view = await meeting.view();
    const id = newRecommendationId();
    const topic = newTopicId();
    await order('rapporteur', 'set-topics', { topics: [...view.topics, { id: topic, heading: 'New', level: 1 }] });
    const response = await order('rapporteur', 'set-recommendations', {
      recommendations: [...view.recommendations.map(({ progress: _, ...one }) => one), { id, topic, heading: 'Fresh' }],
    });
    expect(response.status).toBe(204);
    const found = await meeting.request('canada', 'GET', `/api/recommendations/${id}`);
    expect(await found.json()).toMatchObject({ id, heading: 'Fresh', topic: 'New', clauses: [] });
  });

  it('changes, as they happen', async () => {
    const response = await meeting.request('argentina', 'GET', `/api/meetings/${meeting.id}/events`);
    const reader = response.body?.getReader();
    let heard = '';
    const decoder = new TextDecoder();
    const hear = async (words: string): Promise<void> => {
      while (!heard.includes(words)) heard += decoder.decode((await reader?.read())?.value);
    };
    await order('chair', 'set-current-clause', {
      currentClause: { recommendation: meeting.recommendation, clause: null },
    });
    await hear('"type":"current clause"');
    const [clause] = (await meeting.text()).clauses;
    await meeting.order('chair', 'set-status', { clauses: [clause?.id], status: 'agreed' });
    await hear('"agreed":1');
    await meeting.order('chair', 'set-status', { clauses: [clause?.id], status: 'open' });
    await hear('"agreed":0');
    await reader?.cancel();
  });
});

describe('[MEET6] Two people at one agenda', () => {
  const headings = (list: readonly { heading: string }[]): string[] => list.map(({ heading }) => heading);
  const withoutProgress = (view: MeetingView) => view.recommendations.map(({ progress: _, ...one }) => one);

  it('a list made from an older agenda undoes nothing, whether it says so or not', async () => {
    const topic = await freshTopic();
    const one = await freshRecommendation();
    const old = await meeting.view();
    await order('rapporteur', 'rename-recommendation', { recommendation: one, heading: 'As the other renamed it' });
    await order('rapporteur', 'rename-topic', { topic, heading: 'As the other renamed it' });
    const added = await freshTopic();
    const lists = [
      ['set-recommendations', { recommendations: withoutProgress(old) }],
      ['set-topics', { topics: old.topics }],
    ] as const;
    for (const [type, body] of lists)
      for (const basedOn of [undefined, old.agendaVersion, old.agendaVersion + 1])
        expect([type, basedOn, await codeOf(await order('chair', type, { ...body, basedOn }))]).toEqual([
          type,
          basedOn,
          'changed-since',
        ]);
    const now = await meeting.view();
    expect(now.recommendations.find(({ id }) => id === one)?.heading).toBe('As the other renamed it');
    expect(now.topics.find(({ id }) => id === topic)?.heading).toBe('As the other renamed it');
    expect(now.topics.map(({ id }) => id)).toContain(added);
    // A list made from the present agenda may change all of it.
    const recommendations = withoutProgress(now).reverse();
    const body = { recommendations, basedOn: now.agendaVersion };
    expect((await order('chair', 'set-recommendations', body)).status).toBe(204);
    expect(headings((await meeting.view()).recommendations)).toEqual(headings(recommendations));
  });

  it('both move, rename and add from the same view, and both changes hold', async () => {
    const ids: RecommendationId[] = [];
    for (const _ of 'abcd') ids.push(await freshRecommendation());
    const [a, b, c, d] = ids;
    // In each pair, neither knows of the other's change.
    const changes: readonly (readonly [type: string, body: unknown])[] = [
      ['move-recommendation', { recommendation: d, after: a }],
      ['rename-recommendation', { recommendation: d, heading: 'D' }],
      ['move-recommendation', { recommendation: b, after: c }],
      ['rename-recommendation', { recommendation: b, heading: 'B' }],
    ];
    const done = await Promise.all(
      changes.map(([type, body], at) => order(at % 2 === 0 ? 'chair' : 'rapporteur', type, body)),
    );
    expect(done.map(({ status }) => status)).toEqual([204, 204, 204, 204]);
    const view = await meeting.view();
    const own = view.recommendations.filter(({ id }) => ids.includes(id));
    expect(own.map(({ id }) => id)).toEqual([a, d, c, b]);
    expect(headings(own)).toEqual(['Fresh text', 'D', 'Fresh text', 'B']);
    const [topic] = view.topics;
    expect(await codeOf(await order('chair', 'remove-topic', { topic: own[0]?.topic }))).toBe('topic-in-use');
    for (const [after, code] of [
      [newTopicId(), 'not-found'],
      [null, 'nothing-to-do'],
      [topic?.id, 'nothing-to-do'],
    ])
      expect(await codeOf(await order('chair', 'move-topic', { topic: topic?.id, after }))).toBe(code);
    expect(await codeOf(await order('chair', 'add-topic', topic))).toBe('bad-request');
  });

  it('an agenda that is full takes no more', () => {
    let state = noMeeting(meeting.id);
    for (let at = 0; at <= mostTopics; at++) {
      const command = { type: 'add-topic', id: newTopicId(), heading: 'T', level: 1 } as const;
      const decided = () => decideMeeting(state, command, administrator, newParticipantId);
      if (at === mostTopics) expect(decided).toThrow('agenda-full');
      else state = decided().reduce(evolveMeeting, state);
    }
  });
});

describe('[MEET7] The colour of a party', () => {
  it('stays whoever goes or comes, also in logs of before, and with more parties than colours', async () => {
    const colours = async (): Promise<Map<string, number>> =>
      new Map((await meeting.view()).parties.map(({ code, colour }) => [code, colour]));
    const codes = Array.from({ length: 30 }, (_, at) => `X${at}`);
    for (const code of codes) await put({ type: 'set-party', party: Party.parse(party(code).party) });
    const before = await colours();
    for (const code of ['X0', 'X7', 'X29']) await put({ type: 'remove-party', code: PartyCode.parse(code) });
    for (const code of ['X7', 'Y1']) await put({ type: 'set-party', party: Party.parse(party(code).party) });
    const after = await colours();
    for (const [code, colour] of before)
      expect([code, after.get(code)]).toEqual([code, code === 'X0' || code === 'X29' ? undefined : colour]);
    // Another server, or the next start, folds the same from the log.
    const fresh = await Meetings.open(meeting.store.log, () => Date.now());
    const state = fresh.get(meeting.id);
    expect(new Map((state === null ? [] : partyViews(state)).map(({ code, colour }) => [code, colour]))).toEqual(after);
  });
});

describe('[MEET4] A compilation becomes a meeting', () => {
  const compilation = 'I. AIR\n\nClean the air. (Chile)\n\nMeasure it. (Chile; Peru)\n';

  it('a preview stores nothing; the corrected compilation makes the meeting', async () => {
    const before = MeetingList.parse(await (await meeting.request('rapporteur', 'GET', '/api/meetings')).json());
    const preview = await meeting.request('rapporteur', 'POST', '/api/imports/preview', compilation);
    expect(preview.status).toBe(200);
    const found = await preview.json();
    expect(await (await meeting.request('rapporteur', 'GET', '/api/meetings')).json()).toHaveLength(before.length);
    const made = await meeting.request('rapporteur', 'POST', '/api/imports', { meeting: 'Air', compilation: found });
    expect(made.status).toBe(201);
    const { meeting: id } = Created.parse(await made.json());
    const view = MeetingView.parse(await (await meeting.request('rapporteur', 'GET', `/api/meetings/${id}`)).json());
    expect(view.me?.role).toBe('rapporteur');
    expect(view.parties.map(({ names }) => names.en).sort()).toEqual(['Chile', 'Peru']);
    // Nobody else of the first meeting is in the new one.
    expect((await meeting.request('argentina', 'GET', `/api/meetings/${id}`)).status).toBe(404);
  });

  it('delegates don’t import, and what can’t be read is said', async () => {
    expect((await meeting.request('argentina', 'POST', '/api/imports/preview', compilation)).status).toBe(403);
    expect((await meeting.request('argentina', 'POST', '/api/imports', { meeting: 'x', compilation: {} })).status).toBe(
      403,
    );
    expect(await refusal(await meeting.request('rapporteur', 'POST', '/api/imports/preview', '   '))).toBe(
      'import-unreadable',
    );
    expect(
      await refusal(await meeting.request('rapporteur', 'POST', '/api/imports', { meeting: 'x', compilation: {} })),
    ).toBe('bad-request');
  });
});

describe('[IMP10] The texts of a meeting that is brought in', () => {
  it('are stored one a turn of the event loop, however many come together', async () => {
    let turn = 0;
    let over = false;
    const tick = (): void => {
      turn += 1;
      if (!over) setImmediate(tick);
    };
    tick();
    const turns: number[] = [];
    await Promise.all(
      Array.from({ length: 40 }, () =>
        meeting.app.rooms.begin(newRecommendationId(), {
          kind: 'text',
          by: { operator: 'somebody' },
          source: 'test',
          // Read when it is judged.
          get text() {
            turns.push(turn);
            return [op('c1', 'Act.')];
          },
          events: [],
        }),
      ),
    );
    over = true;
    expect(turns).toHaveLength(40);
    expect(new Set(turns).size).toBe(40);
  });
});

describe('[MEET5] Drafting that is closed', () => {
  it('stops delegates, while the chair goes on deciding', async () => {
    const client = await connect(meeting, 'canada');
    await order('chair', 'drafting', { open: false });
    const id = newMarkId();
    const verdict = await client.say(
      client.change(() => client.words(0).insert(0, 'late ', { [markKey('insertion', id)]: { id } })),
    );
    expect(verdict).toMatchObject({ verdict: 'refused', code: 'drafting-closed' });
    const [clause] = (await meeting.text()).clauses;
    expect((await meeting.order('chair', 'set-status', { clauses: [clause?.id], status: 'agreed' })).status).toBe(200);
    await meeting.order('chair', 'set-status', { clauses: [clause?.id], status: 'open' });
    await order('chair', 'drafting', { open: true });
  });
});
