import type { Node } from 'prosemirror-model';
import type { EditContext } from '../../client/editor/editContext.ts';
import { ClauseId, MarkId } from '../../shared/protocol/ids.ts';
import type { Capacity } from '../../shared/text/authority.ts';
import type { Clause } from '../../shared/text/clause.ts';
import { markNames, schema } from '../../shared/text/schema.ts';
import { negotiationOf } from './texts.ts';

const nodeOf = (clause: Clause): Node =>
  schema.node(
    'clause',
    { id: clause.id, kind: clause.kind, level: clause.level, insertion: clause.insertion },
    clause.runs.map(({ text, marks }) =>
      schema.text(
        text,
        markNames.flatMap((name) => marks[name].map((id) => schema.mark(name, { id }))),
      ),
    ),
  );

/** A text as the editor holds it. */
export const docOf = (text: readonly Clause[]): Node => schema.node('doc', null, text.map(nodeOf));

/** The context of an edit; marks that it makes are `new1`, `new2` and so on. */
export function contextOf(text: readonly Clause[], capacity: Capacity | null): EditContext {
  let made = 0;
  return {
    capacity,
    negotiation: negotiationOf(text),
    newMark: () => MarkId.parse(`new${++made}`.padEnd(8, '0')),
    newClause: () => ClauseId.parse(`made${++made}`.padEnd(8, '0')),
  };
}
