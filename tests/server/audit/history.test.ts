import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { Histories, longestPage } from '../../../server/audit/history.ts';
import { Turns } from '../../../server/audit/turns.ts';
import { Room } from '../../../server/room/room.ts';
import type { Log } from '../../../server/storage/log.ts';
import { openMemoryLog } from '../../../server/storage/memory.ts';
import { History, type HistoryAct, type HistoryItem, type HistoryQuery } from '../../../shared/protocol/contract.ts';
import {
  AccountId,
  type ClauseId,
  type MarkId,
  newMarkId,
  newRecommendationId,
  type RecommendationId,
} from '../../../shared/protocol/ids.ts';
import { markKey, textOf } from '../../../shared/text/document.ts';
import { bringIn } from '../../helpers/bringIn.ts';
import { type Client, connect } from '../../helpers/hostileClient.ts';
import { startMeeting, type TestMeeting } from '../../helpers/meeting.ts';
import { clauseId, delegate, op, party } from '../../helpers/texts.ts';

const minute = 60_000;

describe('[LOG7] The history of a clause', () => {
  let meeting: TestMeeting;
  let now = 1_000_000;
  beforeAll(async () => {
    meeting = await startMeeting({ now: () => now });
  }, 60_000);
  afterAll(async () => {
    await meeting.close();
  });

  const historyOf = async (clause: string | undefined, query = ''): Promise<History> => {
    const path = `/api/recommendations/${meeting.recommendation}/clauses/${clause}/history${query}`;
    return History.parse(await (await meeting.request('canada', 'GET', path)).json());
  };
  /** Letter by letter, as a person types: each is an entry of the log. */
  async function type(client: Client, clause: number, at: number, words: string, id = newMarkId()): Promise<MarkId> {
    const key = markKey('insertion', id);
    for (const [index, letter] of [...words].entries()) {
      now += 200;
      const said = client.change(() => client.words(clause).insert(at + index, letter, { [key]: { id } }));
      expect((await client.say(said)).verdict).toBe('accepted');
    }
    return id;
  }
  const said = (item: HistoryItem): string => {
    switch (item.of) {
      case 'amendment': {
        const [before, after] = [item.before, item.after].map(
          (words) => `${words?.struck ?? ''}|${words?.brought ?? ''}`,
        );
        return `${item.party} ${item.state}: ${before} → ${after}`;
      }
      case 'text':
        return `text: ${item.struck} → ${item.brought}`;
      case 'status':
        return `status: ${item.status.state}`;
      case 'sponsors':
        return `sponsors: ${item.sponsors}`;
      default:
        return `${item.of}: ${item.before} → ${item.after}`;
    }
  };
  const short = (act: HistoryAct | undefined) => [
    act?.by.name,
    act?.onBehalfOf,
    act?.command,
    ...(act?.items ?? []).map(said),
  ];

  it('typing is one act until a pause or another person’s act; the author and party; decisions, with their reasons', async () => {
    const [argentina, brazil] = [await connect(meeting, 'argentina'), await connect(meeting, 'brazil')];
    const forCanada = await connect(meeting, 'rapporteur', { query: { as: 'CAN' } });
    const base = await connect(meeting, 'rapporteur', { query: { as: 'base' } });
    const began = now;
    const all = await type(argentina, 0, 5, 'all the member states and ');
    const ended = now;
    // Another clause is another history, and no act on this one.
    await type(argentina, 1, 0, 'Again ');
    now += 4 * minute;
    await argentina.say(argentina.change(() => argentina.words(0).delete(9, 4)));
    // Another person's act.
    await brazil.until(() => brazil.words(0).toString().includes('all'), 'the words');
    const fully = newMarkId();
    const strike = { [markKey('deletion', fully)]: { id: fully } };
    const length = brazil.words(0).length;
    await brazil.say(brazil.change(() => brazil.words(0).format(length - 10, 9, strike)));
    await type(brazil, 0, length - 1, 'judges', fully);
    now += minute;
    await argentina.until(() => argentina.words(0).toString().includes('judges'), 'the words');
    await type(argentina, 0, 8, ' of', all);
    // A pause.
    now += 5 * minute + 1000;
    await type(argentina, 0, 11, ' us', all);
    // On behalf of another party, and in the text in force itself.
    await forCanada.until(() => forCanada.words(0).toString().includes('of us'), 'the words');
    await type(forCanada, 0, 0, 'Strongly ');
    await base.until(() => base.words(0).toString().includes('Strongly'), 'the words');
    const end = base.words(0).length;
    now += 200;
    await base.say(base.change(() => base.words(0).insert(end, ' Today.', {})));
    // Typed, and deleted at once.
    await brazil.until(() => brazil.words(0).toString().includes('Today'), 'the words');
    await type(brazil, 0, 0, 'oh');
    await brazil.say(brazil.change(() => brazil.words(0).delete(0, 2)));
    const { clauses } = await meeting.text();
    const [clause] = clauses;
    await meeting.order('argentina', 'ask-to-sponsor', { amendment: all, party: 'CAN' });
    await meeting.order('rapporteur', 'give-reason', { amendment: all, reason: 'All means all.' });
    await meeting.order('chair', 'adopt', { amendments: [all], reason: 'No objection.' });
    await meeting.order('rapporteur', 'withdraw', { amendment: fully });
    const { acts, earlier, later } = await historyOf(clause?.id);
    const inOrder = [...acts].reverse();
    expect(inOrder.map((act) => short(act))).toEqual([
      ['rapporteur', null, 'create', 'text:  → Urge states to train officials.'],
      ['argentina', null, 'typing', 'ARG open: | → |all member states and '],
      ['brazil', null, 'typing', 'BRA open: | → officials|judges'],
      ['argentina', null, 'typing', 'ARG open: |all member states and  → |all of member states and '],
      ['argentina', null, 'typing', 'ARG open: |all of member states and  → |all of us member states and '],
      ['rapporteur', 'CAN', 'typing', 'CAN open: | → |Strongly '],
      ['rapporteur', null, 'typing', 'text:  → Today.'],
      ['brazil', null, 'typing', 'BRA open: | → |'],
      ['argentina', null, 'ask-to-sponsor', expect.stringMatching(/^ARG open/)],
      ['rapporteur', 'ARG', 'give-reason', expect.stringMatching(/^ARG open/)],
      ['chair', null, 'adopt', 'ARG adopted: |all of us member states and  → |'],
      ['rapporteur', 'BRA', 'withdraw', 'BRA withdrawn: officials|judges → |'],
    ]);
    expect(inOrder.map(({ reason }) => reason).filter((reason) => reason !== null)).toEqual([
      'All means all.',
      'No objection.',
    ]);
    expect(inOrder[1]).toMatchObject({ from: began + 200, last: expect.any(Number) });
    expect(inOrder[1]?.to).toBeGreaterThan(ended + 4 * minute);
    expect([earlier, later]).toEqual([null, null]);
    // An unfinished act is shown so far, and continued later.
    await type(brazil, 0, 0, 'Now ');
    expect(short((await historyOf(clause?.id)).acts[0]).at(-1)).toBe('BRA open: | → |Now ');
    await type(brazil, 0, 4, 'more ');
    expect((await historyOf(clause?.id)).acts).toHaveLength(14);
    for (const client of [argentina, brazil, forCanada, base]) client.leave();
  }, 60_000);

  it('a proposed clause, brackets, and a status; a query that means nothing is refused', async () => {
    const argentina = await connect(meeting, 'argentina');
    const [, second, third] = (await meeting.text()).clauses;
    const id = newMarkId();
    await argentina.say(argentina.change(() => argentina.words(1).format(0, 6, { [markKey('bracket', id)]: { id } })));
    await meeting.order('chair', 'lift-bracket', { bracket: id });
    expect((await historyOf(second?.id)).acts.slice(0, 2).map((act) => short(act))).toEqual([
      ['chair', null, 'lift-bracket', expect.stringMatching(/^bracket: \S+ ?→ null|^bracket: .+ → null$/)],
      ['argentina', null, 'typing', expect.stringMatching(/^bracket: null → /)],
    ]);
    const agree = { clauses: [third?.id], status: 'agreed', reason: 'Nobody spoke.' };
    await meeting.order('chair', 'set-status', agree);
    const [act] = (await historyOf(third?.id)).acts;
    expect([short(act), act?.reason]).toEqual([['chair', null, 'set-status', 'status: agreed'], 'Nobody spoke.']);
    for (const query of ['?before=0', '?before=x', '?after=-1', '?limit=0', '?limit=201', '?limit=1e9']) {
      const path = `/api/recommendations/${meeting.recommendation}/clauses/${second?.id}/history${query}`;
      expect([query, (await meeting.request('canada', 'GET', path)).status]).toEqual([query, 400]);
    }
    argentina.leave();
  });
});

