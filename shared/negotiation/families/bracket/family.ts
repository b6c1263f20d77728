import { bracketEvents } from './events.ts';
import { liftBracket } from './liftBracket.ts';

export const bracket = { name: 'bracket', events: bracketEvents, commands: [liftBracket] } as const;
