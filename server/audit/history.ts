import { setImmediate as nextTurn, setTimeout as rest } from 'node:timers/promises';
import type { History, HistoryQuery } from '../../shared/protocol/contract.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { type AccountId, type ClauseId, type RecommendationId, recommendationLog } from '../../shared/protocol/ids.ts';
import type { Log } from '../storage/log.ts';
import { Fold, type Group } from './fold.ts';
import { Turns } from './turns.ts';

/** Bytes of one page; an act that doesn't fit is on the next page. */
export const longestPage = 256 * 1024;
/** Bytes of the acts of one recommendation in memory: the newest. */
const mostHeld = 4 * 1024 * 1024;
/** Recommendations with acts in memory, and bytes of the entries from which they were folded. */
const mostFolds = 4;
const mostFolded = 64 * 1024 * 1024;
/** Bytes of the groups from which a page is chosen: more than it can hold. */
const enough = 4 * longestPage;
/** Time, ms, for which unused acts stay in memory. */
const longestIdle = 5 * 60_000;
/** The longest time, ms, for which a history may delay drafting, except for a single step that takes longer. */
const slice = 8;
/** After this much continuous work, ms, a history takes half of the time at the most. */
const unhurried = 500;
/** Entries, and bytes of them, that are read from the log at once: some are a megabyte long. */
const mostEntries = 500;
const mostBytes = 2 * 1024 * 1024;
/** Entries that are folded without waiting for a turn: those since the last request. */
const few = 200;

/** A group of acts as it is sent. */
interface Told {
  readonly first: number;
  readonly last: number;
  readonly count: number;
  /** The acts' JSON, without the brackets around it. */
  readonly json: string;
}

const told = ({ first, last, acts }: Group): Told => ({
  first,
  last,
  count: acts.length,
  json: acts.map((act) => JSON.stringify(act)).join(','),
});
/** UTF-16 in memory, with the overhead of an entry. */
const sizeOf = ({ json }: Told): number => 2 * json.length + 100;

/** The acts of one recommendation in memory, and the state from which the fold continues. */
interface Held {
  readonly fold: Fold;
  readonly acts: Map<ClauseId, Told[]>;
  /** The clauses of the groups in memory, in the order of the log, from `next` on. */
  readonly order: ClauseId[];
  next: number;
  bytes: number;
  /** Clauses with oldest acts that are no longer in memory. */
  readonly cut: Set<ClauseId>;
  /** Queues the requests. */
  working: Promise<unknown>;
  usedAt: number;
}

/** The requester: an account can't take others' turns, and an abandoned answer isn't made. */
export interface HistoryRequester {
  readonly account: AccountId;
  readonly gone: AbortSignal;
}

/**
 * The histories of clauses, folded from the log itself. The acts of the most recently requested recommendations stay in
 * memory, and their folds continue from there.
 */
export class Histories {
  readonly #log: Log;
  readonly #held = new Map<RecommendationId, Held>();
  readonly #turns = new Turns();
  readonly #most: number;
  #sweep: NodeJS.Timeout | null = null;

  /** `most`: bytes of the acts of one recommendation in memory. */
  constructor(log: Log, most = mostHeld) {
    this.#log = log;
    this.#most = most;
  }

  /**
   * A page of a clause's history, as the JSON of `History`. Throws `not-found` for an unknown clause,
   * `too-many-requests` where the account has too many under way, and `internal` where the log is broken.
   */
  async page(
    recommendation: RecommendationId,
    clause: ClauseId,
    query: HistoryQuery,
    requester: HistoryRequester,
  ): Promise<string> {
    const held = await this.#upToDate(recommendation, requester);
    const open = held.fold.open(clause);
    const groups = [...(held.acts.get(clause) ?? []), ...(open === null ? [] : [told(open)])];
    const isCut = held.cut.has(clause);
    if (groups.length === 0 && !isCut) throw new ConcordError('not-found', { clause });
    const { sequence } = held.fold;
    const page = pageOf(groups, query);
    // Where older acts may belong to the page, or before it, they are folded from the beginning.
    if (isCut && page.reachesStart)
      return this.#turns.take(requester, () => this.#foldPage(recommendation, clause, query, requester));
    return answer(page, sequence);
  }

