import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { type Adapter, type DatabaseSession, Lucia, TimeSpan } from 'lucia';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { Tables } from '../storage/tables.ts';
import { outlives, outlivesFrom } from './expiry.ts';

/**
 * Sessions, and the only place that knows `lucia`. Lucia stores session ids in clear; here the id is a hash of the
 * token in the cookie, so that a reader of the database can't sign in with it.
 */
export interface Sessions {
  /** Starts a session and returns its id and the `Set-Cookie` header. */
  start(account: string): Promise<{ readonly session: string; readonly cookie: string }>;
  /** The account behind a `Cookie` header; null where it has no valid session. */
  find(cookieHeader: string | undefined): Promise<{ readonly account: string; readonly session: string } | null>;
  end(session: string): Promise<void>;
  /** Ends all sessions of an account, and gives their ids. */
  endAll(account: string): Promise<readonly string[]>;
  /** The `Set-Cookie` header that deletes the cookie. */
  blank(): string;
  /** Of these sessions, the valid ones. */
  valid(sessions: readonly string[]): Promise<ReadonlySet<string>>;
  /** Deletes expired sessions, and shortens those that were made by a clock that was ahead. */
  sweep(): Promise<void>;
}

/** Longer than a meeting, so that nobody has to sign in again in its middle. */
const longest = new TimeSpan(7, 'd');

/** Sessions of one account at once: thousands of observers may share an account. */
const mostSessions = 5000;

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

/** A token: 32 random bytes, which nobody guesses. */
export const newToken = (): string =>
  Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(32))).toString('base64url');

export const tokenId = hashOf;

/** The token among the cookies of a request. Other sites' cookies may have any encoding. */
function tokenIn(header: string, name: string): string | null {
  const values = header.split(';').flatMap((cookie) => {
    const [key, value] = cookie.trim().split('=', 2);
    return key === name && value !== undefined ? [value] : [];
  });
  const last = values.at(-1);
  return last !== undefined && /^[A-Za-z0-9_-]{43}$/.test(last) ? last : null;
}

export function openSessions(tables: Kysely<Tables>, { secure }: { readonly secure: boolean }): Sessions {
  const lucia = new Lucia(adapterOf(tables), {
    sessionExpiresIn: longest,
    sessionCookie: {
      // Browsers accept a __Host- cookie only from https, for this host alone.
      name: secure ? '__Host-concord_session' : 'concord_session',
      attributes: { secure, sameSite: 'lax', path: '/' },
    },
  });
  /** Of too many sessions of one account, the oldest end. */
  const endOldest = async (account: string): Promise<void> => {
    const oldest = await tables
      .selectFrom('sessions')
      .select('expires_at')
      .where('account_id', '=', account)
      .orderBy('expires_at', 'desc')
      .limit(1)
      .offset(mostSessions)
      .executeTakeFirst();
    if (oldest === undefined) return;
    await tables
      .deleteFrom('sessions')
      .where('account_id', '=', account)
      .where('expires_at', '<=', oldest.expires_at)
      .execute();
  };
  return {
    async start(account) {
      const token = newToken();
      const { id } = await lucia.createSession(account, {}, { sessionId: hashOf(token) });
      await endOldest(account);
      return { session: id, cookie: lucia.createSessionCookie(token).serialize() };
    },
    async find(cookieHeader) {
      const token = tokenIn(cookieHeader ?? '', lucia.sessionCookieName);
      if (token === null) return null;
      const { session } = await lucia.validateSession(hashOf(token));
      return session === null ? null : { account: session.userId, session: session.id };
    },
    end: (session) => lucia.invalidateSession(session),
    async endAll(account) {
      // All of them: a session that a wrong clock takes for expired may have an open socket.
      const sessions = await tables.selectFrom('sessions').select('id').where('account_id', '=', account).execute();
      await lucia.invalidateUserSessions(account);
      return sessions.map(({ id }) => id);
    },
    blank: () => lucia.createBlankSessionCookie().serialize(),
    async valid(sessions) {
      const found = await tables
        .selectFrom('sessions')
        .select('id')
        .where('id', 'in', [...sessions])
        .where('expires_at', '>', Date.now())
        .execute();
      return new Set(found.map(({ id }) => id));
    },
    async sweep() {
      await lucia.deleteExpiredSessions();
      const [now, week] = [Date.now(), longest.milliseconds()];
      await tables
        .updateTable('sessions')
        .set({ expires_at: now + week })
        .where('expires_at', '>', outlivesFrom(now, week))
        .execute();
    },
  };
}

function adapterOf(tables: Kysely<Tables>): Adapter {
  const read = (row: { id: string; account_id: string; expires_at: number }): DatabaseSession => ({
    id: row.id,
    userId: row.account_id,
    expiresAt: new Date(Number(row.expires_at)),
    attributes: {},
  });
  const shorten = async (id: string, expiresAt: Date): Promise<void> => {
    try {
      await tables.updateTable('sessions').set({ expires_at: expiresAt.getTime() }).where('id', '=', id).execute();
    } catch (error) {
      // Reading goes on when nothing can be written.
      if (!(error instanceof ConcordError && error.code === 'not-stored')) throw error;
    }
  };
  return {
    async getSessionAndUser(id) {
      const row = await tables.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst();
      // The sweeper deletes expired sessions, so that a clock that was ahead for a moment signs nobody out for good.
      if (row === undefined || Number(row.expires_at) <= Date.now()) return [null, null];
      const session = read(row);
      if (outlives(session.expiresAt.getTime(), Date.now(), longest.milliseconds())) {
        session.expiresAt = new Date(Date.now() + longest.milliseconds());
        await shorten(id, session.expiresAt);
      }
      return [session, { id: row.account_id, attributes: {} }];
    },
    async getUserSessions(account) {
      return (await tables.selectFrom('sessions').selectAll().where('account_id', '=', account).execute()).map(read);
    },
    async setSession({ id, userId, expiresAt }) {
      await tables.insertInto('sessions').values({ id, account_id: userId, expires_at: expiresAt.getTime() }).execute();
    },
    // Lucia would prolong a session for as long as it is used, a stolen one too: ours end when the cookie does.
    async updateSessionExpiration() {},
    async deleteSession(id) {
      await tables.deleteFrom('sessions').where('id', '=', id).execute();
    },
    async deleteUserSessions(account) {
      await tables.deleteFrom('sessions').where('account_id', '=', account).execute();
    },
    async deleteExpiredSessions() {
      await tables.deleteFrom('sessions').where('expires_at', '<=', Date.now()).execute();
    },
  };
}
