import * as Y from 'yjs';
import { type Actor, nameOf } from '../../shared/negotiation/act.ts';
import { changesOf, decodeHeader, type Header } from '../../shared/negotiation/entry.ts';
import type { AmendmentRecord } from '../../shared/negotiation/families/amendment/state.ts';
import type { ClauseRecord } from '../../shared/negotiation/families/clause/state.ts';
import type { MarkRecord } from '../../shared/negotiation/state.ts';
import type { HistoryAct, HistoryItem } from '../../shared/protocol/contract.ts';
import { ClauseId, type MarkId, type PartyCode } from '../../shared/protocol/ids.ts';
import { baseText, type Clause, changedRuns, sameClause } from '../../shared/text/clause.ts';
import { textOf } from '../../shared/text/document.ts';
import { assertLink } from '../storage/chain.ts';
import type { Entry } from '../storage/log.ts';
import { Replica } from '../yjs/replica.ts';
import { changedWords, cut, cutPair, longestWords, markedWords } from './words.ts';

/** Typing that pauses for longer is another act, ms. */
export const pause = 5 * 60_000;
/** Items of one act, and acts that one stretch of typing comes to. */
const mostItems = 50;
/** Items whose words are told in full; of more, each gets less room. */
const mostInFull = 8;
/** Parties in one list of an item. */
const mostParties = 30;

/** The acts that one entry, or one stretch of typing, comes to in a clause. They are told together or not at all. */
export interface Group {
  readonly first: number;
  readonly last: number;
  readonly acts: readonly HistoryAct[];
}

/** What somebody is typing in a clause, one entry after the other. */
interface Stretch {
  /** In whose name: anything else begins another stretch. */
  readonly capacity: string;
  readonly actor: Actor;
  readonly onBehalfOf: PartyCode | null;
  readonly first: number;
  last: number;
  readonly from: number;
  to: number;
  readonly before: Clause | null;
  /** Records of marks that it began or changed, as they were before and as they are. */
  readonly marks: Map<MarkId, MarkChange>;
  /** What it came to when somebody asked last. */
  told?: { readonly last: number; readonly group: Group | null };
}

interface MarkChange {
  readonly was: MarkRecord | undefined;
  readonly is: MarkRecord;
}

/**
 * Folds the log of one recommendation into acts, clause by clause: `onGroup` is told of each group when it is complete,
 * in the order of the log; what is still going on is in `open`.
 *
 * A clause is read where a stretch of typing begins or ends, and not at every entry.
 */
export class Fold {
  readonly #replica = Replica.empty();
  readonly #only: ClauseId | null;
  readonly #onGroup: (clause: ClauseId, group: Group) => void;
  readonly #stretches = new Map<ClauseId, Stretch>();
  /** Clauses that were typed in since the text was read. */
  readonly #dirty = new Set<ClauseId>();
  #text: readonly Clause[] = [];
  /** Which clause each element of the document is. */
  #elements = new Map<unknown, ClauseId>();
  #touched = new Set<ClauseId>();
  #bytes = 0;

  constructor(onGroup: (clause: ClauseId, group: Group) => void, only: ClauseId | null = null) {
    this.#onGroup = onGroup;
    this.#only = only;
    this.#replica.doc.on('afterTransaction', (transaction: Y.Transaction) => this.#touch(transaction));
  }

