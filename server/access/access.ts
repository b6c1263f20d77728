import type { Kysely } from 'kysely';
import { isReadable } from '../../shared/meeting/confusable.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import {
  AccountId,
  type MeetingId,
  MeetingId as MeetingIdParser,
  ParticipantId,
  randomId,
} from '../../shared/protocol/ids.ts';
import { atomically, isUniqueViolation, type Step } from '../storage/store.ts';
import { formerNameKey, nameKey, type Tables } from '../storage/tables.ts';
import { openDevices } from './devices.ts';
import { outlives } from './expiry.ts';
import { openLimits } from './limits.ts';
import { hashPassword, passwordFits, requireStrong } from './passwords.ts';
import { newToken, openSessions, tokenId } from './sessions.ts';

export interface Account {
  readonly id: AccountId;
  readonly name: string;
  readonly administrator: boolean;
}

/**
 * An ended session, all ended sessions of an account, or an ended accreditation, so that live connections are closed at
 * once.
 */
export interface Ended {
  readonly session?: string;
  readonly account?: AccountId;
  readonly participant?: ParticipantId;
}

/** The state of an invitation: its purpose, and its expiry. */
export interface Invitation {
  readonly kind: 'participant' | 'administrator';
  readonly meeting: MeetingId | null;
  readonly participant: ParticipantId | null;
  readonly expiresAt: number;
}

export interface AccessOptions {
  readonly tables: Kysely<Tables>;
  readonly now: () => number;
  /** Cookies only over https. */
  readonly secure: boolean;
  readonly publicOrigin: string | null;
}

/** A socket or stream, which lasts longer than a request, and the session in whose name it is open. */
export interface Attendance {
  readonly session: string;
  readonly account: AccountId;
  /** The accreditation under which it is open; null for an administrator's. */
  readonly participant: ParticipantId | null;
}

const week = 7 * 24 * 3600 * 1000;
/**
 * The interval, ms, within which sessions and accreditations that ended on another node or by expiry lose their
 * connections; those that end here lose them at once.
 */
const betweenLooks = 10_000;
/** Sockets and streams of one account at a time: enough for tabs, a limit for a program that opens them without end. */
export const mostAttendances = 300;
const demoPrefix = 'demo-';

export type Access = ReturnType<typeof createAccess>;

