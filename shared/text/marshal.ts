import type { NegotiationState } from '../negotiation/state.ts';
import type { MarkId } from '../protocol/ids.ts';
import type { StandingAmendment } from './amendment.ts';
import type { Clause } from './clause.ts';
import { ownerOf } from './ownership.ts';

/** An amendment in its place of the marshalled list. */
export interface MarshalledAmendment {
  readonly amendment: StandingAmendment;
  /** The first clause that holds its words. */
  readonly clause: Clause;
  /** The amendments that it was made to, the nearest first; empty for one to the text in force. */
  readonly line: readonly MarkId[];
  /** Other amendments that strike some of the same words. */
  readonly conflicts: readonly MarkId[];
}

/**
 * Lists amendments in the order of the text, those to another amendment after it. `before`: the list as it was; equal
 * entries keep their identity, so that of thousands of rows only the changed ones are drawn again.
 */
export function marshalled(
  text: readonly Clause[],
  amendments: readonly StandingAmendment[],
  before: readonly MarshalledAmendment[] = [],
): readonly MarshalledAmendment[] {
  const clauses = new Map(text.map((clause) => [clause.id, clause]));
  const standing = new Map(amendments.map((amendment) => [amendment.id, amendment]));
  const known = new Map(before.map((entry) => [entry.amendment.id, entry]));
  const made = new Map<MarkId | null, StandingAmendment[]>();
  for (const amendment of amendments) {
    const parent = amendment.parent !== null && standing.has(amendment.parent) ? amendment.parent : null;
    const children = made.get(parent);
    if (children === undefined) made.set(parent, [amendment]);
    else children.push(amendment);
  }
  const list: MarshalledAmendment[] = [];
  const put = (parent: MarkId | null, line: readonly MarkId[]): void => {
    for (const amendment of made.get(parent) ?? []) {
      const [first] = amendment.clauses;
      const clause = first === undefined ? undefined : clauses.get(first);
      if (clause === undefined || line.includes(amendment.id)) continue;
      const conflicts = conflictsIn(clause).get(amendment.id) ?? [];
      const last = known.get(amendment.id);
      const isSame =
        last?.amendment === amendment &&
        last.clause === clause &&
        last.line.join() === line.join() &&
        last.conflicts.join() === conflicts.join();
      list.push(isSame ? last : { amendment, clause, line, conflicts });
      put(amendment.id, [amendment.id, ...line]);
    }
  };
  put(null, []);
  return list;
}

const conflicting = new WeakMap<Clause, ReadonlyMap<MarkId, readonly MarkId[]>>();

/** For each amendment in a clause, the others that strike some of the same words. */
function conflictsIn(clause: Clause): ReadonlyMap<MarkId, readonly MarkId[]> {
  const known = conflicting.get(clause);
  if (known !== undefined) return known;
  const found = new Map<MarkId, MarkId[]>();
  for (const { marks } of clause.runs)
    if (marks.deletion.length > 1)
      for (const id of marks.deletion) {
        const others = found.get(id) ?? [];
        for (const other of marks.deletion) if (other !== id && !others.includes(other)) others.push(other);
        found.set(id, others);
      }
  conflicting.set(clause, found);
  return found;
}

/** A piece of a change with the words around it. */
export interface ExcerptPiece {
  /** `=` words that stay, `-` struck ones, `+` inserted ones. */
  readonly sign: '=' | '-' | '+';
  readonly text: string;
}

/** Words of context on each side of a change. */
const around = 5;
/** Longer stretches are shown by their beginning and end. */
const longest = 10;

/**
 * The change of one amendment in a clause, with some words of its target on both sides. It is compared with the text in
 * force and the amendments that it was made to, never with another proposal.
 */
export function excerptOf(
  clause: Clause,
  id: MarkId,
  line: readonly MarkId[],
  negotiation: NegotiationState,
): readonly ExcerptPiece[] {
  const pieces: { sign: ExcerptPiece['sign']; text: string }[] = [];
  for (const { text, marks } of clause.runs) {
    const owner = ownerOf(marks, clause, negotiation);
    const sign = marks.deletion.includes(id)
      ? '-'
      : owner === id
        ? '+'
        : owner === null || line.includes(owner)
          ? '='
          : null;
    if (sign === null) continue;
    const last = pieces.at(-1);
    if (last?.sign === sign) last.text += text;
    else pieces.push({ sign, text });
  }
  // Before, then after, also where the new words stand in front of the struck ones.
  for (const [at, piece] of pieces.entries()) {
    const next = pieces[at + 1];
    if (piece.sign === '+' && next?.sign === '-') [pieces[at], pieces[at + 1]] = [next, piece];
  }
  const first = pieces.findIndex(({ sign }) => sign !== '=');
  const end = pieces.findLastIndex(({ sign }) => sign !== '=');
  return pieces.flatMap(({ sign, text }, at): ExcerptPiece[] => {
    if (at < first - 1 || at > end + 1 || first < 0) return [];
    const words = at < first ? ending(text, around) : at > end ? beginning(text, around) : middle(text, longest);
    return [{ sign, text: words }];
  });
}

const gaps = /\s+/gu;

/** The place after which the last words of a text begin; 0 if it has no more than so many. */
function placeBeforeLast(text: string, count: number): number {
  const places = [...text.trimEnd().matchAll(gaps)].filter(({ index }) => index > 0);
  const gap = places.at(-count);
  return gap === undefined ? 0 : gap.index + gap[0].length;
}

function placeAfterFirst(text: string, count: number): number {
  const places = [...text.trimEnd().matchAll(gaps)].filter(({ index }) => index > 0);
  return places[count - 1]?.index ?? text.length;
}

function ending(text: string, count: number): string {
  const at = placeBeforeLast(text, count);
  return at === 0 ? text : `…${text.slice(at)}`;
}

function beginning(text: string, count: number): string {
  const at = placeAfterFirst(text, count);
  return at === text.length ? text : `${text.slice(0, at)}…`;
}

function middle(text: string, most: number): string {
  const [front, back] = [placeAfterFirst(text, most / 2), placeBeforeLast(text, most / 2)];
  return front >= back ? text : `${text.slice(0, front)} … ${text.slice(back)}`;
}
