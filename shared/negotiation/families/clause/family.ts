import { clauseEvents } from './events.ts';
import { freezeNumbering } from './freezeNumbering.ts';
import { moveClause } from './moveClause.ts';
import { setSponsors } from './setSponsors.ts';

export const clause = {
  name: 'clause',
  events: clauseEvents,
  commands: [setSponsors, moveClause, freezeNumbering],
} as const;