  get sequence(): number {
    return this.#replica.sequence;
  }
  /** Bytes of the entries that it took: what it holds is of that size. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes the next entry, in steps: whoever runs it may let others have a turn between them. Throws `internal` where the
   * entry doesn't follow from the one before, and what `Replica.text` throws.
   */
  *take(entry: Entry): Generator<void> {
    // A checkpoint spares the room these entries; whoever shows them looks at them.
    assertLink(entry, this.#replica.hash, this.#replica.sequence);
    const header = decodeHeader(entry.header);
    yield;
    const capacity = header.command.type === 'typing' ? capacityOf(header) : null;
    if ([...this.#dirty].some((clause) => !this.#goesOn(clause, capacity, header.at))) {
      this.#read();
      yield;
    }
    const { negotiation } = this.#replica;
    const marks: [MarkId, MarkChange][] = [];
    const clauses = new Map<ClauseId, ClauseRecord | undefined>();
    const changes = changesOf(header, negotiation);
    for (const change of changes) {
      if (change.of === 'mark') marks.push([change.id, { was: negotiation.marks.get(change.id), is: change.value }]);
      else if (change.of === 'clause') clauses.set(change.id, negotiation.clauses.get(change.id));
    }
    this.#touched = new Set();
    this.#replica.take(entry, header.at, changes);
    this.#bytes += entry.content.length + entry.header.length;
    // What is decided or said of a mark concerns its clause, also where no word of it changes.
    for (const [, { was, is }] of marks) if (was !== undefined) this.#touched.add(is.clause);
    if (capacity === null) {
      for (const clause of clauses.keys()) this.#touched.add(clause);
      yield;
      yield* this.#decided(entry, header, marks, clauses);
    } else this.#typed(entry, header, capacity, marks);
  }

  /** What is being typed in a clause, as far as it has come. */
  open(clause: ClauseId): Group | null {
    const stretch = this.#stretches.get(clause);
    if (stretch === undefined) return null;
    if (stretch.told?.last === stretch.last) return stretch.told.group;
    if (this.#dirty.size > 0) this.#read();
    const group = this.#groupOf(stretch, this.#find(clause));
    stretch.told = { last: stretch.last, group };
    return group;
  }

  destroy(): void {
    this.#replica.destroy();
  }

  #goesOn(clause: ClauseId, capacity: string | null, at: number): boolean {
    const stretch = this.#stretches.get(clause);
    return stretch !== undefined && stretch.capacity === capacity && at - stretch.to <= pause;
  }

  #read(): void {
    this.#text = this.#replica.text();
    this.#dirty.clear();
  }

  #find(id: ClauseId): Clause | null {
    return this.#text.find((clause) => clause.id === id) ?? null;
  }