/** A log of one recommendation: two delegations in one clause, each entry another one's, and a long log. */
async function busyLog(entries: number, words: string): Promise<{ log: Log; id: RecommendationId; clause: ClauseId }> {
  const log = openMemoryLog();
  const id = newRecommendationId();
  let now = 0;
  const room = await Room.open(id, log, () => now);
  await bringIn(room, [op('c1', 'Urge states.'), op('c2', 'Act.')]);
  const capacities = ['ARG', 'BRA'].map((code) => ({
    code,
    principal: delegate(code),
    mine: new Y.Doc(),
    mark: newMarkId(),
  }));
  for (let at = 0; at < entries; at++) {
    const { code, principal, mine, mark } = capacities[at % 2] as (typeof capacities)[number];
    now += 1000;
    Y.applyUpdate(mine, room.stateFor(Y.encodeStateVector(mine)));
    const own = textOf(mine).get(0);
    const place = own instanceof Y.XmlElement ? own.get(0) : null;
    if (!(place instanceof Y.XmlText)) throw new Error('no words');
    let update = new Uint8Array();
    mine.once('update', (bytes: Uint8Array) => {
      update = new Uint8Array(bytes);
    });
    place.insert(0, `${words}${at} `, { [markKey('insertion', mark)]: { id: mark } });
    await room.submit({
      kind: 'edit',
      onBehalfOf: null,
      update: update,
      writer: {
        principal,
        capacity: () => ({ proposesFor: party(code) }),
        clients: new Set([mine.clientID]),
        mayBind: () => true,
      },
    });
  }
  return { log, id, clause: clauseId('c1') };
}

