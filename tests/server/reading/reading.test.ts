import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObserverView } from '../../../shared/meeting/meeting.ts';
import { newClauseId, newMarkId } from '../../../shared/protocol/ids.ts';
import { clauseElement, markKey } from '../../../shared/text/document.ts';
import { languages } from '../../../shared/words/words.ts';
import { type Client, connect, propose } from '../../helpers/hostileClient.ts';
import { type Person, startMeeting, type TestMeeting } from '../../helpers/meeting.ts';

let meeting: TestMeeting;
beforeEach(async () => {
  meeting = await startMeeting();
}, 60_000);
afterEach(async () => {
  await meeting.close();
});

const show = (view: ObserverView) =>
  meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/set-observer-view`, { view });
const page = async (query = ''): Promise<string> =>
  (await meeting.request('observer', 'GET', `/meetings/${meeting.id}/text${query}`)).text();

/** Puts a clause of the first recommendation under discussion. */
async function discuss(clause: number): Promise<void> {
  const { clauses } = await meeting.text();
  const currentClause = { recommendation: meeting.recommendation, clause: clauses[clause]?.id ?? null };
  const path = `/api/meetings/${meeting.id}/set-current-clause`;
  expect((await meeting.request('chair', 'POST', path, { currentClause })).status).toBe(204);
}

async function strike(client: Client, clause: number, from: number, length: number) {
  const id = newMarkId();
  expect(
    await client.say(
      client.change(() => client.words(clause).format(from, length, { [markKey('deletion', id)]: { id } })),
    ),
  ).toMatchObject({ verdict: 'accepted' });
  return id;
}

/** Reads an observer's event stream, byte for byte, until it is stopped. */
async function listen(version = '', as: Person = 'observer', sheet = 'text') {
  const stop = new AbortController();
  const response = await fetch(`${meeting.url}/meetings/${meeting.id}/${sheet}/events${version}`, {
    headers: { cookie: meeting.cookies[as] },
    signal: stop.signal,
  });
  let bytes = '';
  const reading = (async () => {
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    try {
      for (;;) {
        const part = await reader?.read();
        if (part === undefined || part.done) return;
        bytes += decoder.decode(part.value, { stream: true });
      }
    } catch {
      // Stopped.
    }
  })();
  return {
    headers: response.headers,
    heard: () => bytes,
    ended: reading,
    until: (words: string) => expect.poll(() => bytes, { timeout: 5000 }).toContain(words),
    stop: async () => {
      stop.abort();
      await reading;
      return bytes;
    },
  };
}

/** All that an observer can get, in every language, by every address. */
async function everything(): Promise<string> {
  const parts: string[] = [];
  for (const language of languages) parts.push(await page(`?lang=${language}`));
  for (const sheet of ['text', 'screen']) {
    const events = await listen('?version=-1', 'observer', sheet);
    await new Promise((resolve) => setTimeout(resolve, 150));
    parts.push(await events.stop());
  }
  const [first] = (await meeting.text()).clauses;
  for (const path of [
    '/api/meetings',
    `/api/meetings/${meeting.id}`,
    `/api/meetings/${meeting.id}/events`,
    `/api/recommendations/${meeting.recommendation}`,
    `/api/recommendations/${meeting.recommendation}/clauses/${first?.id}/history`,
    '/api/session',
    `/meetings/${meeting.id}/screen`,
    `/meetings/${meeting.id}/screen?for=participants`,
  ]) {
    const response = await meeting.request('observer', 'GET', path);
    if (path.endsWith('/events')) expect(response.status).toBe(403);
    parts.push(await response.text());
  }
  return parts.join('\n');
}

const partyNames = ['Argentina', 'Brazil', 'Canada', 'ARG', 'BRA', 'CAN', 'CIM'];
const noneOf = (bytes: string, words: readonly string[]): string[] =>
  words.filter((word) => new RegExp(`\\b${word}\\b`).test(bytes));

/** A text in which each word names its own state. */
async function negotiate(): Promise<void> {
  const argentina = await connect(meeting, 'argentina');
  const brazil = await connect(meeting, 'brazil');
  // Urge states to train officials.
  await propose(argentina, 0, 0, 'pendingword ');
  const withdrawn = await propose(argentina, 0, 0, 'withdrawnword ');
  expect((await meeting.order('argentina', 'withdraw', { amendment: withdrawn })).status).toBe(200);
  const refused = await propose(brazil, 1, 0, 'refusedword ');
  expect((await meeting.order('chair', 'not-adopt', { amendments: [refused] })).status).toBe(200);
  const adopted = await propose(brazil, 1, 0, 'adoptedword ');
  expect((await meeting.order('chair', 'adopt', { amendments: [adopted] })).status).toBe(200);
  // Encourage research.
  const gone = await strike(argentina, 2, 10, 8);
  expect((await meeting.order('chair', 'adopt', { amendments: [gone] })).status).toBe(200);
  await brazil.until(() => !brazil.words(0).toString().includes('withdrawnword'), 'the withdrawal');
  const typed = await propose(brazil, 0, 0, 'takenbackword ');
  expect(
    await brazil.say(
      brazil.change(() => {
        const { found } = { found: brazil.words(0).toDelta() as { insert: string; attributes?: object }[] };
        let at = 0;
        for (const { insert: words } of found) {
          if (words.includes('takenbackword')) brazil.words(0).delete(at, words.length);
          at += words.length;
        }
      }),
    ),
  ).toMatchObject({ verdict: 'accepted' });
  expect(typed).not.toBe('');
  await strike(brazil, 0, (brazil.words(0).toDelta() as { insert: string }[])[0]?.insert.length ?? 0, 4);
  argentina.leave();
  brazil.leave();
}
const deleted = ['withdrawnword', 'refusedword', 'takenbackword', 'research'];

describe('[READ1] Observers get what the chair chose, and not a byte more', () => {
  it('nothing, in a closed session: no word, no heading, no party', async () => {
    await show('nothing');
    await negotiate();
    const bytes = await everything();
    expect(
      noneOf(bytes, [...deleted, ...partyNames, 'pendingword', 'adoptedword', 'Urge', 'Prevention', 'Training']),
    ).toEqual([]);
  });

  it('nothing, in a closed session: not that the agenda changed', async () => {
    await show('nothing');
    const before = await page();
    const stream = await listen(`?version=${/data-version="(\d+)"/.exec(before)?.[1]}`);
    await stream.until(': here');
    const { topics, recommendations } = await meeting.view();
    const renamed = recommendations.map(({ progress: _, ...one }) => ({ ...one, heading: 'Another heading' }));
    for (const [type, body] of [
      ['set-topics', { topics: topics.map((topic) => ({ ...topic, heading: 'Another topic' })) }],
      ['set-recommendations', { recommendations: renamed }],
      ['set-current-clause', { currentClause: { recommendation: meeting.recommendation, clause: null } }],
    ] as const) {
      const changed = { ...body, basedOn: (await meeting.view()).agendaVersion };
      const path = `/api/meetings/${meeting.id}/${type}`;
      expect(
        (await meeting.request('chair', 'POST', path, type === 'set-current-clause' ? body : changed)).status,
      ).toBe(204);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await stream.stop()).replaceAll(': here\n\n', '')).toBe('');
    expect(await page()).toBe(before);
    // Decisions made meanwhile are included once it is opened.
    await show('clean');
    expect(await page()).toContain('Another topic');
  });

  it('no clause under discussion that their view hides', async () => {
    const argentina = await connect(meeting, 'argentina');
    const id = newMarkId();
    const clause = newClauseId();
    const proposed = { id: clause, kind: 'operative' as const, level: 0, insertion: id, runs: [] };
    expect(await argentina.say(argentina.change((text) => text.insert(1, [clauseElement(proposed)])))).toMatchObject({
      verdict: 'accepted',
    });
    argentina.leave();
    const currentClause = { recommendation: meeting.recommendation, clause };
    await meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/set-current-clause`, { currentClause });
    const told = async (view: ObserverView) => {
      await show(view);
      return (await meeting.view('observer')).currentClause;
    };
    expect(await told('nothing')).toBeNull();
    expect(await told('clean')).toEqual({ ...currentClause, clause: null });
    expect(noneOf(await everything(), [clause])).toEqual([]);
    expect(await told('bracketed')).toEqual(currentClause);
    expect((await meeting.view('argentina')).currentClause).toEqual(currentClause);
  });

  it('clean text: the words in force, no proposal, no party, no deleted word', async () => {
    await show('clean');
    const stream = await listen();
    await negotiate();
    await stream.until('adoptedword');
    const bytes = (await everything()) + (await stream.stop());
    expect(noneOf(bytes, ['adoptedword', 'Urge', 'Prevention'])).toHaveLength(3);
    // A word that was in force when the stream began may be in it; a word that was only ever proposed may not.
    expect(noneOf(bytes, ['withdrawnword', 'refusedword', 'takenbackword', 'pendingword', ...partyNames])).toEqual([]);
    expect(noneOf(await everything(), deleted)).toEqual([]);
  });

  it('bracketed text: what is contested stands in brackets, whose it is doesn’t', async () => {
    await show('bracketed');
    const stream = await listen();
    await negotiate();
    await stream.until('adoptedword');
    const bytes = await everything();
    const bracketed = (words: string) =>
      `<span class="contested"><b class="bracket">[</b><bdi>${words}</bdi><b class="bracket">]</b></span>`;
    expect(bytes).toContain(`${bracketed('pendingword')} `);
    // A copy as plain text has no lines through words, so a word says that these are struck.
    expect(bytes).toContain(
      '<b class="bracket">[</b><small class="sign">delete:</small> <del><bdi>Urge</bdi></del><b class="bracket">]</b>',
    );
    expect(noneOf(bytes + (await stream.stop()), partyNames)).toEqual([]);
    expect(noneOf(bytes, deleted)).toEqual([]);
  });

  it('brackets that somebody types are letters: they end no bracket, and turn nothing round', async () => {
    await show('bracketed');
    const argentina = await connect(meeting, 'argentina');
    await propose(argentina, 2, 0, 'freely] and never [so ');
    expect(await page()).toContain('<b class="bracket">[</b><bdi>freely] and never [so</bdi><b class="bracket">]</b>');
  });

  it('text with attribution: the parties too, and still no deleted word, participant or reason', async () => {
    await show('attributed');
    await negotiate();
    const { amendments } = await meeting.text();
    const mine = amendments.find(({ inserted, state }) => inserted.includes('pendingword') && state === 'open');
    await meeting.order('argentina', 'give-reason', { amendment: mine?.id, reason: 'reasonword' });
    const bytes = await everything();
    const { observer: _own, ...rest } = meeting.participants;
    const others = Object.values(rest);
    expect(bytes).toMatch(/pendingword.*ARG/);
    expect(noneOf(bytes, [...deleted, 'reasonword', ...others])).toEqual([]);
    expect(bytes).not.toContain('Delegate');
  });

  it('as much on the projector, which shows participants all changes', async () => {
    await show('bracketed');
    await negotiate();
    await discuss(0);
    const path = `/meetings/${meeting.id}/screen`;
    const screen = async (as: Person, query = '') => (await meeting.request(as, 'GET', path + query)).text();
    expect(noneOf(await everything(), [...partyNames, ...deleted])).toEqual([]);
    expect(await screen('observer')).toContain('<b class="bracket">[</b><bdi>pendingword</bdi>');
    for (const one of ['chair', 'rapporteur', 'brazil'] as const)
      expect(noneOf(await screen(one), ['pendingword', 'ARG', 'BRA'])).toHaveLength(3);
    // A projector that observers can see, set up by the chair.
    expect(noneOf(await screen('chair', '?for=observers'), partyNames)).toEqual([]);
    await show('nothing');
    expect(noneOf(await screen('observer'), ['Urge', 'Training', 'pendingword', ...partyNames])).toEqual([]);
    expect(noneOf(await screen('chair'), ['Urge', 'Training', 'pendingword'])).toHaveLength(3);
  });

  it('no more from the moment at which a participant becomes an observer', async () => {
    await show('clean');
    await discuss(0);
    const stream = await listen('', 'brazil', 'screen');
    await stream.until('reload');
    const change = { id: meeting.participants.brazil, name: 'brazil', party: 'BRA', role: 'observer' };
    expect((await meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/accredit`, change)).status).toBe(200);
    // The server ends it; the reader doesn't.
    await stream.ended;
    const path = `/meetings/${meeting.id}/screen`;
    expect(await (await meeting.request('brazil', 'GET', path)).text()).not.toContain('ARG');
  });

  it('has no way into the document', async () => {
    await show('attributed');
    const observer = await connect(meeting, 'observer', { sync: false });
    expect((await observer.closed).code).toBe(4403);
    expect(observer.updates).toEqual([]);
  });
});

describe('[READ2] The page is live', () => {
  it('sends one patch a clause, and a reader who missed some is told to load the page again', async () => {
    await show('bracketed');
    const first = await listen();
    const argentina = await connect(meeting, 'argentina');
    await propose(argentina, 0, 0, 'livewords ');
    await first.until('livewords');
    const patch = first.heard();
    // Only the changed clause is in it.
    expect(patch).not.toContain('Invite states');
    expect(Buffer.byteLength(patch)).toBeLessThan(1500);
    await first.stop();
    await propose(argentina, 0, 0, 'missed ');
    const late = await listen('?version=0');
    await late.until('"reload":true');
    await late.stop();
    argentina.leave();
  });

  it('follows the chair: the clause under discussion is marked, and the projector shows it, without a reload', async () => {
    await show('clean');
    await discuss(0);
    const start = async (as: Person, sheet: string) => {
      const html = await (await meeting.request(as, 'GET', `/meetings/${meeting.id}/${sheet}`)).text();
      return listen(`?version=${/data-version="(\d+)"/.exec(html)?.[1]}`, as, sheet);
    };
    const [text, screen] = [await start('observer', 'text'), await start('chair', 'screen')];
    await discuss(1);
    await text.until('Recommendation 1, clause 2');
    // Two clauses and the sentence that names the clause.
    await text.until('"part":"current"');
    expect((await text.stop()).match(/"clause":/g)).toHaveLength(2);
    await screen.until('Invite states to share experience.');
    const argentina = await connect(meeting, 'argentina');
    await propose(argentina, 1, 0, 'livewords ');
    await screen.until('livewords');
    // Another clause isn't on the screen.
    const before = screen.heard();
    await propose(argentina, 2, 0, 'elsewhere ');
    await screen.until('2 with amendments');
    expect(screen.heard().slice(before.length)).not.toContain('elsewhere');
    expect(await screen.stop()).not.toContain('reload');
    argentina.leave();
  });

  it('speaks as guardedly as every other answer, and to readers of streams alone', async () => {
    await show('bracketed');
    const stream = await listen();
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.headers.get('cache-control')).toBe('no-store');
    const guarded = await meeting.request('observer', 'GET', `/meetings/${meeting.id}/text`);
    for (const name of ['content-security-policy', 'x-content-type-options', 'referrer-policy']) {
      expect(stream.headers.get(name)).toBe(guarded.headers.get(name));
      expect(stream.headers.get(name)).not.toBeNull();
    }
    await stream.stop();
    expect((await meeting.request('observer', 'HEAD', `/meetings/${meeting.id}/text/events`)).status).toBe(200);
    // A reader that left belongs to nobody: others continue.
    const other = await listen();
    const argentina = await connect(meeting, 'argentina');
    await propose(argentina, 0, 0, 'afterwards ');
    await other.until('afterwards');
    await other.stop();
    argentina.leave();
  });

  it('a view that the chair closes is closed at once, also on pages that are open', async () => {
    await show('attributed');
    const stream = await listen();
    await show('nothing');
    await stream.until('"reload":true');
    expect(await page()).not.toContain('Urge');
    const argentina = await connect(meeting, 'argentina');
    const before = stream.heard();
    await propose(argentina, 0, 0, 'secretword ');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(stream.heard().slice(before.length)).not.toContain('secretword');
    await stream.stop();
    argentina.leave();
  });

  it('ends when the observer’s accreditation ends', async () => {
    await show('clean');
    const stream = await listen();
    await meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/end-accreditation`, {
      participant: meeting.participants.observer,
    });
    // The server ends it; no reader did.
    await stream.ended;
    expect((await meeting.request('observer', 'GET', `/meetings/${meeting.id}/text`)).status).toBe(404);
  });

  it('says words as words: what looks like HTML is text', async () => {
    await show('attributed');
    const argentina = await connect(meeting, 'argentina');
    await propose(argentina, 0, 0, '<img src=x onerror=alert(1)> & "so" ');
    const bytes = await page();
    expect(bytes).not.toContain('<img');
    expect(bytes).toContain('&lt;img src=x onerror=alert(1)&gt; &amp; ');
    argentina.leave();
  });
});

describe('[READ3] An account without an accreditation reads nothing', () => {
  it('a stranger is sent to sign in, an outsider finds nothing', async () => {
    const stranger = await fetch(`${meeting.url}/meetings/${meeting.id}/text`, { redirect: 'manual' });
    expect([302, 303, 401]).toContain(stranger.status);
    expect((await meeting.request('outsider', 'GET', `/meetings/${meeting.id}/text`)).status).toBe(404);
    expect((await meeting.request('outsider', 'GET', `/meetings/${meeting.id}/text/events`)).status).toBe(404);
  });
});
