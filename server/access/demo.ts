import type { Kysely } from 'kysely';
import { AccountId, type MeetingId, type ParticipantId, randomId } from '../../shared/protocol/ids.ts';
import { atomically, type Step } from '../storage/store.ts';
import type { Tables } from '../storage/tables.ts';
import type { Accounts } from './accounts.ts';
import type { Accreditations } from './accreditations.ts';
import { hashPassword } from './passwords.ts';

/** Demo accounts are known by their id, so that no other account ever gets the demo's password. */
const prefix = 'demo-';

export interface DemoAccounts {
  /**
   * Makes the accounts all at once: an interrupted start leaves all of them or none, and with none the next one makes
   * the demo anew.
   */
  add(
    password: string,
    accounts: readonly { readonly name: string; readonly meeting: MeetingId; readonly participant: ParticipantId }[],
  ): Promise<void>;
  any(): Promise<boolean>;
  setPassword(password: string): Promise<void>;
}

export function openDemoAccounts(
  tables: Kysely<Tables>,
  accounts: Accounts,
  accreditations: Accreditations,
): DemoAccounts {
  return {
    async add(password, people) {
      const passwordHash = await hashPassword(password);
      const steps = people.flatMap(({ name, meeting, participant }): readonly Step[] => {
        const account = AccountId.parse(`${prefix}${randomId()}`);
        return [
          accounts.creating({ id: account, name, administrator: false }, passwordHash),
          accreditations.giving({ account, meeting, participant }),
        ];
      });
      await atomically({ tables }, steps);
    },
    any: () => accounts.anyWithPrefix(prefix),
    setPassword: (password) => accounts.setPasswords(prefix, password),
  };
}
