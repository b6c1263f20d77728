import { afterEach, describe, expect, it } from 'vitest';
import { seal } from '../../../server/storage/chain.ts';
import { defineCommand } from '../../../shared/negotiation/command.ts';
import { encodeHeader } from '../../../shared/negotiation/entry.ts';
import { clauseSponsorsSet } from '../../../shared/negotiation/families/clause/events.ts';
import { families } from '../../../shared/negotiation/families/families.ts';
import { Registry } from '../../../shared/negotiation/registry.ts';
import { History, Refused } from '../../../shared/protocol/contract.ts';
import { ClauseId, recommendationLog } from '../../../shared/protocol/ids.ts';
import { startMeeting, type TestMeeting } from '../../helpers/meeting.ts';
import { chair } from '../../helpers/texts.ts';

let meeting: TestMeeting;
afterEach(async () => {
  await meeting.close();
});

/** A family unknown to all other code: the chair removes all sponsors of a clause. */
const clearing = {
  name: 'clearing',
  commands: [
    defineCommand({
      type: 'clear-sponsors',
      summary: 'The chair takes all sponsors of a clause off.',
      input: { clause: ClauseId },
      actors: ['chair'],
      whileDraftingClosed: false,
      decide: (_situation, { clause }) => ({
        operations: [],
        events: [clauseSponsorsSet.make({ clause, sponsors: [] })],
      }),
    }),
  ],
};

describe('[PROC6] A command of a new family', () => {
  it('has its route, its description, its rights, its decision and its line in the history', async () => {
    meeting = await startMeeting({ commands: new Registry([...families, clearing]) });
    const [first] = (await meeting.text()).clauses;
    if (first === undefined) throw new Error('no clause');
    expect(first.sponsors).toEqual(['ARG']);
    const clear = (as: 'chair' | 'argentina', body: object) => meeting.order(as, 'clear-sponsors', body);

    const description: unknown = await (await meeting.request(null, 'GET', '/api/openapi.json')).json();
    expect(description).toHaveProperty(
      ['paths', '/api/recommendations/{id}/clear-sponsors', 'post', 'summary'],
      clearing.commands[0]?.summary,
    );

    expect((await clear('argentina', { clause: first.id })).status).toBe(403);
    expect((await clear('chair', { clause: 7 })).status).toBe(400);
    expect((await clear('chair', { clause: first.id })).status).toBe(200);
    expect((await meeting.text()).clauses[0]?.sponsors).toEqual([]);

    await meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/drafting`, { open: false });
    const closed = await clear('chair', { clause: first.id });
    expect(Refused.parse(await closed.json()).error.code).toBe('drafting-closed');

    const path = `/api/recommendations/${meeting.recommendation}/clauses/${first.id}/history`;
    const [act] = History.parse(await (await meeting.request('chair', 'GET', path)).json()).acts;
    expect(act).toMatchObject({ command: 'clear-sponsors', items: [{ of: 'sponsors', sponsors: [] }] });
  });

  it('can’t have the type of another', () => {
    expect(() => new Registry([...families, clearing, clearing])).toThrow(RangeError);
  });
});

describe('[LOG8] An entry of a newer version', () => {
  it.each([
    ['an event of an unknown kind', { type: 'silence begun', v: 1 }],
    ['an event of a later version', { type: 'clause sponsors set', v: 2, clause: 'c1', sponsors: [] }],
  ])('%s: its document is refused and left alone, the others go on', async (_name, event) => {
    meeting = await startMeeting();
    const { store, recommendations } = meeting;
    const [first, second] = recommendations;
    if (first === undefined || second === undefined) throw new Error('two texts are needed');
    const name = recommendationLog(second);
    const head = await store.log.head(name);
    if (head === null) throw new Error('the text has no log');
    const entry = seal({
      log: name,
      sequence: head.sequence + 1,
      previous: head.hash,
      header: encodeHeader({ actor: chair, onBehalfOf: null, at: 9e12, command: { type: 'later' }, events: [event] }),
      content: new Uint8Array(),
    });
    expect(await store.log.append([entry])).toBe(true);
    const opened = await meeting.request('chair', 'GET', `/api/recommendations/${second}`);
    expect([opened.status, Refused.parse(await opened.json()).error]).toEqual([
      503,
      expect.objectContaining({ code: 'record-newer', message: expect.stringContaining('newer version') }),
    ]);
    expect(await store.log.head(name)).toEqual({ sequence: entry.sequence, hash: entry.hash });
    expect((await meeting.request('chair', 'GET', `/api/recommendations/${first}`)).status).toBe(200);
    expect((await meeting.request('chair', 'GET', `/api/meetings/${meeting.id}`)).status).toBe(200);
    await meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/set-observer-view`, { view: 'clean' });
    expect((await meeting.request('observer', 'GET', `/meetings/${meeting.id}/text`)).status).toBe(200);
  });
});
