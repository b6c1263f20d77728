import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verify } from '../../../server/audit/verify.ts';
import { Refused } from '../../../shared/protocol/contract.ts';
import { type MarkId, newMarkId } from '../../../shared/protocol/ids.ts';
import { markKey } from '../../../shared/text/document.ts';
import { type Client, connect, propose } from '../../helpers/hostileClient.ts';
import { startMeeting, type TestMeeting } from '../../helpers/meeting.ts';
import { seenOf } from '../../helpers/seen.ts';

/** Former attacks against a running server. Its first clause reads "Urge states to train officials." */
let meeting: TestMeeting;
const clients: Client[] = [];
beforeEach(async () => {
  meeting = await startMeeting();
}, 60_000);
afterEach(async () => {
  for (const client of clients.splice(0)) client.leave();
  expect((await verify(meeting.store.log)).faults).toEqual([]);
  await meeting.close();
});

const join = async (...args: Parameters<typeof connect> extends [unknown, ...infer Rest] ? Rest : never) => {
  const client = await connect(meeting, ...args);
  clients.push(client);
  return client;
};
const codeOf = async (response: Response): Promise<string> =>
  response.ok ? 'done' : Refused.parse(await response.json()).error.code;
const insert = (client: Client, at: number, words: string, id: MarkId, clause = 0) =>
  client.say(client.change(() => client.words(clause).insert(at, words, { [markKey('insertion', id)]: { id } })));
const verdictOf = async (saying: ReturnType<Client['say']>): Promise<string> => {
  const verdict = await saying;
  return verdict.verdict === 'accepted' ? 'accepted' : verdict.code;
};
const amendment = async (id: MarkId) => (await meeting.text()).amendments.find((one) => one.id === id);
/** The words of a clause in force, and all of them. */
const wordsIn = async (clause = 0): Promise<[inForce: string | undefined, all: string | undefined]> => {
  const found = (await meeting.text()).clauses[clause];
  return [found?.runs.map((run) => (run.marks.insertion.length === 0 ? run.text : '')).join(''), found?.text];
};
/** Until a client has received the latest words. */
const hears = (client: Client, words: string, clause = 0) =>
  client.until(() => client.words(clause).toString().includes(words), words);

describe('one party against another', () => {
  it.each([
    ['a letter on each side of an addition', 5],
    ['a letter before an addition at the end', 31],
  ])('[DISP2] %s, and a withdrawal: the addition stays', async (_name, at) => {
    const [argentina, brazil] = [await join('argentina'), await join('brazil')];
    const added = await propose(brazil, 0, at, 'all ');
    await hears(argentina, 'all ');
    const own = newMarkId();
    if (at === 5) await insert(argentina, at + 4, '.', own);
    await insert(argentina, at, '.', own);
    expect(await codeOf(await meeting.order('argentina', 'withdraw', { amendment: own }))).toBe('done');
    expect(await amendment(added)).toMatchObject({ state: 'open', inserted: 'all ' });
  });

  it('[AUTH8] letters cannot be taken over by marking them', async () => {
    const [argentina, brazil] = [await join('argentina'), await join('brazil')];
    await propose(brazil, 0, 5, 'all ');
    await hears(argentina, 'all ');
    const id = newMarkId();
    const saying = argentina.say(
      argentina.change(() => argentina.words(0).format(5, 4, { [markKey('insertion', id)]: { id } })),
    );
    expect(await verdictOf(saying)).toBe('not-your-words');
  });

  it('[DISP3] words inside another’s addition never come into the text before it does', async () => {
    const [argentina, canada] = [await join('argentina'), await join('canada')];
    const outer = await propose(argentina, 0, 11, ', as amended,');
    await hears(canada, 'amended');
    const inner = await propose(canada, 0, 16, 'recently ');
    expect(await amendment(inner)).toMatchObject({ parent: outer });
    expect(await codeOf(await meeting.order('chair', 'adopt', { amendments: [inner] }))).toBe('done');
    const before = 'Urge states to train officials.';
    expect(await wordsIn()).toEqual([before, 'Urge states, as recently amended, to train officials.']);
    expect(await codeOf(await meeting.order('chair', 'not-adopt', { amendments: [outer] }))).toBe('done');
    expect(await wordsIn()).toEqual([before, before]);
  });

  it('[DISP3] deleting all words of an addition makes the amendments to it fall, with their words', async () => {
    const [argentina, canada] = [await join('argentina'), await join('canada')];
    const outer = await propose(argentina, 0, 11, ' all');
    await hears(canada, ' all');
    const inner = await propose(canada, 0, 13, 'xyz');
    await hears(argentina, 'xyz');
    const erase = argentina.change(() => {
      argentina.words(0).delete(16, 2);
      argentina.words(0).delete(11, 2);
    });
    expect(await verdictOf(argentina.say(erase))).toBe('accepted');
    expect(await wordsIn()).toEqual(['Urge states to train officials.', 'Urge states to train officials.']);
    expect(await amendment(outer)).toMatchObject({ state: 'withdrawn', inserted: ' all' });
    expect(await amendment(inner)).toMatchObject({ state: 'fallen', inserted: 'xyz' });
  });

  it('[AUTH8] an amendment stays in the clauses of the gesture that made it', async () => {
    const argentina = await join('argentina');
    const one = await propose(argentina, 0, 5, 'all ');
    const both = newMarkId();
    const strikes = argentina.change(() => {
      for (const clause of [0, 1]) argentina.words(clause).format(0, 4, { [markKey('deletion', both)]: { id: both } });
    });
    expect(await verdictOf(argentina.say(strikes))).toBe('accepted');
    expect(await verdictOf(insert(argentina, 4, 's', both, 1))).toBe('accepted');
    expect(await verdictOf(insert(argentina, 0, 'Also ', one, 2))).toBe('mark-misused');
  });

  it('[AUTH8] an addition of one kind does not go on inside another’s, nor the other way round', async () => {
    const [argentina, canada] = [await join('argentina'), await join('canada')];
    await propose(argentina, 0, 11, ', as amended,');
    await hears(canada, 'amended');
    const inForce = await propose(canada, 0, 0, 'Firmly ');
    expect(await verdictOf(insert(canada, 20, 'x', inForce))).toBe('mark-misused');
  });

  it('[AUTH5] the rapporteur writes no text in force inside what a party adds', async () => {
    const [argentina, rapporteur] = [await join('argentina'), await join('rapporteur', { query: { as: 'base' } })];
    await propose(argentina, 0, 11, ', as amended,');
    await hears(rapporteur, 'amended');
    expect(
      await verdictOf(
        rapporteur.say(
          rapporteur.change(() => rapporteur.words(0).insert(14, 'x', { [markKey('insertion', newMarkId())]: null })),
        ),
      ),
    ).toBe('not-your-words');
  });

  it('[DISP2] a clause that the rapporteur emptied stays when the words proposed in it are withdrawn', async () => {
    const [argentina, rapporteur] = [await join('argentina'), await join('rapporteur', { query: { as: 'base' } })];
    const added = await propose(argentina, 2, 0, 'Promote ');
    await hears(rapporteur, 'Promote', 2);
    await rapporteur.say(rapporteur.change(() => rapporteur.words(2).delete(8, rapporteur.words(2).length - 8)));
    expect(await codeOf(await meeting.order('argentina', 'withdraw', { amendment: added }))).toBe('done');
    expect((await meeting.text()).clauses).toHaveLength(3);
  });
});

