import type { Kysely } from 'kysely';
import { AccountId, MeetingId, ParticipantId } from '../../shared/protocol/ids.ts';
import type { Step } from '../storage/store.ts';
import type { Tables } from '../storage/tables.ts';

/** The account that acts as each participant of each meeting. */
export interface Accreditation {
  readonly participant: ParticipantId;
  readonly account: AccountId;
  readonly meeting: MeetingId;
}

export interface Accreditations {
  /** The account that acts as a participant; null where none does. */
  holder(participant: ParticipantId): Promise<AccountId | null>;
  of(account: AccountId): Promise<readonly Accreditation[]>;
  /** The accreditations of a meeting, with the names of the accounts. */
  in(meeting: MeetingId): Promise<readonly (Accreditation & { readonly name: string })[]>;
  /** The accreditations of some participants, from the store. */
  among(
    participants: readonly ParticipantId[],
  ): Promise<readonly { readonly participant: string; readonly account: string }[]>;
  /** The step that gives an accreditation to an account, replacing any former holder. */
  giving(accreditation: Accreditation): Step;
  ending(participant: ParticipantId): Step;
}

const accreditationOf = (row: Tables['accreditations']): Accreditation => ({
  participant: ParticipantId.parse(row.participant_id),
  account: AccountId.parse(row.account_id),
  meeting: MeetingId.parse(row.meeting_id),
});

export function openAccreditations(tables: Kysely<Tables>): Accreditations {
  return {
    async holder(participant) {
      const row = await tables
        .selectFrom('accreditations')
        .select('account_id')
        .where('participant_id', '=', participant)
        .executeTakeFirst();
      return row === undefined ? null : AccountId.parse(row.account_id);
    },
    async of(account) {
      const rows = await tables.selectFrom('accreditations').selectAll().where('account_id', '=', account).execute();
      return rows.map(accreditationOf);
    },
    async in(meeting) {
      const rows = await tables
        .selectFrom('accreditations')
        .innerJoin('accounts', 'accounts.id', 'accreditations.account_id')
        .select([
          'accreditations.participant_id',
          'accreditations.account_id',
          'accreditations.meeting_id',
          'accounts.name',
        ])
        .where('accreditations.meeting_id', '=', meeting)
        .execute();
      return rows.map((row) => ({ ...accreditationOf(row), name: row.name }));
    },
    async among(participants) {
      if (participants.length === 0) return [];
      const rows = await tables
        .selectFrom('accreditations')
        .selectAll()
        .where('participant_id', 'in', [...participants])
        .execute();
      return rows.map((row) => ({ participant: row.participant_id, account: row.account_id }));
    },
    giving: ({ participant, account, meeting }) =>
      tables
        .insertInto('accreditations')
        .values({ participant_id: participant, account_id: account, meeting_id: meeting })
        .onConflict((conflict) => conflict.column('participant_id').doUpdateSet({ account_id: account }))
        .compile(),
    ending: (participant) => tables.deleteFrom('accreditations').where('participant_id', '=', participant).compile(),
  };
}