  /** The acts of a recommendation, folded to the end of its log. */
  async #upToDate(recommendation: RecommendationId, requester: HistoryRequester): Promise<Held> {
    const known = this.#held.get(recommendation);
    const end = (await this.#log.head(recommendationLog(recommendation)))?.sequence ?? 0;
    const catchUp = async (): Promise<Held> => {
      const held = this.#held.get(recommendation) ?? this.#hold(recommendation);
      held.usedAt = performance.now();
      const work = held.working.then(() => this.#run(recommendation, held.fold));
      held.working = work;
      try {
        await work;
      } catch (error) {
        this.#drop(recommendation, held);
        throw error;
      }
      this.#trim(recommendation);
      return held;
    };
    if (known !== undefined && end - known.fold.sequence <= few) return catchUp();
    return this.#turns.take(requester, catchUp);
  }

  /** A page of acts that are no longer in memory: folded from the beginning, and dropped afterwards. */
  async #foldPage(
    recommendation: RecommendationId,
    clause: ClauseId,
    query: HistoryQuery,
    requester: HistoryRequester,
  ): Promise<string> {
    const isForward = isAscending(query);
    const groups: Told[] = [];
    const more = { earlier: false, later: false };
    let bytes = 0;
    const take = (group: Group): void => {
      const one = told(group);
      if (!isWithin(one, query)) {
        if (query.after !== undefined && one.first <= query.after) more.earlier = true;
        else more.later = true;
        return;
      }
      if (isForward && bytes > enough) {
        more.later = true;
        return;
      }
      groups.push(one);
      bytes += sizeOf(one);
      // The end of the groups is enough for a page, and dropped groups are counted.
      if (isForward || bytes <= 2 * enough) return;
      let from = 0;
      for (const oldest of groups) {
        if (bytes - sizeOf(oldest) < enough) break;
        bytes -= sizeOf(oldest);
        from += 1;
      }
      groups.splice(0, from);
      more.earlier = true;
    };
    const fold = new Fold((_, group) => take(group), clause);
    try {
      await this.#run(recommendation, fold, () => more.later || requester.gone.aborted);
      const open = more.later ? null : fold.open(clause);
      if (open !== null) take(open);
      return answer(pageOf(groups, query, more), fold.sequence);
    } finally {
      fold.destroy();
    }
  }

