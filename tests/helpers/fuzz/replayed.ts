import * as Y from 'yjs';
import type { Log } from '../../../server/storage/log.ts';
import { Replica } from '../../../server/yjs/replica.ts';
import { decodeHeader } from '../../../shared/negotiation/entry.ts';
import { LiveState } from '../../../shared/negotiation/state.ts';
import { type LogName, type RecommendationId, recommendationLog } from '../../../shared/protocol/ids.ts';
import { type Clause, sameText } from '../../../shared/text/clause.ts';
import { readText } from '../../../shared/text/document.ts';
import { wrongWith } from '../oracle.ts';

const pageOfEntries = 500;

/** What is wrong in a recommendation's log, entry by entry, by the oracle and not by the rule; and the text it comes to. */
export async function wrongIn(
  log: Log,
  id: RecommendationId,
): Promise<{ readonly wrong: readonly string[]; readonly text: readonly Clause[]; readonly entries: number }> {
  const name: LogName = recommendationLog(id);
  const replica = Replica.empty();
  const wrong: string[] = [];
  for (;;) {
    const page = await log.read(name, replica.sequence, pageOfEntries);
    for (const entry of page) {
      const before = replica.text();
      const negotiationBefore = new LiveState(replica.negotiation);
      replica.apply(entry);
      const { actor, onBehalfOf, command } = decodeHeader(entry.header);
      if (command.type !== 'typing' || !('role' in actor)) continue;
      const why = wrongWith({
        before,
        after: replica.text(),
        negotiationBefore,
        negotiationAfter: replica.negotiation,
        party: actor.role === 'delegate' ? actor.party : onBehalfOf,
      });
      if (why !== null) wrong.push(`${name} ${entry.sequence} by ${actor.name}: ${why}`);
    }
    if (page.length < pageOfEntries) break;
  }
  // Who comes now reads what the entries came to.
  const joining = new Y.Doc();
  Y.applyUpdate(joining, Y.encodeStateAsUpdate(replica.doc));
  const text = replica.text();
  if (!sameText(readText(joining), text)) wrong.push(`${name}: who joins reads another text`);
  joining.destroy();
  return { wrong, text, entries: replica.sequence };
}
