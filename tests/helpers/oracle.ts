import type * as Y from 'yjs';
import type { Command } from '../../shared/negotiation/registry.ts';
import { isLocked, type MarkRecord, type NegotiationState } from '../../shared/negotiation/state.ts';
import type { ClauseId, MarkId, PartyCode } from '../../shared/protocol/ids.ts';
import type { Clause } from '../../shared/text/clause.ts';
import { deltaOf } from '../../shared/text/document.ts';
import { markNames } from '../../shared/text/schema.ts';

/**
 * The permitted effects of an accepted edit, judged from the text before and the text after by value and without
 * `permit`, so that the two can be compared.
 */

/** Everything in a text except one party's work: its words without that party's, in their order. */
export function withoutParty(text: readonly Clause[], code: PartyCode, negotiation: NegotiationState): string {
  const own = (id: MarkId): boolean =>
    negotiation.marks.get(id)?.party === code && negotiation.marks.get(id)?.state === 'open';
  return text
    .map((clause) => {
      const left: [words: string, marks: string][] = [];
      for (const { text: words, marks } of clause.runs) {
        if (marks.insertion.length > 0 && marks.insertion.every(own)) continue;
        const others = [...marks.insertion, ...marks.deletion, ...marks.bracket, ...marks.comment, ...marks.origin]
          .filter((id) => !own(id))
          .join();
        const last = left.at(-1);
        if (last?.[1] === others) last[0] += words;
        else left.push([words, others]);
      }
      const owned = clause.insertion !== null && own(clause.insertion);
      if (owned && left.length === 0) return '';
      const seat = owned ? '' : `${clause.kind} ${clause.level} ${clause.insertion}`;
      return `${clause.id} ${seat} ${JSON.stringify(left)}`;
    })
    .filter((line) => line !== '')
    .join('\n');
}

/** Everything that the base capacity may not change: all proposals, in their order. */
export const withoutBase = (text: readonly Clause[], negotiation: NegotiationState): string =>
  text
    .flatMap((clause) => {
      const proposed = clause.runs.filter(({ marks }) => marks.insertion.length > 0);
      const isFixed = clause.insertion !== null || isLocked(negotiation, clause.id);
      if (!isFixed && proposed.length === 0) return [];
      const words = isFixed ? clause.runs : joined(proposed);
      return [`${clause.id} ${clause.insertion} ${JSON.stringify(words)}`];
    })
    .join('\n');

/** Runs that become neighbours are one if they have the same marks. */
function joined(runs: Clause['runs']): [words: string, marks: string][] {
  const left: [words: string, marks: string][] = [];
  for (const { text, marks } of runs) {
    const key = JSON.stringify(marks);
    const last = left.at(-1);
    if (last?.[1] === key) last[0] += text;
    else left.push([text, key]);
  }
  return left;
}

export const lockedText = (text: readonly Clause[], negotiation: NegotiationState): Map<ClauseId, string> =>
  new Map(text.filter(({ id }) => isLocked(negotiation, id)).map((clause) => [clause.id, JSON.stringify(clause)]));

/** The letters under each mark of other parties. */
function covered(text: readonly Clause[], own: (id: MarkId) => boolean): Map<string, string> {
  const letters = new Map<string, string>();
  for (const clause of text)
    for (const { text: words, marks } of clause.runs)
      for (const name of markNames)
        for (const id of marks[name])
          if (!own(id)) {
            const key = `${name} ${id} in ${clause.id}`;
            letters.set(key, (letters.get(key) ?? '') + words);
          }
  return letters;
}

