import { z } from 'zod';

/**
 * Branded ids: a string becomes one only by passing its parser here, where it enters the program.
 *
 * Ids that people never type are random; a party's code is the one that delegations write in brackets.
 */

/** Letters, digits, `-` and `_`: safe as a URL segment, as an HTML id, and never `__proto__` (an id starts with a letter or digit). */
const opaque = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{7,31}$/);

export const MeetingId = opaque.brand<'MeetingId'>();
export const RecommendationId = opaque.brand<'RecommendationId'>();
export const TopicId = opaque.brand<'TopicId'>();
export const ClauseId = opaque.brand<'ClauseId'>();
/** An owned mark on text: an amendment, a bracket or a comment. One id space for all three. */
export const MarkId = opaque.brand<'MarkId'>();
export const ParticipantId = opaque.brand<'ParticipantId'>();
export const AccountId = opaque.brand<'AccountId'>();
/** A party's code, upper case, as it stands in brackets: `ARG`, `CIM`, `USA`. Unique in its meeting, and never changed. */
export const PartyCode = z
  .string()
  .regex(/^[A-Z][A-Z0-9-]{0,11}$/)
  .brand<'PartyCode'>();
/** A log: `meeting:<id>` or `recommendation:<id>`. */
export const LogName = z
  .string()
  .regex(/^(meeting|recommendation):[A-Za-z0-9][A-Za-z0-9_-]{7,31}$/)
  .brand<'LogName'>();

export type MeetingId = z.infer<typeof MeetingId>;
export type RecommendationId = z.infer<typeof RecommendationId>;
export type TopicId = z.infer<typeof TopicId>;
export type ClauseId = z.infer<typeof ClauseId>;
export type MarkId = z.infer<typeof MarkId>;
export type ParticipantId = z.infer<typeof ParticipantId>;
export type AccountId = z.infer<typeof AccountId>;
export type PartyCode = z.infer<typeof PartyCode>;
export type LogName = z.infer<typeof LogName>;

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A source of random bytes, passed in so that a test can replay it. */
export type RandomBytes = (size: number) => Uint8Array;

const systemRandom: RandomBytes = (size) => globalThis.crypto.getRandomValues(new Uint8Array(size));

/** 16 characters of base 62 (95 bits): unguessable, and short enough for a URL that is read aloud. */
export function randomId(random: RandomBytes = systemRandom): string {
  let id = '';
  // 248 = 4 × 62: larger bytes are dropped, so that every character is equally likely.
  while (id.length < 16) for (const byte of random(24)) if (byte < 248 && id.length < 16) id += alphabet[byte % 62];
  return id;
}

export const newMeetingId = (random?: RandomBytes): MeetingId => MeetingId.parse(randomId(random));
export const newRecommendationId = (random?: RandomBytes): RecommendationId => RecommendationId.parse(randomId(random));
export const newTopicId = (random?: RandomBytes): TopicId => TopicId.parse(randomId(random));
export const newClauseId = (random?: RandomBytes): ClauseId => ClauseId.parse(randomId(random));
export const newMarkId = (random?: RandomBytes): MarkId => MarkId.parse(randomId(random));
export const newParticipantId = (random?: RandomBytes): ParticipantId => ParticipantId.parse(randomId(random));
export const newAccountId = (random?: RandomBytes): AccountId => AccountId.parse(randomId(random));

export const meetingLog = (id: MeetingId): LogName => LogName.parse(`meeting:${id}`);
export const recommendationLog = (id: RecommendationId): LogName => LogName.parse(`recommendation:${id}`);
