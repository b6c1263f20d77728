import type { Kysely } from 'kysely';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { AccountId, type MeetingId, type ParticipantId, randomId } from '../../shared/protocol/ids.ts';
import { atomically, type Step } from '../storage/store.ts';
import type { Tables } from '../storage/tables.ts';
import { type Account, openAccounts } from './accounts.ts';
import { type Accreditation, openAccreditations } from './accreditations.ts';
import { type Attendance, Attendances, mostAttendances } from './attendances.ts';
import { openDemoAccounts } from './demo.ts';
import { openDevices } from './devices.ts';
import { type Invitation, openInvitations } from './invitations.ts';
import { openLimits } from './limits.ts';
import { passwordFits, requireStrong } from './passwords.ts';
import { openSessions, tokenId } from './sessions.ts';

export interface AccessOptions {
  readonly tables: Kysely<Tables>;
  readonly now: () => number;
  /** Cookies only over https. */
  readonly secure: boolean;
  readonly publicOrigin: string | null;
}

/**
 * The interval, ms, within which sessions that ended on another node or by expiry lose their connections; sessions that
 * end here lose them at once.
 */
const betweenLooks = 10_000;
const betweenSweeps = 3600_000;

export type Access = ReturnType<typeof createAccess>;

/**
 * Decides which account a request comes from, and which participants the account acts as. Each subject has its own
 * file; this class combines them.
 */