  /** Applies the entries that a fold lacks, and lets other work take turns between the steps. */
  async #run(recommendation: RecommendationId, fold: Fold, isDone: () => boolean = () => false): Promise<void> {
    const name = recommendationLog(recommendation);
    let limit = 16;
    let begun = performance.now();
    let worked = 0;
    while (!isDone()) {
      const page = await this.#log.read(name, fold.sequence, limit);
      begun = performance.now();
      let bytes = 0;
      for (const entry of page) {
        bytes += entry.content.length + entry.header.length;
        const steps = fold.take(entry);
        for (let step = steps.next(); ; step = steps.next()) {
          const spent = performance.now() - begun;
          if (spent > slice) {
            worked += spent;
            if (worked > unhurried) await rest(spent);
            else await nextTurn();
            begun = performance.now();
          }
          if (step.done === true) break;
        }
        if (isDone()) return;
      }
      if (page.length < limit) return;
      limit = Math.max(1, Math.min(mostEntries, Math.floor((limit * mostBytes) / Math.max(bytes, mostBytes / 4))));
    }
  }

  #hold(recommendation: RecommendationId): Held {
    const acts: Held['acts'] = new Map();
    const order: ClauseId[] = [];
    const fold = new Fold((clause, group) => {
      const one = told(group);
      const list = acts.get(clause);
      if (list === undefined) acts.set(clause, [one]);
      else list.push(one);
      order.push(clause);
      held.bytes += sizeOf(one);
      while (held.bytes > this.#most) dropOldest(held);
    });
    const held: Held = {
      fold,
      acts,
      order,
      next: 0,
      bytes: 0,
      cut: new Set(),
      working: Promise.resolve(),
      usedAt: performance.now(),
    };
    this.#held.set(recommendation, held);
    this.#sweep ??= setInterval(() => this.#dropIdle(), longestIdle / 5).unref();
    return held;
  }

  #drop(recommendation: RecommendationId, held: Held): void {
    if (this.#held.get(recommendation) !== held) return;
    this.#held.delete(recommendation);
    held.fold.destroy();
    if (this.#held.size > 0 || this.#sweep === null) return;
    clearInterval(this.#sweep);
    this.#sweep = null;
  }

  /** Drops the least recently requested folds, where they are too many or too large. */
  #trim(newest: RecommendationId): void {
    const oldestFirst = [...this.#held].sort(([, one], [, other]) => one.usedAt - other.usedAt);
    let bytes = oldestFirst.reduce((sum, [, { fold }]) => sum + fold.bytes, 0);
    for (const [id, held] of oldestFirst) {
      if (this.#held.size <= mostFolds && bytes <= mostFolded) return;
      if (id === newest && bytes <= mostFolded) continue;
      bytes -= held.fold.bytes;
      this.#drop(id, held);
    }
  }

  #dropIdle(): void {
    const now = performance.now();
    for (const [id, held] of this.#held) if (now - held.usedAt > longestIdle) this.#drop(id, held);
  }
}

function dropOldest(held: Held): void {
  const clause = held.order[held.next];
  held.next += 1;
  if (clause === undefined) return;
  const list = held.acts.get(clause);
  const oldest = list?.shift();
  if (oldest !== undefined) held.bytes -= sizeOf(oldest);
  if (list?.length === 0) held.acts.delete(clause);
  held.cut.add(clause);
  if (held.next < 10_000) return;
  held.order.splice(0, held.next);
  held.next = 0;
}

interface Page {
  readonly groups: readonly Told[];
  readonly earlier: number | null;
  readonly later: number | null;
  /** Whether it has the oldest group to choose from, or there is none. */
  readonly reachesStart: boolean;
}

const isAscending = ({ before, after }: HistoryQuery): boolean => after !== undefined && before === undefined;

const isWithin = ({ first, last }: Told, { before, after }: HistoryQuery): boolean =>
  (before === undefined || last < before) && (after === undefined || first > after);

/** The groups of a page, of a clause's groups in order of time. `more`: whether there are others. */
function pageOf(groups: readonly Told[], query: HistoryQuery, more = { earlier: false, later: false }): Page {
  const isForward = isAscending(query);
  const candidates = groups.filter((group) => isWithin(group, query));
  if (!isForward) candidates.reverse();
  const page: Told[] = [];
  let count = 0;
  let bytes = 0;
  for (const group of candidates) {
    bytes += Buffer.byteLength(group.json);
    if (page.length > 0 && (count + group.count > query.limit || bytes > longestPage)) break;
    count += group.count;
    page.push(group);
  }
  const [oldest, newest] = isForward ? [page[0], page.at(-1)] : [page.at(-1), page[0]];
  const hasEarlier = oldest !== undefined && (more.earlier || oldest !== groups[0]);
  const hasLater = newest !== undefined && (more.later || newest !== groups.at(-1));
  return {
    groups: page,
    earlier: hasEarlier ? oldest.first : null,
    later: hasLater ? newest.last : null,
    reachesStart: !hasEarlier,
  };
}

function answer({ groups, earlier, later }: Page, sequence: number): string {
  const rest: Omit<History, 'acts'> = { earlier, later, sequence };
  return `{"acts":[${groups.map(({ json }) => json).join(',')}],${JSON.stringify(rest).slice(1)}`;
}
