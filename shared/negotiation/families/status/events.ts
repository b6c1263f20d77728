import { z } from 'zod';
import { ClauseId, PartyCode } from '../../../protocol/ids.ts';
import { decidedBy } from '../../act.ts';
import { defineEvent } from '../../event.ts';

export const clauseStatusSet = defineEvent({
  type: 'clause status set',
  v: 1,
  shape: {
    clauses: z.array(ClauseId).min(1),
    status: z.enum(['open', 'agreed', 'agreed ad referendum']),
    /** Of "agreed ad referendum": the parties that await instructions. */
    parties: z.array(PartyCode).optional(),
    reason: z.string().optional(),
  },
  fold({ clauses, status, parties, reason }, effects, act) {
    const decided = decidedBy(act, reason);
    for (const id of clauses)
      effects.set({
        of: 'clause',
        id,
        value: {
          ...effects.clause(id),
          status:
            status === 'agreed ad referendum'
              ? { state: status, parties: [...(parties ?? [])], decided }
              : { state: status, decided },
        },
      });
  },
});

export const statusEvents = [clauseStatusSet] as const;
