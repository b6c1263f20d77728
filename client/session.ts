import { signal } from '@preact/signals';
import type { SessionView } from '../shared/protocol/access.ts';

/** The account that is signed in; null if none is, undefined until the server has answered. */
export const session = signal<SessionView | null | undefined>(undefined);
