import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verify } from '../../../server/audit/verify.ts';
import { newClauseId, newMarkId } from '../../../shared/protocol/ids.ts';
import { clauseElement, markKey, textOf } from '../../../shared/text/document.ts';
import { type Client, connect, propose } from '../../helpers/hostileClient.ts';
import { startMeeting, type TestMeeting } from '../../helpers/meeting.ts';

let meeting: TestMeeting;
beforeEach(async () => {
  meeting = await startMeeting();
}, 60_000);
afterEach(async () => {
  await meeting.close();
});

/** Proposes a clause at a place in the list; its amendment. */
async function proposeClause(client: Client, at: number, words: string) {
  const id = newMarkId();
  const marks = { insertion: [id], deletion: [], bracket: [], comment: [], origin: [] };
  const clause = {
    id: newClauseId(),
    kind: 'operative' as const,
    level: 0,
    insertion: id,
    runs: [{ text: words, marks }],
  };
  expect(await client.say(client.change(() => textOf(client.doc).insert(at, [clauseElement(clause)])))).toMatchObject({
    verdict: 'accepted',
  });
  return id;
}
const labels = async () => (await meeting.text()).clauses.map(({ label }) => label);
const numbers = async () => (await meeting.text()).amendments.map(({ number }) => number);

describe('[LAB3] Frozen numbers of a recommendation', () => {
  it('hold when a clause is adopted, on the record and in each view, until they are released', async () => {
    const argentina = await connect(meeting, 'argentina');
    const first = await proposeClause(argentina, 1, 'Ask states to report.');
    const second = await proposeClause(argentina, 2, 'Ask organs to report.');
    expect(await labels()).toEqual(['1.', '1 bis', '1 ter', '2.', '3.']);
    expect((await meeting.order('chair', 'freeze-numbering', { frozen: true })).status).toBe(200);
    expect((await meeting.order('chair', 'adopt', { amendments: [second] })).status).toBe(200);
    // The first one doesn't take its number, nor does it change when that one is gone.
    expect(await labels()).toEqual(['1.', '1 bis', '1 ter', '2.', '3.']);
    expect((await meeting.order('chair', 'not-adopt', { amendments: [first] })).status).toBe(200);
    expect(await labels()).toEqual(['1.', '1 ter', '2.', '3.']);
    expect((await meeting.text()).numbersFrozen).toBe(true);
    await meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/set-observer-view`, { view: 'clean' });
    const page = await (await meeting.request('observer', 'GET', `/meetings/${meeting.id}/text?lang=en`)).text();
    expect(page).toContain('>1 ter</span>');
    expect((await verify(meeting.store.log)).faults).toEqual([]);
    expect((await meeting.order('rapporteur', 'freeze-numbering', { frozen: false })).status).toBe(200);
    expect(await labels()).toEqual(['1.', '2.', '3.', '4.']);
    expect((await verify(meeting.store.log)).faults).toEqual([]);
    argentina.leave();
  });
});

describe('[NUM1] Numbers of amendments', () => {
  it('are given by the server, one to an amendment within that one, and are the same in the record and for observers', async () => {
    const argentina = await connect(meeting, 'argentina');
    const parent = await propose(argentina, 0, 5, 'all ');
    const canada = await connect(meeting, 'canada');
    const struck = newMarkId();
    const strike = canada.change(() => canada.words(0).format(5, 3, { [markKey('deletion', struck)]: { id: struck } }));
    expect(await canada.say(strike)).toMatchObject({ verdict: 'accepted' });
    await propose(canada, 1, 0, 'Also ');
    expect(await numbers()).toEqual(['A1', 'A1.1', 'A2']);
    expect((await meeting.order('chair', 'not-adopt', { amendments: [parent] })).status).toBe(200);
    expect(await numbers()).toEqual(['A1', 'A1.1', 'A2']);
    await meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/set-observer-view`, { view: 'bracketed' });
    const page = async () => (await meeting.request('observer', 'GET', `/meetings/${meeting.id}/text?lang=en`)).text();
    expect(await page()).not.toContain('A2');
    await meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/set-observer-view`, { view: 'attributed' });
    expect(await page()).toContain('– A2 CAN');
    expect((await verify(meeting.store.log)).faults).toEqual([]);
    argentina.leave();
    canada.leave();
  });
});

describe('[LAB4] Recommendations', () => {
  it('have their number on the observers’ page, in the order of the agenda', async () => {
    await meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/set-observer-view`, { view: 'clean' });
    const page = async (language: string) =>
      (await meeting.request('observer', 'GET', `/meetings/${meeting.id}/text?lang=${language}`)).text();
    const english = await page('en');
    expect(english).toContain('>Recommendation 1. Training<');
    expect(english).toContain('>Recommendation 2. Campaigns<');
    expect(await page('pt')).toContain('>Recomendação 2. Campaigns<');
  });
});
