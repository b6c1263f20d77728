import { z } from 'zod';
import { ParticipantId, PartyCode } from '../protocol/ids.ts';

/** The role of an accreditation. Observers read; the chair disposes; the rapporteur drafts for others. */
export const Role = z.enum(['chair', 'rapporteur', 'delegate', 'observer']);
export type Role = z.infer<typeof Role>;

/** `state` has voice and vote. Organs and observer organizations have voice only: they cannot block consensus. A group speaks for its member states. */
export const PartyKind = z.enum(['state', 'organ', 'observer', 'group']);
export type PartyKind = z.infer<typeof PartyKind>;

/** The actor and party of an entry: looked up afresh at every submission, never remembered from sign-in. */
export const Principal = z.object({
  participant: ParticipantId,
  name: z.string(),
  /** The chair and the rapporteur may belong to no party. */
  party: PartyCode.nullable(),
  role: Role,
});
export type Principal = z.infer<typeof Principal>;
