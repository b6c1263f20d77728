import type { Kysely } from 'kysely';
import { isReadable } from '../../shared/meeting/confusable.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { AccountId } from '../../shared/protocol/ids.ts';
import { atomically, isUniqueViolation, type Step } from '../storage/store.ts';
import { type AccountsTable, formerNameKey, nameKey, type Tables } from '../storage/tables.ts';
import { hashPassword } from './passwords.ts';

export interface Account {
  readonly id: AccountId;
  readonly name: string;
  readonly administrator: boolean;
}

/** A new account, before it is stored. */
export interface NewAccount {
  readonly id: AccountId;
  readonly name: string;
  readonly password: string;
  readonly administrator: boolean;
}

export interface Accounts {
  get(id: string): Promise<Account | null>;
  /** The account of a name, with its password's hash. */
  named(name: string): Promise<AccountsTable | undefined>;
  any(): Promise<boolean>;
  anyAdministrator(): Promise<boolean>;
  /** Whether there is an account whose id begins with a prefix. */
  anyWithPrefix(prefix: string): Promise<boolean>;
  setPasswords(prefix: string, password: string): Promise<void>;
  /**
   * Makes an account, in one transaction with `before` and `after`; false where a step that must change a row changed
   * none. Throws `name-unreadable` and `name-taken`.
   */
  create(account: NewAccount, before: readonly Step[], after: readonly Step[]): Promise<boolean>;
  /** The step that makes an account with an unchecked name. */
  creating(account: Omit<NewAccount, 'password'>, passwordHash: string): Step;
  promoting(id: AccountId): Step;
}

export function openAccounts(tables: Kysely<Tables>, now: () => number): Accounts {
  /**
   * Keys of accounts that are older than the rule, whose stored key doesn't show that they look alike. Their number
   * doesn't grow.
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

  const creating: Accounts['creating'] = ({ id, name, administrator }, passwordHash) =>
    tables
      .insertInto('accounts')
      .values({
        id,
        name: name.trim(),
        name_key: nameKey(name),
        password_hash: passwordHash,
        administrator: administrator ? 1 : 0,
        created_at: now(),
      })
      .compile();

  return {
    async get(id) {
      const row = await tables
        .selectFrom('accounts')
        .select(['id', 'name', 'administrator'])
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined
        ? null
        : { id: AccountId.parse(row.id), name: row.name, administrator: row.administrator === 1 };
    },

    async named(name) {
      const former = formerNameKey(name);
      const rows = await tables
        .selectFrom('accounts')
        .selectAll()
        .where('name_key', 'in', [nameKey(name), former])
        .execute();
      // Of two accounts that look alike and are older than this rule, the one with that spelling.
      return rows.find((row) => row.name_key === former) ?? rows[0];
    },

    async any() {
      return (await tables.selectFrom('accounts').select('id').executeTakeFirst()) !== undefined;
    },
    async anyAdministrator() {
      const found = await tables.selectFrom('accounts').select('id').where('administrator', '=', 1).executeTakeFirst();
      return found !== undefined;
    },
    async anyWithPrefix(prefix) {
      const found = await tables
        .selectFrom('accounts')
        .select('id')
        .where('id', 'like', `${prefix}%`)
        .executeTakeFirst();
      return found !== undefined;
    },
    async setPasswords(prefix, password) {
      const password_hash = await hashPassword(password);
      await tables.updateTable('accounts').set({ password_hash }).where('id', 'like', `${prefix}%`).execute();
    },

    async create(account, before, after) {
      if (!isReadable(account.name)) throw new ConcordError('name-unreadable');
      if (await isTaken(account.name)) throw new ConcordError('name-taken');
      const step = creating(account, await hashPassword(account.password));
      try {
        return (await atomically({ tables }, [...before, step, ...after])) !== null;
      } catch (error) {
        if (isUniqueViolation(error)) throw new ConcordError('name-taken', {}, { cause: error });
        throw error;
      }
    },
    creating,
    promoting: (id) => tables.updateTable('accounts').set({ administrator: 1 }).where('id', '=', id).compile(),
  };
}
