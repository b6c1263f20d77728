import type { RecommendationView } from '../../shared/protocol/contract.ts';
import type { Seen } from '../../shared/text/digest.ts';

/** The digests that a program read in the view, for the decisions that it takes by it. */
export const seenOf = ({ clauses, amendments, brackets }: RecommendationView): Seen =>
  Object.fromEntries(
    [...clauses, ...amendments, ...brackets].flatMap(({ id, digest }) => (digest === null ? [] : [[id, digest]])),
  );
