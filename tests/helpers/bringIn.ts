import type { Room } from '../../server/room/room.ts';
import type { Clause } from '../../shared/text/clause.ts';
import { entered } from './acts.ts';

/** Writes a text into an empty room, as an import does: open clauses without sponsors. */
export const bringIn = (room: Room, text: readonly Clause[]): Promise<unknown> =>
  room.submit({
    kind: 'text',
    by: { operator: 'importer' },
    source: 'test',
    text: text,
    events: entered(text),
  });