/** Access to the server: accounts, sessions, invitations, and the account behind each accreditation of each meeting. */
export function createAccess({ tables, now, secure, publicOrigin }: AccessOptions) {
  const sessions = openSessions(tables, { secure });
  const limits = openLimits();
  const devices = openDevices({ secure });
  const attendances = new Set<Attendance>();
  const listeners = new Set<(ended: Ended) => void>();
  const tell = (ended: Ended): void => {
    for (const listener of listeners) listener(ended);
  };
  const accountNamed = async (name: string) => {
    const former = formerNameKey(name);
    const rows = await tables
      .selectFrom('accounts')
      .selectAll()
      .where('name_key', 'in', [nameKey(name), former])
      .execute();
    // Of two accounts that look alike and are older than this rule, the one with that spelling.
    return rows.find((row) => row.name_key === former) ?? rows[0];
  };
  /**
   * Names whose stored key doesn't show that they look alike, since their accounts are older than the rule. Their
   * number doesn't grow.
   */
  let formerLooks: Promise<ReadonlySet<string>> | null = null;
  const readFormerLooks = async (): Promise<ReadonlySet<string>> => {
    const rows = await tables.selectFrom('accounts').select(['name', 'name_key']).execute();
    return new Set(rows.map(({ name }) => nameKey(name)).filter((look, at) => look !== rows[at]?.name_key));
  };
  const isTaken = async (name: string): Promise<boolean> => {
    formerLooks ??= readFormerLooks();
    try {
      return (await formerLooks).has(nameKey(name));
    } catch (error) {
      formerLooks = null;
      throw error;
    }
  };

  /**
   * Closes the connections of sessions that ended, and of accreditations that another account took, on another node or
   * by expiry.
   */
  const lookAgain = async (): Promise<void> => {
    const here = [...attendances];
    for (let at = 0; at < here.length; at += 500) {
      const some = here.slice(at, at + 500);
      const valid = await sessions.valid([...new Set(some.map(({ session }) => session))]);
      const held = [...new Set(some.flatMap(({ participant }) => participant ?? []))];
      const rows =
        held.length === 0
          ? []
          : await tables.selectFrom('accreditations').selectAll().where('participant_id', 'in', held).execute();
      const seats = new Set(rows.map((row) => `${row.participant_id} ${row.account_id}`));
      for (const { session, account, participant } of some)
        if (!valid.has(session) || (participant !== null && !seats.has(`${participant} ${account}`))) tell({ session });
    }
  };
  /** Deletes invitations that are no longer valid. */
  const sweepInvitations = async (): Promise<void> => {
    await tables
      .deleteFrom('invitations')
      .where((its) => its.or([its('used_at', 'is not', null), its('expires_at', '<=', now())]))
      .execute();
  };
  const timers = [
    setInterval(
      () => void Promise.all([sessions.sweep(), sweepInvitations()]).catch(() => undefined),
      3600_000,
    ).unref(),
    // While the store fails for a moment, the next interval tries again.
    setInterval(() => void lookAgain().catch(() => undefined), betweenLooks).unref(),
  ];

  const rowOf = (id: AccountId, name: string, password_hash: string, administrator = false) => ({
    id,
    name: name.trim(),
    name_key: nameKey(name),
    password_hash,
    administrator: administrator ? 1 : 0,
    created_at: now(),
  });

  const newAccount = async (
    {
      name,
      password,
      administrator = false,
      id = AccountId.parse(randomId()),
    }: { name: string; password: string; administrator?: boolean; id?: AccountId },
    {
      before = [],
      after = () => [],
    }: { before?: readonly Step[]; after?: (account: AccountId) => readonly Step[] } = {},
  ): Promise<AccountId> => {
    if (!isReadable(name)) throw new ConcordError('name-unreadable');
    if (await isTaken(name)) throw new ConcordError('name-taken');
    const row = rowOf(id, name, await hashPassword(password), administrator);
    try {
      const done = await atomically({ tables }, [
        ...before,
        tables.insertInto('accounts').values(row).compile(),
        ...after(id),
      ]);
      if (done === null) throw new ConcordError('invitation-invalid');
    } catch (error) {
      if (isUniqueViolation(error)) throw new ConcordError('name-taken', {}, { cause: error });
      throw error;
    }
    return id;
  };

  const seatStep = (account: AccountId, meeting: MeetingId, participant: ParticipantId) =>
    tables
      .insertInto('accreditations')
      .values({ participant_id: participant, account_id: account, meeting_id: meeting })
      .onConflict((conflict) => conflict.column('participant_id').doUpdateSet({ account_id: account }))
      .compile();

  const holderOf = async (participant: ParticipantId): Promise<string | null> =>
    (
      await tables
        .selectFrom('accreditations')
        .select('account_id')
        .where('participant_id', '=', participant)
        .executeTakeFirst()
    )?.account_id ?? null;

  /** From now on no earlier invitation to this accreditation, or to be administrator, is valid. */
  const voidInvitations = (kind: Invitation['kind'], participant: ParticipantId | null) =>
    tables
      .updateTable('invitations')
      .set({ used_at: now() })
      .where('kind', '=', kind)
      .where('participant_id', participant === null ? 'is' : '=', participant)
      .where('used_at', 'is', null)
      .compile();

  const invite = async (
    kind: Invitation['kind'],
    meeting: MeetingId | null,
    participant: ParticipantId | null,
    createdBy: AccountId | null,
  ) => {
    const token = newToken();
    const expiresAt = now() + week;
    await atomically({ tables }, [
      // A new link is asked for when the old one was lost, or sent to the wrong person.
      voidInvitations(kind, participant),
      tables
        .insertInto('invitations')
        .values({
          id: tokenId(token),
          meeting_id: meeting,
          participant_id: participant,
          kind,
          created_by: createdBy,
          expires_at: expiresAt,
          used_at: null,
        })
        .compile(),
    ]);
    return { token, expiresAt };
  };

  const invitation = async (token: string): Promise<Invitation> => {
    const row = await tables.selectFrom('invitations').selectAll().where('id', '=', tokenId(token)).executeTakeFirst();
    const expiresAt = Number(row?.expires_at);
    if (row === undefined || row.used_at !== null || expiresAt <= now() || outlives(expiresAt, now(), week))
      throw new ConcordError('invitation-invalid');
    return {
      kind: row.kind,
      meeting: row.meeting_id === null ? null : MeetingIdParser.parse(row.meeting_id),
      participant: row.participant_id === null ? null : ParticipantId.parse(row.participant_id),
      expiresAt: Number(row.expires_at),
    };
  };

  return {
    publicOrigin,

    /**
     * Starts a session, and returns its cookie. `cookies`: the request's cookies, by which the browser may be known to
     * the account.
     */
    async signIn(name: string, password: string, address: string, cookies?: string): Promise<string> {
      const row = await accountNamed(name);
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
      const row = await accountNamed(name);
      return row === undefined ? null : devices.remember(cookies, row);
    },

    /** The account behind a request: null without a valid session. */
    async authenticate(cookieHeader: string | undefined): Promise<{ account: Account; session: string } | null> {
      const found = await sessions.find(cookieHeader);
      if (found === null) return null;
      const row = await tables
        .selectFrom('accounts')
        .select(['id', 'name', 'administrator'])
        .where('id', '=', found.account)
        .executeTakeFirst();
      if (row === undefined) return null;
      return {
        account: { id: AccountId.parse(row.id), name: row.name, administrator: row.administrator === 1 },
        session: found.session,
      };
    },

    /** Ends one session; returns the cookie header that deletes its cookie. */
    async signOut(session: string): Promise<string> {
      await sessions.end(session);
      tell({ session });
      return sessions.blank();
    },

    async signOutEverywhere(account: AccountId): Promise<string> {
      // A socket knows its session's id, and not its account.
      for (const session of await sessions.endAll(account)) tell({ session });
      tell({ account });
      return sessions.blank();
    },

    async hasAdministrator(): Promise<boolean> {
      return (
        (await tables.selectFrom('accounts').select('id').where('administrator', '=', 1).executeTakeFirst()) !==
        undefined
      );
    },
    async hasAccounts(): Promise<boolean> {
      return (await tables.selectFrom('accounts').select('id').executeTakeFirst()) !== undefined;
    },
    inviteAdministrator: () => invite('administrator', null, null, null),
    inviteParticipant: ({
      meeting,
      participant,
      createdBy,
    }: {
      meeting: MeetingId;
      participant: ParticipantId;
      /** Null where the operator did it at the command line. */
      createdBy: AccountId | null;
    }) => invite('participant', meeting, participant, createdBy),
    /**
     * The state of an invitation. Throws `invitation-invalid`, which is counted by address, and `too-many-requests`.
     */
    async invitation(token: string, address: string): Promise<Invitation> {
      try {
        return await invitation(token);
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
    attend(attendance: Attendance, { most = mostAttendances }: { readonly most?: number } = {}): () => void {
      let held = 0;
      // Where the number is unlimited, ten thousand of them aren't counted each time.
      if (Number.isFinite(most)) for (const { account } of attendances) if (account === attendance.account) held += 1;
      if (held >= most) throw new ConcordError('too-many-requests');
      const own = { ...attendance };
      attendances.add(own);
      return () => {
        attendances.delete(own);
      };
    },
    lookAgain,

    /**
     * Accepts an invitation, once: with a new account, or for the account that is signed in. Returns a cookie for a new
     * one.
     */
    async takeUp(token: string, as: { name: string; password: string } | Account): Promise<string | null> {
      const { kind, meeting, participant } = await invitation(token);
      if ('password' in as) requireStrong(as.password);
      // Of two acceptances at once, one finds it used.
      const use: Step = {
        mustChange: tables
          .updateTable('invitations')
          .set({ used_at: now() })
          .where('id', '=', tokenId(token))
          .where('used_at', 'is', null)
          .where('expires_at', '>', now())
          .compile(),
      };
      const seat = (account: AccountId): readonly Step[] => [
        voidInvitations(kind, participant),
        ...(meeting === null || participant === null ? [] : [seatStep(account, meeting, participant)]),
      ];
      const holder = participant === null ? null : await holderOf(participant);
      // The former holder loses the accreditation: two accounts never act as one participant.
      const seated = (account: AccountId): void => {
        if (participant !== null && holder !== null && holder !== account) tell({ participant });
      };
      if (!('password' in as)) {
        const promote =
          kind === 'administrator'
            ? [tables.updateTable('accounts').set({ administrator: 1 }).where('id', '=', as.id).compile()]
            : [];
        if ((await atomically({ tables }, [use, ...promote, ...seat(as.id)])) === null)
          throw new ConcordError('invitation-invalid');
        seated(as.id);
        return null;
      }
      const account = AccountId.parse(randomId());
      await limits.takeUp(tokenId(token), () =>
        newAccount({ ...as, id: account, administrator: kind === 'administrator' }, { before: [use], after: seat }),
      );
      seated(account);
      return (await sessions.start(account)).cookie;
    },

    /** Gives an account an accreditation without an invitation: the importer's own. */
    async seat({
      account,
      meeting,
      participant,
    }: {
      account: AccountId;
      meeting: MeetingId;
      participant: ParticipantId;
    }): Promise<void> {
      await atomically({ tables }, [seatStep(account, meeting, participant)]);
    },

    async participantsOf(account: AccountId): Promise<readonly { meeting: MeetingId; participant: ParticipantId }[]> {
      const rows = await tables.selectFrom('accreditations').selectAll().where('account_id', '=', account).execute();
      return rows.map((row) => ({
        meeting: MeetingIdParser.parse(row.meeting_id),
        participant: ParticipantId.parse(row.participant_id),
      }));
    },

    /** The account that holds an accreditation of a meeting. */
    async seatsOf(
      meeting: MeetingId,
    ): Promise<readonly { participant: ParticipantId; account: AccountId; name: string }[]> {
      const rows = await tables
        .selectFrom('accreditations')
        .innerJoin('accounts', 'accounts.id', 'accreditations.account_id')
        .select(['accreditations.participant_id', 'accreditations.account_id', 'accounts.name'])
        .where('accreditations.meeting_id', '=', meeting)
        .execute();
      return rows.map((row) => ({
        participant: ParticipantId.parse(row.participant_id),
        account: AccountId.parse(row.account_id),
        name: row.name,
      }));
    },

    /** Nobody holds the accreditation from now on; its holder's connections are closed. */
    async endAccreditation(participant: ParticipantId): Promise<void> {
      await atomically({ tables }, [
        voidInvitations('participant', participant),
        tables.deleteFrom('accreditations').where('participant_id', '=', participant).compile(),
      ]);
      tell({ participant });
    },

    onEnded(listener: (ended: Ended) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    /**
     * Demo accounts are known by their id, so that no other account ever gets the demo's password. They are made all at
     * once: an interrupted start leaves all of them or none, and with none the next start makes the demo anew.
     */
    async addDemoAccounts(
      password: string,
      accounts: readonly { readonly name: string; readonly meeting: MeetingId; readonly participant: ParticipantId }[],
    ): Promise<void> {
      const password_hash = await hashPassword(password);
      const steps = accounts.flatMap(({ name, meeting, participant }): readonly Step[] => {
        const account = AccountId.parse(`${demoPrefix}${randomId()}`);
        return [
          tables
            .insertInto('accounts')
            .values(rowOf(account, name, password_hash))
            .compile(),
          seatStep(account, meeting, participant),
        ];
      });
      await atomically({ tables }, steps);
    },
    async hasDemo(): Promise<boolean> {
      return (
        (await tables.selectFrom('accounts').select('id').where('id', 'like', `${demoPrefix}%`).executeTakeFirst()) !==
        undefined
      );
    },
    async setDemoPassword(password: string): Promise<void> {
      const password_hash = await hashPassword(password);
      await tables.updateTable('accounts').set({ password_hash }).where('id', 'like', `${demoPrefix}%`).execute();
    },

    close: () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
}
