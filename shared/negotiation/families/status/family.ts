import { disposeAndAgree } from './disposeAndAgree.ts';
import { statusEvents } from './events.ts';
import { setStatus } from './setStatus.ts';

export const status = { name: 'status', events: statusEvents, commands: [setStatus, disposeAndAgree] } as const;
