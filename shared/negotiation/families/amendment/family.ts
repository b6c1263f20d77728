import { adopt } from './adopt.ts';
import { amendmentEvents } from './events.ts';
import { giveReason } from './giveReason.ts';
import { notAdopt } from './notAdopt.ts';
import { takeBack } from './takeBack.ts';
import { withdraw } from './withdraw.ts';

export const amendment = {
  name: 'amendment',
  events: amendmentEvents,
  commands: [adopt, notAdopt, withdraw, giveReason, takeBack],
} as const;
