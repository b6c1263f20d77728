import { ConcordError } from '../../../protocol/errors.ts';
import { ClauseId } from '../../../protocol/ids.ts';
import { isUnresolved } from '../../../text/amendment.ts';
import { clauseDigest } from '../../../text/digest.ts';
import { clauseIn, defineCommand, requireSeen } from '../../command.ts';
import { isLocked } from '../../state.ts';
import { seenClauses } from '../status/wanted.ts';
import { clauseMoved } from './events.ts';

/**
 * A clause is written anew where it moves to, so a pending amendment in it, or words that somebody is typing there, could
 * be lost: it moves once nothing is pending in it.
 */
export const moveClause = defineCommand({
  type: 'move-clause',
  summary: 'The rapporteur or the chair moves a clause of the text in force behind another one, or to the beginning.',
  input: { clause: ClauseId, after: ClauseId.nullable() },
  actors: ['rapporteur', 'chair'],
  whileDraftingClosed: true,
  seen: ({ clause }, { text }) => seenClauses([clause], text),
  decide(situation, { clause: id, after }, _by, seen) {
    const { text, negotiation } = situation;
    const clause = clauseIn(situation, id);
    if (isLocked(negotiation, id)) throw new ConcordError('clause-locked', { clause: id });
    if (clause.insertion !== null || isUnresolved(clause, negotiation))
      throw new ConcordError('clause-unresolved', { clause: id });
    requireSeen(seen, id, () => clauseDigest(clause), { clause: id });
    if (after !== null) clauseIn(situation, after);
    const at = text.indexOf(clause);
    if (after === id || (text[at - 1]?.id ?? null) === after) throw new ConcordError('nothing-to-do', { clause: id });
    return { operations: [{ op: 'move', clause: id, after }], events: [clauseMoved.make({ clause: id, after })] };
  },
});