  #typed(
    entry: Entry,
    { actor, onBehalfOf, at }: Header,
    capacity: string,
    marks: readonly [MarkId, MarkChange][],
  ): void {
    for (const clause of this.#touched) {
      if (this.#only !== null && clause !== this.#only) continue;
      let stretch = this.#stretches.get(clause);
      if (stretch === undefined || !this.#goesOn(clause, capacity, at)) {
        // The text was read before the entry was applied: it is what the stretch before left, and this one finds.
        this.#end(clause);
        const { sequence } = entry;
        const before = this.#find(clause);
        stretch = {
          capacity,
          actor,
          onBehalfOf,
          first: sequence,
          last: sequence,
          from: at,
          to: at,
          before,
          marks: new Map(),
        };
        this.#stretches.set(clause, stretch);
      }
      stretch.last = entry.sequence;
      stretch.to = at;
      for (const [id, { was, is }] of marks) {
        const known = stretch.marks.get(id);
        if (is.clause === clause) stretch.marks.set(id, { was: known === undefined ? was : known.was, is });
      }
      this.#dirty.add(clause);
    }
  }

  *#decided(
    entry: Entry,
    header: Header,
    marks: readonly [MarkId, MarkChange][],
    clauses: ReadonlyMap<ClauseId, ClauseRecord | undefined>,
  ): Generator<void> {
    const concerned = [...this.#touched].filter((clause) => this.#only === null || clause === this.#only);
    for (const clause of concerned) this.#end(clause);
    const before = new Map(concerned.length === 0 ? [] : this.#text.map((clause) => [clause.id, clause]));
    this.#read();
    const after = new Map(concerned.length === 0 ? [] : this.#text.map((clause) => [clause.id, clause]));
    const { negotiation } = this.#replica;
    for (const id of concerned) {
      yield;
      const [was, is] = [before.get(id) ?? null, after.get(id) ?? null];
      const isRecorded = clauses.has(id) && header.command.type !== 'create';
      const items = [
        ...(isRecorded ? recordItems(clauses.get(id), negotiation.clauses.get(id)) : []),
        ...decidedItems(id, was, is, marks),
      ];
      const isSame = was === null || is === null ? was === is : sameClause(was, is);
      if (items.length === 0 && isSame) continue;
      const { sequence } = entry;
      const act = {
        ...actOf(header, { first: sequence, last: sequence, from: header.at, to: header.at }),
        command: header.command.type,
        reason: reasonOf(header.command),
        clause: came(was, is),
      };
      const told = shortened(items);
      this.#onGroup(id, {
        first: sequence,
        last: sequence,
        acts: [{ ...act, items: told, more: items.length - told.length }],
      });
    }
  }

  #end(clause: ClauseId): void {
    const stretch = this.#stretches.get(clause);
    if (stretch === undefined) return;
    this.#stretches.delete(clause);
    const group = this.#groupOf(stretch, this.#find(clause));
    if (group !== null) this.#onGroup(clause, group);
  }

  /** An act for each amendment that was typed at. Null where nothing is left of it, and nothing was begun. */
  #groupOf(stretch: Stretch, after: Clause | null): Group | null {
    const { first, last, before } = stretch;
    const items = typedItems(stretch, after, this.#replica.negotiation.marks);
    const isSame = before === null || after === null ? before === after : sameClause(before, after);
    if (items.length === 0 && isSame) return null;
    const told = shortened(items);
    const act = {
      ...actOf(stretch, stretch),
      command: 'typing',
      reason: null,
      clause: came(before, after),
      more: 0,
    };
    const acts = told.length === 0 ? [{ ...act, items: [] }] : told.map((item) => ({ ...act, items: [item] }));
    return {
      first,
      last,
      acts: acts.map((one, at) => (at === acts.length - 1 ? { ...one, more: items.length - told.length } : one)),
    };
  }

  /** Notes which clauses a transaction changes. */
  #touch(transaction: Y.Transaction): void {
    const fragment = textOf(this.#replica.doc);
    for (const changed of transaction.changed.keys()) {
      let type: Y.AbstractType<unknown> | null = changed as Y.AbstractType<unknown>;
      if (type === fragment) {
        this.#recount(fragment);
        continue;
      }
      while (type !== null && type.parent !== fragment) type = type.parent;
      const clause = type === null ? undefined : this.#elements.get(type);
      if (clause !== undefined) this.#touched.add(clause);
    }
  }

  /** Clauses came, or went. */
  #recount(fragment: Y.XmlFragment): void {
    const before = this.#elements;
    this.#elements = new Map();
    for (const element of fragment.toArray()) {
      const known = before.get(element);
      const id =
        known ?? (element instanceof Y.XmlElement ? ClauseId.safeParse(element.getAttribute('id')).data : undefined);
      if (id === undefined) continue;
      this.#elements.set(element, id);
      if (known === undefined) this.#touched.add(id);
      before.delete(element);
    }
    for (const id of before.values()) this.#touched.add(id);
  }
}

const capacityOf = ({ actor, onBehalfOf }: Header): string => JSON.stringify([actor, onBehalfOf]);

/** Null where the command gives none. No command is known by name here: those of an earlier or later program are told too. */
const reasonOf = (command: { readonly type: string; readonly reason?: unknown }): string | null =>
  typeof command.reason === 'string' && command.reason !== '' ? command.reason : null;

const came = (before: Clause | null, after: Clause | null): HistoryAct['clause'] => {
  if ((before === null) === (after === null)) return null;
  return before === null ? 'new' : 'gone';
};

function actOf(
  { actor, onBehalfOf }: Pick<Header, 'actor' | 'onBehalfOf'>,
  { first, last, from, to }: Pick<HistoryAct, 'first' | 'last' | 'from' | 'to'>,
): Pick<HistoryAct, 'first' | 'last' | 'from' | 'to' | 'by' | 'onBehalfOf'> {
  const who =
    'role' in actor
      ? { participant: actor.participant, name: actor.name, party: actor.party, role: actor.role }
      : { participant: null, name: nameOf(actor), party: null, role: null };
  return { first, last, from, to, by: who, onBehalfOf };
}

