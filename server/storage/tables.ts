import { looksLike } from '../../shared/meeting/confusable.ts';

/**
 * The plain tables: accounts, sessions, invitations. The negotiation itself is in the log alone.
 *
 * Names are as in SQL, and every column has the same type in SQLite and PostgreSQL: times are milliseconds since 1970
 * as numbers, flags are 0 or 1 (SQLite has no boolean).
 */
export interface Tables {
  accounts: AccountsTable;
  sessions: SessionsTable;
  invitations: InvitationsTable;
  accreditations: AccreditationsTable;
}

/** A person (or a shared computer) that can sign in. */
export interface AccountsTable {
  id: string;
  /** As its owner spells it. */
  name: string;
  /**
   * `nameKey(name)`, unique: two names that look the same to a reader are one account. `formerNameKey` in older
   * accounts.
   */
  name_key: string;
  /** argon2id; null until a password was chosen. */
  password_hash: string | null;
  administrator: number;
  created_at: number;
}

/** A sign-in. The id is a hash of the token, so that a stolen copy of the database signs nobody in. */
export interface SessionsTable {
  id: string;
  /** Sessions go when their account goes. */
  account_id: string;
  expires_at: number;
}

/** A single-use link. The id is a hash of its token. */
export interface InvitationsTable {
  id: string;
  meeting_id: string | null;
  participant_id: string | null;
  kind: 'participant' | 'administrator';
  /** The account that made it; null for the first administrator's, which the server prints itself. */
  created_by: string | null;
  expires_at: number;
  used_at: number | null;
}

/** The account that acts as a participant. The participant's rights are in the meeting's log. */
export interface AccreditationsTable {
  participant_id: string;
  account_id: string;
  meeting_id: string;
}

/** The form in which account names are compared: two names that look the same are one. */
export const nameKey = (name: string): string => looksLike(name);

/** The form in which earlier versions compared them. Older accounts keep it, and are found by it. */
export function formerNameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase().normalize('NFKC').trim();
}
