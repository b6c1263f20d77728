import { z } from 'zod';
import { ConcordError } from '../../../protocol/errors.ts';
import { clauseNumbers, isFrozen } from '../../../text/labels.ts';
import { defineCommand } from '../../command.ts';
import { numbersFrozen, numbersReleased } from './events.ts';

export const freezeNumbering = defineCommand({
  type: 'freeze-numbering',
  summary:
    'The rapporteur or the chair freezes the numbers of the clauses in force, so that clauses adopted afterwards keep bis, or releases them.',
  input: { frozen: z.boolean() },
  actors: ['rapporteur', 'chair'],
  whileDraftingClosed: true,
  decide({ text, negotiation }, { frozen }) {
    if (frozen === isFrozen(negotiation)) throw new ConcordError('nothing-to-do');
    if (!frozen) {
      const clauses = [...negotiation.clauses].flatMap(([id, { number }]) => (number === undefined ? [] : [id]));
      return { operations: [], events: [numbersReleased.make({ clauses })] };
    }
    const numbers = clauseNumbers(text, negotiation);
    const kept = text.flatMap(({ id, insertion }, at) => {
      const number = numbers[at];
      return insertion !== null || number == null ? [] : [{ clause: id, number }];
    });
    if (kept.length === 0) throw new ConcordError('nothing-to-do');
    return { operations: [], events: [numbersFrozen.make({ numbers: kept })] };
  },
});
