import type { z } from 'zod';
import { type Clause, sameClause } from '../../shared/clause.ts';
import type { History } from '../../shared/contract.ts';
import { ConcordError } from '../../shared/errors.ts';
import {
  type ClauseId,
  type MarkId,
  ParticipantId,
  type RecommendationId,
  recommendationLog,
} from '../../shared/ids.ts';
import { type MarkRecord, statusOf } from '../../shared/ledger.ts';
import type { Principal } from '../../shared/principal.ts';
import { assertLink } from '../log/chain.ts';
import type { Log } from '../log/log.ts';
import { type Author, decodeHeader } from '../room/header.ts';
import { Replica } from '../room/replica.ts';

const pageOfEntries = 500;

/** The server's own acts, and an administrator's, stand in nobody's name. */
const nobody = ParticipantId.parse('administrator');

const asPrincipal = (by: Author): Principal =>
  'administrator' in by ? { participant: nobody, name: by.administrator, party: null, role: 'rapporteur' } : by;

/**
 * The history of one clause, entry by entry: who, for whom, when, what it then said. Replayed from the log, so it is
 * the record itself and not a memory of it. With every mark that the clause ever bore: for any word, where it came from.
 */
export async function historyOf(
  log: Log,
  recommendation: RecommendationId,
  id: ClauseId,
): Promise<z.infer<typeof History>> {
  const replica = Replica.empty();
  const lines: z.infer<typeof History>['lines'] = [];
  const marks = new Set<MarkId>();
  let before: Clause | null = null;
  let statusBefore = 'null';
  try {
    for (;;) {
      const page = await log.read(recommendationLog(recommendation), replica.sequence, pageOfEntries);
      for (const entry of page) {
        // A checkpoint spares the room these entries; whoever shows them looks at them.
        assertLink(entry, replica.hash, replica.sequence);
        replica.apply([entry]);
        const after = replica.text().find((clause) => clause.id === id) ?? null;
        const status = statusOf(replica.ledger, id);
        const statusAfter = JSON.stringify(replica.ledger.clauses.get(id) ?? null);
        const same = after === null || before === null ? after === before : sameClause(before, after);
        if (same && statusAfter === statusBefore) continue;
        before = after;
        statusBefore = statusAfter;
        const header = decodeHeader(entry.header);
        for (const run of after?.runs ?? [])
          for (const list of Object.values(run.marks)) for (const mark of list) marks.add(mark);
        lines.push({
          sequence: entry.sequence,
          at: header.at,
          by: asPrincipal(header.by),
          onBehalfOf: header.onBehalfOf,
          command: header.command.type,
          reason: 'reason' in header.command ? (header.command.reason ?? null) : null,
          runs: after === null ? null : after.runs.map((run) => ({ text: run.text, marks: mutable(run.marks) })),
          status,
        });
      }
      if (page.length < pageOfEntries) break;
      // A long history must not hold up those who are drafting.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (lines.length === 0) throw new ConcordError('not-found', { clause: id });
    const known: Record<string, MarkRecord> = {};
    for (const mark of marks) {
      const record = replica.ledger.marks.get(mark);
      if (record !== undefined) known[mark] = record;
    }
    return { lines, marks: known };
  } finally {
    replica.destroy();
  }
}

const mutable = (marks: Clause['runs'][number]['marks']) => ({
  insertion: [...marks.insertion],
  deletion: [...marks.deletion],
  bracket: [...marks.bracket],
  comment: [...marks.comment],
  origin: [...marks.origin],
});
