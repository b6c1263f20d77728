import type { Node } from 'prosemirror-model';
import { z } from 'zod';
import { ClauseId, MarkId } from '../../shared/protocol/ids.ts';
import { type Clause, joinRuns, type Run, type RunMarks } from '../../shared/text/clause.ts';
import { clauseKinds, type MarkName, markNames } from '../../shared/text/schema.ts';

const attributes = z.object({
  id: ClauseId,
  kind: z.enum(clauseKinds),
  level: z.number(),
  insertion: MarkId.nullable(),
});

const read = new WeakMap<Node, Clause>();

function readRun(node: Node): Run {
  const marks: { [name in MarkName]: MarkId[] } = { insertion: [], deletion: [], bracket: [], comment: [], origin: [] };
  for (const mark of node.marks) {
    const name = markNames.find((candidate) => candidate === mark.type.name);
    if (name !== undefined) marks[name].push(MarkId.parse(mark.attrs.id));
  }
  for (const name of markNames) marks[name].sort();
  return { text: node.text ?? '', marks: marks satisfies RunMarks };
}

/** An editor node as a clause value of `shared/text`. The same node gives the same value. */
export function clauseOf(node: Node): Clause {
  const known = read.get(node);
  if (known !== undefined) return known;
  const { id, kind, level, insertion } = attributes.parse(node.attrs);
  const clause: Clause = { id, kind, level, insertion, runs: joinRuns(node.children.map(readRun)) };
  read.set(node, clause);
  return clause;
}

export const clausesOf = (doc: Node): readonly Clause[] => doc.children.map(clauseOf);
