import type { Principal } from '../../../meeting/principal.ts';
import { ConcordError } from '../../../protocol/errors.ts';
import type { MarkId, PartyCode } from '../../../protocol/ids.ts';
import { sponsorsOf, stands, wordsOf } from '../../../text/amendment.ts';
import type { Clause } from '../../../text/clause.ts';
import type { Seen } from '../../../text/digest.ts';
import { Digests } from '../../../text/digest.ts';
import { clauseNumbers, isFrozen } from '../../../text/labels.ts';
import { operated } from '../../../text/operations.ts';
import { openParents } from '../../../text/ownership.ts';
import { placesOf } from '../../../text/reinstate.ts';
import type { Resolved } from '../../../text/resolve.ts';
import { type Decision, digestsOf, type Looked, requireSeen, type Situation, speaksFor } from '../../command.ts';
import { AmendmentEvents, sameWords } from '../../consequences.ts';
import type { StoredEvent } from '../../event.ts';
import { isLocked, type NegotiationState } from '../../state.ts';
import { clauseAdopted, numbersFrozen } from '../clause/events.ts';
import type { AmendmentRecord, AmendmentState } from './state.ts';

/** An amendment that is open and has words in the text. Throws `not-found` or `amendment-closed`. */
export function standing({ text, negotiation }: Situation, id: MarkId): AmendmentRecord {
  const record = negotiation.marks.get(id);
  if (record?.kind !== 'amendment') throw new ConcordError('not-found', { mark: id });
  if (record.state !== 'open' || !stands(text, id)) throw new ConcordError('amendment-closed', { mark: id });
  return record;
}

/** The same, where the actor speaks for its party. Throws `not-your-amendment` otherwise. */
export function ownedBy(situation: Situation, id: MarkId, by: Principal): AmendmentRecord {
  const record = standing(situation, id);
  if (!speaksFor(by, record.party)) throw new ConcordError('not-your-amendment', { mark: id });
  return record;
}

export const partyOfMark = (state: NegotiationState, id: MarkId): PartyCode | null =>
  state.marks.get(id)?.party ?? null;

/** The digests of amendments as they are shown. */
export function seenAmendments(
  ids: readonly MarkId[],
  { text, negotiation }: Pick<Situation, 'text' | 'negotiation'>,
): Seen {
  const digests = new Digests(text, negotiation);
  return Object.fromEntries(ids.map((id) => [id, digests.amendment(id)]));
}

/** Throws where an amendment is not open, has changed since it was seen, or, for adoption, would have no effect. */
export function requireAdoptable(situation: Situation, id: MarkId, seen: Looked): void {
  requireStanding(situation, id, seen);
  const { struck, inserted } = wordsOf(situation.text, id);
  // An empty proposed clause has no effect yet.
  if (struck === '' && inserted === '') throw new ConcordError('nothing-to-do', { mark: id });
}

export function requireStanding(situation: Situation, id: MarkId, seen: Looked): void {
  standing(situation, id);
  requireSeen(seen, id, () => digestsOf(situation).amendment(id), { mark: id });
}

/** Closes amendments, and those that end with them, keeping the words of each in the state. */
export function close(
  { text, negotiation }: Situation,
  closing: readonly (readonly [ReadonlySet<MarkId>, Exclude<AmendmentState, 'open'>])[],
  { operations, superseded, fallen, reparented }: Resolved,
  reason: string | undefined,
): Decision {
  for (const operation of operations)
    if ('clause' in operation && typeof operation.clause === 'string' && isLocked(negotiation, operation.clause))
      throw new ConcordError('clause-locked', { clause: operation.clause });
  const amendments = new AmendmentEvents(negotiation);
  const parents = openParents(text, negotiation);
  const last = (id: MarkId) => ({ ...wordsOf(text, id), places: placesOf(text, id, parents) });
  // A withdrawal is its party's own, which may propose the words again.
  for (const [ids, state] of closing)
    for (const id of ids) amendments.close(id, state, state === 'withdrawn' ? wordsOf(text, id) : last(id));
  for (const { id } of superseded) amendments.close(id, 'superseded', last(id));
  for (const { id, struck, inserted } of fallen) amendments.close(id, 'fallen', { struck, inserted });
  for (const [id, parent] of reparented) amendments.reparent(id, parent);
  const after = operated(text, operations);
  for (const [id, record] of negotiation.marks) {
    if (record.kind !== 'amendment' || !record.sponsors.some(({ accepted }) => accepted)) continue;
    const words = wordsOf(text, id);
    if (!sameWords(words, wordsOf(after, id))) amendments.askAgain(id, words);
  }
  return { operations, events: [...amendments.list(reason), ...adoptedClauses(text, after, negotiation)] };
}

/**
 * A proposed clause that is one of the text now takes over its amendment's sponsors. Where numbers are frozen, it keeps
 * the number under which it was adopted.
 */
function adoptedClauses(
  text: readonly Clause[],
  after: readonly Clause[],
  negotiation: NegotiationState,
): readonly StoredEvent[] {
  const { marks } = negotiation;
  const proposed = new Map(text.flatMap(({ id, insertion }) => (insertion === null ? [] : [[id, insertion] as const])));
  const adopted = after.flatMap(({ id, insertion }) => {
    const origin = insertion === null ? proposed.get(id) : undefined;
    const source = origin === undefined ? undefined : marks.get(origin);
    return origin === undefined || source?.kind !== 'amendment'
      ? []
      : [clauseAdopted.make({ clause: id, origin, sponsors: [...sponsorsOf(source)] })];
  });
  if (adopted.length === 0 || !isFrozen(negotiation)) return adopted;
  const shown = clauseNumbers(text, negotiation);
  const ids = new Set(adopted.map(({ clause }) => clause));
  const numbers = text.flatMap(({ id }, at) => {
    const number = shown[at];
    return ids.has(id) && number != null ? [{ clause: id, number }] : [];
  });
  return numbers.length === 0 ? adopted : [...adopted, numbersFrozen.make({ numbers })];
}
