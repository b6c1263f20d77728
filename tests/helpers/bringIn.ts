import type { Room } from '../../server/room/room.ts';
import { stageText } from '../../server/room/stage.ts';
import { openStatus } from '../../shared/negotiation/state.ts';
import type { Clause } from '../../shared/text/clause.ts';

/** Writes a text into an empty room, as an import does: open clauses without sponsors. */
export const bringIn = (room: Room, text: readonly Clause[]): Promise<unknown> =>
  room.submit({
    by: { administrator: 'importer' },
    onBehalfOf: null,
    action: { type: 'create', source: 'test' },
    stage: (head) =>
      stageText(
        head,
        text,
        text.map(({ id }) => ({ of: 'clause' as const, id, value: { sponsors: [], status: openStatus } })),
      ),
  });
