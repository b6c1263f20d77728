import { getConnInfo } from '@hono/node-server/conninfo';
import { type Context, Hono } from 'hono';
import { type InvitationView, type SessionView, SignIn, TakeUp } from '../../shared/protocol/access.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { body, requester } from '../http/requester.ts';
import type { Meetings } from '../meetings/meetings.ts';
import type { Access } from './access.ts';
import { addressOf } from './address.ts';

export interface AccessRoutesOptions {
  readonly meetings: Meetings;
  /** In demo mode: the names offered for sign-in by one click, and their password. */
  readonly demo: () => { readonly names: readonly string[]; readonly password: string } | null;
}

export function accessRoutes(access: Access, { meetings, demo }: AccessRoutesOptions): Hono {
  const routes = new Hono();

  const from = (c: Context): string => {
    let socket = 'unknown';
    try {
      socket = getConnInfo(c).remote.address ?? socket;
    } catch {
      // Without an HTTP server there is no address, as in tests.
    }
    return addressOf(c.req.header('x-forwarded-for'), socket, access.publicOrigin !== null);
  };
  /** Sends the cookies of a new session, and ends the browser's former session. */
  const welcome = async (c: Context, name: string, cookie: string): Promise<void> => {
    const cookies = c.req.header('cookie');
    const before = await access.authenticate(cookies);
    if (before !== null) await access.signOut(before.session);
    c.header('Set-Cookie', cookie);
    const device = await access.rememberDevice(name, cookies);
    if (device !== null) c.header('Set-Cookie', device, { append: true });
  };

  routes.post('/api/session', async (c) => {
    const { name, password } = await body(c, SignIn);
    await welcome(c, name, await access.signIn(name, password, from(c), c.req.header('cookie')));
    return c.body(null, 204);
  });
  routes.get('/api/session', async (c) => {
    const { account } = await requester(c, access);
    const view: SessionView = { account: { name: account.name, administrator: account.administrator } };
    return c.json(view);
  });
  routes.delete('/api/session', async (c) => {
    const { session } = await requester(c, access);
    c.header('Set-Cookie', await access.signOut(session));
    return c.body(null, 204);
  });
  routes.delete('/api/sessions', async (c) => {
    const { account } = await requester(c, access);
    c.header('Set-Cookie', await access.signOutEverywhere(account.id));
    return c.body(null, 204);
  });
  routes.get('/api/demo', (c) => {
    const offered = demo();
    if (offered === null) throw new ConcordError('not-found');
    return c.json(offered);
  });

  routes.get('/api/invitations/:token', async (c) => {
    const invitation = await access.invitation(c.req.param('token'), from(c));
    const meeting = invitation.meeting === null ? null : meetings.get(invitation.meeting);
    const participant =
      invitation.participant === null ? null : (meeting?.participants.get(invitation.participant) ?? null);
    // An invitation to an accreditation that has ended is invalid.
    if (invitation.kind === 'participant' && (participant === null || participant.ended))
      throw new ConcordError('invitation-invalid');
    const view: InvitationView = {
      kind: invitation.kind,
      meeting: meeting?.name ?? null,
      participant: participant?.name ?? null,
      expiresAt: invitation.expiresAt,
    };
    return c.json(view);
  });
  routes.post('/api/invitations/:token', async (c) => {
    const { name, password } = await body(c, TakeUp);
    const token = c.req.param('token');
    const { participant, meeting } = await access.invitation(token, from(c));
    if (participant !== null && (meeting === null || meetings.principal(meeting, participant) === null))
      throw new ConcordError('invitation-invalid');
    // A name without a password, or a password without a name, is an incomplete form, not a wish to accept with another
    // account.
    if ((name === undefined) !== (password === undefined))
      throw new ConcordError('bad-request', { field: name === undefined ? 'name' : 'password' });
    const as = name !== undefined && password !== undefined ? { name, password } : (await requester(c, access)).account;
    const cookie = await access.takeUp(token, as);
    if (meeting !== null) await meetings.recordAccreditations(meeting, await access.accreditationsOf(meeting));
    if (cookie !== null && name !== undefined) await welcome(c, name, cookie);
    return c.body(null, 204);
  });

  return routes;
}