function isSubsequence(letters: string, of: string): boolean {
  let next = 0;
  for (let at = 0; at < of.length && next < letters.length; at++) if (of[at] === letters[next]) next += 1;
  return next === letters.length;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for
const badCharacters = /[\u0000-\u0008\u000b-\u001f\u007f]/;
const loneHalf = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

export interface Judged {
  readonly before: readonly Clause[];
  readonly after: readonly Clause[];
  readonly negotiationBefore: NegotiationState;
  readonly negotiationAfter: NegotiationState;
  /** The party in whose name it was typed; null for the base capacity. */
  readonly party: PartyCode | null;
}

/** The fault of an accepted edit, in words; null where it has none. */
export function wrongWith({ before, after, negotiationBefore, negotiationAfter, party }: Judged): string | null {
  const is = new Map(after.map((clause) => [clause.id, clause]));
  for (const [id, words] of lockedText(before, negotiationBefore))
    if (JSON.stringify(is.get(id)) !== words) return `agreed clause ${id} changed`;
  const closed = closedBetween(
    { text: before, negotiation: negotiationBefore },
    { text: after, negotiation: negotiationAfter },
  );
  const fallen = new Set<MarkId>();
  for (const [id, record] of negotiationBefore.marks) {
    const now = negotiationAfter.marks.get(id);
    if (now === record) continue;
    const state = closed.get(id);
    if (
      state === 'fallen' &&
      (hasEnded(id, negotiationBefore, closed) || onlyStruckOf(before, id, party, negotiationBefore))
    )
      fallen.add(id);
    else if (!(state === 'withdrawn' && record.party === party) && !isAskedAgain(record, now))
      return `the record of mark ${id} changed by typing: ${JSON.stringify(record)} to ${JSON.stringify(now)}`;
  }
  for (const [id, record] of negotiationBefore.clauses)
    if (negotiationAfter.clauses.get(id) !== record) return `the record of clause ${id} changed by typing`;
  for (const [id, record] of negotiationBefore.clients)
    if (negotiationAfter.clients.get(id) !== record) return `client ${id} changed capacities`;
  for (const [id, record] of negotiationAfter.marks)
    if (!negotiationBefore.marks.has(id) && record.party !== party) return `mark ${id} was made in another's name`;
  // An amendment that the edit withdrew was the party's, and so were the marks on its words.
  const marks = openAsBefore(negotiationBefore, negotiationAfter);
  const own = (id: MarkId): boolean => {
    const record = marks.marks.get(id);
    return party !== null && record?.party === party && record.state === 'open';
  };
  const stood = withoutFallen(before, fallen);
  const [old, now] =
    party === null
      ? [withoutBase(stood, negotiationBefore), withoutBase(after, negotiationBefore)]
      : [withoutParty(stood, party, marks), withoutParty(after, party, marks)];
  if (old !== now) return `others' words changed:\n${old}\n→\n${now}`;
  const had = covered(before, own);
  for (const [mark, letters] of covered(after, own))
    if (!isSubsequence(letters, had.get(mark) ?? '')) return `the mark ${mark} came to cover more`;
  const was = new Set(before);
  for (const clause of after) {
    if (was.has(clause)) continue;
    for (const { text, marks } of clause.runs) {
      if (badCharacters.test(text) || loneHalf.test(text)) return 'characters that no text may hold';
      for (const name of markNames)
        for (const id of marks[name]) if (!negotiationAfter.marks.has(id)) return `the mark ${id} is nobody's`;
    }
    if (!negotiationAfter.clauses.has(clause.id)) return `clause ${clause.id} is not in the negotiation`;
  }
  return null;
}

/** A text and its negotiation state at one moment. */
export interface Moment {
  readonly text: readonly Clause[];
  readonly negotiation: NegotiationState;
}

/** The words in force, clause by clause, without proposed clauses. */
const inForce = ({ text }: Moment): string =>
  JSON.stringify(
    text
      .filter(({ insertion }) => insertion === null)
      .map(({ id, kind, level, runs }) => [
        id,
        kind,
        level,
        runs.map((run) => (run.marks.insertion.length === 0 ? run.text : '')).join(''),
      ]),
  );

/** The letters in force that no amendment brought, clause by clause. */
const withoutOrigin = ({ text }: Moment): ReadonlyMap<ClauseId, string> =>
  new Map(
    text
      .filter(({ insertion }) => insertion === null)
      .map(({ id, runs }) => [
        id,
        runs
          .map(({ text: words, marks }) => (marks.insertion.length + marks.origin.length === 0 ? words : ''))
          .join(''),
      ]),
  );

/** Amendments that a step closed, by their outcome. */
function closedBetween(before: Moment, after: Moment): ReadonlyMap<MarkId, string> {
  const closed = new Map<MarkId, string>();
  for (const [id, { state }] of after.negotiation.marks)
    if (state !== 'open' && (before.negotiation.marks.get(id)?.state ?? 'open') === 'open') closed.set(id, state);
  return closed;
}

/** A text without the words and marks of some amendments, and without the clauses that they propose. */
const withoutMarks = ({ text }: Moment, gone: ReadonlySet<MarkId>): string =>
  JSON.stringify(
    text
      .filter(({ insertion }) => insertion === null || !gone.has(insertion))
      .map((clause) => {
        const kept = clause.runs
          .filter(({ marks }) => !marks.insertion.some((id) => gone.has(id)))
          .map(({ text: words, marks }) => ({
            text: words,
            marks: { ...marks, deletion: marks.deletion.filter((id) => !gone.has(id)) },
          }));
        return [clause.id, clause.kind, clause.level, clause.insertion, joined(kept)];
      }),
  );

/** Whether a fallen amendment was made to one that ended, at any depth; by the negotiation state, not by the text. */
function hasEnded(id: MarkId, negotiation: NegotiationState, ended: ReadonlyMap<MarkId, string>): boolean {
  for (let next = parentOf(id, negotiation); next !== null; next = parentOf(next, negotiation))
    if (ended.has(next) && ended.get(next) !== 'adopted') return true;
  return false;
}
/**
 * Whether an amendment only struck words of a party's amendments. That party may delete them, and also type them anew:
 * the strike falls either way, and stands in the record as fallen.
 */
function onlyStruckOf(
  text: readonly Clause[],
  id: MarkId,
  party: PartyCode | null,
  { marks: known }: NegotiationState,
): boolean {
  const runs = text.flatMap((clause) => clause.runs);
  const isOf = (one: MarkId): boolean => party !== null && known.get(one)?.party === party;
  return (
    !text.some(({ insertion }) => insertion === id) &&
    !runs.some(({ marks }) => marks.insertion.includes(id)) &&
    runs.every(
      ({ marks }) => !marks.deletion.includes(id) || (marks.insertion.length > 0 && marks.insertion.every(isOf)),
    )
  );
}
function parentOf(id: MarkId, negotiation: NegotiationState): MarkId | null {
  const record = negotiation.marks.get(id);
  return record?.kind === 'amendment' ? (record.parent ?? null) : null;
}

/** The fault of an accepted edit of a party, or of the base capacity (null); null where it has none. */
export function wrongWithEdit(before: Moment, after: Moment, code: PartyCode | null): string | null {
  const is = new Map(after.text.map((clause) => [clause.id, clause]));
  for (const [id, words] of lockedText(before.text, before.negotiation))
    if (JSON.stringify(is.get(id)) !== words) return `agreed clause ${id} changed`;
  const closed = closedBetween(before, after);
  const fallen = new Set<MarkId>();
  for (const [id, state] of closed) {
    const record = before.negotiation.marks.get(id);
    if (state === 'withdrawn' && record?.party !== code) return `${id} was withdrawn by another party`;
    if (state === 'fallen') fallen.add(id);
    else if (state !== 'withdrawn') return `${id} became ${state} by typing`;
  }
  for (const id of fallen) {
    const words = before.text.flatMap(({ runs }) => runs.filter(({ marks }) => marks.insertion.includes(id)));
    if (words.length > 0 && !hasEnded(id, before.negotiation, closed)) return `${id} fell with nothing`;
  }
  if (code === null) {
    const gone = { text: before.text, negotiation: before.negotiation };
    if (withoutBase(gone.text, before.negotiation) !== withoutBase(after.text, before.negotiation) && fallen.size === 0)
      return 'the base hand changed what is proposed';
    return null;
  }
  if (inForce(before) !== inForce(after)) return 'the text in force changed';
  const without = (moment: Moment): string =>
    withoutParty(withoutFallen(moment.text, fallen), code, openAsBefore(before.negotiation, after.negotiation));
  return without(before) === without(after) ? null : 'words of others changed';
}

/** A text without the fallen amendments: neither their words nor their strikes. */
const withoutFallen = (text: readonly Clause[], fallen: ReadonlySet<MarkId>): readonly Clause[] =>
  text.map((clause) => ({
    ...clause,
    runs: clause.runs
      .filter(({ marks }) => !marks.insertion.some((id) => fallen.has(id)))
      .map((run) => ({
        ...run,
        marks: { ...run.marks, deletion: run.marks.deletion.filter((id) => !fallen.has(id)) },
      })),
  }));

/** Whether nothing changed in an amendment's state except that sponsors who had accepted are asked again. */
function isAskedAgain(record: MarkRecord, now: MarkRecord | undefined): boolean {
  if (record.kind !== 'amendment' || now?.kind !== 'amendment') return false;
  const sponsors = record.sponsors.map(({ party }, at) => now.sponsors[at]?.party === party);
  if (sponsors.includes(false) || now.sponsors.length !== record.sponsors.length) return false;
  return JSON.stringify({ ...record, sponsors: [] }) === JSON.stringify({ ...now, sponsors: [] });
}

/** The owner of each mark before the step, including the marks that it made. */
function openAsBefore(before: NegotiationState, after: NegotiationState): NegotiationState {
  return { ...after, marks: new Map([...after.marks, ...before.marks]) };
}

/** The fault in a command's outcome; null where it has none. */
export function wrongWithOrder(before: Moment, after: Moment, command: Command): string | null {
  const closed = closedBetween(before, after);
  const brings = command.type === 'adopt' || command.type === 'dispose-and-agree';
  for (const [id, state] of closed) {
    if (state === 'fallen' && !hasEnded(id, before.negotiation, closed)) return `${id} fell with nothing`;
    if (state === 'superseded' && !brings) return `${id} was superseded by a ${command.type}`;
  }
  if (!brings && inForce(before) !== inForce(after)) return 'the text in force changed';
  // Nothing comes into force without the name of the amendment that brought it.
  const nameless = withoutOrigin(before);
  for (const [id, letters] of withoutOrigin(after))
    if (!isSubsequence(letters, nameless.get(id) ?? '')) return `letters without an origin came into ${id}`;
  if (command.type !== 'not-adopt' && command.type !== 'withdraw') return null;
  const gone = new Set(closed.keys());
  return withoutMarks(before, gone) === withoutMarks(after, gone) ? null : 'words of others changed';
}

/** Invariants of every text; null where they hold. For logs that began under today's rules. */
export function unsound({ text, negotiation }: Moment): string | null {
  const isOpen = (id: MarkId): boolean => {
    const record = negotiation.marks.get(id);
    return record?.kind === 'amendment' && record.state === 'open';
  };
  for (const clause of text) {
    if (clause.insertion !== null && !isOpen(clause.insertion)) return `clause ${clause.id} is proposed by nobody`;
    for (const { text: words, marks } of clause.runs) {
      if (marks.insertion.length > 1) return `"${words}" belongs to two amendments`;
      const owner = marks.insertion[0] ?? clause.insertion;
      for (const id of marks.insertion) if (!isOpen(id)) return `"${words}" belongs to ${id}, which is closed`;
      for (const id of marks.deletion) {
        if (!isOpen(id)) return `"${words}" is struck by ${id}, which is closed`;
        if (parentOf(id, negotiation) !== owner) return `"${words}" is struck by ${id}, which amends something else`;
      }
      for (const id of [...marks.insertion, ...marks.deletion])
        for (
          let next = parentOf(id, negotiation), depth = 0;
          next !== null;
          next = parentOf(next, negotiation), depth++
        )
          if (!isOpen(next) || depth > 1000) return `${id} amends ${next}, which is closed`;
    }
  }
  return null;
}

/** Attributes that end the marks at a place, for text typed there. */
export function endedAt(text: Y.XmlText, at: number): Record<string, null> {
  let passed = 0;
  for (const { insert, attributes } of deltaOf(text)) {
    passed += insert.length;
    if (at <= passed) return Object.fromEntries(Object.keys(attributes ?? {}).map((key) => [key, null]));
  }
  return {};
}
