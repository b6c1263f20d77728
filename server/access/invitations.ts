import type { Kysely } from 'kysely';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { type AccountId, MeetingId, ParticipantId } from '../../shared/protocol/ids.ts';
import { atomically, type Step } from '../storage/store.ts';
import type { Tables } from '../storage/tables.ts';
import { outlives } from './expiry.ts';
import { newToken, tokenId } from './sessions.ts';

/** The state of an invitation: its purpose, and its expiry. */
export interface Invitation {
  readonly kind: 'participant' | 'administrator';
  readonly meeting: MeetingId | null;
  readonly participant: ParticipantId | null;
  readonly expiresAt: number;
}

export interface InvitationToMake {
  readonly kind: Invitation['kind'];
  readonly meeting: MeetingId | null;
  readonly participant: ParticipantId | null;
  /** Null where the operator did it at the command line. */
  readonly createdBy: AccountId | null;
}

/** Single-use links; the store holds only their hashes. */
export interface Invitations {
  /** Makes a link. Any earlier link to the same participant, or to be administrator, is invalid from now on. */
  make(invitation: InvitationToMake): Promise<{ readonly token: string; readonly expiresAt: number }>;
  /** Throws `invitation-invalid`. */
  get(token: string): Promise<Invitation>;
  /** The step that marks a link as used, and changes nothing where it was used already. */
  using(token: string): Step;
  /** The step that ends the valid links to a participant, or to be administrator. */
  voiding(kind: Invitation['kind'], participant: ParticipantId | null): Step;
  /** Deletes links that are no longer valid. */
  sweep(): Promise<void>;
}

const week = 7 * 24 * 3600 * 1000;

export function openInvitations(tables: Kysely<Tables>, now: () => number): Invitations {
  const voiding: Invitations['voiding'] = (kind, participant) =>
    tables
      .updateTable('invitations')
      .set({ used_at: now() })
      .where('kind', '=', kind)
      .where('participant_id', participant === null ? 'is' : '=', participant)
      .where('used_at', 'is', null)
      .compile();

  return {
    async make({ kind, meeting, participant, createdBy }) {
      const token = newToken();
      const expiresAt = now() + week;
      await atomically({ tables }, [
        // The former link may be lost, or sent to the wrong person.
        voiding(kind, participant),
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
    },

    async get(token) {
      const row = await tables
        .selectFrom('invitations')
        .selectAll()
        .where('id', '=', tokenId(token))
        .executeTakeFirst();
      const expiresAt = Number(row?.expires_at);
      if (row === undefined || row.used_at !== null || expiresAt <= now() || outlives(expiresAt, now(), week))
        throw new ConcordError('invitation-invalid');
      return {
        kind: row.kind,
        meeting: row.meeting_id === null ? null : MeetingId.parse(row.meeting_id),
        participant: row.participant_id === null ? null : ParticipantId.parse(row.participant_id),
        expiresAt,
      };
    },

    using: (token) => ({
      mustChange: tables
        .updateTable('invitations')
        .set({ used_at: now() })
        .where('id', '=', tokenId(token))
        .where('used_at', 'is', null)
        .where('expires_at', '>', now())
        .compile(),
    }),
    voiding,

    async sweep() {
      await tables
        .deleteFrom('invitations')
        .where((its) => its.or([its('used_at', 'is not', null), its('expires_at', '<=', now())]))
        .execute();
    },
  };
}
