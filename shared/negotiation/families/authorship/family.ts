import { clientEvents } from './events.ts';

export const authorship = { name: 'authorship', events: clientEvents, commands: [] } as const;
