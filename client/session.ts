import { signal } from '@preact/signals';
import type { SessionView } from '../shared/protocol/access.ts';

/** Who is signed in; null for nobody, undefined while it isn't known yet. */
export const session = signal<SessionView | null | undefined>(undefined);