export function createAccess({ tables, now, secure, publicOrigin }: AccessOptions) {
  const accounts = openAccounts(tables, now);
  const sessions = openSessions(tables, { secure });
  const invitations = openInvitations(tables, now);
  const accreditations = openAccreditations(tables);
  const attendances = new Attendances(sessions, accreditations);
  const demo = openDemoAccounts(tables, accounts, accreditations);
  const limits = openLimits();
  const devices = openDevices({ secure });

  const timers = [
    setInterval(
      () => void Promise.all([sessions.sweep(), invitations.sweep()]).catch(() => undefined),
      betweenSweeps,
    ).unref(),
    // While the store fails for a moment, the next interval tries again.
    setInterval(() => void attendances.lookAgain().catch(() => undefined), betweenLooks).unref(),
  ];

  return {
    publicOrigin,

    /**
     * Starts a session, and returns its cookie. `cookies`: the request's cookies, by which the browser may be known to
     * the account.
     */
    async signIn(name: string, password: string, address: string, cookies?: string): Promise<string> {
      const row = await accounts.named(name);
      const device = row === undefined ? null : devices.find(cookies, row);
      const account = row === undefined ? null : AccountId.parse(row.id);
      const fits = await limits.signIn({ name, account, address, device }, () =>
        passwordFits(password, row?.password_hash ?? null, { isKnown: device !== null }),
      );
      if (!fits || row === undefined) throw new ConcordError('wrong-name-or-password');
      return (await sessions.start(row.id)).cookie;
    },

    /** The cookie by which a browser is known to the account that has just signed in there. */
    async rememberDevice(name: string, cookies: string | undefined): Promise<string | null> {
      const row = await accounts.named(name);
      return row === undefined ? null : devices.remember(cookies, row);
    },

    /** The account behind a request: null without a valid session. */
    async authenticate(cookieHeader: string | undefined): Promise<{ account: Account; session: string } | null> {
      const found = await sessions.find(cookieHeader);
      const account = found === null ? null : await accounts.get(found.account);
      return found === null || account === null ? null : { account, session: found.session };
    },

    /** Ends one session; returns the cookie header that deletes its cookie. */
    async signOut(session: string): Promise<string> {
      await sessions.end(session);
      attendances.tell({ session });
      return sessions.blank();
    },

    async signOutEverywhere(account: AccountId): Promise<string> {
      // A socket knows its session's id, and not its account.
      for (const session of await sessions.endAll(account)) attendances.tell({ session });
      attendances.tell({ account });
      return sessions.blank();
    },

    hasAdministrator: () => accounts.anyAdministrator(),
    hasAccounts: () => accounts.any(),
    inviteAdministrator: () =>
      invitations.make({ kind: 'administrator', meeting: null, participant: null, createdBy: null }),
    inviteParticipant: (to: {
      meeting: MeetingId;
      participant: ParticipantId;
      /** Null where the operator did it at the command line. */
      createdBy: AccountId | null;
    }) => invitations.make({ kind: 'participant', ...to }),
    /**
     * The state of an invitation. Throws `invitation-invalid`, which is counted by address, and `too-many-requests`.
     */
    async invitation(token: string, address: string): Promise<Invitation> {
      try {
        return await invitations.get(token);
      } catch (error) {
        if (error instanceof ConcordError && error.code === 'invitation-invalid') await limits.invitation(address);
        throw error;
      }
    },
    limitCommands: (account: AccountId, cost?: number) => limits.command(account, cost),
    limitMeetings: (account: AccountId) => limits.meeting(account),

    /**
     * Counts a socket or stream for as long as it lasts: `onEnded` is called when its session or accreditation ends, on
     * any node and for any reason. Returns the function that ends the count. Throws `too-many-requests` where the
     * account has `most` already.
     */
    attend: (attendance: Attendance, { most = mostAttendances }: { readonly most?: number } = {}) =>
      attendances.attend(attendance, most),
    lookAgain: () => attendances.lookAgain(),
    onEnded: attendances.onEnded.bind(attendances),

    /**
     * Accepts an invitation, once: with a new account, or for the account that is signed in. Returns a cookie for a new
     * one.
     */
    async takeUp(token: string, as: { name: string; password: string } | Account): Promise<string | null> {
      const { kind, meeting, participant } = await invitations.get(token);
      if ('password' in as) requireStrong(as.password);
      // Of two acceptances at once, one finds it used.
      const use = invitations.using(token);
      const accredit = (account: AccountId): readonly Step[] => [
        invitations.voiding(kind, participant),
        ...(meeting === null || participant === null ? [] : [accreditations.giving({ account, meeting, participant })]),
      ];
      const holder = participant === null ? null : await accreditations.holder(participant);
      // The former holder loses the accreditation: two accounts never act as one participant.
      const accredited = (account: AccountId): void => {
        if (participant !== null && holder !== null && holder !== account) attendances.tell({ participant });
      };
      if (!('password' in as)) {
        const promote = kind === 'administrator' ? [accounts.promoting(as.id)] : [];
        if ((await atomically({ tables }, [use, ...promote, ...accredit(as.id)])) === null)
          throw new ConcordError('invitation-invalid');
        accredited(as.id);
        return null;
      }
      const id = AccountId.parse(randomId());
      await limits.takeUp(tokenId(token), async () => {
        const account = { ...as, id, administrator: kind === 'administrator' };
        if (!(await accounts.create(account, [use], accredit(id)))) throw new ConcordError('invitation-invalid');
      });
      accredited(id);
      return (await sessions.start(id)).cookie;
    },

    /** Gives an account an accreditation without an invitation: the importer's own. */
    async accredit(accreditation: Accreditation): Promise<void> {
      await atomically({ tables }, [accreditations.giving(accreditation)]);
    },
    participantsOf: (account: AccountId) => accreditations.of(account),
    /** The account that acts as a participant of a meeting. */
    accreditationsOf: (meeting: MeetingId) => accreditations.in(meeting),
    /** No account acts as the participant from now on; its holder's connections are closed. */
    async endAccreditation(participant: ParticipantId): Promise<void> {
      await atomically({ tables }, [
        invitations.voiding('participant', participant),
        accreditations.ending(participant),
      ]);
      attendances.tell({ participant });
    },

    addDemoAccounts: demo.add,
    hasDemo: demo.any,
    setDemoPassword: demo.setPassword,

    close: () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
}