describe('[LOG7] The pages of a history', () => {
  const requester = (account = 'account1') => ({
    account: AccountId.parse(account),
    gone: new AbortController().signal,
  });

  it.each([
    ['that are held', undefined],
    ['that are folded again, since too many are there to be held', 20_000],
  ])('%s: each act once, in order, either way, within the budget', async (_what, most) => {
    const { log, id, clause } = await busyLog(400, 'word ');
    const histories = new Histories(log, most);
    const page = async (query: Partial<HistoryQuery>): Promise<History> => {
      const json = await histories.page(id, clause, { limit: 50, ...query }, requester());
      expect(Buffer.byteLength(json)).toBeLessThan(longestPage + 2000);
      return History.parse(JSON.parse(json));
    };
    const back: HistoryAct[] = [];
    for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null; ) {
      const { acts, earlier } = await page({ before });
      expect(acts.length).toBeLessThanOrEqual(50);
      back.push(...acts);
      before = earlier;
    }
    expect(back.map(({ first }) => first)).toEqual(Array.from({ length: 401 }, (_, at) => 401 - at));
    const forth: HistoryAct[] = [];
    for (let after: number | null = 0; after !== null; ) {
      const { acts, later } = await page({ after, limit: 37 });
      forth.push(...acts);
      after = later;
    }
    expect(forth).toEqual([...back].reverse());
    await expect(histories.page(id, clauseId('nowhere'), { limit: 50 }, requester())).rejects.toThrow('not-found');
  });

  it('are told without reading the log again, but for what came since', async () => {
    const { log, id, clause } = await busyLog(100, 'w');
    const reads: number[] = [];
    const histories = new Histories({
      ...log,
      read: (name, after, limit) => {
        reads.push(after);
        return log.read(name, after, limit);
      },
    });
    // Many at once, for two clauses: one fold.
    await Promise.all(
      Array.from({ length: 4 }, (_, at) =>
        histories.page(id, at % 2 === 0 ? clause : clauseId('c2'), { limit: 5 }, requester()),
      ),
    );
    expect(reads.filter((after) => after === 0)).toHaveLength(1);
    reads.length = 0;
    await histories.page(id, clause, { limit: 5 }, requester());
    expect(reads).toEqual([101]);
  });

  it('take turns with everything else: an account’s many questions make none of another’s wait for more than one', async () => {
    const turns = new Turns();
    const done: string[] = [];
    const ask = (account: string, name: string) =>
      turns.take(requester(account), async () => {
        await new Promise((resolve) => setImmediate(resolve));
        done.push(name);
      });
    const many = Array.from({ length: 8 }, (_, at) => ask('greedy00', `greedy ${at}`).catch((error) => error.message));
    const other = ask('another0', 'another');
    const outcomes = await Promise.all(many);
    await other;
    expect(outcomes.filter((one) => one === 'too-many-requests')).toHaveLength(3);
    expect(done.indexOf('another')).toBeLessThanOrEqual(2);
    // During a fold the event loop keeps turning.
    const { log, id, clause } = await busyLog(300, 'several words ');
    let rounds = 0;
    let over = false;
    const tick = (): void => {
      rounds += 1;
      if (!over) setImmediate(tick);
    };
    tick();
    const [begun, before] = [performance.now(), rounds];
    await new Histories(log).page(id, clause, { limit: 5 }, requester());
    over = true;
    // A round is a slice of 8 ms, or one step where that takes longer.
    expect(rounds - before).toBeGreaterThan((performance.now() - begun) / 60);
  });
});