/** What somebody typed: for their party's marks, the words before and after; else the words in force. */
function typedItems(
  { actor, onBehalfOf, before, marks }: Stretch,
  after: Clause | null,
  records: ReadonlyMap<MarkId, MarkRecord>,
): HistoryItem[] {
  const party = onBehalfOf ?? ('role' in actor ? actor.party : null);
  const changed = changedMarks(before, after);
  for (const id of marks.keys()) changed.add(id);
  // Where words go, those of others on both sides of them stand otherwise: they are nothing that was done to those.
  const own = new Set([...changed].filter((id) => marks.has(id) || records.get(id)?.party === party));
  const items = markItems(before, after, own, (id) => marks.get(id) ?? unchanged(records.get(id)));
  // A party only proposes: the words in force stay what they are.
  return party === null ? [...items, ...textItems(before, after)] : items;
}

/** Who types at a mark finds it open; what is decided of it since is no part of that act. */
function unchanged(record: MarkRecord | undefined): MarkChange | undefined {
  if (record === undefined) return undefined;
  const open = { ...record, state: 'open' as const };
  return { was: open, is: open };
}

function decidedItems(
  clause: ClauseId,
  before: Clause | null,
  after: Clause | null,
  marks: readonly [MarkId, MarkChange][],
): HistoryItem[] {
  const standing = new Set<MarkId>();
  if (before?.insertion != null) standing.add(before.insertion);
  for (const run of before?.runs ?? [])
    for (const list of [run.marks.insertion, run.marks.deletion, run.marks.bracket, run.marks.comment])
      for (const id of list) standing.add(id);
  const here = new Map(marks.filter(([id, { is }]) => is.clause === clause || standing.has(id)));
  const items = markItems(before, after, new Set(here.keys()), (id) => here.get(id));
  // What an amendment brought into force, its own item says.
  const isDecided = [...here.values()].some(({ was, is }) => is.kind === 'amendment' && was?.state !== is.state);
  return isDecided ? items : [...items, ...textItems(before, after)];
}

function textItems(before: Clause | null, after: Clause | null): HistoryItem[] {
  if (before === after) return [];
  const [was, is] = [before === null ? '' : baseText(before), after === null ? '' : baseText(after)];
  return was === is ? [] : [{ of: 'text', ...changedWords(was, is) }];
}

/** The marks that stand where two versions of a clause differ. */
function changedMarks(before: Clause | null, after: Clause | null): Set<MarkId> {
  const ids = new Set<MarkId>();
  const runs = changedRuns(before?.runs ?? [], after?.runs ?? []);
  for (const { marks } of [...runs.before, ...runs.after])
    for (const list of [marks.insertion, marks.deletion, marks.bracket, marks.comment])
      for (const id of list) ids.add(id);
  if (before?.insertion !== after?.insertion)
    for (const id of [before?.insertion, after?.insertion]) if (id != null) ids.add(id);
  return ids;
}

