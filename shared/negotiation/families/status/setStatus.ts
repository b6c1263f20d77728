import { z } from 'zod';
import { ConcordError } from '../../../protocol/errors.ts';
import { ClauseId } from '../../../protocol/ids.ts';
import { isUnresolved } from '../../../text/amendment.ts';
import { clauseDigest } from '../../../text/digest.ts';
import { clauseIn, defineCommand, requireSeen } from '../../command.ts';
import { reason, waiting } from '../inputs.ts';
import { seenClauses, statusEvents } from './wanted.ts';

export const setStatus = defineCommand({
  type: 'set-status',
  summary: 'The chair marks clauses as agreed, agreed ad referendum, or open again.',
  input: {
    clauses: z.array(ClauseId).min(1).max(500),
    status: z.enum(['open', 'agreed', 'agreed ad referendum']),
    parties: waiting.optional(),
    reason: reason.optional(),
  },
  actors: ['chair'],
  whileDraftingClosed: true,
  confirmation: 'asks',
  seen: ({ status, clauses }, { text }) => (status === 'open' ? undefined : seenClauses(clauses, text)),
  decide(situation, input, _by, seen) {
    const clauses = new Set(input.clauses);
    for (const id of clauses) {
      const clause = clauseIn(situation, id);
      if (input.status === 'open') continue;
      if (isUnresolved(clause, situation.negotiation)) throw new ConcordError('clause-unresolved', { clause: id });
      requireSeen(seen, id, () => clauseDigest(clause), { clause: id });
    }
    const events = statusEvents(situation, clauses, input);
    if (events.length === 0) throw new ConcordError('nothing-to-do');
    return { operations: [], events };
  },
});
