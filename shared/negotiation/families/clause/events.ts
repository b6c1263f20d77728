import { z } from 'zod';
import { ClauseId, MarkId, PartyCode } from '../../../protocol/ids.ts';
import { ClauseNumber } from '../../../text/labels.ts';
import { defineEvent } from '../../event.ts';
import { openStatus } from '../status/state.ts';

/** Clauses came into the text: with an imported text, or by typing. */
export const clausesEntered = defineEvent({
  type: 'clauses entered',
  v: 1,
  shape: { clauses: z.array(ClauseId).min(1), sponsors: z.array(PartyCode) },
  fold({ clauses, sponsors }, effects) {
    for (const id of clauses) effects.set({ of: 'clause', id, value: { sponsors: [...sponsors], status: openStatus } });
  },
});

/** A proposed clause became one of the text in force: the sponsors of its amendment are its sponsors. */
export const clauseAdopted = defineEvent({
  type: 'clause adopted',
  v: 1,
  shape: { clause: ClauseId, origin: MarkId, sponsors: z.array(PartyCode) },
  fold({ clause, origin, sponsors }, effects) {
    effects.set({
      of: 'clause',
      id: clause,
      value: { ...effects.clause(clause), sponsors: [...sponsors], origin },
    });
  },
});

export const clauseSponsorsSet = defineEvent({
  type: 'clause sponsors set',
  v: 1,
  shape: { clause: ClauseId, sponsors: z.array(PartyCode) },
  fold({ clause, sponsors }, effects) {
    effects.set({ of: 'clause', id: clause, value: { ...effects.clause(clause), sponsors: [...sponsors] } });
  },
});

/** A clause stands behind another one now; null: at the beginning. Its record stays as it is. */
export const clauseMoved = defineEvent({
  type: 'clause moved',
  v: 1,
  shape: { clause: ClauseId, after: ClauseId.nullable() },
  fold({ clause }, effects) {
    effects.set({ of: 'clause', id: clause, value: effects.clause(clause) });
  },
});

/** The numbers of clauses are frozen: of all in force, and then of each that is adopted. */
export const numbersFrozen = defineEvent({
  type: 'numbers frozen',
  v: 1,
  shape: { numbers: z.array(z.object({ clause: ClauseId, number: ClauseNumber })).min(1) },
  fold({ numbers }, effects) {
    for (const { clause, number } of numbers)
      effects.set({ of: 'clause', id: clause, value: { ...effects.clause(clause), number } });
  },
});

/** The numbers are counted again. */
export const numbersReleased = defineEvent({
  type: 'numbers released',
  v: 1,
  shape: { clauses: z.array(ClauseId).min(1) },
  fold({ clauses }, effects) {
    for (const id of clauses) {
      const { number: _, ...value } = effects.clause(id);
      effects.set({ of: 'clause', id, value });
    }
  },
});

export const clauseEvents = [
  clausesEntered,
  clauseAdopted,
  clauseSponsorsSet,
  clauseMoved,
  numbersFrozen,
  numbersReleased,
] as const;
