import type { Aim } from './aim.ts';

/** How a round ends its server. `after` counts milliseconds from when everybody is at work. */
export type Fault =
  | { readonly kind: 'any moment'; readonly after: number }
  | { readonly kind: 'in a commit' | 'in a checkpoint of SQLite'; readonly aim: Aim; readonly after: number }
  /** Stopped, and killed at the checkpoint that it writes then. */
  | { readonly kind: 'in a checkpoint of a room'; readonly aim: Aim; readonly after: number }
  | { readonly kind: 'while it stops'; readonly after: number; readonly then: number }
  /** Killed once more while the next one starts: by a step of its own, counted from its first, or so long after its launch. */
  | { readonly kind: 'while it starts'; readonly after: number; readonly aim: Aim | null; readonly then: number };

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

/** Each kind in its turn, each at a moment of its own. */
export function drawFault(round: number, random: () => number): Fault {
  const kind = faultKinds[round % faultKinds.length] ?? 'any moment';
  const after = 80 + random() * 320;
  const whole = (most: number): number => 1 + Math.floor(random() * most);
  const when = (['before', 'during', 'during', 'after'] as const)[Math.floor(random() * 4)] ?? 'during';
  const at = (where: Aim['at'], nth: number): Aim => ({ at: where, nth, when, delay: random() * 1.5 });
  switch (kind) {
    case 'any moment':
      return { kind, after };
    case 'in a commit':
      return { kind, after: 2000, aim: at('commit', whole(40)) };
    case 'in a checkpoint of SQLite':
      return { kind, after: 2000, aim: at('wal', whole(20)) };
    case 'in a checkpoint of a room':
      return { kind, after, aim: at('checkpoint', whole(2)) };
    case 'while it stops':
      return { kind, after, then: random() * 40 };
    case 'while it starts':
      return { kind, after, aim: random() < 0.7 ? at('step', whole(60)) : null, then: random() * 900 };
  }
}