function markItems(
  before: Clause | null,
  after: Clause | null,
  ids: ReadonlySet<MarkId>,
  changeOf: (id: MarkId) => MarkChange | undefined,
): HistoryItem[] {
  if (ids.size === 0) return [];
  const read = (clause: Clause | null) => ({ ...markedWords(clause, ids), proposes: clause?.insertion ?? null });
  const [was, is] = [read(before), read(after)];
  const wordsIn = (clause: ReturnType<typeof read>, id: MarkId) => {
    const [struck, brought] = [clause.deletion.get(id), clause.insertion.get(id)];
    if (struck === undefined && brought === undefined && clause.proposes !== id) return null;
    return { struck: struck ?? '', brought: brought ?? '' };
  };
  return [...ids].flatMap((id): HistoryItem[] => {
    const change = changeOf(id);
    if (change === undefined) return [];
    const { party } = change.is;
    if (change.is.kind !== 'amendment') {
      const [old, now] = [was[change.is.kind].get(id) ?? null, is[change.is.kind].get(id) ?? null];
      if (old === now && change.was !== undefined) return [];
      return [{ of: change.is.kind, id, party, before: old, after: now }];
    }
    const record = change.is;
    const [old, now] = [wordsIn(was, id), record.state === 'open' ? wordsIn(is, id) : null];
    const isNew = change.was === undefined;
    const same = old?.struck === now?.struck && old?.brought === now?.brought;
    if (same && !isNew && change.was === record) return [];
    // A decided amendment's words are no longer in the text.
    const closed =
      record.closed === undefined ? null : { struck: record.closed.struck, brought: record.closed.inserted };
    return [
      {
        of: 'amendment',
        id,
        party,
        state: record.state,
        before: record.state === 'open' ? old : (old ?? closed),
        after: now,
        ...sponsorsOf(change.was?.kind === 'amendment' ? change.was : undefined, record),
      },
    ];
  });
}

function sponsorsOf(
  was: AmendmentRecord | undefined,
  is: AmendmentRecord,
): { asked: PartyCode[]; joined: PartyCode[]; left: PartyCode[] } {
  if ((was?.sponsors.length ?? 0) === 0 && is.sponsors.length === 0) return { asked: [], joined: [], left: [] };
  const of = (record: AmendmentRecord | undefined, accepted: boolean): ReadonlySet<PartyCode> =>
    new Set(record?.sponsors.flatMap((one) => (one.accepted === accepted ? [one.party] : [])));
  const [asked, joined] = [of(was, false), of(was, true)];
  const now = [...of(is, true)];
  const waiting = [...of(is, false)];
  const all = new Set([...now, ...waiting]);
  return {
    asked: waiting.filter((party) => !asked.has(party)).slice(0, mostParties),
    joined: now.filter((party) => !joined.has(party)).slice(0, mostParties),
    left: [...asked, ...joined].filter((party) => !all.has(party)).slice(0, mostParties),
  };
}

/** What a command changed of a clause's own record. */
function recordItems(was: ClauseRecord | undefined, is: ClauseRecord | undefined): HistoryItem[] {
  if (is === undefined) return [];
  const items: HistoryItem[] = [];
  const [before, now] = [was?.status ?? { state: 'open' }, is.status];
  if (
    before !== now &&
    JSON.stringify(before) !== JSON.stringify(now) &&
    (now.decided !== undefined || before.state !== now.state)
  )
    items.push({ of: 'status', status: is.status });
  if ((was?.sponsors ?? []).join() !== is.sponsors.join()) items.push({ of: 'sponsors', sponsors: [...is.sponsors] });
  return items;
}

/** So many items, and so much of their words, that a page holds at least one act. */
function shortened(items: readonly HistoryItem[]): HistoryItem[] {
  const told = items.slice(0, mostItems);
  const most = Math.floor(Math.min(1, mostInFull / Math.max(1, told.length)) * longestWords);
  const pair = (before: string | undefined, after: string | undefined) => cutPair(before ?? '', after ?? '', most);
  return told.map((item): HistoryItem => {
    switch (item.of) {
      case 'amendment': {
        const { before, after } = item;
        const struck = pair(before?.struck, after?.struck);
        const brought = pair(before?.brought, after?.brought);
        return {
          ...item,
          before: before === null ? null : { struck: struck[0], brought: brought[0] },
          after: after === null ? null : { struck: struck[1], brought: brought[1] },
        };
      }
      case 'bracket':
      case 'comment': {
        const [before, after] = pair(item.before ?? '', item.after ?? '');
        return { ...item, before: item.before === null ? null : before, after: item.after === null ? null : after };
      }
      case 'text':
        return { ...item, struck: cut(item.struck, most), brought: cut(item.brought, most) };
      default:
        return item;
    }
  });
}
