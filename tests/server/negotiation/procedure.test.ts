import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Command, registry } from '../../../shared/negotiation/registry.ts';
import { History, Refused } from '../../../shared/protocol/contract.ts';
import { newMarkId } from '../../../shared/protocol/ids.ts';
import { markKey } from '../../../shared/text/document.ts';
import { connect, propose } from '../../helpers/hostileClient.ts';
import { type Person, people, startMeeting, type TestMeeting } from '../../helpers/meeting.ts';

let meeting: TestMeeting;
beforeEach(async () => {
  meeting = await startMeeting();
}, 60_000);
afterEach(async () => {
  await meeting.close();
});

const codeOf = async (response: Response): Promise<string> =>
  response.ok ? 'done' : Refused.parse(await response.json()).error.code;

/** The roles for each command on an amendment of Argentina's, in a clause that Canada was asked to sponsor. */
const rights: readonly [
  type: Command['type'],
  who: readonly Person[],
  body: (id: string, clause: string) => unknown,
][] = [
  ['adopt', ['chair'], (id) => ({ amendments: [id] })],
  ['not-adopt', ['chair'], (id) => ({ amendments: [id] })],
  ['withdraw', ['rapporteur', 'argentina'], (id) => ({ amendment: id })],
  ['give-reason', ['rapporteur', 'argentina'], (id) => ({ amendment: id, reason: 'Because.' })],
  ['ask-to-sponsor', ['rapporteur', 'argentina'], (id) => ({ amendment: id, party: 'BRA' })],
  ['answer-sponsoring', ['rapporteur', 'canada'], (id) => ({ amendment: id, party: 'CAN', accept: true })],
  ['set-status', ['chair'], (_id, clause) => ({ clauses: [clause], status: 'agreed' })],
  ['set-sponsors', ['rapporteur'], (_id, clause) => ({ clause, sponsors: ['BRA'] })],
  ['lift-bracket', ['chair', 'rapporteur', 'argentina'], () => ({})],
  ['move-clause', ['chair', 'rapporteur'], (_id, clause) => ({ clause, after: null })],
  ['take-back', ['chair'], (id) => ({ amendment: id })],
  ['freeze-numbering', ['chair', 'rapporteur'], () => ({})],
  ['dispose-and-agree', ['chair'], (_id, clause) => ({ clauses: [clause], adopt: [], status: 'agreed' })],
];

describe('[PROC1] The roles for each command', () => {
  it('the table knows every command', () => {
    expect(rights.map(([type]) => type).sort()).toEqual(registry.kinds.map(({ type }) => type).sort());
  });

  it.each(rights)(
    '%s: %s',
    async (type, who, body) => {
      const argentina = await connect(meeting, 'argentina');
      for (const person of people) {
        const id = await propose(argentina, 0, 0, 'x ');
        await meeting.order('argentina', 'ask-to-sponsor', { amendment: id, party: 'CAN' });
        let order = body(id, (await meeting.text()).clauses[2]?.id ?? '');
        if ((type === 'set-status' || type === 'dispose-and-agree') && person === 'chair')
          await meeting.order('chair', 'set-status', {
            clauses: [(await meeting.text()).clauses[2]?.id],
            status: 'open',
          });
        if (type === 'take-back') await meeting.order('chair', 'not-adopt', { amendments: [id] });
        if (type === 'freeze-numbering') order = { frozen: !(await meeting.text()).numbersFrozen };
        if (type === 'lift-bracket') {
          const bracket = newMarkId();
          await argentina.say(
            argentina.change(() => argentina.words(1).format(0, 3, { [markKey('bracket', bracket)]: { id: bracket } })),
          );
          order = { bracket };
        }
        const response = await meeting.order(person, type, order);
        expect([person, response.status === 200]).toEqual([person, who.includes(person)]);
        if (!who.includes(person)) expect(['role-may-not', 'not-your-amendment']).toContain(await codeOf(response));
        if (type === 'lift-bracket' && response.status !== 200) await meeting.order('chair', 'lift-bracket', order);
        const heard = argentina.updates.length;
        const withdrawn = await meeting.order('argentina', 'withdraw', { amendment: id });
        if (withdrawn.ok) await argentina.until(() => argentina.updates.length > heard, 'the withdrawal');
      }
      argentina.leave();
    },
    30_000,
  );
});