describe('decisions and consents', () => {
  it('[PROC4] the chair never adopts words that nobody has seen', async () => {
    const argentina = await join('argentina');
    const id = await propose(argentina, 0, 5, 'all ');
    const seen = seenOf(await meeting.text());
    await insert(argentina, 8, ' nearly', id);
    for (const type of ['adopt', 'not-adopt'])
      expect(await codeOf(await meeting.order('chair', type, { amendments: [id], seen }))).toBe('changed-since');
    expect(await codeOf(await meeting.order('chair', 'adopt', { amendments: [id] }))).toBe('done');
  });

  it('[PROC5] a sponsored amendment that changes loses its sponsors, who are asked again and shown the former words', async () => {
    const argentina = await join('argentina');
    const id = await propose(argentina, 0, 5, 'all ');
    await meeting.order('argentina', 'ask-to-sponsor', { amendment: id, party: 'BRA' });
    await meeting.order('brazil', 'answer-sponsoring', { amendment: id, accept: true });
    expect((await amendment(id))?.sponsors).toEqual([{ party: 'BRA', accepted: true }]);
    const seen = seenOf(await meeting.text());
    await insert(argentina, 8, ' nearly', id);
    const asked = { party: 'BRA', accepted: false, agreedTo: { struck: '', inserted: 'all ' } };
    expect((await amendment(id))?.sponsors).toEqual([asked]);
    const accepting = { amendment: id, accept: true };
    expect(await codeOf(await meeting.order('brazil', 'answer-sponsoring', { ...accepting, seen }))).toBe(
      'changed-since',
    );
    expect(await codeOf(await meeting.order('brazil', 'answer-sponsoring', accepting))).toBe('done');
    expect((await amendment(id))?.sponsors).toEqual([{ party: 'BRA', accepted: true }]);
  });

  it('[PROC4] a letter that comes in meanwhile does not keep a clause from being agreed', async () => {
    const argentina = await join('argentina');
    const adopted = await propose(argentina, 0, 5, 'all ');
    const clause = (await meeting.text()).clauses[0]?.id;
    const wish = { clauses: [clause], adopt: [adopted], status: 'agreed' };
    // The digests of the clause as it will read come from the words on the chair's screen.
    const late = await propose(argentina, 0, 0, '.');
    expect(await codeOf(await meeting.order('chair', 'set-status', { clauses: [clause], status: 'agreed' }))).toBe(
      'clause-unresolved',
    );
    expect(await codeOf(await meeting.order('chair', 'dispose-and-agree', wish))).toBe('done');
    expect(await wordsIn()).toEqual(['Urge all states to train officials.', 'Urge all states to train officials.']);
    expect((await meeting.text()).clauses[0]?.status.state).toBe('agreed');
    expect([(await amendment(adopted))?.state, (await amendment(late))?.state]).toEqual(['adopted', 'not adopted']);
  });

  it('[MEET5] a delegate withdraws nothing while drafting is closed', async () => {
    const argentina = await join('argentina');
    const id = await propose(argentina, 0, 5, 'all ');
    await meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/drafting`, { open: false });
    expect(await codeOf(await meeting.order('argentina', 'withdraw', { amendment: id }))).toBe('drafting-closed');
  });
});
