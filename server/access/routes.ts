import { getConnInfo } from '@hono/node-server/conninfo';
import { type Context, Hono } from 'hono';
import { type InvitationView, type SessionView, SignIn, TakeUp } from '../../shared/access.ts';
import { ConcordError } from '../../shared/errors.ts';
import { asker, body } from '../http.ts';
import type { Meetings } from '../meetings/meetings.ts';
import type { Access } from './access.ts';

export interface AccessRoutesOptions {
  readonly meetings: Meetings;
  /** In demo mode: who may be signed in as by one click, and with which password. */
  readonly demo: () => { readonly names: readonly string[]; readonly password: string } | null;
}

/**
 * Whose tries are counted together: the other end of the socket, or, behind a proxy, whom the proxy names last; what
 * stands before that in the header anybody may have written.
 */
function addressOf(c: Context, behindProxy: boolean): string {
  const named = behindProxy ? c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() : undefined;
  if (named !== undefined && named !== '') return named;
  try {
    return getConnInfo(c).remote.address ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

export function accessRoutes(access: Access, { meetings, demo }: AccessRoutesOptions): Hono {
  const routes = new Hono();

  routes.post('/api/session', async (c) => {
    const { name, password } = await body(c, SignIn);
    c.header('Set-Cookie', await access.signIn(name, password, addressOf(c, access.publicOrigin !== null)));
    return c.body(null, 204);
  });
  routes.get('/api/session', async (c) => {
    const { account } = await asker(c, access);
    const view: SessionView = { account: { name: account.name, administrator: account.administrator } };
    return c.json(view);
  });
  routes.delete('/api/session', async (c) => {
    const { session } = await asker(c, access);
    c.header('Set-Cookie', await access.signOut(session));
    return c.body(null, 204);
  });
  routes.delete('/api/sessions', async (c) => {
    const { account } = await asker(c, access);
    c.header('Set-Cookie', await access.signOutEverywhere(account.id));
    return c.body(null, 204);
  });
  routes.get('/api/demo', (c) => {
    const offered = demo();
    if (offered === null) throw new ConcordError('not-found');
    return c.json(offered);
  });

  routes.get('/api/invitations/:token', async (c) => {
    await access.limitInvitations(addressOf(c, access.publicOrigin !== null));
    const invitation = await access.invitation(c.req.param('token'));
    const meeting = invitation.meeting === null ? null : meetings.get(invitation.meeting);
    const participant =
      invitation.participant === null ? null : (meeting?.participants.get(invitation.participant) ?? null);
    // An invitation to a seat that was taken away since leads nowhere.
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
    await access.limitInvitations(addressOf(c, access.publicOrigin !== null));
    const { name, password } = await body(c, TakeUp);
    const token = c.req.param('token');
    const { participant, meeting } = await access.invitation(token);
    if (participant !== null && (meeting === null || meetings.principal(meeting, participant) === null))
      throw new ConcordError('invitation-invalid');
    // One without the other is a form that was not filled in, and no wish to take the seat with another account.
    if ((name === undefined) !== (password === undefined))
      throw new ConcordError('bad-request', { field: name === undefined ? 'name' : 'password' });
    const as = name !== undefined && password !== undefined ? { name, password } : (await asker(c, access)).account;
    const cookie = await access.takeUp(token, as);
    if (cookie !== null) c.header('Set-Cookie', cookie);
    return c.body(null, 204);
  });

  return routes;
}
