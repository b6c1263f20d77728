import type { Room } from '../../server/room/room.ts';
import { stageText } from '../../server/room/stage.ts';
import type { Clause } from '../../shared/text/clause.ts';
import { entered } from './acts.ts';

/** Brings a text into an empty room, as an import does: open clauses that nobody sponsors. */
export const bringIn = (room: Room, text: readonly Clause[]): Promise<unknown> =>
  room.submit({
    by: { operator: 'importer' },
    onBehalfOf: null,
    action: { type: 'create', source: 'test' },
    stage: (head, act) => stageText(head, text, entered(text), act),
  });