describe('[PROC2] An amendment, from the proposal to its end', () => {
  it('gathers a reason and sponsors that accept, and is adopted with them on record', async () => {
    const argentina = await connect(meeting, 'argentina');
    const id = await propose(argentina, 0, 5, 'all ');
    expect(
      (await meeting.order('argentina', 'give-reason', { amendment: id, reason: 'None is left out.' })).status,
    ).toBe(200);
    expect((await meeting.order('argentina', 'ask-to-sponsor', { amendment: id, party: 'CAN' })).status).toBe(200);
    const asked = (await meeting.text()).amendments.find((one) => one.id === id);
    expect(asked).toMatchObject({
      kind: 'add',
      inserted: 'all ',
      party: 'ARG',
      reason: 'None is left out.',
      sponsors: [{ party: 'CAN', accepted: false }],
    });
    // Nobody sponsors for another party.
    expect(
      await codeOf(await meeting.order('brazil', 'answer-sponsoring', { amendment: id, party: 'CAN', accept: true })),
    ).toBe('role-may-not');
    expect((await meeting.order('canada', 'answer-sponsoring', { amendment: id, accept: true })).status).toBe(200);
    expect((await meeting.order('chair', 'adopt', { amendments: [id], reason: 'No objection.' })).status).toBe(200);
    const { clauses, amendments } = await meeting.text();
    expect(clauses[0]?.text).toBe('Urge all states to train officials.');
    // The word keeps its origin.
    expect(clauses[0]?.runs.find(({ text }) => text === 'all ')?.marks.origin).toEqual([id]);
    expect(amendments.find((one) => one.id === id)).toMatchObject({
      state: 'adopted',
      inserted: 'all ',
      sponsors: [{ party: 'CAN', accepted: true }],
    });
    // A decided amendment is closed.
    for (const [type, as] of [
      ['withdraw', 'argentina'],
      ['give-reason', 'argentina'],
      ['ask-to-sponsor', 'argentina'],
    ] as const)
      expect(await codeOf(await meeting.order(as, type, { amendment: id, reason: 'x', party: 'BRA' }))).toBe(
        'amendment-closed',
      );
    expect(await codeOf(await meeting.order('chair', 'adopt', { amendments: [id] }))).toBe('amendment-closed');
    argentina.leave();
  });

  it('the history of its clause says who, when, what', async () => {
    const argentina = await connect(meeting, 'argentina');
    const id = await propose(argentina, 0, 5, 'all ');
    await meeting.order('chair', 'adopt', { amendments: [id], reason: 'No objection.' });
    const clause = (await meeting.text()).clauses[0]?.id;
    const response = await meeting.request(
      'canada',
      'GET',
      `/api/recommendations/${meeting.recommendation}/clauses/${clause}/history`,
    );
    const { acts } = History.parse(await response.json());
    expect(acts.map(({ command, by, reason }) => [command, by.name, reason])).toEqual([
      ['adopt', 'chair', 'No objection.'],
      ['typing', 'argentina', null],
      ['create', 'rapporteur', null],
    ]);
    const words = { struck: '', brought: 'all ' };
    expect(acts[0]?.items).toEqual([
      expect.objectContaining({ of: 'amendment', id, party: 'ARG', state: 'adopted', before: words, after: null }),
    ]);
    expect(acts[1]?.items).toEqual([
      expect.objectContaining({ of: 'amendment', id, party: 'ARG', state: 'open', before: null, after: words }),
    ]);
    argentina.leave();
  });

  it('several are disposed of at once, in one entry, or none of them', async () => {
    const argentina = await connect(meeting, 'argentina');
    const ids = [await propose(argentina, 0, 0, 'a '), await propose(argentina, 1, 0, 'b ')];
    const before = (await meeting.text()).sequence;
    expect(await codeOf(await meeting.order('chair', 'adopt', { amendments: [...ids, newMarkId()] }))).toBe(
      'not-found',
    );
    expect((await meeting.text()).sequence).toBe(before);
    const done = await meeting.order('chair', 'adopt', { amendments: ids });
    expect(await done.json()).toEqual({ sequence: before + 1 });
    argentina.leave();
  });
});

describe('[PROC3] Consensus', () => {
  it('nothing unresolved is agreed; agreed is locked; open again it can be amended', async () => {
    const argentina = await connect(meeting, 'argentina');
    const id = await propose(argentina, 0, 5, 'all ');
    const clause = (await meeting.text()).clauses[0]?.id;
    const agree = (status: string, more: object = {}) =>
      meeting.order('chair', 'set-status', { clauses: [clause], status, ...more });
    expect(await codeOf(await agree('agreed'))).toBe('clause-unresolved');
    expect(await codeOf(await agree('agreed ad referendum', { parties: ['ARG'] }))).toBe('clause-unresolved');
    await meeting.order('chair', 'not-adopt', { amendments: [id] });
    // Ad referendum names the parties that wait.
    expect(await codeOf(await agree('agreed ad referendum'))).toBe('party-unknown');
    expect(await codeOf(await agree('agreed ad referendum', { parties: ['XXX'] }))).toBe('party-unknown');
    expect((await agree('agreed ad referendum', { parties: ['ARG'] })).status).toBe(200);
    expect((await meeting.text()).clauses[0]?.status).toMatchObject({
      state: 'agreed ad referendum',
      parties: ['ARG'],
    });
    expect((await agree('agreed')).status).toBe(200);
    expect(await codeOf(await agree('agreed'))).toBe('nothing-to-do');
    expect(await codeOf(await meeting.order('rapporteur', 'set-sponsors', { clause, sponsors: [] }))).toBe(
      'clause-locked',
    );
    expect((await agree('open', { reason: 'A capital asked.' })).status).toBe(200);
    expect((await meeting.text()).clauses[0]?.status).toMatchObject({
      state: 'open',
      decided: { reason: 'A capital asked.' },
    });
    const again = await connect(meeting, 'canada');
    await propose(again, 0, 0, 'y ');
    for (const client of [argentina, again]) client.leave();
  });
});
