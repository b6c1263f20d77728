import type { Aim } from './aim.ts';

/**
 * The way in which a round ends its server: after so many acknowledged updates, and then a moment later (milliseconds).
 */
export type Fault = { readonly saved: number; readonly later: number } & (
  | { readonly kind: 'any moment' }
  | { readonly kind: 'in a commit' | 'in a checkpoint of SQLite'; readonly aim: Aim }
  /** Stopped, and killed during the checkpoint that it then writes. */
  | { readonly kind: 'in a checkpoint of a room'; readonly aim: Aim }
  | { readonly kind: 'while it stops'; readonly wait: number }
  /** The database is killed under the server, and is there again so many milliseconds later. */
  | { readonly kind: 'of the database'; readonly wait: number }
  /**
   * Killed once more while the next one starts: at a step of its own, counted from its first, or so long after its
   * launch.
   */
  | { readonly kind: 'while it starts'; readonly start: Aim | null; readonly wait: number }
);

export const faultKinds = [
  'any moment',
  'in a commit',
  'in a checkpoint of a room',
  'while it starts',
  'in a checkpoint of SQLite',
  'any moment',
  'in a commit',
  'while it stops',
] as const satisfies readonly Fault['kind'][];

/** The kinds for PostgreSQL. */
export const faultKindsOnPostgres = [
  'in a commit',
  'of the database',
  'any moment',
  'while it starts',
  'of the database',
  'while it stops',
] as const satisfies readonly Fault['kind'][];

/** Each kind in turn, each at a moment of its own. */
export function drawFault(round: number, random: () => number, kinds: readonly Fault['kind'][] = faultKinds): Fault {
  const kind = kinds[round % kinds.length] ?? 'any moment';
  const whole = (most: number): number => 1 + Math.floor(random() * most);
  const moment = { saved: whole(50), later: random() * 15 };
  const when = (['before', 'during', 'during', 'after'] as const)[whole(4) - 1] ?? 'during';
  const at = (where: Aim['at'], nth: number): Aim => ({ at: where, nth, when, delay: random() * 1.5 });
  switch (kind) {
    case 'any moment':
      return { kind, ...moment };
    case 'in a commit':
      return { kind, ...moment, aim: at('commit', whole(8)) };
    case 'in a checkpoint of SQLite':
      return { kind, ...moment, aim: at('wal', whole(4)) };
    case 'in a checkpoint of a room':
      return { kind, ...moment, aim: at('checkpoint', whole(2)) };
    case 'while it stops':
      return { kind, ...moment, wait: random() * 40 };
    case 'of the database':
      return { kind, ...moment, wait: random() < 0.7 ? random() * 300 : 3000 };
    case 'while it starts':
      return { kind, ...moment, start: random() < 0.7 ? at('step', whole(60)) : null, wait: random() * 900 };
  }
}
