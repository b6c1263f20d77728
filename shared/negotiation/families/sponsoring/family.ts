import { answerSponsoring } from './answerSponsoring.ts';
import { askToSponsor } from './askToSponsor.ts';
import { sponsoringEvents } from './events.ts';

export const sponsoring = {
  name: 'sponsoring',
  events: sponsoringEvents,
  commands: [askToSponsor, answerSponsoring],
} as const;
