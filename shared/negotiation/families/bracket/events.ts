import { z } from 'zod';
import { MarkId } from '../../../protocol/ids.ts';
import { decidedBy } from '../../act.ts';
import { defineEvent } from '../../event.ts';

export const bracketsLifted = defineEvent({
  type: 'brackets lifted',
  v: 1,
  shape: { brackets: z.array(MarkId).min(1), reason: z.string().optional() },
  fold({ brackets, reason }, effects, act) {
    const closed = decidedBy(act, reason);
    for (const id of brackets) {
      const record = effects.mark(id);
      if (record.kind !== 'bracket') throw new RangeError('the event is about a bracket, and the mark is none');
      effects.set({ of: 'mark', id, value: { ...record, state: 'lifted', closed } });
    }
  },
});

export const bracketEvents = [bracketsLifted] as const;
