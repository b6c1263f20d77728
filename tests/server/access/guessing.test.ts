import { verify } from '@node-rs/argon2';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { addressOf } from '../../../server/access/address.ts';
import { allowances } from '../../../server/access/limits.ts';
import { hashPassword, passwordFits } from '../../../server/access/passwords.ts';
import { secret, startMeeting, type TestMeeting } from '../../helpers/meeting.ts';

vi.mock(import('@node-rs/argon2'), async (original) => {
  const real = await original();
  return { ...real, verify: vi.fn(real.verify) };
});

/** Behind a proxy, so that a test can come from many addresses. */
const origin = 'https://concord.example.org';
let meeting: TestMeeting;
beforeAll(async () => {
  meeting = await startMeeting({ env: { PUBLIC_ORIGIN: origin } });
}, 60_000);
afterAll(async () => {
  await meeting.close();
});

let addresses = 0;
const somewhere = (): string => {
  addresses += 1;
  return `10.1.${Math.floor(addresses / 250)}.${(addresses % 250) + 1}`;
};

async function signIn(name: string, password: string, { from = somewhere(), cookie = '' } = {}) {
  const response = await fetch(`${meeting.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': from, cookie },
    body: JSON.stringify({ name, password }),
  });
  return {
    status: response.status,
    cookies: response.headers.getSetCookie(),
    device:
      response.headers
        .getSetCookie()
        .find((set) => set.includes('_device='))
        ?.split(';')[0] ?? '',
  };
}

describe('[ACC9] Guessing at a name', () => {
  it('shuts its owner out neither where the owner was before, nor elsewhere', async () => {
    const room = somewhere();
    const { device } = await signIn('argentina', secret, { from: room });
    const { points } = allowances.signInByNameAndAddress;
    for (let tries = 0; tries < points; tries++)
      expect((await signIn('argentina', 'a wrong password', { from: room })).status).toBe(401);
    // The attacker is in the same conference hall, behind the same address.
    expect((await signIn('argentina', secret, { from: room })).status).toBe(429);
    expect((await signIn('argentina', secret, { from: room, cookie: device })).status).toBe(204);
    expect((await signIn('argentina', secret, { from: somewhere() })).status).toBe(204);
  });

  it('from many addresses has no more tries than the name has, and leaves known browsers alone', async () => {
    const { device } = await signIn('brazil', secret);
    const { points } = allowances.signInByName;
    let heard = 0;
    for (let tries = 0; tries < points + 5; tries++)
      if ((await signIn('brazil', 'a wrong password', { from: somewhere() })).status === 401) heard += 1;
    expect(heard).toBe(points);
    expect((await signIn('brazil', secret)).status).toBe(429);
    expect((await signIn('brazil', secret, { cookie: device })).status).toBe(204);
    // Others sign in as usual.
    expect((await signIn('canada', secret)).status).toBe(204);
  });

  it('at many names shuts nobody out: each name has fewer tries from there, and each that doesn’t exist costs no work', async () => {
    const room = somewhere();
    const check = vi.mocked(verify);
    const { points } = allowances.signInByAddress;
    const guess = async (at: number) => (await signIn(`name ${at}`, 'x', { from: room })).status;
    const real = check.getMockImplementation();
    check.mockImplementation(async () => false);
    const statuses = await Promise.all(Array.from({ length: points }, (_, at) => guess(at)));
    expect(new Set(statuses)).toEqual(new Set([401]));
    check.mockReset();
    if (real !== undefined) check.mockImplementation(real);
    // Guessing continues, with the same answers for unknown names as for known ones.
    const few = allowances.signInWhereManyFail.points;
    const told = async (name: string) => {
      const heard: number[] = [];
      for (let tries = 0; tries <= few; tries++) heard.push((await signIn(name, 'x', { from: room })).status);
      return heard;
    };
    const like = [...Array.from({ length: few }, () => 401), 429];
    expect(await told('nobody at all')).toEqual(like);
    expect(check).not.toHaveBeenCalled();
    expect(await told('chair')).toEqual(like);
    expect(check).toHaveBeenCalledTimes(few);
    // A person with a new browser, in the same hall, gets in.
    for (const name of ['observer', 'outsider', 'canada'])
      expect((await signIn(name, secret, { from: room })).status).toBe(204);
  });

  it('from many addresses shuts nobody out where the account was signed in before, with another browser too', async () => {
    const home = somewhere();
    await signIn('rapporteur', secret, { from: home });
    for (let tries = 0; tries < allowances.signInByName.points; tries++)
      await signIn('rapporteur', 'a wrong password', { from: somewhere() });
    expect((await signIn('rapporteur', secret, { from: somewhere() })).status).toBe(429);
    expect((await signIn('rapporteur', secret, { from: home })).status).toBe(204);
    // An attacker there has ten attempts.
    const heard: number[] = [];
    for (let tries = 0; tries < 12; tries++)
      heard.push((await signIn('rapporteur', 'a wrong password', { from: home })).status);
    expect(heard).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
  });

  it('counts what fails, however much comes at once, and nothing that succeeds', async () => {
    const hall = somewhere();
    const right = await Promise.all(
      Array.from({ length: 60 }, async () => (await signIn('argentina', secret, { from: hall })).status),
    );
    expect(new Set(right)).toEqual(new Set([204]));
    const elsewhere = somewhere();
    const wrong = await Promise.all(
      Array.from({ length: 60 }, async () => (await signIn('argentina', 'x', { from: elsewhere })).status),
    );
    expect(wrong.filter((status) => status === 401)).toHaveLength(allowances.signInByNameAndAddress.points);
  });

  it('a known browser has its own count, for its own account, and can’t be made up', async () => {
    const { device } = await signIn('observer', secret);
    const from = somewhere();
    const { points } = allowances.signInByDevice;
    for (let tries = 0; tries < points; tries++)
      expect((await signIn('observer', 'a wrong password', { from, cookie: device })).status).toBe(401);
    expect((await signIn('observer', secret, { from, cookie: device })).status).toBe(429);
    // Another account's proof, and one with a changed letter, count as none.
    const stranger = somewhere();
    const changed = `${device.slice(0, -1)}${device.endsWith('A') ? 'B' : 'A'}`;
    for (let tries = 0; tries < allowances.signInByNameAndAddress.points; tries++)
      await signIn('rapporteur', 'a wrong password', { from: stranger, cookie: tries % 2 === 0 ? device : changed });
    expect((await signIn('rapporteur', secret, { from: stranger, cookie: device })).status).toBe(429);
  });

  it('a browser is known to several accounts, and its cookie is for our pages over TLS alone', async () => {
    const first = await signIn('canada', secret);
    const second = await signIn('outsider', secret, { cookie: first.device });
    for (const name of ['canada', 'outsider']) {
      const from = somewhere();
      for (let tries = 0; tries < 10; tries++) await signIn(name, 'a wrong password', { from });
      expect((await signIn(name, secret, { from, cookie: second.device })).status).toBe(204);
    }
    for (const set of second.cookies) {
      expect(set).toMatch(/^__Host-concord_(session|device)=/);
      for (const flag of ['HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/', 'Max-Age=']) expect(set).toContain(flag);
      expect(set).not.toContain('Domain');
    }
    // It proves a sign-in only to the sign-in route.
    const asked = await fetch(`${meeting.url}/api/session`, { headers: { cookie: second.device } });
    expect(asked.status).toBe(401);
  });
});

describe('[ACC4] Invitations in a conference hall', () => {
  it('are accepted from one address by a whole hall, whatever a stranger there does', async () => {
    const from = somewhere();
    const headers = { 'content-type': 'application/json', 'x-forwarded-for': from };
    const look = async (token: string) => (await fetch(`${meeting.url}/api/invitations/${token}`, { headers })).status;
    const { points } = allowances.invitationByAddress;
    const statuses = [];
    for (let tries = 0; tries < points + 3; tries++) statuses.push(await look(`nothing-${tries}`));
    expect(statuses).toEqual([...Array.from({ length: points }, () => 410), 429, 429, 429]);
    const by = { participant: meeting.participants.rapporteur, name: 'r', party: null, role: 'rapporteur' as const };
    const seated = await Promise.all(
      Array.from({ length: 40 }, async (_, at) => {
        const [event] = await meeting.app.meetings.order(
          meeting.id,
          { type: 'accredit', name: `Delegate ${at}`, party: null, role: 'observer' },
          by,
          'r',
        );
        if (event?.type !== 'participant accredited') throw new Error('nobody');
        const seat = { meeting: meeting.id, participant: event.participant.id, createdBy: null };
        const { token } = await meeting.app.access.inviteParticipant(seat);
        const body = JSON.stringify({ name: `delegate ${at}`, password: secret });
        const taken = await fetch(`${meeting.url}/api/invitations/${token}`, { method: 'POST', headers, body });
        return [await look(token), taken.status];
      }),
    );
    // Used, it is invalid; so it is one of those that are counted.
    expect(seated).toEqual(Array.from({ length: 40 }, () => [429, 204]));
  });
});

describe('[LINE4] Commands', () => {
  it('are counted by account, in however many sessions it gives them', async () => {
    const cookies = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { cookies: set } = await signIn('canada', secret, { from: '10.9.9.9' });
        return set[0]?.split(';')[0] ?? '';
      }),
    );
    const order = async (cookie: string) =>
      (
        await fetch(`${meeting.url}/api/recommendations/${meeting.recommendation}/withdraw`, {
          method: 'POST',
          headers: { cookie, 'content-type': 'application/json' },
          body: JSON.stringify({ amendment: 'AAAAAAAA' }),
        })
      ).status;
    const statuses = await Promise.all(cookies.flatMap((cookie) => Array.from({ length: 10 }, () => order(cookie))));
    expect(statuses.filter((status) => status !== 429)).toHaveLength(allowances.commandByAccount.points);
  });
});

describe('[ACC2] The answer to a sign-in attempt', () => {
  it('an unknown name takes the same work as a wrong password', async () => {
    const check = vi.mocked(verify);
    const stored = await hashPassword(secret);
    const work = async (hash: string | null): Promise<readonly string[]> => {
      check.mockClear();
      expect(await passwordFits('a wrong password', hash)).toBe(false);
      return check.mock.calls.map(([hashed]) => String(hashed).replace(/(\$[^$]*){2}$/, ''));
    };
    const known = await work(stored);
    expect(known).toEqual(['$argon2id$v=19$m=19456,t=2,p=1']);
    expect(await work(null)).toEqual(known);
    check.mockClear();
    await signIn('nobody of this name', 'a wrong password');
    expect(check).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['192.0.2.1', '10.0.0.1', false, '10.0.0.1'],
    ['192.0.2.1', '10.0.0.1', true, '192.0.2.1'],
    // The proxy appends; anybody may have written the part before.
    ['6.6.6.6, 192.0.2.1', '10.0.0.1', true, '192.0.2.1'],
    ['192.0.2.1:5000', '10.0.0.1', true, '192.0.2.1'],
    ['no address', '10.0.0.1', true, '10.0.0.1'],
    ['', '10.0.0.1', true, '10.0.0.1'],
    [undefined, '::ffff:10.0.0.1', true, '10.0.0.1'],
    ['[2001:db8::1]:5000', '10.0.0.1', true, '2001:db8:0:0::/64'],
    ['2001:db8:0:0:ffff::2', '10.0.0.1', true, '2001:db8:0:0::/64'],
    ['2001:DB8:0:1::2', '10.0.0.1', true, '2001:db8:0:1::/64'],
    ['fe80::1%eth0', '10.0.0.1', true, 'fe80:0:0:0::/64'],
    ['::1', '10.0.0.1', true, '0:0:0:0::/64'],
  ])('X-Forwarded-For %s at %s, proxy %s: counts for %s', (forwarded, socket, proxy, counted) => {
    expect(addressOf(forwarded, socket, proxy)).toBe(counted);
  });
});
