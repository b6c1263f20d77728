/**
 * The database schema, in numbered steps. A released step is never changed: a new one follows it. Both engines take the
 * same steps, each in a transaction of its own, and record them in `migrations`.
 */
export interface Migration {
  readonly number: number;
  readonly name: string;
  /** Each string is one statement. */
  readonly statements: readonly string[];
}

/** Spellings that differ between the engines. `key` is text compared byte by byte, so that both sort names alike. */
interface Dialect {
  readonly integer: string;
  readonly bytes: string;
  readonly key: string;
  /** The end of a table definition. SQLite takes any type in any column unless told not to. */
  readonly strict: string;
}

const sqlite: Dialect = { integer: 'INTEGER', bytes: 'BLOB', key: 'TEXT', strict: ' STRICT' };
const postgres: Dialect = { integer: 'bigint', bytes: 'bytea', key: 'text COLLATE "C"', strict: '' };

export const sqliteMigrations: readonly Migration[] = migrations(sqlite);
export const postgresMigrations: readonly Migration[] = migrations(postgres);

/** Runs before every step, and is no step itself. */
export const migrationsTable = {
  sqlite: createMigrations(sqlite),
  postgres: createMigrations(postgres),
};

/** The newest schema that this program knows. */
export const newestMigration = sqliteMigrations.length;

function createMigrations({ integer, strict }: Dialect): string {
  return `CREATE TABLE IF NOT EXISTS migrations (
    number ${integer} NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at ${integer} NOT NULL
  )${strict}`;
}

function migrations({ integer, bytes, key, strict }: Dialect): readonly Migration[] {
  return [
    {
      number: 1,
      name: 'the log',
      statements: [
        `CREATE TABLE entries (
          log ${key} NOT NULL,
          sequence ${integer} NOT NULL,
          previous ${bytes} NOT NULL,
          hash ${bytes} NOT NULL,
          header ${bytes} NOT NULL,
          content ${bytes} NOT NULL,
          PRIMARY KEY (log, sequence)
        )${strict}`,
        // One row a log, which the appending transaction locks. Only PostgreSQL has several writers.
        `CREATE TABLE heads (
          log ${key} NOT NULL PRIMARY KEY,
          sequence ${integer} NOT NULL,
          hash ${bytes} NOT NULL
        )${strict}`,
        `CREATE TABLE checkpoints (
          log ${key} NOT NULL PRIMARY KEY,
          sequence ${integer} NOT NULL,
          hash ${bytes} NOT NULL,
          state ${bytes} NOT NULL
        )${strict}`,
        // A row that the health check writes to find out whether writing works.
        `CREATE TABLE health (
          id ${integer} NOT NULL PRIMARY KEY,
          checks ${integer} NOT NULL
        )${strict}`,
      ],
    },
    {
      number: 2,
      name: 'accounts, sessions, invitations, accreditations',
      statements: [
        `CREATE TABLE accounts (
          id TEXT NOT NULL PRIMARY KEY,
          name TEXT NOT NULL,
          name_key TEXT NOT NULL UNIQUE,
          password_hash TEXT,
          administrator ${integer} NOT NULL,
          created_at ${integer} NOT NULL
        )${strict}`,
        `CREATE TABLE sessions (
          id TEXT NOT NULL PRIMARY KEY,
          account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
          expires_at ${integer} NOT NULL
        )${strict}`,
        'CREATE INDEX sessions_by_account ON sessions (account_id)',
        `CREATE TABLE invitations (
          id TEXT NOT NULL PRIMARY KEY,
          meeting_id TEXT,
          participant_id TEXT,
          kind TEXT NOT NULL CHECK (kind IN ('participant', 'administrator')),
          created_by TEXT,
          expires_at ${integer} NOT NULL,
          used_at ${integer}
        )${strict}`,
        `CREATE TABLE accreditations (
          participant_id TEXT NOT NULL PRIMARY KEY,
          account_id TEXT NOT NULL,
          meeting_id TEXT NOT NULL
        )${strict}`,
        'CREATE INDEX accreditations_by_account ON accreditations (account_id)',
      ],
    },
    {
      number: 3,
      name: 'seals of the plain tables',
      statements: [
        // PostgreSQL has checksums of its own. There the table stays empty, so that both engines have one schema.
        `CREATE TABLE seals (
          name ${key} NOT NULL PRIMARY KEY,
          digest ${bytes} NOT NULL
        )${strict}`,
      ],
    },
  ];
}
