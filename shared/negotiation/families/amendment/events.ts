import { z } from 'zod';
import { ClauseId, MarkId, PartyCode } from '../../../protocol/ids.ts';
import { decidedBy, nameOf } from '../../act.ts';
import { defineEvent } from '../../event.ts';
import { AmendmentNumber } from './numbers.ts';
import { AmendedPlace } from './places.ts';
import { AmendmentState } from './state.ts';
import { AmendedWords } from './words.ts';

/** A party made a mark: an amendment, a bracket or a comment. */
export const markRegistered = defineEvent({
  type: 'mark registered',
  v: 2,
  shape: {
    mark: MarkId,
    kind: z.enum(['amendment', 'bracket', 'comment']),
    party: PartyCode,
    /** The clauses of the gesture that made it, the first one first. */
    clauses: z.array(ClauseId).min(1),
    /** Of an amendment: the pending one that it amends; null for one to the text in force. */
    parent: MarkId.nullable().optional(),
    /** Of an amendment. Version 1 had none; there it follows from the order in which amendments were made. */
    number: AmendmentNumber.optional(),
  },
  fold({ mark, kind, party, clauses, parent, number }, effects, { actor, at }) {
    const [clause] = clauses;
    if (clause === undefined || !('role' in actor)) throw new RangeError('a mark is made by a participant in a clause');
    const made = { party, typedBy: nameOf(actor), participant: actor.participant, at, clause };
    effects.set({
      of: 'mark',
      id: mark,
      value:
        kind === 'amendment'
          ? {
              kind,
              ...made,
              ...(number === undefined ? {} : { number }),
              state: 'open',
              sponsors: [],
              reason: '',
              parent: parent ?? null,
              clauses,
            }
          : { kind, ...made, state: 'open' },
    });
  },
});

/** Amendments ended in one act, with the words that each had. */
export const amendmentsClosed = defineEvent({
  type: 'amendments closed',
  v: 1,
  shape: {
    state: AmendmentState.exclude(['open']),
    amendments: z
      .array(
        AmendedWords.extend({
          amendment: MarkId,
          /** Where its words stood, if a decision of the chair closed it: so it can be taken back. Since ruleset 3. */
          places: z.array(AmendedPlace).optional(),
        }),
      )
      .min(1),
    reason: z.string().optional(),
  },
  fold({ state, amendments, reason }, effects, act) {
    const decided = decidedBy(act, reason);
    for (const { amendment, ...words } of amendments)
      effects.set({
        of: 'mark',
        id: amendment,
        value: { ...effects.amendment(amendment), state, closed: { ...decided, ...words } },
      });
  },
});

/** An amendment to an adopted one amends that one's target from now on. */
export const amendmentReparented = defineEvent({
  type: 'amendment reparented',
  v: 1,
  shape: { amendment: MarkId, parent: MarkId.nullable() },
  fold({ amendment, parent }, effects) {
    effects.set({ of: 'mark', id: amendment, value: { ...effects.amendment(amendment), parent } });
  },
});

export const reasonGiven = defineEvent({
  type: 'reason given',
  v: 1,
  shape: { amendment: MarkId, reason: z.string() },
  fold({ amendment, reason }, effects) {
    effects.set({ of: 'mark', id: amendment, value: { ...effects.amendment(amendment), reason } });
  },
});

/** A decision was taken back: the amendment is open again, and so is a clause that it had brought. */
export const amendmentReinstated = defineEvent({
  type: 'amendment reinstated',
  v: 1,
  shape: { amendment: MarkId, proposes: z.array(ClauseId) },
  fold({ amendment, proposes }, effects) {
    const { closed: _, ...record } = effects.amendment(amendment);
    effects.set({ of: 'mark', id: amendment, value: { ...record, state: 'open' } });
    for (const id of proposes) {
      const { origin: _, ...clause } = effects.clause(id);
      effects.set({ of: 'clause', id, value: { ...clause, sponsors: [record.party] } });
    }
  },
});

export const amendmentEvents = [
  markRegistered,
  amendmentsClosed,
  amendmentReparented,
  reasonGiven,
  amendmentReinstated,
] as const;
