import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openSessions } from '../../../server/access/sessions.ts';
import { type App, createApp } from '../../../server/app.ts';
import { readConfig } from '../../../server/config.ts';
import { type Client, connect } from '../../helpers/hostileClient.ts';
import { secret, startMeeting, type TestMeeting } from '../../helpers/meeting.ts';

let meeting: TestMeeting;
beforeAll(async () => {
  meeting = await startMeeting();
}, 60_000);
afterAll(async () => {
  await meeting.close();
});

const cookieOf = (response: Response): string => response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
const signIn = async (name: string, cookie = ''): Promise<string> =>
  cookieOf(
    await fetch(`${meeting.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie },
      body: JSON.stringify({ name, password: secret }),
    }),
  );
const isIn = async (cookie: string, url = meeting.url): Promise<boolean> =>
  (await fetch(`${url}/api/session`, { headers: { cookie } })).ok;

describe('[ACC2] A session', () => {
  it('is a new one at every sign-in, whatever cookie was there before', async () => {
    const planted = `concord_session=${'A'.repeat(43)}`;
    const cookie = await signIn('canada', planted);
    expect(cookie).not.toBe(planted);
    expect(await isIn(planted)).toBe(false);
    expect(await isIn(cookie)).toBe(true);
    // 32 random bytes.
    expect(cookie).toMatch(/^concord_session=[\w-]{43}$/);
  });

  it('ends when somebody signs in over it, on the same computer', async () => {
    const before = await signIn('canada');
    const after = await signIn('brazil', before);
    expect(await isIn(before)).toBe(false);
    expect(await isIn(after)).toBe(true);
  });

  it('ends after a week, however much it is used', async () => {
    const cookie = await signIn('canada');
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const day = 24 * 3600 * 1000;
      for (let days = 1; days < 7; days++) {
        vi.setSystemTime(Date.now() + day);
        expect([days, await isIn(cookie)]).toEqual([days, true]);
      }
      vi.setSystemTime(Date.now() + day + 1000);
      expect(await isIn(cookie)).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });

  it('that a clock made which ran ahead ends a week after the clock is right, used or not', async () => {
    const day = 24 * 3600 * 1000;
    const right = Date.now();
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      vi.setSystemTime(right + 300 * day);
      const cookie = await signIn('canada');
      vi.setSystemTime(right);
      await openSessions(meeting.store.tables, { secure: false }).sweep();
      vi.setSystemTime(right + 6 * day);
      expect(await isIn(cookie)).toBe(true);
      vi.setSystemTime(right + 8 * day);
      expect(await isIn(cookie)).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('[ACC4] Invitations that are still about', () => {
  const link = async (participant = meeting.participants.canada): Promise<string> => {
    const { token } = await meeting.app.access.inviteParticipant({
      meeting: meeting.id,
      participant,
      createdBy: null,
    });
    return token;
  };
  const leads = async (token: string): Promise<boolean> =>
    (await fetch(`${meeting.url}/api/invitations/${token}`)).status === 200;
  const takeUp = (token: string, name: string): Promise<Response> =>
    fetch(`${meeting.url}/api/invitations/${token}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, password: secret }),
    });
  const newSeat = async () => {
    const [event] = await meeting.app.meetings.order(
      meeting.id,
      { type: 'accredit', name: 'Somebody', role: 'observer', party: null },
      'administrator',
      'test',
    );
    if (event?.type !== 'participant accredited') throw new Error('nobody was accredited');
    return event.participant.id;
  };

  it('a new link takes the place of the old one, which may have gone to the wrong person', async () => {
    const seat = await newSeat();
    const [other, old] = [await link(), await link(seat)];
    const fresh = await link(seat);
    expect([await leads(old), await leads(fresh)]).toEqual([false, true]);
    expect((await takeUp(old, 'wrong person')).status).toBe(410);
    // Links to other accreditations stay valid.
    expect(await leads(other)).toBe(true);
  });

  it('an ended accreditation invalidates its links, also when it is given again', async () => {
    const seat = await newSeat();
    const old = await link(seat);
    const order = (type: string, body: unknown) =>
      meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/${type}`, body);
    await order('end-accreditation', { participant: seat });
    await order('accredit', { id: seat, name: 'Somebody else', role: 'observer', party: null });
    expect(await leads(old)).toBe(false);
  });

  it('once there is an administrator by one link, no other link makes one', async () => {
    const { access } = meeting.app;
    const [forgotten, printed] = [await access.inviteAdministrator(), await access.inviteAdministrator()];
    expect((await takeUp(printed.token, 'administrator')).status).toBe(204);
    expect((await takeUp(forgotten.token, 'second administrator')).status).toBe(410);
  });
});

describe('[ACC8] An end on another server', () => {
  let other: App;
  let url: string;
  beforeAll(async () => {
    // A second server on the same store, as behind a load balancer.
    other = await createApp({
      store: meeting.store,
      config: readConfig({ LOG_LEVEL: 'silent' }),
      log: pino({ level: 'silent' }),
      now: () => Date.now(),
      demo: () => null,
    });
    url = `http://127.0.0.1:${await other.listen(0, '127.0.0.1')}`;
    // Stops its clock: connections are closed only by a look-up or a notice.
    meeting.app.access.close();
  });
  afterAll(async () => {
    await other.close();
  });
  const here = (name: 'canada' | 'brazil' | 'argentina', cookie: string): Promise<Client> =>
    connect({ ...meeting, cookies: { ...meeting.cookies, [name]: cookie } }, name);

  it('is cut here: a sign-out on another server, a session whose time is over', async () => {
    const cookie = await signIn('canada');
    const [kept, client] = [await here('brazil', await signIn('brazil')), await here('canada', cookie)];
    const stream = await fetch(`${meeting.url}/api/meetings/${meeting.id}/events`, { headers: { cookie } });
    const reading = await fetch(`${meeting.url}/meetings/${meeting.id}/text/events`, { headers: { cookie } });
    expect((await fetch(`${url}/api/session`, { method: 'DELETE', headers: { cookie } })).status).toBe(204);
    expect(await isIn(cookie)).toBe(false);
    await meeting.app.access.lookAgain();
    expect((await client.closed).code).toBe(4401);
    // Both streams end.
    await stream.text();
    await reading.text();
    await kept.say(new Uint8Array([0, 0]));
    kept.leave();
  });

  it('closes connections here: an accreditation that another account took on another server', async () => {
    const client = await here('argentina', await signIn('argentina'));
    const { token } = await other.access.inviteParticipant({
      meeting: meeting.id,
      participant: meeting.participants.argentina,
      createdBy: null,
    });
    await other.access.takeUp(token, { name: 'successor', password: secret });
    await meeting.app.access.lookAgain();
    expect((await client.closed).code).toBe(4401);
  });

  it('closes connections at once where it happens: also the event streams of an accreditation’s former holder', async () => {
    const cookie = await signIn('brazil');
    const stream = await fetch(`${meeting.url}/api/meetings/${meeting.id}/events`, { headers: { cookie } });
    const { access } = meeting.app;
    const { token } = await access.inviteParticipant({
      meeting: meeting.id,
      participant: meeting.participants.brazil,
      createdBy: null,
    });
    await access.takeUp(token, { name: 'successor of brazil', password: secret });
    await stream.text();
  });

  it('an account holds so many sockets and streams, and no more', async () => {
    const { access } = meeting.app;
    const found = await access.authenticate(await signIn('observer'));
    if (found === null) throw new Error('not signed in');
    const who = { session: found.session, account: found.account.id, participant: null };
    const held = Array.from({ length: 3 }, () => access.attend(who, { most: 3 }));
    expect(() => access.attend(who, { most: 3 })).toThrow('too-many-requests');
    held[0]?.();
    held.push(access.attend(who, { most: 3 }));
    for (const leave of held) leave();
  });
});
