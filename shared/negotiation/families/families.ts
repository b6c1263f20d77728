import { amendment } from './amendment/family.ts';
import { authorship } from './authorship/family.ts';
import { bracket } from './bracket/family.ts';
import { clause } from './clause/family.ts';
import { sponsoring } from './sponsoring/family.ts';
import { status } from './status/family.ts';

/** All families: what a negotiation can hold, what can be done about it, and what can happen. */
export const families = [amendment, sponsoring, bracket, status, clause, authorship] as const;
